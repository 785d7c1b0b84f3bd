package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import io.sluice.platform.Reach;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Finds targets: {@code targets/<name>.yaml} beside the pipeline, or at its repository's root. */
final class TargetOption {
  private static final String FOLDER = "targets";
  private static final String SUFFIX = ".yaml";
  private static final int LIMIT_BYTES = 1 << 20;

  private TargetOption() {}

  /**
   * Reads the target of this name; the nearest one counts.
   *
   * @param from the pipeline's folder, or any below the repository's root
   * @throws SluiceException exit code 2: SLU-9031 when there is none, SLU-9008 when it is a link
   *     that leads elsewhere, else what is wrong with it
   */
  static TargetSpec read(Path from, String name) {
    if (name.contains("/") || name.endsWith(SUFFIX)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9031",
              "--on " + name + " is a path, and a target has a name",
              "--on NAME is the file "
                  + FOLDER
                  + "/NAME"
                  + SUFFIX
                  + " beside the pipeline or above it; put the file there, or a link to it"));
    }
    List<Path> folders = folders(from);
    TreeSet<String> known = new TreeSet<>();
    for (Path folder : folders) {
      Path file = folder.resolve(name + SUFFIX).normalize();
      if (file.startsWith(folder)) {
        Reach.of(from).check(folder.resolve("..").normalize(), file);
        if (Files.isRegularFile(file)) {
          return parse(file);
        }
      }
      known.addAll(names(folder));
    }
    throw new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-9031",
            "there is no target "
                + name
                + ": no file "
                + FOLDER
                + "/"
                + name
                + SUFFIX
                + " beside the pipeline or above it",
            known.isEmpty() ? "write one, see docs/cluster.md" : DidYouMean.hint(known, name)));
  }

  /** The folders that may hold targets, the pipeline's own first, the repository's root last. */
  private static List<Path> folders(Path from) {
    List<Path> out = new ArrayList<>();
    for (Path at = from.toAbsolutePath().normalize(); at != null; at = at.getParent()) {
      Path folder = at.resolve(FOLDER);
      if (Files.isDirectory(folder)) {
        out.add(folder);
      }
      if (Files.exists(at.resolve(".git"))) {
        break;
      }
    }
    return out;
  }

  private static List<String> names(Path folder) {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(f -> f.getFileName().toString())
          .filter(n -> n.endsWith(SUFFIX))
          .map(n -> n.substring(0, n.length() - SUFFIX.length()))
          .toList();
    } catch (IOException e) {
      throw unreadable(folder, e);
    }
  }

  private static TargetSpec parse(Path file) {
    try {
      byte[] bytes = Files.readAllBytes(file);
      if (bytes.length > LIMIT_BYTES) {
        throw new IOException("it has " + bytes.length + " bytes");
      }
      Path shown = Path.of("").toAbsolutePath().relativize(file);
      return TargetParser.parse(
              new SourceFile(shown.toString(), new String(bytes, StandardCharsets.UTF_8)))
          .orThrow();
    } catch (IOException e) {
      throw unreadable(file, e);
    }
  }

  private static SluiceException unreadable(Path path, IOException e) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        List.of(
            Diagnostic.of(
                "SLU-9032", path + " cannot be read: " + e.getMessage(), "is it a file?")),
        e);
  }
}
