package io.sluice.core.gate;

import java.util.List;
import java.util.stream.Stream;

/** Mean over the classes that there are of the share of their rows that the model tells rightly. */
public record BalancedAccuracy() implements Linearised {
  @Override
  public String name() {
    return "balanced_accuracy";
  }

  @Override
  public String title() {
    return "balanced accuracy";
  }

  /** Weights of each class's rows, and of those told rightly. */
  private record Classes(List<CompensatedSum> all, List<CompensatedSum> right) {
    static Classes of(double[] actual, double[] predicted, double[] weight) {
      int width = Metric.Loss.width(actual, predicted);
      Classes out = new Classes(sums(Math.max(2, width)), sums(Math.max(2, width)));
      for (int i = 0; i < actual.length; i++) {
        if (weight[i] != 0) {
          int c = (int) actual[i];
          out.all.get(c).add(weight[i]);
          if (told(actual, predicted, i, width)) {
            out.right.get(c).add(weight[i]);
          }
        }
      }
      return out;
    }

    private static List<CompensatedSum> sums(int many) {
      return Stream.generate(CompensatedSum::new).limit(many).toList();
    }

    private static boolean told(double[] actual, double[] predicted, int i, int width) {
      return new Metric.Accuracy().loss(actual[i], predicted, i * width, width) == 0;
    }

    private double recall(int c) {
      return right.get(c).value() / all.get(c).value();
    }

    int present() {
      int out = 0;
      for (CompensatedSum sum : all) {
        out += sum.value() > 0 ? 1 : 0;
      }
      return out;
    }

    double value() {
      CompensatedSum sum = new CompensatedSum();
      for (int c = 0; c < all.size(); c++) {
        if (all.get(c).value() > 0) {
          sum.add(recall(c));
        }
      }
      return sum.value() / present();
    }
  }

  @Override
  public double value(double[] actual, double[] predicted, double[] weight) {
    return Classes.of(actual, predicted, weight).value();
  }

  @Override
  public double[] influence(double[] actual, double[] predicted, double[] weight) {
    int width = Metric.Loss.width(actual, predicted);
    Classes classes = Classes.of(actual, predicted, weight);
    double[] out = new double[actual.length];
    for (int i = 0; i < out.length; i++) {
      if (weight[i] != 0) {
        int c = (int) actual[i];
        double right = Classes.told(actual, predicted, i, width) ? 1 : 0;
        out[i] =
            weight[i]
                * (right - classes.recall(c))
                / (classes.all.get(c).value() * classes.present());
      }
    }
    return out;
  }
}
