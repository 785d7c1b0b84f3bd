package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * Holds table sets against the raw snapshot that they were made of: what a table says was known at
 * a time must be what the snapshot says was known then. That is how a feature from the future and a
 * label from a later revision are found, which look like any other number in the tables themselves.
 *
 * @param why empty when the audit took place; else why it could not
 * @param vintages panel rows that were held against the snapshot
 * @param labels actuals that were
 * @param revisedSince rows whose actual the snapshot revises after their {@code knownAt} and by the
 *     as-of: no leak, but the truth has moved on
 * @param expectedRows rows that the holdout would have if it left out no horizon of a unit and
 *     origin that it has, whose label the snapshot knows and calls mature
 */
record SnapshotAudit(
    Optional<String> why, long vintages, long labels, long revisedSince, long expectedRows) {

  /** Values this close, relative to the larger above 1, are the same: float32 lies between them. */
  private static final double SAME = 1e-6;

  /** A table set under audit. */
  record Tables(String name, PanelFormat format, Panel panel, LabelRows rows) {}

  static SnapshotAudit impossible(String why) {
    return new SnapshotAudit(Optional.of(why), 0, 0, 0, 0);
  }

  /**
   * Audits.
   *
   * @param snapshot a CSV file, or a folder with one
   * @param labels names of the snapshot's columns
   * @param sets table sets; rows expected are counted for the last of them, the holdout
   * @throws SluiceException SLU-6032 (feature vintage), SLU-6035 (revision)
   */
  static SnapshotAudit of(
      Path snapshot, EvaluationSettings.Labels labels, List<Tables> sets, Units units, Instant asOf)
      throws IOException {
    Optional<Path> file = csv(snapshot);
    if (file.isEmpty()) {
      return impossible("the snapshot is not one CSV file");
    }
    PanelFormat format = sets.getFirst().format();
    List<String> channels = new ArrayList<>();
    for (String channel : format.channels()) {
      channels.add(channel.equals(format.label()) ? labels.column() : channel);
    }
    Panel raw;
    try (CsvTable header = CsvTable.open(file.get(), "snapshot")) {
      List<String> needed = new ArrayList<>(format.unit());
      needed.add(labels.eventTime());
      needed.add(labels.knownAt());
      needed.addAll(channels);
      List<String> lacks = needed.stream().filter(c -> !header.header().contains(c)).toList();
      if (!lacks.isEmpty()) {
        return impossible("the snapshot has no column " + String.join(", ", lacks));
      }
      raw =
          Panel.read(
              file.get(),
              "snapshot",
              new Panel.Columns(
                  format.unit(), labels.eventTime(), labels.knownAt(), channels, true),
              format.periodMicros(),
              units);
    } catch (SluiceException e) {
      // raw data may be laid out as it likes; the report names what cannot be compared, and guesses
      // nothing
      return impossible("the snapshot is not a vintage log of these units: " + e.getMessage());
    }
    Findings findings = new Findings();
    long vintages = 0;
    long labelCount = 0;
    long revised = 0;
    for (Tables set : sets) {
      if (raw.size() > 0 && set.panel().size() > 0 && raw.phase() != set.panel().phase()) {
        return impossible(
            "the snapshot's periods start at other times than those of " + set.name());
      }
      vintages += features(set, raw, units, findings);
      revised += actuals(set, raw, units, asOf, findings);
      labelCount += set.rows().size();
    }
    findings.refuse();
    return new SnapshotAudit(
        Optional.empty(),
        vintages,
        labelCount,
        revised,
        expected(sets.getLast(), raw, labels, asOf));
  }

  private static Optional<Path> csv(Path snapshot) throws IOException {
    if (Files.isRegularFile(snapshot, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.of(snapshot);
    }
    if (!Files.isDirectory(snapshot, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(snapshot)) {
      List<Path> found =
          files
              .filter(f -> f.toString().endsWith(".csv"))
              .filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS))
              .limit(2)
              .toList();
      return found.size() == 1 ? Optional.of(found.getFirst()) : Optional.empty();
    }
  }

  private static long features(Tables set, Panel raw, Units units, Findings findings) {
    Panel panel = set.panel();
    List<String> channels = set.format().channels();
    for (int unit = 0; unit < units.size(); unit++) {
      for (int i = panel.start(unit); i < panel.end(unit); i++) {
        int then = raw.vintageAsOf(unit, panel.slot(i), panel.knownAt(i));
        for (int c = 0; c < channels.size(); c++) {
          double claimed = panel.value(i, c);
          double real = then < 0 ? Double.NaN : raw.value(then, c);
          if (!agrees(claimed, real)) {
            findings.add(
                "SLU-6032",
                ("%s/panel.csv, line %d: feature-vintage leak: `%s` of %s for the period that ends"
                        + " %s is given as %s as known at %s; the snapshot says %s")
                    .formatted(
                        set.name(),
                        panel.line(i),
                        channels.get(c),
                        units.describe(unit),
                        EpochMicros.toInstant(panel.endOf(panel.slot(i))),
                        CsvTable.format(claimed),
                        EpochMicros.toInstant(panel.knownAt(i)),
                        said(real)),
                "copy every vintage with its own knownAt, never the latest value with an old one");
            break;
          }
        }
      }
    }
    return panel.size();
  }

  private static long actuals(Tables set, Panel raw, Units units, Instant asOf, Findings findings) {
    LabelRows rows = set.rows();
    int label = set.format().channels().indexOf(set.format().label());
    long now = EpochMicros.of(asOf);
    long revised = 0;
    for (int row = 0; row < rows.size(); row++) {
      int unit = rows.unit(row);
      int slot = rows.targetSlot()[row];
      double real = raw.valueAsOf(unit, slot, rows.knownAt()[row], label);
      if (!agrees(rows.actual()[row], real)) {
        findings.add(
            "SLU-6035",
            ("%s, line %d: revision leak: the actual of %s for the period that ends %s is given"
                    + " as %s as known at %s; the snapshot says %s")
                .formatted(
                    rows.name(),
                    rows.line()[row],
                    units.describe(unit),
                    EpochMicros.toInstant(set.panel().endOf(slot)),
                    CsvTable.format(rows.actual()[row]),
                    EpochMicros.toInstant(rows.knownAt()[row]),
                    said(real)),
            "take the label's value as of its knownAt from the snapshot");
      } else if (!agrees(rows.actual()[row], raw.valueAsOf(unit, slot, now, label))) {
        revised++;
      }
    }
    return revised;
  }

  private static long expected(
      Tables set, Panel raw, EvaluationSettings.Labels labels, Instant asOf) {
    LabelRows rows = set.rows();
    int label = set.format().channels().indexOf(set.format().label());
    long maturity = EpochMicros.of(labels.matureAfter());
    long now = EpochMicros.of(asOf);
    int[] horizons = rows.horizons().stream().mapToInt(Integer::intValue).toArray();
    long count = 0;
    for (int g = 0; g < rows.groups(); g++) {
      for (int h : horizons) {
        int slot = set.panel().slotStarting(rows.groupOrigin()[g]) + h - 1;
        long mature = set.panel().endOf(slot) + maturity;
        if (mature <= now
            && !Double.isNaN(raw.valueAsOf(rows.groupUnit()[g], slot, mature, label))) {
          count++;
        }
      }
    }
    // rows that fill in a zero where the snapshot has no row are more than these, not fewer
    return Math.max(count, rows.size());
  }

  /**
   * Whether a table's value is what the snapshot says. A table may hide a value (missing), and may
   * write 0 where the snapshot has nothing: no row is how many logs say that nothing moved.
   */
  private static boolean agrees(double claimed, double real) {
    if (Double.isNaN(claimed)) {
      return true;
    }
    if (Double.isNaN(real)) {
      return claimed == 0;
    }
    return Math.abs(claimed - real)
        <= SAME * Math.max(1, Math.max(Math.abs(claimed), Math.abs(real)));
  }

  private static String said(double value) {
    return Double.isNaN(value) ? "nothing was known then" : CsvTable.format(value);
  }
}
