package io.sluice.core.gate;

import java.time.Instant;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.TreeMap;
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

  double total(String model) {
    return sum(losses(model), null);
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
    double[] c = losses(candidate);
    double[] r = losses(reference);
    double[] difference = new double[c.length];
    Arrays.setAll(
        difference,
        i -> {
          double asked = factor * r[i];
          return Rounding.settled(c[i] - asked, Math.abs(c[i]) + Math.abs(asked));
        });
    return Contrast.of(rows.units().code(), period, difference, part);
  }

  /** Relative improvement of the metric; empty where the reference loses nothing. */
  Optional<Double> improvement(String candidate, String reference, @Nullable BitSet part) {
    return improvement(sum(losses(candidate), part), sum(losses(reference), part));
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
        Contrast.of(unit, period, losses(candidate), part).units(),
        Contrast.of(unit, period, losses(reference), part).units(),
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

  double bias(String model) {
    return new Metric.Bias().value(rows.actual(), rows.predictions(model), rows.weight());
  }

  /** Predictions that make a model ineligible. */
  long unusable(String model) {
    return Arrays.stream(rows.predictions(model))
        .filter(p -> !metric.usable(p, rows.negativeLabels()))
        .count();
  }

  /** Independent streams for independent uses, whatever the order in which they are drawn. */
  long seed(String use) {
    return new SplittableRandom(seed ^ (0x9e3779b97f4a7c15L * use.hashCode())).nextLong();
  }

  static Optional<Double> figure(double value) {
    return Double.isFinite(value) ? Optional.of(value) : Optional.empty();
  }
}
