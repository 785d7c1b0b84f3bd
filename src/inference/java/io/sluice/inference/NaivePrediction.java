package io.sluice.inference;

import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.WeightedLabels;
import io.sluice.core.table.TableFormat;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * What the baselines of tasks other than a forecast predict. All are made of the labels that trials
 * learn from, never of the rows that models are judged by.
 *
 * @param format of the tables
 * @param quantile that the models predict, for the baseline of that name
 */
record NaivePrediction(
    TableFormat format, TabularTraining.Labels labels, Optional<Double> quantile) {

  /** Why a baseline cannot be made of these tables; empty when it can. */
  Optional<String> objection(Baseline baseline) {
    if (Arrays.stream(labels.weight()).sum() <= 0) {
      return Optional.of("evaluate has no label of what the models learned from");
    }
    return switch (baseline) {
      case PRIOR, MAJORITY, POSITIVE, MEAN, MEDIAN -> Optional.empty();
      case LAST_VALUE ->
          format.group().isEmpty() || format.time().isEmpty()
              ? Optional.of("table.json names no `group` and `time`")
              : Optional.empty();
      case QUANTILE ->
          quantile.isEmpty()
              ? Optional.of("the metric names no quantile; pinball(0.9) does")
              : Optional.empty();
      case ZERO, MOVING_AVERAGE, SEASONAL, RATE -> Optional.of("it forecasts panels");
    };
  }

  /** Flat {@code [rows][width]}, for a baseline without objection. */
  double[] of(Baseline baseline, TabularRows rows) {
    return switch (baseline) {
      case PRIOR -> classes(rows, weighted().shares(format.classes().size()));
      case MAJORITY -> classes(rows, weighted().mostFrequent(format.classes().size()));
      case POSITIVE -> filled(rows, 1);
      case MEAN -> filled(rows, weighted().mean());
      case MEDIAN -> filled(rows, weighted().quantile(0.5));
      case QUANTILE -> filled(rows, weighted().quantile(quantile.orElseThrow()));
      case LAST_VALUE -> lastValues(rows);
      case ZERO, MOVING_AVERAGE, SEASONAL, RATE ->
          throw new IllegalArgumentException(baseline.word() + " does not predict rows");
    };
  }

  private static double[] filled(TabularRows rows, double value) {
    double[] out = new double[rows.size()];
    Arrays.fill(out, value);
    return out;
  }

  private double[] classes(TabularRows rows, double[] shares) {
    int width = shares.length == 2 ? 1 : shares.length;
    double[] out = new double[Math.multiplyExact(rows.size(), width)];
    for (int i = 0; i < out.length; i++) {
      out[i] = width == 1 ? shares[1] : shares[i % width];
    }
    return out;
  }

  private WeightedLabels weighted() {
    return new WeightedLabels(labels.actual(), labels.weight());
  }

  /** The labels in time. */
  private int[] inTime() {
    return IntStream.range(0, labels.actual().length)
        .boxed()
        .sorted(Comparator.comparingLong(i -> labels.time()[i]))
        .mapToInt(Integer::intValue)
        .toArray();
  }

  /** Of each row the latest label of its group before it; the median where there is none. */
  private double[] lastValues(TabularRows rows) {
    double median = weighted().quantile(0.5);
    int most = Arrays.stream(rows.unit()).max().orElse(-1);
    int[][] ofUnit = new int[most + 1][];
    int[] count = new int[most + 1];
    for (int unit : labels.unit()) {
      if (unit >= 0 && unit <= most) {
        count[unit]++;
      }
    }
    Arrays.setAll(ofUnit, u -> new int[count[u]]);
    Arrays.fill(count, 0);
    for (int i : inTime()) {
      int unit = labels.unit()[i];
      if (unit >= 0 && unit <= most) {
        ofUnit[unit][count[unit]++] = i;
      }
    }
    double[] out = new double[rows.size()];
    Arrays.setAll(
        out,
        row -> {
          int[] its = ofUnit[rows.unit()[row]];
          int from = 0;
          int to = its.length; // the first that is not before the row
          while (from < to) {
            int middle = (from + to) >>> 1;
            if (labels.time()[its[middle]] < rows.time()[row]) {
              from = middle + 1;
            } else {
              to = middle;
            }
          }
          return from == 0 ? median : labels.actual()[its[from - 1]];
        });
    return out;
  }
}
