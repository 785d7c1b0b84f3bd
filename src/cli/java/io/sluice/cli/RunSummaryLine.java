package io.sluice.cli;

import io.sluice.app.run.RunReport;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.StageStatus;
import java.util.Optional;

/** The line that sums up a run, or a part of one, when it has ended. */
final class RunSummaryLine {
  private RunSummaryLine() {}

  /** The line for a run that was asked for one stage. */
  static String of(RunReport report, StageSelector call) {
    if (report.status() == StageStatus.SUCCEEDED && !report.reason().isEmpty()) {
      return report.reason(); // why there was nothing to do
    }
    if (report.status() == StageStatus.SUCCEEDED && call.kind() != StageSelector.Kind.PROMOTE) {
      boolean judged = call.kind() == StageSelector.Kind.EVALUATE;
      if (!judged || !report.verdict().equals(Optional.of("PROMOTE"))) {
        return judged ? of(report) : call.name() + " done: run " + report.run();
      }
      return "PROMOTE"
          + what(report)
          + ": `--stage promote` of run "
          + report.run()
          + " makes it the champion";
    }
    return of(report);
  }

  /** The line for a whole run. */
  static String of(RunReport report) {
    if (report.status() != StageStatus.SUCCEEDED) {
      String word = report.status().words();
      // "cancelled: cancelled" says nothing that "cancelled" does not
      String why = report.reason().equals(word) ? "" : ": " + report.reason();
      return "run " + report.run() + " " + word + why;
    }
    String what = what(report);
    return switch (report.verdict().orElse("")) {
      case "PROMOTE" -> "PROMOTED" + what;
      case "HOLD" -> "HELD" + what;
      default -> "done";
    };
  }

  private static String what(RunReport report) {
    return (report.model().isEmpty() ? "" : " " + report.model())
        + report.version().map(v -> " version " + v).orElse("");
  }
}
