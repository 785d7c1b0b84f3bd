package io.sluice.core.gate;

import io.sluice.core.task.Task;

/**
 * A ratio of the numbers of rows that are told rightly and wrongly when every probability above a
 * threshold says the positive class.
 *
 * @param threshold between 0 and 1
 */
public record Confusion(Kind kind, double threshold) implements Linearised {
  /** Which ratio it is. */
  public enum Kind {
    /** Twice the found positives over the positives and the rows that the model takes for one. */
    F1("f1", "F1"),
    /** The found positives over all positives. */
    RECALL("recall", "recall"),
    /** The found positives over all rows that the model takes for one. */
    PRECISION("precision", "precision"),
    /** The found negatives over all negatives. */
    SPECIFICITY("specificity", "specificity");

    private final String word;
    private final String title;

    Kind(String word, String title) {
      this.word = word;
      this.title = title;
    }
  }

  public Confusion {
    if (!(threshold > 0 && threshold < 1)) {
      throw new IllegalArgumentException("threshold must be between 0 and 1, not " + threshold);
    }
  }

  @Override
  public String name() {
    return kind.word + "(" + Metric.number(threshold) + ")";
  }

  /** Its name without the threshold. */
  String word() {
    return kind.word;
  }

  @Override
  public String title() {
    return kind.title + " (" + Metric.number(threshold) + ")";
  }

  @Override
  public boolean judges(Task task) {
    return task == Task.BINARY;
  }

  private double numerator(double actual, double predicted) {
    boolean said = predicted > threshold;
    return switch (kind) {
      case F1 -> said && actual == 1 ? 2 : 0;
      case RECALL, PRECISION -> said && actual == 1 ? 1 : 0;
      case SPECIFICITY -> !said && actual == 0 ? 1 : 0;
    };
  }

  private double denominator(double actual, double predicted) {
    double said = predicted > threshold ? 1 : 0;
    return switch (kind) {
      case F1 -> said + actual;
      case RECALL -> actual;
      case PRECISION -> said;
      case SPECIFICITY -> 1 - actual;
    };
  }

  private double all(double[] actual, double[] predicted, double[] weight) {
    CompensatedSum out = new CompensatedSum();
    for (int i = 0; i < actual.length; i++) {
      if (weight[i] != 0) {
        out.add(weight[i] * denominator(actual[i], predicted[i]));
      }
    }
    return out.value();
  }

  @Override
  public double value(double[] actual, double[] predicted, double[] weight) {
    CompensatedSum out = new CompensatedSum();
    for (int i = 0; i < actual.length; i++) {
      if (weight[i] != 0) {
        out.add(weight[i] * numerator(actual[i], predicted[i]));
      }
    }
    return out.value() / all(actual, predicted, weight);
  }

  @Override
  public double[] influence(double[] actual, double[] predicted, double[] weight) {
    double value = value(actual, predicted, weight);
    double all = all(actual, predicted, weight);
    double[] out = new double[actual.length];
    for (int i = 0; i < out.length; i++) {
      out[i] =
          weight[i] == 0
              ? 0
              : weight[i]
                  * (numerator(actual[i], predicted[i])
                      - value * denominator(actual[i], predicted[i]))
                  / all;
    }
    return out;
  }
}
