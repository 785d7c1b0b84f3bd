package io.sluice.bench;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Direction;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Makes of a drawn table what evaluate would hand to the gate; its rows carry a week, or no time.
 */
final class ScoredTable {
  private static final Instant AS_OF = Instant.parse("2026-03-02T00:00:00Z");
  static final String FAMILY = "family";

  private final Task task;
  private final Metric.Loss metric;
  private final int classes;

  ScoredTable(Task task, Metric.Loss metric, int classes) {
    this.task = task;
    this.metric = metric;
    this.classes = classes;
  }

  /** What labels a baseline knows, and where models are picked and judged. */
  @SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
  record Part(double[] actual, SortedMap<String, double[]> models) {}

  /**
   * The holdout.
   *
   * @param group rows of a group in turn; 1 where each row is a unit
   * @param training labels of the training
   */
  HoldoutRows rows(double[] training, Part validation, Part holdout, int group) {
    return rows(training, validation, holdout, group, 0);
  }

  /**
   * The holdout.
   *
   * @param weeks to which the rows belong in turn; 0 where they carry no time
   */
  HoldoutRows rows(double[] training, Part validation, Part holdout, int group, int weeks) {
    List<EvaluationReport.Baseline> baselines = new ArrayList<>();
    for (Baseline baseline : Baseline.of(task)) {
      if (baseline != Baseline.LAST_VALUE) {
        double[] one = constant(baseline, training);
        holdout.models.put("baseline:" + baseline.word(), repeated(one, holdout.actual.length));
        baselines.add(
            new EvaluationReport.Baseline(
                baseline.word(),
                true,
                finite(value(validation.actual, repeated(one, validation.actual.length))),
                Optional.empty()));
      }
    }
    Comparator<EvaluationReport.Baseline> byLoss =
        Comparator.comparingDouble(b -> b.validationLoss().orElse(Double.NaN));
    String best =
        (metric.direction() == Direction.MINIMIZE
                ? Collections.min(baselines, byLoss)
                : Collections.max(baselines, byLoss))
            .name();
    List<String> names = List.copyOf(holdout.models.keySet());
    double[][] columns = holdout.models.values().toArray(double[][]::new);
    int width = task == Task.MULTICLASS ? classes : 1;
    int[] widths = new int[names.size()];
    Arrays.fill(widths, width);
    HoldoutRows.Builder rows = HoldoutRows.builder(List.of(), names, widths);
    double[] predicted = new double[names.size() * width];
    for (int row = 0; row < holdout.actual.length; row++) {
      for (int m = 0; m < names.size(); m++) {
        System.arraycopy(columns[m], row * width, predicted, m * width, width);
      }
      Instant begin = weeks == 0 ? AS_OF : AS_OF.minus(Duration.ofDays(7L * (row % weeks + 1)));
      rows.add(
          "unit-" + row / group,
          List.of(),
          begin,
          row % group + 1,
          weeks == 0 ? AS_OF : begin.plus(Duration.ofDays(7)),
          holdout.actual[row],
          1,
          predicted);
    }
    boolean champion = holdout.models.containsKey(HoldoutRows.CHAMPION);
    return rows.build(
        report(
            baselines,
            best,
            champion,
            Optional.ofNullable(validation.models.get("candidate:" + FAMILY))
                .flatMap(p -> finite(value(validation.actual, p))),
            holdout.actual.length,
            validation.actual.length),
        new GateContext(AS_OF, Optional.empty(), Optional.empty()));
  }

  private double value(double[] actual, double[] predicted) {
    double[] weight = new double[actual.length];
    Arrays.fill(weight, 1);
    return metric.value(actual, predicted, weight);
  }

  private static Optional<Double> finite(double value) {
    return Double.isFinite(value) ? Optional.of(value) : Optional.empty();
  }

  private static double[] repeated(double[] one, int rows) {
    double[] out = new double[rows * one.length];
    Arrays.setAll(out, i -> one[i % one.length]);
    return out;
  }

  private double[] constant(Baseline baseline, double[] training) {
    double[] sorted = training.clone();
    Arrays.sort(sorted);
    double[] shares = new double[Math.max(2, classes)];
    for (double label : training) {
      if (task.classes()) {
        shares[(int) label] += 1.0 / training.length;
      }
    }
    return switch (baseline) {
      case PRIOR -> classes > 2 ? shares : new double[] {shares[1]};
      case MAJORITY -> majority(shares);
      case POSITIVE -> new double[] {1};
      case MEAN -> new double[] {Arrays.stream(training).average().orElseThrow()};
      case MEDIAN -> new double[] {sorted[sorted.length / 2]};
      case QUANTILE ->
          new double[] {sorted[(int) (((Metric.Pinball) metric).quantile() * (sorted.length - 1))]};
      case LAST_VALUE, ZERO, MOVING_AVERAGE, SEASONAL, RATE ->
          throw new IllegalArgumentException(baseline.word());
    };
  }

  private double[] majority(double[] shares) {
    int most = 0;
    for (int c = 1; c < shares.length; c++) {
      most = shares[c] > shares[most] ? c : most;
    }
    double[] out = new double[shares.length];
    out[most] = 1;
    return classes > 2 ? out : new double[] {most};
  }

  private EvaluationReport report(
      List<EvaluationReport.Baseline> baselines,
      String best,
      boolean champion,
      Optional<Double> validationLoss,
      int rows,
      int validation) {
    EvaluationReport.Unusable none = new EvaluationReport.Unusable(0, 0, 0);
    List<String> names = new ArrayList<>();
    for (int c = 0; task.classes() && c < Math.max(2, classes); c++) {
      names.add("class-" + c);
    }
    return new EvaluationReport(
        AS_OF,
        metric.name(),
        Optional.of(task),
        names,
        List.of("unit"),
        List.of(),
        List.of(
            new EvaluationReport.Family(
                FAMILY,
                true,
                validationLoss,
                Optional.empty(),
                Optional.of(none),
                Optional.empty(),
                Optional.empty())),
        FAMILY,
        champion
            ? Optional.of(
                new EvaluationReport.Champion(
                    FAMILY, Optional.empty(), Optional.empty(), Optional.empty(), none))
            : Optional.empty(),
        baselines,
        Optional.of(best),
        new EvaluationReport.Rows(
            rows, validation, rows, Optional.empty(), Optional.empty(), Optional.empty()),
        Optional.empty(),
        AS_OF,
        ScoredPanel.UNAUDITED);
  }
}
