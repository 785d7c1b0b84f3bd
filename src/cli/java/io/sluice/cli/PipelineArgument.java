package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/** The pipeline that a command works on: its folder, or a spec file in it. */
public final class PipelineArgument {
  public static final String SPEC = "sluice.yaml";

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "PIPELINE",
      defaultValue = ".",
      description = "Folder with a sluice.yaml, or a spec file. Default: the current folder.")
  private Path path = Path.of(".");

  /**
   * Where the spec is.
   *
   * @param folder the pipeline's folder, as the user named it
   * @param spec name of the spec file in it
   */
  public record Located(Path folder, String spec) {
    public LocalSourceTree tree() {
      return new LocalSourceTree(folder);
    }

    /** The folder's path in its repository; where there is none, on this machine. */
    String name() {
      Path start = folder.toAbsolutePath().normalize();
      for (Path at = start; at != null; at = at.getParent()) {
        if (Files.exists(at.resolve(".git"))) {
          return at.relativize(start).toString();
        }
      }
      return start.toString();
    }

    /**
     * Where this machine's state of the project is: beside the repository's root or, where there is
     * no repository, in the pipeline's folder. {@code SLUICE_STATE} says otherwise.
     */
    Path state() {
      String given = System.getenv("SLUICE_STATE");
      if (given != null && !given.isEmpty()) {
        return Path.of(given).toAbsolutePath().normalize();
      }
      Path start = folder.toAbsolutePath().normalize();
      for (Path at = start; at != null; at = at.getParent()) {
        if (Files.exists(at.resolve(".git")) || Files.isDirectory(at.resolve(".sluice"))) {
          return at.resolve(".sluice");
        }
      }
      return start.resolve(".sluice");
    }
  }

  /** The folder that was named, whether there is a spec in it or not. */
  Path folder() {
    Path normal = path.normalize();
    if (Files.isRegularFile(normal)) {
      Path parent = normal.getParent();
      return parent == null ? Path.of(".") : parent;
    }
    return normal.toString().isEmpty() ? Path.of(".") : normal;
  }

  /**
   * Finds the spec.
   *
   * @throws SluiceException SLU-9012 when there is none
   */
  Located locate() {
    Path folder = folder();
    if (Files.isRegularFile(path.normalize())) {
      return new Located(folder, path.normalize().getFileName().toString());
    }
    if (Files.isRegularFile(folder.resolve(SPEC))) {
      return new Located(folder, SPEC);
    }
    throw new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-9012",
            Files.isDirectory(folder)
                ? "there is no " + SPEC + " in " + folder
                : Files.exists(folder)
                    ? folder + " is neither a folder nor a file"
                    : "there is no folder or file " + folder,
            "name a pipeline's folder, for example `sluice run pipelines/rma-forecast`; `sluice init"
                + " FOLDER` makes a new one"));
  }
}
