package io.sluice.cli;

import io.sluice.app.RunReport;
import io.sluice.core.run.StageStatus;
import java.util.Locale;

/** The line that a run ends with. */
final class Ending {
  private Ending() {}

  static String words(RunReport report) {
    if (report.status() != StageStatus.SUCCEEDED) {
      String word = report.status().name().toLowerCase(Locale.ROOT).replace('_', ' ');
      // "cancelled: cancelled" says nothing that "cancelled" does not
      String why = report.reason().equals(word) ? "" : ": " + report.reason();
      return "run " + report.run() + " " + word + why;
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
