package io.sluice.core.gate;

/**
 * Adjusts p-values so that the chance of any false proof among them stays at the level (Holm 1979).
 */
final class Holm {
  private Holm() {}

  /** Adjusted p-values, in the order of the given ones. */
  static double[] adjusted(double[] p) {
    int[] order = Order.by(p);
    double[] out = new double[p.length];
    double largest = 0;
    for (int j = 0; j < p.length; j++) {
      largest = Math.max(largest, Math.min(1, p[order[j]] * (p.length - j)));
      out[order[j]] = largest;
    }
    return out;
  }
}
