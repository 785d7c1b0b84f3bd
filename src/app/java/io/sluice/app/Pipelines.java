package io.sluice.app;

import io.sluice.core.artifact.Digest;
import io.sluice.core.check.Checker;
import io.sluice.core.check.SpecFiles;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Parsed;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.SpecParser;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Opens pipelines: reads the spec, checks it, plans it. */
public final class Pipelines {
  private static final int SPEC_LIMIT_BYTES = 1 << 20;

  /** More than the kernel reads of the first line of a program. */
  private static final int BEGINNING_BYTES = 1024;

  private Pipelines() {}

  /**
   * A pipeline whose spec is right.
   *
   * @param tree its folder
   * @param spec what its author wrote
   */
  public record Opened(SourceTree tree, Spec spec) {

    /** Where the code stands in version control, for the record of a run. */
    public Optional<String> commit() {
      return tree.commit().map(SourceTree.Commit::recorded);
    }

    /**
     * The plan that is compiled: the same for every run.
     *
     * @param wheel digest of the {@code sluice_ml} wheel
     */
    public Plan base(Digest wheel) {
      return Planner.base(spec, tree::read, wheel);
    }

    /** The plan of one run, under a profile and overlays. */
    public Plan plan(Optional<String> profile, List<Overlay> overlays, Digest wheel) {
      return Planner.plan(spec, profile, overlays, tree::read, wheel);
    }
  }

  /**
   * A pipeline whose spec could be read.
   *
   * @param problems everything that is wrong with it all the same
   */
  public record Examined(Opened opened, List<Diagnostic> problems) {}

  /**
   * Reads and checks a spec.
   *
   * @param file name of the spec file in the folder
   * @throws SluiceException exit code 2, with everything that is wrong with it
   */
  public static Opened open(SourceTree tree, String file) {
    Examined examined = examine(tree, file);
    if (!examined.problems().isEmpty()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, examined.problems());
    }
    return examined.opened();
  }

  /**
   * Reads a spec, and lists what is wrong with it and with the files that it names.
   *
   * @param file name of the spec file in the folder
   * @throws SluiceException exit code 2, when it cannot be read as a spec
   */
  public static Examined examine(SourceTree tree, String file) {
    byte[] bytes =
        tree.read(file)
            .orElseThrow(() ->
                wrong(
                    "SLU-9012",
                    "there is no " + file + " in " + tree.name(),
                    "`sluice init` makes a pipeline to start from"));
    if (bytes.length > SPEC_LIMIT_BYTES) {
      throw wrong(
          "SLU-9013",
          file + " has " + bytes.length + " bytes; a spec has at most " + SPEC_LIMIT_BYTES,
          "is this the right file?");
    }
    String name =
        tree.name().isEmpty() || tree.name().equals(".") ? file : tree.name() + "/" + file;
    Parsed<Spec> parsed = SpecParser.parse(new SourceFile(name, text(name, bytes)));
    Spec spec = parsed.orThrow();
    SourceTree.Listing listing = tree.listing();
    List<Diagnostic> problems =
        new ArrayList<>(Checker.check(parsed, new FilesForCheck(tree, listing)));
    Opened opened = new Opened(tree, spec);
    boolean planned = problems.isEmpty();
    problems.addAll(CodeFiles.links(tree, listing, spec));
    if (planned) {
      problems.addAll(SizeCheck.of(opened, parsed.spans()));
    }
    return new Examined(opened, problems);
  }

  /** Answers the checker's questions about files from one listing. */
  private static final class FilesForCheck implements SpecFiles {
    private final List<String> files;

    /** The files and the folders that hold them. */
    private final Set<String> paths = new TreeSet<>();

    private final List<String> closed;

    private final SourceTree tree;

    FilesForCheck(SourceTree tree, SourceTree.Listing listing) {
      this.tree = tree;
      this.closed = listing.closed();
      this.files = listing.files().stream().map(SourceTree.CodeFile::path).toList();
      for (String file : files) {
        paths.add(file);
        for (int end = file.lastIndexOf('/'); end > 0; end = file.lastIndexOf('/', end - 1)) {
          if (!paths.add(file.substring(0, end))) {
            break; // the folders above it are there already
          }
        }
      }
    }

    @Override
    public boolean exists(String path) {
      // what is below a link that is not followed is refused, by its name, when it is read
      return paths.contains(path) || closed.stream().anyMatch(c -> path.startsWith(c + "/"));
    }

    @Override
    public String beginning(String path) {
      if (!files.contains(path)) {
        return "";
      }
      byte[] bytes = tree.read(path).orElse(new byte[0]);
      return new String(
          bytes, 0, Math.min(bytes.length, BEGINNING_BYTES), StandardCharsets.ISO_8859_1);
    }

    @Override
    public boolean matches(String glob) {
      CodeSelection selection = new CodeSelection(List.of(glob));
      return files.stream().anyMatch(selection::takes);
    }
  }

  private static String text(String name, byte[] bytes) {
    try {
      return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
    } catch (CharacterCodingException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(Diagnostic.of("SLU-9014", name + " is not UTF-8 text", "save it as UTF-8")),
          e);
    }
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
