package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetSpec;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Option;

/** What the commands on runs of a target share: {@code --on} and where its file is. */
abstract class OnCommand implements Callable<Integer> {
  @Option(
      names = "--on",
      required = true,
      paramLabel = "NAME",
      description = "The target: targets/NAME.yaml.")
  private String on = "";

  @Option(
      names = "--pipeline",
      paramLabel = "DIR",
      description = "Where to look for the target: this folder and those above it. Default: here.")
  private Path pipeline = Path.of(".");

  final String on() {
    return on;
  }

  final TargetSpec file() {
    return TargetOption.read(pipeline, on);
  }

  static RunId run(String id) {
    try {
      return new RunId(id);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          java.util.List.of(
              Diagnostic.of(
                  "SLU-9025", String.valueOf(e.getMessage()), "as `sluice run` printed it")),
          e);
    }
  }
}
