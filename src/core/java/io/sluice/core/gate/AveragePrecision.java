package io.sluice.core.gate;

import io.sluice.core.task.Task;
import java.util.stream.IntStream;

/**
 * Average precision: the precision among the rows that score at least as much as a positive one,
 * averaged over the positives. Tied rows come together, as scikit-learn has it.
 */
public record AveragePrecision() implements Linearised {
  @Override
  public String name() {
    return "average_precision";
  }

  @Override
  public String title() {
    return "average precision";
  }

  @Override
  public boolean judges(Task task) {
    return task == Task.BINARY;
  }

  /** The rows from the highest score down, in steps of equal scores. */
  private static final class Steps {
    /** Row numbers, lowest score first; rows without weight are left out. */
    private final int[] order;

    /** By place in {@link #order}: the step of the row, counted from the highest. */
    private final int[] step;

    /** By step: weight of its positives, of all positives so far, of all rows so far. */
    private final double[] positives;

    private final double[] found;
    private final double[] seen;
    private final int count;
    private final double total;

    Steps(double[] actual, double[] predicted, double[] weight) {
      int[] all = Order.by(predicted);
      order =
          IntStream.of(all).filter(i -> weight[i] != 0 && !Double.isNaN(predicted[i])).toArray();
      int n = order.length;
      step = new int[n];
      positives = new double[n];
      found = new double[n];
      seen = new double[n];
      CompensatedSum right = new CompensatedSum();
      CompensatedSum rows = new CompensatedSum();
      int next = 0;
      for (int from = n - 1; from >= 0; ) {
        int to = from;
        CompensatedSum own = new CompensatedSum();
        while (to >= 0 && predicted[order[to]] == predicted[order[from]]) {
          int i = order[to];
          step[to] = next;
          rows.add(weight[i]);
          if (actual[i] == 1) {
            own.add(weight[i]);
            right.add(weight[i]);
          }
          to--;
        }
        positives[next] = own.value();
        found[next] = right.value();
        seen[next] = rows.value();
        next++;
        from = to;
      }
      count = next;
      total = right.value();
    }

    double value() {
      CompensatedSum sum = new CompensatedSum();
      for (int s = 0; s < count; s++) {
        sum.add(positives[s] * found[s] / seen[s]);
      }
      return sum.value() / total;
    }
  }

  @Override
  public double value(double[] actual, double[] predicted, double[] weight) {
    return new Steps(actual, predicted, weight).value();
  }

  @Override
  public double[] influence(double[] actual, double[] predicted, double[] weight) {
    Steps steps = new Steps(actual, predicted, weight);
    double value = steps.value();
    // what a row adds to the precision at its own step and at all steps below
    double[] asPositive = new double[steps.count + 1];
    double[] asAny = new double[steps.count + 1];
    for (int s = steps.count - 1; s >= 0; s--) {
      asPositive[s] = asPositive[s + 1] + steps.positives[s] / steps.seen[s];
      asAny[s] =
          asAny[s + 1] + steps.positives[s] * steps.found[s] / (steps.seen[s] * steps.seen[s]);
    }
    double[] out = new double[actual.length];
    for (int k = 0; k < steps.order.length; k++) {
      int i = steps.order[k];
      int s = steps.step[k];
      double own = actual[i] == 1 ? steps.found[s] / steps.seen[s] - value + asPositive[s] : 0;
      out[i] = weight[i] * (own - asAny[s]) / steps.total;
    }
    return out;
  }
}
