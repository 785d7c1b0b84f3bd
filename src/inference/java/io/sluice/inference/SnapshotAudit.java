package io.sluice.inference;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
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
 * <p>What the snapshot has is audited, channel by channel; what it lacks, or has in a form that
 * cannot be read, is named.
 *
 * @param why empty when the audit took place; else why it could not, for no channel
 * @param vintages panel rows that were held against the snapshot
 * @param labels actuals that were
 * @param revisedSince rows whose actual the snapshot revises after their {@code knownAt} and by the
 *     as-of: no leak, but the truth has moved on
 * @param expectedRows rows that the holdout would have if it left out no horizon of a unit and
 *     origin that it has, whose label the snapshot knows and calls mature; empty when the label
 *     could not be audited
 * @param parts channels that could not be audited
 */
record SnapshotAudit(
    Optional<String> why,
    long vintages,
    long labels,
    long revisedSince,
    Optional<Long> expectedRows,
    List<Unaudited> parts) {

  /** Values this close, relative to the larger above 1, are the same: float32 lies between them. */
  private static final double SAME = 1e-6;

  /** A table set under audit. */
  record Tables(String name, PanelFormat format, Panel panel, LabelRows rows) {}

  /**
   * A channel that both sides have.
   *
   * @param table its number in the table sets
   * @param raw its number in the snapshot as it was read
   */
  private record Channel(String name, int table, int raw) {}

  static SnapshotAudit impossible(String why) {
    return new SnapshotAudit(Optional.of(why), 0, 0, 0, Optional.empty(), List.of());
  }

  /**
   * Audits.
   *
   * @param snapshot a CSV file, or a folder with one
   * @param labels names of the snapshot's columns
   * @param derived channels that the spec says no snapshot can have
   * @param sets table sets; rows expected are counted for the last of them, the holdout
   * @throws SluiceException SLU-6032 (feature vintage), SLU-6035 (revision)
   */
  static SnapshotAudit of(
      Path snapshot,
      EvaluationSettings.Labels labels,
      List<String> derived,
      List<Tables> sets,
      Units units,
      Instant asOf)
      throws IOException {
    Optional<Path> file = csv(snapshot);
    if (file.isEmpty()) {
      return impossible("the snapshot is not one CSV file");
    }
    PanelFormat format = sets.getFirst().format();
    List<Unaudited> parts = new ArrayList<>();
    List<Channel> channels = new ArrayList<>();
    List<String> columns = new ArrayList<>();
    Panel raw;
    try (CsvTable header = CsvTable.open(file.get(), "snapshot")) {
      List<String> keys = new ArrayList<>(format.unit());
      keys.add(labels.eventTime());
      keys.add(labels.knownAt());
      List<String> lacks = keys.stream().filter(c -> !header.header().contains(c)).toList();
      if (!lacks.isEmpty()) {
        return impossible(lacking(lacks, header.header()));
      }
      for (int c = 0; c < format.channels().size(); c++) {
        String channel = format.channels().get(c);
        String column = channel.equals(format.label()) ? labels.column() : channel;
        if (header.header().contains(column)) {
          channels.add(new Channel(channel, c, columns.size()));
          columns.add(column);
        } else {
          parts.add(
              unaudited(
                  channel,
                  format,
                  "the snapshot has no column " + Refusal.quoted(column),
                  derived.contains(channel)));
        }
      }
      if (channels.isEmpty()) {
        return impossible(lacking(format.channels(), header.header()));
      }
      raw =
          Panel.read(
              file.get(),
              "snapshot",
              new Panel.Columns(format.unit(), labels.eventTime(), labels.knownAt(), columns, true),
              format.periodMicros(),
              units);
    } catch (SluiceException e) {
      // raw data may be laid out as it likes; the report names what cannot be compared, and guesses
      // nothing
      return impossible(
          "the snapshot is not a vintage log of these units: "
              + e.diagnostics().getFirst().message());
    }
    for (Tables set : sets) {
      if (raw.size() > 0 && set.panel().size() > 0 && raw.phase() != set.panel().phase()) {
        return impossible(
            "the snapshot's periods start at other times than those of " + set.name());
      }
    }
    for (Channel channel : List.copyOf(channels)) {
      String trouble = raw.unreadable().get(channel.raw());
      if (trouble != null) {
        channels.remove(channel);
        parts.add(unaudited(channel.name(), format, trouble, false));
      }
    }
    return held(sets, raw, channels, parts, labels, units, asOf);
  }

  private static String lacking(List<String> lacks, List<String> has) {
    return "the snapshot has no column %s; it has %s"
        .formatted(
            String.join(", ", lacks.stream().map(Refusal::quoted).toList()),
            String.join(", ", has.stream().limit(20).map(Refusal::quoted).toList()));
  }

  private static Unaudited unaudited(
      String channel, PanelFormat format, String why, boolean declared) {
    return new Unaudited(
        Check.SNAPSHOT,
        channel.equals(format.label())
            ? "the label %s, and whether rows are missing".formatted(Refusal.quoted(channel))
            : "the channel " + Refusal.quoted(channel),
        why,
        declared);
  }

  private static SnapshotAudit held(
      List<Tables> sets,
      Panel raw,
      List<Channel> channels,
      List<Unaudited> parts,
      EvaluationSettings.Labels labels,
      Units units,
      Instant asOf) {
    if (channels.isEmpty()) {
      return impossible(
          "no channel of the snapshot can be read: "
              + String.join("; ", parts.stream().limit(3).map(Unaudited::why).toList()));
    }
    Optional<Channel> label =
        channels.stream()
            .filter(c -> c.name().equals(sets.getFirst().format().label()))
            .findFirst();
    Findings findings = new Findings();
    long vintages = 0;
    long labelCount = 0;
    long revised = 0;
    for (Tables set : sets) {
      vintages += features(set, raw, channels, units, findings);
      if (label.isPresent()) {
        revised += actuals(set, raw, label.get().raw(), units, asOf, findings);
        labelCount += set.rows().size();
      }
    }
    findings.refuse();
    return new SnapshotAudit(
        Optional.empty(),
        vintages,
        labelCount,
        revised,
        label.map(l -> expected(sets.getLast(), raw, l.raw(), labels, asOf)),
        List.copyOf(parts));
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

  private static long features(
      Tables set, Panel raw, List<Channel> channels, Units units, Findings findings) {
    Panel panel = set.panel();
    for (int unit = 0; unit < units.size(); unit++) {
      for (int i = panel.start(unit); i < panel.end(unit); i++) {
        int then = raw.vintageAsOf(unit, panel.slot(i), panel.knownAt(i));
        for (Channel channel : channels) {
          double claimed = panel.value(i, channel.table());
          double real = then < 0 ? Double.NaN : raw.value(then, channel.raw());
          if (!agrees(claimed, real)) {
            findings.add(
                "SLU-6032",
                ("%s/panel.csv, line %d: feature-vintage leak: `%s` of %s for the period that ends"
                        + " %s is given as %s as known at %s; the snapshot says %s")
                    .formatted(
                        set.name(),
                        panel.line(i),
                        channel.name(),
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

  private static long actuals(
      Tables set, Panel raw, int label, Units units, Instant asOf, Findings findings) {
    LabelRows rows = set.rows();
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
      Tables set, Panel raw, int label, EvaluationSettings.Labels labels, Instant asOf) {
    LabelRows rows = set.rows();
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
