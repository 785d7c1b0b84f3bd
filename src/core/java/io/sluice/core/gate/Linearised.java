package io.sluice.core.gate;

/**
 * A score that does not sum over rows, with 1 as its best value. It is tested by its linearisation:
 * with {@code v} the score and {@code u} how fast it grows with a row's weight, the row loses
 * {@code (1 - v) w / W - w u}, which sums to {@code 1 - v} and varies as the score does to first
 * order: the infinitesimal jackknife (Jaeckel 1972; Efron 1982, chapter 6). For the AUC these are
 * DeLong's placements.
 */
public sealed interface Linearised extends Metric.OfClasses
    permits Metric.Auc, AveragePrecision, BalancedAccuracy, Confusion {

  /**
   * Per row, its weight times the derivative of the score by it; NaN where the score is undefined.
   */
  double[] influence(double[] actual, double[] predicted, double[] weight);

  @Override
  default double[] losses(double[] actual, double[] predicted, double[] weight) {
    double[] out = influence(actual, predicted, weight);
    double lost = 1 - value(actual, predicted, weight);
    CompensatedSum all = new CompensatedSum();
    for (double w : weight) {
      all.add(w);
    }
    for (int i = 0; i < out.length; i++) {
      out[i] = weight[i] == 0 ? 0 : lost * weight[i] / all.value() - out[i];
    }
    return out;
  }

  @Override
  default Direction direction() {
    return Direction.MAXIMIZE;
  }
}
