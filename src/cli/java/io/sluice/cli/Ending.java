package io.sluice.cli;

import io.sluice.app.RunReport;
import io.sluice.core.run.StageStatus;
import java.util.Locale;

/** The line that a run ends with. */
final class Ending {
  private Ending() {}

  static String words(RunReport report) {
    if (report.status() != StageStatus.SUCCEEDED) {
      return "run "
          + report.run()
          + " "
          + report.status().name().toLowerCase(Locale.ROOT).replace('_', ' ')
          + ": "
          + report.reason();
    }
    String what =
        (report.model().isEmpty() ? "" : " " + report.model())
            + report.version().map(v -> " version " + v).orElse("");
    return switch (report.verdict().orElse("")) {
      case "PROMOTE" -> "PROMOTED" + what;
      case "HOLD" -> "HELD" + what;
      default -> "done";
    };
  }
}
