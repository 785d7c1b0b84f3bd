package io.sluice.bench;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.EarlierLabels;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Makes of what was drawn what evaluate would hand to the gate. Rows are unit times weeks plus
 * week.
 */
final class ScoredPanel {
  /** The baseline that is best on validation, where there is one. */
  static final String BASELINE = "movingAverage";

  /** Simulated rows are held against nothing. */
  static final EvaluationReport.Audit UNAUDITED =
      new EvaluationReport.Audit(
          EvaluationReport.Audited.UNAUDITED,
          EvaluationReport.Audited.UNAUDITED,
          EvaluationReport.Audited.UNAUDITED,
          Optional.empty(),
          0,
          0,
          0,
          Optional.empty(),
          List.of());

  private static final Instant START = Instant.parse("2026-01-05T00:00:00Z");
  private static final Duration WEEK = Duration.ofDays(7);

  private final Metric.Loss metric;
  private final int units;
  private final int weeks;
  private final String chosen;
  private final Duration championsAge;
  private final Optional<EarlierLabels> earlier;

  private ScoredPanel(
      Metric.Loss metric,
      int units,
      int weeks,
      String chosen,
      Duration championsAge,
      Optional<EarlierLabels> earlier) {
    this.metric = metric;
    this.units = units;
    this.weeks = weeks;
    this.chosen = chosen;
    this.championsAge = championsAge;
    this.earlier = earlier;
  }

  /**
   * With a champion that is as fresh as the candidate.
   *
   * @param chosen the family that was best on validation
   */
  ScoredPanel(Metric.Loss metric, int units, int weeks, String chosen) {
    this(metric, units, weeks, chosen, Duration.ZERO, Optional.empty());
  }

  /** The same, with a champion whose newest label is so much older than the candidate's. */
  ScoredPanel withChampionOlderBy(Duration age) {
    return new ScoredPanel(metric, units, weeks, chosen, age, earlier);
  }

  /** The same, with what labels were like before the holdout. */
  ScoredPanel after(EarlierLabels labels) {
    return new ScoredPanel(metric, units, weeks, chosen, championsAge, Optional.of(labels));
  }

  /**
   * The holdout.
   *
   * @param models predictions, by the names that columns of a holdout have
   */
  HoldoutRows rows(double[] actual, SortedMap<String, double[]> models) {
    List<String> names = new ArrayList<>(models.keySet());
    HoldoutRows.Builder rows = HoldoutRows.builder(List.of(), names);
    double[][] columns = models.values().toArray(double[][]::new);
    for (int row = 0; row < actual.length; row++) {
      Instant origin = START.plus(WEEK.multipliedBy(row % weeks));
      double[] predicted = new double[columns.length];
      for (int m = 0; m < predicted.length; m++) {
        predicted[m] = columns[m][row];
      }
      rows.add(
          "unit-" + row / weeks,
          List.of(),
          origin,
          1,
          origin.plus(WEEK),
          actual[row],
          1,
          predicted);
    }
    Instant asOf = START.plus(WEEK.multipliedBy(weeks));
    return rows.build(
        report(asOf, models.containsKey(HoldoutRows.CHAMPION)),
        new GateContext(asOf, Optional.empty(), Optional.empty()));
  }

  private EvaluationReport report(Instant asOf, boolean champion) {
    Instant newest = START.minus(WEEK);
    EvaluationReport.Unusable none = new EvaluationReport.Unusable(0, 0, 0);
    return new EvaluationReport(
        asOf,
        metric.name(),
        Optional.empty(),
        List.of(),
        List.of("unit"),
        List.of(),
        List.of(
            new EvaluationReport.Family(
                chosen,
                true,
                Optional.empty(),
                Optional.of(newest),
                Optional.of(none),
                Optional.empty(),
                Optional.empty())),
        chosen,
        champion
            ? Optional.of(
                new EvaluationReport.Champion(
                    chosen,
                    Optional.of(newest.minus(championsAge)),
                    Optional.empty(),
                    Optional.empty(),
                    none))
            : Optional.empty(),
        List.of(),
        Optional.of(BASELINE),
        new EvaluationReport.Rows(
            (long) units * weeks, 0, units, Optional.empty(), Optional.empty(), Optional.empty()),
        earlier,
        START,
        UNAUDITED);
  }
}
