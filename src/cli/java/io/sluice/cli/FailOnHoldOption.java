package io.sluice.cli;

import io.sluice.app.run.RunReport;
import io.sluice.core.diag.ExitCode;
import picocli.CommandLine.Option;

/** {@code --fail-on-hold}, and the exit code that a command has with and without it. */
final class FailOnHoldOption {
  @Option(names = "--fail-on-hold", description = "Exit with 5 when the gate holds.")
  private boolean failOnHold;

  int exitCode(RunReport report) {
    boolean held = failOnHold && report.exitCode() == ExitCode.DONE && report.held();
    return (held ? ExitCode.HELD : report.exitCode()).code();
  }
}
