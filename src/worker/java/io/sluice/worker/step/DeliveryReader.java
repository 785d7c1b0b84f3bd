package io.sluice.worker.step;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.record.Delivery;
import io.sluice.core.record.SourceLabels;
import io.sluice.inference.CsvTable;
import io.sluice.inference.JudgedLabels;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Reads what a labelled data source delivered, by the one reader of tables (docs/tables.md). Every
 * field that {@code labels} names is read here, where data comes in, so that no later stage meets
 * another form. Later stages take their as-of from the newest {@code knownAt}, so that an unchanged
 * snapshot stays a cache hit however often it is fetched.
 */
final class DeliveryReader {
  private final ArtifactStore store;
  private final SourceLabels labels;
  private final Digest values;
  private final Instant limit;
  private final Optional<JudgedLabels> judged;

  /**
   * A reader of one source.
   *
   * @param values digest of what the source was given under {@code with}
   * @param limit the run's as-of: what nobody could have known yet must not be in the data
   */
  DeliveryReader(ArtifactStore store, SourceLabels labels, Digest values, Instant limit) {
    this.store = store;
    this.labels = labels;
    this.values = values;
    this.limit = limit;
    this.judged = JudgedLabels.of(labels, limit);
  }

  /** What the tables that have the columns came to. */
  private static final class Count {
    private final Set<String> units = new HashSet<>();
    private final List<String> seen = new ArrayList<>();
    private final List<String> lacking = new ArrayList<>();
    private boolean whole;
    private boolean unitsKnown = true;
    private long rows;
    private Optional<Instant> newest = Optional.empty();
  }

  /**
   * Reads every table of the manifest that has the column {@code knownAt}, to its end.
   *
   * @throws SluiceException {@code SLU-4030} when no table has the columns of {@code labels}, or
   *     none has rows; {@code SLU-4032} for a row from the future; {@code SLU-4036} for labels that
   *     the gate's metric cannot judge; {@code SLU-6021} and {@code SLU-6022} for what is not in
   *     the format of tables
   */
  Delivery read(List<Manifest.Entry> entries) throws IOException {
    Count count = new Count();
    SortedMap<String, JudgedLabels.Table> tables = new TreeMap<>();
    for (Manifest.Entry entry : entries) {
      if (isTable(entry)) {
        tables.put(entry.path(), () -> CsvTable.open(store.open(entry.digest()), entry.path()));
      }
    }
    for (Map.Entry<String, JudgedLabels.Table> entry : tables.entrySet()) {
      try (CsvTable table = entry.getValue().open()) {
        read(table, entry.getKey(), count);
      }
    }
    if (!count.whole) {
      throw lacks(count);
    }
    if (count.newest.isEmpty()) {
      throw refused(
          "SLU-4030",
          "the produced table has no rows",
          "look at what the source answered; a run without data makes no model");
    }
    if (judged.isPresent()) {
      judged.get().refuse(tables);
    }
    return new Delivery(
        values,
        count.rows,
        count.unitsKnown && !labels.unit().isEmpty()
            ? Optional.of((long) count.units.size())
            : Optional.empty(),
        count.newest.get(),
        Optional.empty(),
        Optional.empty());
  }

  private void read(CsvTable table, String name, Count count) {
    Optional<Integer> known = table.find(labels.knownAt());
    count.seen.add(
        "`%s` has %s".formatted(name, CsvTable.columnsInWords(table.header()))
            + DidYouMean.among(table.header(), labels.knownAt())
                .filter(near -> known.isEmpty())
                .map(near -> ": is `%s` meant?".formatted(near))
                .orElse(""));
    if (known.isEmpty()) {
      return;
    }
    Optional<Integer> event = labels.eventTime().flatMap(table::find);
    Optional<Integer> label = labels.column().flatMap(table::find);
    List<String> lacking =
        Stream.of(labels.column(), labels.eventTime())
            .flatMap(Optional::stream)
            .filter(c -> table.find(c).isEmpty())
            .toList();
    count.lacking.addAll(lacking);
    count.whole |= lacking.isEmpty();
    boolean keyed = labels.unit().stream().allMatch(c -> table.find(c).isPresent());
    count.unitsKnown &= keyed;
    int[] key = keyed ? labels.unit().stream().mapToInt(table::require).toArray() : new int[0];
    while (table.next()) {
      Instant when = table.time(known.get());
      event.ifPresent(table::time);
      if (label.isPresent()) {
        double value = table.numberOrMissing(label.get());
        judged.ifPresent(j -> j.see(value));
      }
      if (key.length > 0) {
        count.units.add(table.key(key));
      }
      if (when.isAfter(limit)) {
        throw refused(
            "SLU-4032",
            "%s: known at %s, which is after the run's as-of %s"
                .formatted(table.at(known.get()), when, limit),
            "a data source leaves out what was not known at SLUICE_AS_OF; a date means its"
                + " midnight in UTC, which east of Greenwich is later than the local one");
      }
      count.rows++;
      if (count.newest.isEmpty() || when.isAfter(count.newest.get())) {
        count.newest = Optional.of(when);
      }
    }
  }

  /** A file output has no suffix; of a folder's files only those that call themselves CSV count. */
  private static boolean isTable(Manifest.Entry entry) {
    return entry.path().indexOf('/') < 0 || entry.path().endsWith(".csv");
  }

  private SluiceException lacks(Count count) {
    String wanted =
        count.lacking.isEmpty()
            ? labels.knownAt()
            : String.join(", ", count.lacking.stream().distinct().toList());
    return refused(
        "SLU-4030",
        "no produced table has the column %s, which `labels` names; %s"
            .formatted(
                wanted,
                count.seen.isEmpty()
                    ? "there is no CSV file"
                    : String.join("; ", count.seen.stream().limit(5).toList())),
        "write one CSV file with a header row; docs/tables.md has its form");
  }

  private static SluiceException refused(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
