package io.sluice.core.gate;

import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * The rows that are judged, and what each model loses on them: sums, contrasts, improvements. Every
 * part of a decision works on one of these.
 */
final class Comparison {
  private final HoldoutRows rows;
  private final GatePolicy policy;
  private final long seed;
  private final Metric.Loss metric;
  private final int[] period;
  private final List<Instant> periods;

  /** Losses per row, by model. */
  private final Map<String, double[]> losses = new TreeMap<>();

  /**
   * @param rows on which candidate and reference can be compared
   * @param seed of sign flips and bootstrap
   */
  Comparison(HoldoutRows rows, GatePolicy policy, long seed) {
    this.rows = rows;
    this.policy = policy;
    this.seed = seed;
    this.metric = policy.get(GatePolicy.METRIC);
    long[] ends = Arrays.stream(rows.targetEnd()).distinct().sorted().toArray();
    this.periods = Arrays.stream(ends).mapToObj(Instant::ofEpochMilli).toList();
    this.period =
        Arrays.stream(rows.targetEnd()).mapToInt(end -> Arrays.binarySearch(ends, end)).toArray();
  }

  HoldoutRows rows() {
    return rows;
  }

  GatePolicy policy() {
    return policy;
  }

  /** What sign flips and bootstrap were seeded with. */
  long seed() {
    return seed;
  }

  Metric.Loss metric() {
    return metric;
  }

  /** Number of each row's target period in {@link #periods}. */
  int[] period() {
    return period;
  }

  /** Ends of the target periods, in time. */
  List<Instant> periods() {
    return periods;
  }

  double[] losses(String model) {
    return losses.computeIfAbsent(
        model, m -> metric.losses(rows.actual(), rows.predictions(m), rows.weight()));
  }

  /**
   * The same on a part of the rows, zero on the others. A score that does not sum is linearised
   * anew there, and loses nothing where it is undefined.
   */
  private double[] losses(String model, @Nullable BitSet part) {
    if (part == null || part.cardinality() == rows.size() || metric instanceof Metric.RowLoss) {
      return losses(model);
    }
    int[] kept = part.stream().toArray();
    int width = rows.width(model);
    double[] actual = new double[kept.length];
    double[] weight = new double[kept.length];
    double[] predicted = new double[kept.length * width];
    for (int i = 0; i < kept.length; i++) {
      actual[i] = rows.actual()[kept[i]];
      weight[i] = rows.weight()[kept[i]];
      System.arraycopy(rows.predictions(model), kept[i] * width, predicted, i * width, width);
    }
    double[] lost = metric.losses(actual, predicted, weight);
    double[] out = new double[rows.size()];
    for (int i = 0; i < kept.length; i++) {
      out[kept[i]] = lost[i];
    }
    return out;
  }

  double total(String model) {
    return sum(losses(model));
  }

  /** Of all rows. */
  static double sum(double[] values) {
    return sum(values, null);
  }

  private static double sum(double[] values, @Nullable BitSet part) {
    CompensatedSum sum = new CompensatedSum();
    for (int i = 0; i < values.length; i++) {
      if (part == null || part.get(i)) {
        sum.add(values[i]);
      }
    }
    return sum.value();
  }

  /** How much more the candidate loses than a factor of the reference, over a subset of rows. */
  Contrast contrast(String candidate, String reference, double factor, @Nullable BitSet part) {
    return contrast(losses(candidate, part), losses(reference, part), factor, part);
  }

  /** The same of losses; where one of them is undefined, nothing speaks for either side. */
  Contrast contrast(double[] c, double[] r, double factor, @Nullable BitSet part) {
    double[] difference = new double[c.length];
    Arrays.setAll(
        difference,
        i -> {
          double asked = factor * r[i];
          return Rounding.settled(c[i] - asked, Math.abs(c[i]) + Math.abs(asked));
        });
    if (Arrays.stream(difference).anyMatch(Double::isNaN)) {
      Arrays.fill(difference, 0);
    }
    return Contrast.of(rows.units().code(), period, difference, part);
  }

  /** Relative improvement of the metric; empty where the reference loses nothing. */
  Optional<Double> improvement(String candidate, String reference, @Nullable BitSet part) {
    return improvement(sum(losses(candidate, part), part), sum(losses(reference, part), part));
  }

  Optional<Double> improvement(double candidate, double reference) {
    return reference > 0
        ? figure(metric.improvement(Math.max(candidate, 0) / reference))
        : Optional.empty();
  }

  Optional<PercentileInterval> interval(
      String candidate, String reference, @Nullable BitSet part, String what) {
    int[] unit = rows.units().code();
    return PercentileInterval.of(
        metric,
        Contrast.of(unit, period, losses(candidate, part), part).units(),
        Contrast.of(unit, period, losses(reference, part), part).units(),
        policy.get(GatePolicy.CONFIDENCE),
        policy.get(GatePolicy.REPLICATES),
        seed(what));
  }

  /**
   * How far a model's total is from that of the actuals with a bias: negative speaks for a bias
   * that is further from zero than this one.
   */
  Contrast excess(String model, double bias) {
    double[] predicted = rows.predictions(model);
    double[] difference = new double[predicted.length];
    double sign = bias < 0 ? 1 : -1;
    Arrays.setAll(
        difference,
        i -> {
          double expected = (1 + bias) * rows.actual()[i];
          return sign
              * rows.weight()[i]
              * Rounding.settled(
                  predicted[i] - expected, Math.abs(predicted[i]) + Math.abs(expected));
        });
    return Contrast.of(rows.units().code(), period, difference);
  }

  /** Relative error of the total; NaN where there is no total to speak of. */
  double bias(String model) {
    return metric.scored() && rows.width(model) == 1 && policy.find(GatePolicy.BIAS).isPresent()
        ? new Metric.Bias().value(rows.actual(), rows.predictions(model), rows.weight())
        : Double.NaN;
  }

  /** Predictions that make a model ineligible. */
  long unusable(String model) {
    return unusableRows(model).count();
  }

  /** Rows whose prediction makes a model ineligible. */
  IntStream unusableRows(String model) {
    double[] predicted = rows.predictions(model);
    int width = rows.width(model);
    return IntStream.range(0, rows.size())
        .filter(row -> !metric.usable(predicted, row, width, rows.negativeLabels()));
  }

  /** Independent streams for independent uses, whatever the order in which they are drawn. */
  long seed(String use) {
    return new SplittableRandom(seed ^ (0x9e3779b97f4a7c15L * use.hashCode())).nextLong();
  }

  static Optional<Double> figure(double value) {
    return Double.isFinite(value) ? Optional.of(value) : Optional.empty();
  }
}
