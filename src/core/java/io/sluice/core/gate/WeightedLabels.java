package io.sluice.core.gate;

import java.util.Arrays;

/**
 * Labels with their weights, and what follows from all of them at once: the predictions that lose
 * least when they are the same for every row.
 *
 * @param actual of each row: the number, or the class by its place
 * @param weight of each row
 */
@SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
public record WeightedLabels(double[] actual, double[] weight) {

  /** The part of the weight that each class has. */
  public double[] shares(int classes) {
    double[] weights = byClass(classes);
    double all = Arrays.stream(weights).sum();
    return Arrays.stream(weights).map(w -> w / all).toArray();
  }

  /** 1 for the class of the most weight, the first of equal ones; 0 for the others. */
  public double[] mostFrequent(int classes) {
    double[] weights = byClass(classes);
    int most = 0;
    for (int c = 1; c < classes; c++) {
      most = weights[c] > weights[most] ? c : most;
    }
    double[] out = new double[classes];
    out[most] = 1;
    return out;
  }

  private double[] byClass(int classes) {
    double[] out = new double[classes];
    for (int i = 0; i < actual.length; i++) {
      out[(int) actual[i]] += weight[i];
    }
    return out;
  }

  /** The weighted mean of numbers. */
  public double mean() {
    CompensatedSum sum = new CompensatedSum();
    CompensatedSum weights = new CompensatedSum();
    for (int i = 0; i < actual.length; i++) {
      sum.add(weight[i] * actual[i]);
      weights.add(weight[i]);
    }
    return sum.value() / weights.value();
  }

  /**
   * The least label at or below which that share of the weight lies.
   *
   * @param share 0 to 1
   */
  public double quantile(double share) {
    int[] order = Order.by(actual);
    double all = Arrays.stream(weight).sum();
    double below = 0;
    for (int i : order) {
      below += weight[i];
      if (below >= share * all) {
        return actual[i];
      }
    }
    return actual[order[order.length - 1]];
  }
}
