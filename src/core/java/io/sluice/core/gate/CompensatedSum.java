package io.sluice.core.gate;

/**
 * Adds many numbers without losing the small ones (Neumaier's form of Kahan summation): the metrics
 * promise twelve digits over a million rows.
 */
final class CompensatedSum {
  private double sum;
  private double lost;

  void add(double value) {
    double next = sum + value;
    if (Double.isInfinite(next)) {
      sum = next;
      return;
    }
    lost += Math.abs(sum) >= Math.abs(value) ? (sum - next) + value : (value - next) + sum;
    sum = next;
  }

  double value() {
    return sum + lost;
  }
}
