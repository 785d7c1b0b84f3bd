package io.sluice.core.gate;

import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The studentized sign-flip test over units, its null hypothesis imposed: the wild cluster
 * bootstrap-t with Rademacher weights (Cameron, Gelbach &amp; Miller 2008; Canay, Romano &amp;
 * Shaikh 2017). Flipping whole units leaves their sums' squares as they are, so the uncentred
 * standard error is the same for every replicate and centring it would be a monotone change: no
 * replicate needs its own.
 *
 * <p>Several contrasts over the same units are tested together by the step-down of the largest
 * statistic (Romano &amp; Wolf 2005), which keeps the chance of any false proof at the level.
 */
public final class SignFlip {
  /** More replicates than this are never drawn. */
  static final int MAX_REPLICATES = 199_999;

  private SignFlip() {}

  /**
   * One-sided p-value: of a total as low as the contrast's when its units' sums are symmetric about
   * zero. At least {@code 1 / (replicates + 1)}.
   */
  public static double p(Contrast contrast, int replicates, long seed) {
    return p(List.of(contrast), replicates, seed)[0];
  }

  /**
   * The same for several contrasts over the same units, adjusted for their number.
   *
   * @return in the order of the contrasts
   */
  public static double[] p(List<Contrast> contrasts, int replicates, long seed) {
    int many = contrasts.size();
    int n = contrasts.get(0).unitCount();
    double[][] scaled = new double[many][];
    double[] observed = new double[many];
    double[] tie = new double[many];
    for (int k = 0; k < many; k++) {
      scaled[k] = studentized(contrasts.get(k));
      if (scaled[k].length != n) {
        throw new IllegalArgumentException("contrasts over different units");
      }
      double sizes = 0;
      for (double d : scaled[k]) {
        observed[k] += d;
        sizes += Math.abs(d);
      }
      // other signs can give the same sum, and differ from it in the last bits
      tie[k] = observed[k] + Rounding.of(sizes);
    }
    int[] order = Order.by(observed);
    int[] asLow = new int[many];
    SplittableRandom random = new SplittableRandom(seed);
    double[] drawn = new double[many];
    long[] signs = new long[(n + 63) / 64];
    for (int b = 0; b < replicates; b++) {
      for (int w = 0; w < signs.length; w++) {
        signs[w] = random.nextLong();
      }
      for (int k = 0; k < many; k++) {
        drawn[k] = flipped(scaled[k], signs);
      }
      double lowest = Double.POSITIVE_INFINITY;
      for (int j = many - 1; j >= 0; j--) {
        lowest = Math.min(lowest, drawn[order[j]]);
        if (lowest <= tie[order[j]]) {
          asLow[j]++;
        }
      }
    }
    double[] out = new double[many];
    double largest = 0;
    for (int j = 0; j < many; j++) {
      largest = Math.max(largest, (1.0 + asLow[j]) / (replicates + 1.0));
      out[order[j]] = largest;
    }
    return out;
  }

  /**
   * As {@link #p(Contrast, int, long)}, but fine enough for a small level: where the first
   * replicates cannot tell a p-value from {@code level}, it is drawn anew with 20 / level of them.
   * A candidate that passes both rounds has passed the second, so the level is kept.
   *
   * @param coarse p-values above this need no refinement
   */
  static Refined refined(
      Contrast contrast, int replicates, long seed, double coarse, double level) {
    double first = p(contrast, replicates, seed);
    int needed = replicatesFor(level);
    return first > coarse || needed <= replicates
        ? new Refined(first, replicates)
        : new Refined(p(contrast, needed, seed + 1), needed);
  }

  /** Replicates that resolve p-values around a level. */
  static int replicatesFor(double level) {
    return (int) Math.min(MAX_REPLICATES, Math.ceil(20 / level) - 1);
  }

  record Refined(double p, int replicates) {}

  private static double[] studentized(Contrast contrast) {
    double[] units = contrast.units();
    double squares = 0;
    for (double d : units) {
      squares += d * d;
    }
    double[] out = new double[units.length];
    if (squares > 0) {
      double error = Math.sqrt(squares);
      Arrays.setAll(out, i -> units[i] / error);
    }
    return out;
  }

  private static double flipped(double[] values, long[] signs) {
    double sum = 0;
    for (int w = 0, i = 0; w < signs.length; w++) {
      long bits = signs[w];
      int end = Math.min(values.length, i + 64);
      for (; i < end; i++) {
        // the lowest bit becomes the double's sign bit
        sum += Double.longBitsToDouble(Double.doubleToRawLongBits(values[i]) ^ (bits << 63));
        bits >>>= 1;
      }
    }
    return sum;
  }
}
