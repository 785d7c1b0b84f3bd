package io.sluice.core.gate;

/**
 * Compares figures that sums of floating numbers made: what differs by rounding alone is equal. A
 * loss of whole numbers, or of hits and misses, ties often, and the last bit must not break a tie.
 *
 * <p>Commons Numbers' {@code Precision} compares relative to the two values; here a sum near zero
 * is compared relative to what was summed.
 */
final class Rounding {
  /**
   * Rounding of a million terms stays below this share of their sizes; two sums that are that close
   * and truly differ are as rare.
   */
  private static final double SHARE = 1e-9;

  private Rounding() {}

  /** What sums whose terms have these sizes may differ by and still be equal. */
  static double of(double sizes) {
    return SHARE * sizes;
  }

  /** The sum, or zero where it is rounding of terms of these sizes. */
  static double settled(double sum, double sizes) {
    return Math.abs(sum) <= of(sizes) ? 0 : sum;
  }

  /** Whether the value is below the bound, or equal to it but for rounding. */
  static boolean atMost(double value, double bound) {
    return value <= bound + of(Math.max(Math.abs(value), Math.abs(bound)));
  }

  /** The value with nine significant digits: equal values sort as equal. */
  static double sortable(double value) {
    if (value == 0 || !Double.isFinite(value)) {
      return value;
    }
    double step = Math.pow(10, Math.floor(Math.log10(Math.abs(value))) - 8);
    return Math.rint(value / step) * step;
  }
}
