package io.sluice.core.gate;

import io.sluice.core.task.Task;
import java.util.Optional;

/**
 * Puts names, gains, intervals and chances into words. Every figure says in which direction it
 * points, so that nobody has to know the sign of an improvement.
 */
final class Words {
  /** From this loss on, as a part of the reference's, a percentage is harder to read than this. */
  private static final double FACTOR = 2;

  /** Chances below this are not told apart. */
  private static final double SMALLEST = 0.0001;

  private Words() {}

  /** What people call a model's column. */
  static String called(String model) {
    if (model.equals(HoldoutRows.CHAMPION)) {
      return "the champion";
    }
    int colon = model.indexOf(':');
    return model.startsWith("baseline:")
        ? "the baseline " + model.substring(colon + 1)
        : model.substring(colon + 1);
  }

  /** {@code 3.1% better}, {@code 12% worse}, {@code worse by a factor of 13}. */
  static String gain(Optional<Double> improvement) {
    return improvement.map(Words::gain).orElse("a gain that cannot be computed");
  }

  static String gain(double improvement) {
    if (improvement == 0) {
      return "no better and no worse";
    }
    if (improvement > 0) {
      return better(improvement) + " better";
    }
    return 1 - improvement >= FACTOR
        ? "worse by a factor of " + Figures.number(1 - improvement)
        : Figures.percent(-improvement) + " worse";
  }

  /** Rounding does not make a model perfect. */
  private static String better(double improvement) {
    String percent = Figures.percent(improvement);
    return improvement < 1 && percent.equals("100%") ? "more than 99.9%" : percent;
  }

  /**
   * An interval in the words of {@link #gain}, from the end that is nearer to no difference: {@code
   * 35% to 47% better}, {@code 1.5% worse to 0.58% better}.
   */
  static String interval(PercentileInterval interval) {
    double low = interval.low();
    double high = interval.high();
    if (low > 0 && high > 0) {
      return better(low) + " to " + gain(high);
    }
    if (low < 0 && high < 0) {
      return 1 - low < FACTOR
          ? Figures.percent(-high) + " to " + gain(low)
          : 1 - high < FACTOR
              ? gain(high) + " to " + gain(low)
              : gain(high) + " to " + Figures.number(1 - low);
    }
    return gain(low) + " to " + gain(high);
  }

  /** What had to be proven: {@code more than 1% better than the champion}. */
  static String asked(Verdict.Test test, String reference) {
    return switch (test.basis()) {
      case SUPERIORITY -> moreThan(test.threshold()) + "better than " + called(reference);
      case NON_INFERIORITY -> noMoreThan(-test.threshold()) + " than " + called(reference);
    };
  }

  static String moreThan(double share) {
    return share == 0 ? "" : "more than " + Figures.percent(share) + " ";
  }

  static String noMoreThan(double share) {
    return share == 0 ? "no worse" : "at most " + Figures.percent(share) + " worse";
  }

  /** A relative error of a total: {@code 12% too low}, {@code too high by a factor of 13}. */
  static String off(double bias) {
    if (bias == 0) {
      return "exactly right";
    }
    if (bias < 0) {
      return Figures.percent(-bias) + " too low";
    }
    return 1 + bias >= FACTOR
        ? "too high by a factor of " + Figures.number(1 + bias)
        : Figures.percent(bias) + " too high";
  }

  /** How often chance does something, in percent. */
  static String chance(double p) {
    return p < SMALLEST ? "less than 0.01%" : Figures.percent(p);
  }

  /** What models of a task make. */
  static String predictions(Task task) {
    return task.tabular() ? "predictions" : "forecasts";
  }

  /** What else chance might have drawn: rows of a table need not be those of a time. */
  static String ofSuch(Task task) {
    return " of such " + (task.tabular() ? "holdouts" : "windows");
  }

  /** {@code 1 unit}, {@code 20 units}. */
  static String count(long number, String one) {
    return number + " " + one + (number == 1 ? "" : "s");
  }
}
