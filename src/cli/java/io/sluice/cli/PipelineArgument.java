package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.platform.PipelineFolder;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Parameters;

/** The pipeline that a command works on: its folder, or a spec file in it. */
final class PipelineArgument {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "PIPELINE",
      defaultValue = ".",
      description = "Folder with a sluice.yaml, or a spec file. Default: the current folder.")
  private Path path = Path.of(".");

  /** The folder that was named, whether there is a spec in it or not. */
  Path folder() {
    return folder(path);
  }

  private static Path folder(Path named) {
    Path normal = named.normalize();
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
  PipelineFolder locate() {
    return locate(path);
  }

  /** As {@link #locate()}, of any path. */
  static PipelineFolder locate(Path named) {
    Path path = named;
    Path folder = folder(path);
    if (Files.isRegularFile(path.normalize())) {
      return new PipelineFolder(folder, path.normalize().getFileName().toString());
    }
    if (Files.isRegularFile(folder.resolve(PipelineFolder.SPEC))) {
      return new PipelineFolder(folder, PipelineFolder.SPEC);
    }
    throw new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-9012",
            Files.isDirectory(folder)
                ? "there is no " + PipelineFolder.SPEC + " in " + folder
                : Files.exists(folder)
                    ? folder + " is neither a folder nor a file"
                    : "there is no folder or file " + folder,
            "name a pipeline's folder, for example `sluice run pipelines/rma-forecast`; `sluice init"
                + " FOLDER` makes a new one"));
  }
}
