package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Metric;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * A panel table set in memory that models are judged on, after every check that needs no other.
 *
 * @param name what messages call its folder
 */
record TableSet(String name, Path rowsFile, PanelFormat format, Panel panel, LabelRows rows) {

  /**
   * Reads and checks.
   *
   * @param units numbers the units of all sets of an evaluation; gets those of this one too
   * @param asOf nothing in it may be known later
   * @throws SluiceException SLU-6020 to 6028, 6030, 6031, 6033, 6034, 6036, 6040, 6043, 6044
   */
  static TableSet read(
      Path folder, String name, EvaluationSettings settings, Units units, Instant asOf)
      throws IOException {
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6043",
          "evaluate has no input `" + name + "`, a folder with rows.csv, panel.csv, panel.json",
          "families are picked on validation and compared on the holdout: give it both");
    }
    PanelFormat format = PanelFormat.read(folder, name);
    settings.holdAgainst(format, name);
    Panel panel =
        Panel.read(
            folder.resolve("panel.csv"),
            name + "/panel.csv",
            new Panel.Columns(format.unit(), "eventTime", "knownAt", format.channels(), false),
            format.periodMicros(),
            units);
    refuseFuture(name, panel, units, asOf);
    Path rowsFile = folder.resolve("rows.csv");
    LabelRows rows =
        LabelRows.read(
            rowsFile, name + "/rows.csv", format, panel, units, settings.matureAfter(), asOf);
    refuseUnfit(rows, settings.metric());
    return new TableSet(name, rowsFile, format, panel, rows);
  }

  private static void refuseUnfit(LabelRows rows, Metric.Loss metric) {
    Findings findings = new Findings();
    for (int i = 0; i < rows.size(); i++) {
      Optional<String> objection = metric.objection(rows.actual()[i]);
      if (objection.isPresent()) {
        findings.add(
            "SLU-6044",
            "%s, line %d: the actual %s %s for %s"
                .formatted(
                    rows.name(),
                    rows.line()[i],
                    CsvTable.format(rows.actual()[i]),
                    objection.get(),
                    metric.name()),
            JudgedLabels.metricsFor(rows.actual()[i]));
      }
    }
    findings.refuse();
  }

  private static void refuseFuture(String name, Panel panel, Units units, Instant asOf) {
    Findings findings = new Findings();
    long now = EpochMicros.of(asOf);
    for (int unit = 0; unit < units.size(); unit++) {
      for (int i = panel.start(unit); i < panel.end(unit); i++) {
        if (panel.knownAt(i) > now) {
          findings.add(
              "SLU-6034",
              "%s/panel.csv, line %d: a vintage that became known %s, after the as-of %s"
                  .formatted(name, panel.line(i), EpochMicros.toInstant(panel.knownAt(i)), asOf),
              "leave out what was not known at the as-of");
        }
      }
    }
    findings.refuse();
  }
}
