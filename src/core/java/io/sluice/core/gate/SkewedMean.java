package io.sluice.core.gate;

import java.util.Arrays;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Whether a mean is below zero, of numbers that may be skewed: Johnson's modified t (1978). Losses
 * against a floor are, since nothing like another model's losses on the same rows takes their long
 * tail away, and flips of their signs then say yes too often.
 */
final class SkewedMean {
  private static final int FEWEST = 3;

  private SkewedMean() {}

  /** How often chance brings a mean as low, when the true one is zero. */
  static double p(double[] values) {
    int n = values.length;
    if (n < FEWEST) {
      return 1;
    }
    double mean = Comparison.sum(values) / n;
    double[] squares = Arrays.stream(values).map(v -> (v - mean) * (v - mean)).toArray();
    double[] cubes = Arrays.stream(values).map(v -> Math.pow(v - mean, 3)).toArray();
    double variance = Comparison.sum(squares) / (n - 1);
    if (variance <= 0) {
      return mean < 0 ? 0 : 1;
    }
    double skew = Comparison.sum(cubes) / n;
    double moved =
        mean + skew / (6 * variance * n) + skew * mean * mean / (3 * variance * variance);
    return TDistribution.of(n - 1).cumulativeProbability(moved / Math.sqrt(variance / n));
  }
}
