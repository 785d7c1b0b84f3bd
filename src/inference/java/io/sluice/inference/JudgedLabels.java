package io.sluice.inference;

import io.sluice.core.gate.Metric;
import io.sluice.core.record.SourceLabels;
import java.io.IOException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Refuses a delivery whose labels the gate's metric cannot judge (docs/tables.md), before anything
 * is trained on it. Only what evaluate may take for a label counts: of each unit and period the
 * latest report, once {@code matureAfter} is over since the period ended.
 */
public final class JudgedLabels {
  /** Labels beyond these are left to evaluate, which looks at each that it scores. */
  private static final int MOST = 1_000_000;

  private final SourceLabels labels;
  private final Metric.Loss metric;
  private final Duration matureAfter;
  private final Instant asOf;
  private boolean any;
  private boolean otherThanZero;
  private boolean doubtful;

  private JudgedLabels(SourceLabels labels, Metric.Loss metric, Instant asOf) {
    this.labels = labels;
    this.metric = metric;
    this.matureAfter = labels.matureAfter().map(Duration::parse).orElse(Duration.ZERO);
    this.asOf = asOf;
  }

  /**
   * Of one delivery.
   *
   * @param asOf what is not mature by then does not count
   * @return empty where no gate judges these labels
   */
  public static Optional<JudgedLabels> of(SourceLabels labels, Instant asOf) {
    return labels.column().isEmpty() || labels.eventTime().isEmpty() || labels.unit().isEmpty()
        ? Optional.empty()
        : labels
            .metric()
            .flatMap(Metric.Loss::named)
            .map(metric -> new JudgedLabels(labels, metric, asOf));
  }

  /** A table that can be opened again. */
  @FunctionalInterface
  public interface Table {
    /** From its start. */
    CsvTable open() throws IOException;
  }

  /** What to gate on instead, for people. */
  static String metricsFor(double label) {
    List<String> fit = Metric.Loss.ofAmount(label);
    return label < 0
        ? "gate on a metric that judges labels below zero: " + String.join(", ", fit)
        : "gate on a metric that judges " + CsvTable.format(label) + ": " + String.join(", ", fit);
  }

  private boolean objects(double label) {
    return !Double.isNaN(label) && metric.objection(label).isPresent();
  }

  /** Takes note of a label of the delivery, whatever it is a label of; NaN for none. */
  public void see(double label) {
    if (!Double.isNaN(label)) {
      any = true;
      otherThanZero |= label != 0;
      doubtful |= objects(label);
    }
  }

  /** Sees every label of a table. */
  public void seeAll(Table table) throws IOException {
    try (CsvTable rows = table.open()) {
      Optional<Integer> label = labels.column().flatMap(rows::find);
      while (label.isPresent() && rows.next()) {
        see(rows.numberOrMissing(label.get()));
      }
    }
  }

  /**
   * Refuses the delivery, all labels of which were {@link #see seen}.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-4036, with the first label that cannot be
   *     judged
   */
  public void refuse(Map<String, Table> tables) throws IOException {
    Findings findings = new Findings();
    if (any && !otherThanZero && !metric.judgesZeros()) {
      findings.add(
          "SLU-4036",
          "%s: every label (`%s`) is 0, where %s, on which the gate decides, is not defined"
              .formatted(
                  String.join(", ", tables.keySet()), labels.column().orElse(""), metric.name()),
          "is this the right column? Else gate on another metric, such as mae");
    }
    if (doubtful) {
      for (Map.Entry<String, Table> table : tables.entrySet()) {
        refuse(table.getKey(), table.getValue(), findings);
      }
    }
    findings.refuse();
  }

  /** The numbers of the columns that tell one label from another. */
  @SuppressWarnings("ArrayRecordComponent") // made once, read once, never compared
  private record Columns(int label, int event, int known, int[] unit) {}

  private Optional<Columns> columns(CsvTable table) {
    Optional<Integer> label = labels.column().flatMap(table::find);
    Optional<Integer> event = labels.eventTime().flatMap(table::find);
    Optional<Integer> known = table.find(labels.knownAt());
    boolean keyed = labels.unit().stream().allMatch(c -> table.find(c).isPresent());
    return keyed && label.isPresent() && event.isPresent() && known.isPresent()
        ? Optional.of(
            new Columns(
                label.get(),
                event.get(),
                known.get(),
                labels.unit().stream().mapToInt(table::require).toArray()))
        : Optional.empty(); // what evaluate cannot audit either, and says so
  }

  /** Of which unit and period. */
  private record Key(String unit, Instant event) {}

  /** What a report says. */
  private record Report(Instant known, double value, int line) {
    Report later(Report other) {
      return other.known.isAfter(known) ? other : this;
    }
  }

  private void refuse(String name, Table table, Findings findings) throws IOException {
    Map<Key, Report> latest =
        new TreeMap<>(Comparator.comparing(Key::unit).thenComparing(Key::event));
    Duration mature = period(table).plus(matureAfter);
    read(
        table,
        mature,
        (key, report) -> {
          if (objects(report.value) && (latest.size() < MOST || latest.containsKey(key))) {
            latest.merge(key, report, Report::later);
          }
        });
    if (latest.isEmpty()) {
      return;
    }
    read(
        table,
        mature,
        (key, report) -> latest.computeIfPresent(key, (k, found) -> found.later(report)));
    latest.entrySet().stream()
        .filter(e -> objects(e.getValue().value))
        .sorted(Comparator.comparingInt(e -> e.getValue().line))
        .forEach(e ->
            findings.add(
                "SLU-4036",
                "%s, line %d: the label %s (`%s`) of %s for the period from %s %s for %s, on which the gate decides"
                    .formatted(
                        name,
                        e.getValue().line,
                        CsvTable.format(e.getValue().value),
                        labels.column().orElse(""),
                        Units.described(e.getKey().unit),
                        e.getKey().event,
                        metric.objection(e.getValue().value).orElse(""),
                        metric.name()),
                metricsFor(e.getValue().value)
                    + "; or let the data source leave out what is not to be forecast"));
  }

  private interface Reader {
    void take(Key key, Report report);
  }

  /**
   * How long a period of the table is: the shortest time from one to the next. A label can be
   * mature only once its period is over, which {@code matureAfter} counts from.
   *
   * @return zero where the table has one period only
   */
  private Duration period(Table table) throws IOException {
    TreeSet<Instant> begins = new TreeSet<>();
    try (CsvTable rows = table.open()) {
      Optional<Columns> columns = columns(rows);
      while (columns.isPresent() && rows.next()) {
        begins.add(rows.time(columns.get().event));
      }
    }
    Optional<Duration> shortest =
        begins.stream()
            .skip(1)
            .map(begin -> Duration.between(Objects.requireNonNull(begins.lower(begin)), begin))
            .min(Comparator.naturalOrder());
    return shortest.orElse(Duration.ZERO);
  }

  /**
   * The reports of mature labels that were known by the as-of.
   *
   * @param mature how long after the beginning of its period a label is mature
   */
  private void read(Table table, Duration mature, Reader reader) throws IOException {
    try (CsvTable rows = table.open()) {
      Optional<Columns> found = columns(rows);
      if (found.isEmpty()) {
        return;
      }
      Columns columns = found.get();
      while (rows.next()) {
        Instant event = rows.time(columns.event);
        Instant known = rows.time(columns.known);
        if (!event.plus(mature).isAfter(asOf) && !known.isAfter(asOf)) {
          reader.take(
              new Key(rows.key(columns.unit), event),
              new Report(known, rows.numberOrMissing(columns.label), rows.line()));
        }
      }
    }
  }
}
