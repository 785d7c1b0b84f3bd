package io.sluice.core.gate;

import io.sluice.core.task.Task;
import java.math.BigDecimal;
import java.util.List;
import java.util.Optional;
import java.util.function.DoubleFunction;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * A figure that says how good predictions are. Those that a gate can decide on are {@link Loss}es;
 * {@link Bias} only guards. Arrays are parallel, one element per row; of predictions there may be
 * several numbers for a row, side by side: one probability for each class. The actual of classes is
 * the number of the class, from 0. Weights are not negative. Values agree with scikit-learn's of
 * the same name where it has one.
 */
public sealed interface Metric permits Metric.Bias, Metric.Loss {

  /** As written in policies, for example {@code tweedie_deviance(1.5)}. */
  String name();

  /** The metric over all rows; NaN where it is undefined (no weight, one class only). */
  double value(double[] actual, double[] predicted, double[] weight);

  /**
   * Relative error of the total: {@code sum(w p) / sum(w y) - 1}; where there are negative labels,
   * whose total may be anything, {@code sum(w (p - y)) / sum(w |y|)}, which is the same without
   * them.
   */
  record Bias() implements Metric {
    @Override
    public String name() {
      return "bias";
    }

    @Override
    public double value(double[] actual, double[] predicted, double[] weight) {
      CompensatedSum predictions = new CompensatedSum();
      CompensatedSum actuals = new CompensatedSum();
      CompensatedSum sizes = new CompensatedSum();
      boolean negative = false;
      for (int i = 0; i < actual.length; i++) {
        predictions.add(weight[i] * predicted[i]);
        actuals.add(weight[i] * actual[i]);
        sizes.add(weight[i] * Math.abs(actual[i]));
        negative |= weight[i] != 0 && actual[i] < 0;
      }
      if (negative) {
        return (predictions.value() - actuals.value()) / sizes.value();
      }
      return actuals.value() > 0 ? predictions.value() / actuals.value() - 1 : Double.NaN;
    }
  }

  /**
   * A metric that decomposes into one figure per row, so that units can be compared by their sums.
   * How the ones that are no sums by nature (rmse, wape, auc, ..) are made to: ADR 20, ADR 500.
   */
  sealed interface Loss extends Metric permits RowLoss, OfClasses {

    /**
     * The row's share of the loss, its weight included. Sums of two models' shares over the same
     * rows compare as the metrics do: candidate better by the fraction {@code delta} exactly if
     * {@code sum(candidate) < factor(1 - delta) * sum(reference)}.
     */
    double[] losses(double[] actual, double[] predicted, double[] weight);

    /** What a ratio of metrics is as a ratio of the sums of {@link #losses}. */
    default double factor(double ratioOfMetrics) {
      return ratioOfMetrics;
    }

    /**
     * Relative improvement in terms of the metric, of a ratio of sums of losses; positive is good.
     */
    default double improvement(double ratioOfLosses) {
      return 1 - ratioOfLosses;
    }

    /**
     * Which of two values of the metric is better. That is about {@link #value}: {@link #losses}
     * are always better small.
     */
    default Direction direction() {
      return Direction.MINIMIZE;
    }

    /** Whether predictions are probabilities, hence in [0, 1]; otherwise they are amounts. */
    default boolean probabilities() {
      return false;
    }

    /** Whether it judges what models of this task predict. */
    default boolean judges(Task task) {
      return task == Task.FORECAST || task == Task.REGRESSION;
    }

    /**
     * Whether labels below zero can be judged, and, where there are such labels, forecasts below
     * zero.
     */
    default boolean negatives() {
      return false;
    }

    /**
     * Whether a prediction can be judged: a finite number, of a probability one in [0, 1]. A
     * negative one is taken for a fault of the model unless there are negative labels.
     *
     * @param negativeLabels whether there are
     */
    default boolean usable(double prediction, boolean negativeLabels) {
      double least = negatives() && negativeLabels ? -Double.MAX_VALUE : 0;
      double most = probabilities() ? 1 : Double.MAX_VALUE;
      return prediction >= least && prediction <= most;
    }

    /**
     * Whether a row's prediction can be judged: each of its numbers can, and probabilities of
     * several classes sum to 1, but for what single precision does to them.
     */
    default boolean usable(double[] predicted, int row, int width, boolean negativeLabels) {
      double sum = 0;
      for (int i = row * width; i < (row + 1) * width; i++) {
        if (!usable(predicted[i], negativeLabels)) {
          return false;
        }
        sum += predicted[i];
      }
      return width == 1 || Math.abs(sum - 1) <= Math.max(SUM, width * 0x1p-24);
    }

    /** What an actual has to be for this metric; empty when the given one is fine. */
    default Optional<String> objection(double actual) {
      return Optional.empty();
    }

    /** The same where a prediction is so many numbers. */
    default Optional<String> objection(double actual, int width) {
      if (width == 1) {
        return objection(actual);
      }
      return actual >= 0 && actual < width && actual == Math.rint(actual)
          ? Optional.empty()
          : Optional.of("must be the number of one of " + width + " classes, from 0");
    }

    /**
     * Whether it is computed from predictions; otherwise the prediction is the loss of its row, and
     * the actual may be missing.
     */
    default boolean scored() {
      return true;
    }

    /** How many numbers the prediction of a row is. */
    static int width(double[] actual, double[] predicted) {
      return actual.length == 0 ? 1 : predicted.length / actual.length;
    }

    /** What people call it in a sentence. */
    String title();

    /** The loss of this name, as specs and policies write it. */
    static Optional<Loss> named(String name) {
      return Registry.LOSSES.stream().flatMap(e -> e.read(name).stream()).findFirst();
    }

    /** The names of all losses, in the order in which messages list them. */
    static List<String> examples() {
      return all().stream().map(Loss::name).toList();
    }

    /** The names of those, of forecasts, that judge a label of this value. */
    static List<String> ofAmount(double label) {
      return of(Task.FORECAST).stream()
          .filter(l -> l.objection(label).isEmpty())
          .map(Loss::name)
          .toList();
    }

    /** Whether a mean of it can be told where every label is zero. */
    default boolean judgesZeros() {
      return !Double.isNaN(value(new double[1], new double[1], new double[] {1}));
    }

    /** The losses that judge predictions of a task, those with an argument with a common one. */
    static List<Loss> of(Task task) {
      return all().stream().filter(l -> l.scored() && l.judges(task)).toList();
    }

    /** All losses, those with an argument with a common one. */
    static List<Loss> all() {
      return Registry.LOSSES.stream().map(Registry.Entry::example).toList();
    }

    /** The form of all names: a regular expression that is valid both in Java and in ECMA 262. */
    static String form() {
      return Registry.LOSSES.stream().map(Registry.Entry::form).collect(Collectors.joining("|"));
    }
  }

  /**
   * A loss of probabilities of classes, of two as of several: labels are the numbers of classes, of
   * two 0 and 1.
   */
  sealed interface OfClasses extends Loss permits Accuracy, LogLoss, Brier, Linearised {
    @Override
    default boolean probabilities() {
      return true;
    }

    @Override
    default boolean judges(Task task) {
      return task.classes();
    }

    @Override
    default Optional<String> objection(double actual) {
      return actual == 0 || actual == 1 ? Optional.empty() : Optional.of("must be 0 or 1");
    }
  }

  /** A loss that is a (weighted) mean of one figure per row, or a function of such a mean. */
  sealed interface RowLoss extends Loss
      permits PoissonDeviance,
          TweedieDeviance,
          MeanAbsoluteError,
          RootMeanSquaredError,
          WeightedAbsolutePercentageError,
          Pinball,
          Accuracy,
          LogLoss,
          Brier,
          R2,
          GivenLoss {

    /** The loss of one row, unweighted. */
    double loss(double actual, double predicted);

    /**
     * The mean of {@link #loss} that a value of the metric stands for; empty where the value
     * depends on more than the mean.
     */
    default Optional<Double> meanLoss(double value) {
      return Optional.of(value);
    }

    /** The same of a prediction that is the numbers from a place on, as many as it is wide. */
    default double loss(double actual, double[] predicted, int from, int width) {
      return loss(actual, predicted[from]);
    }

    @Override
    default double[] losses(double[] actual, double[] predicted, double[] weight) {
      int width = Loss.width(actual, predicted);
      double[] out = new double[actual.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = weight[i] == 0 ? 0 : weight[i] * loss(actual[i], predicted, i * width, width);
      }
      return out;
    }

    @Override
    default double value(double[] actual, double[] predicted, double[] weight) {
      return mean(actual, predicted, weight);
    }

    /** Weighted mean of {@link #loss}. */
    private double mean(double[] actual, double[] predicted, double[] weight) {
      CompensatedSum losses = new CompensatedSum();
      CompensatedSum weights = new CompensatedSum();
      int width = Loss.width(actual, predicted);
      for (int i = 0; i < actual.length; i++) {
        if (weight[i] != 0) {
          losses.add(weight[i] * loss(actual[i], predicted, i * width, width));
          weights.add(weight[i]);
        }
      }
      return losses.value() / weights.value();
    }
  }

  /** By how much probabilities of a row may miss 1 in sum. */
  double SUM = 1e-6;

  /** Predictions below this are taken as this by the deviances, which are infinite at zero. */
  double FLOOR = 1e-3;

  /**
   * Mean Poisson deviance, {@code 2 (y ln(y/p) - y + p)}, predictions floored at {@value #FLOOR}.
   */
  record PoissonDeviance() implements RowLoss {
    @Override
    public String name() {
      return "poisson_deviance";
    }

    @Override
    public String title() {
      return "Poisson deviance";
    }

    @Override
    public double loss(double actual, double predicted) {
      return poisson(actual, Math.max(predicted, FLOOR));
    }

    @Override
    public Optional<String> objection(double actual) {
      return notNegative(actual);
    }
  }

  /**
   * Mean Tweedie deviance, predictions floored at {@value #FLOOR}. 1 is Poisson, 2 is Gamma.
   *
   * @param power of the variance function, 1 to 3; actuals must be positive from 2 on
   */
  record TweedieDeviance(double power) implements RowLoss {
    public TweedieDeviance {
      if (!(power >= 1 && power <= 3)) {
        throw new IllegalArgumentException("power must be from 1 to 3, not " + power);
      }
    }

    @Override
    public String name() {
      return "tweedie_deviance(" + number(power) + ")";
    }

    @Override
    public String title() {
      return "Tweedie deviance (" + number(power) + ")";
    }

    @Override
    public double loss(double actual, double predicted) {
      double p = Math.max(predicted, FLOOR);
      if (power == 1) {
        return poisson(actual, p);
      }
      if (power == 2) {
        return 2 * (Math.log(p / actual) + actual / p - 1);
      }
      double a = 1 - power;
      double b = 2 - power;
      return 2 * (Math.pow(actual, b) / (a * b) - actual * Math.pow(p, a) / a + Math.pow(p, b) / b);
    }

    @Override
    public Optional<String> objection(double actual) {
      if (power >= 2) {
        return actual > 0 ? Optional.empty() : Optional.of("must be positive");
      }
      return notNegative(actual);
    }
  }

  /** Mean absolute error. */
  record MeanAbsoluteError() implements RowLoss {
    @Override
    public String name() {
      return "mae";
    }

    @Override
    public String title() {
      return "mean absolute error";
    }

    @Override
    public boolean negatives() {
      return true;
    }

    @Override
    public double loss(double actual, double predicted) {
      return Math.abs(actual - predicted);
    }
  }

  /**
   * Root of the mean squared error. Tested on squared errors: the root is monotone, so a root
   * smaller by a factor is a mean square smaller by its square, exactly.
   */
  record RootMeanSquaredError() implements RowLoss {
    @Override
    public String name() {
      return "rmse";
    }

    @Override
    public String title() {
      return "root mean squared error";
    }

    @Override
    public boolean negatives() {
      return true;
    }

    @Override
    public Optional<Double> meanLoss(double value) {
      return Optional.of(value * value);
    }

    @Override
    public double loss(double actual, double predicted) {
      return (actual - predicted) * (actual - predicted);
    }

    @Override
    public double value(double[] actual, double[] predicted, double[] weight) {
      return Math.sqrt(RowLoss.super.value(actual, predicted, weight));
    }

    @Override
    public double factor(double ratioOfMetrics) {
      return ratioOfMetrics * ratioOfMetrics;
    }

    @Override
    public double improvement(double ratioOfLosses) {
      return 1 - Math.sqrt(ratioOfLosses);
    }
  }

  /**
   * {@code sum(w |y - p|) / sum(w |y|)}. Tested on absolute errors: the denominator is the same for
   * both models.
   */
  record WeightedAbsolutePercentageError() implements RowLoss {
    @Override
    public String name() {
      return "wape";
    }

    @Override
    public String title() {
      return "WAPE";
    }

    @Override
    public boolean negatives() {
      return true;
    }

    @Override
    public Optional<Double> meanLoss(double value) {
      return Optional.empty();
    }

    @Override
    public double loss(double actual, double predicted) {
      return Math.abs(actual - predicted);
    }

    @Override
    public double value(double[] actual, double[] predicted, double[] weight) {
      CompensatedSum errors = new CompensatedSum();
      CompensatedSum totals = new CompensatedSum();
      for (int i = 0; i < actual.length; i++) {
        if (weight[i] != 0) {
          errors.add(weight[i] * Math.abs(actual[i] - predicted[i]));
          totals.add(weight[i] * Math.abs(actual[i]));
        }
      }
      return totals.value() > 0 ? errors.value() / totals.value() : Double.NaN;
    }
  }

  /**
   * Mean pinball (quantile) loss.
   *
   * @param quantile that is predicted, between 0 and 1 exclusive
   */
  record Pinball(double quantile) implements RowLoss {
    public Pinball {
      if (!(quantile > 0 && quantile < 1)) {
        throw new IllegalArgumentException("quantile must be between 0 and 1, not " + quantile);
      }
    }

    @Override
    public String name() {
      return "pinball(" + number(quantile) + ")";
    }

    @Override
    public String title() {
      return "pinball loss (" + number(quantile) + ")";
    }

    @Override
    public boolean judges(Task task) {
      return task == Task.QUANTILE || task == Task.FORECAST;
    }

    @Override
    public boolean negatives() {
      return true;
    }

    @Override
    public double loss(double actual, double predicted) {
      double error = actual - predicted;
      return error >= 0 ? quantile * error : (quantile - 1) * error;
    }
  }

  /**
   * Share of rows that are told rightly. Of two classes a prediction above 0.5 says 1 (a tie says
   * 0, as an argmax over two classes does), of several the most probable one, the first of equal
   * ones, is the prediction. Its loss is the share of wrong rows.
   */
  record Accuracy() implements RowLoss, OfClasses {
    @Override
    public String name() {
      return "accuracy";
    }

    @Override
    public String title() {
      return "accuracy";
    }

    @Override
    public Optional<Double> meanLoss(double value) {
      return Optional.of(1 - value);
    }

    @Override
    public double loss(double actual, double predicted) {
      return (predicted > 0.5) == (actual == 1) ? 0 : 1;
    }

    @Override
    public double loss(double actual, double[] predicted, int from, int width) {
      if (width == 1) {
        return loss(actual, predicted[from]);
      }
      int said = 0;
      for (int c = 1; c < width; c++) {
        said = predicted[from + c] > predicted[from + said] ? c : said;
      }
      return said == actual ? 0 : 1;
    }

    @Override
    public double value(double[] actual, double[] predicted, double[] weight) {
      return 1 - RowLoss.super.value(actual, predicted, weight);
    }

    @Override
    public Direction direction() {
      return Direction.MAXIMIZE;
    }
  }

  /** Mean negative log-likelihood of classes, probabilities kept 2^-52 away from 0 and 1. */
  record LogLoss() implements RowLoss, OfClasses {
    private static final double EPSILON = 0x1p-52;

    @Override
    public String name() {
      return "logloss";
    }

    @Override
    public String title() {
      return "log loss";
    }

    @Override
    public double loss(double actual, double predicted) {
      double p = Math.min(Math.max(predicted, EPSILON), 1 - EPSILON);
      return actual == 1 ? -Math.log(p) : -Math.log(1 - p);
    }

    @Override
    public double loss(double actual, double[] predicted, int from, int width) {
      return width == 1 ? loss(actual, predicted[from]) : loss(1, predicted[from + (int) actual]);
    }

    @Override
    public boolean judges(Task task) {
      return task.classes();
    }
  }

  /**
   * Mean squared error of probabilities: of two classes that of the positive one, of several the
   * sum over classes.
   */
  record Brier() implements RowLoss, OfClasses {
    @Override
    public String name() {
      return "brier";
    }

    @Override
    public String title() {
      return "Brier score";
    }

    @Override
    public double loss(double actual, double predicted) {
      return (actual - predicted) * (actual - predicted);
    }

    @Override
    public double loss(double actual, double[] predicted, int from, int width) {
      if (width == 1) {
        return loss(actual, predicted[from]);
      }
      double sum = 0;
      for (int c = 0; c < width; c++) {
        sum += loss(c == actual ? 1 : 0, predicted[from + c]);
      }
      return sum;
    }

    @Override
    public boolean judges(Task task) {
      return task.classes();
    }
  }

  /**
   * Share of the variance that is explained: 1 less the squared errors over those of the mean.
   * Tested on squared errors: the denominator is the same for both models.
   */
  record R2() implements RowLoss {
    @Override
    public String name() {
      return "r2";
    }

    @Override
    public String title() {
      return "R2";
    }

    @Override
    public boolean judges(Task task) {
      return task == Task.REGRESSION;
    }

    @Override
    public boolean negatives() {
      return true;
    }

    @Override
    public Direction direction() {
      return Direction.MAXIMIZE;
    }

    @Override
    public Optional<Double> meanLoss(double value) {
      return Optional.empty();
    }

    @Override
    public double loss(double actual, double predicted) {
      return (actual - predicted) * (actual - predicted);
    }

    @Override
    public double value(double[] actual, double[] predicted, double[] weight) {
      CompensatedSum sum = new CompensatedSum();
      CompensatedSum weights = new CompensatedSum();
      for (int i = 0; i < actual.length; i++) {
        if (weight[i] != 0) {
          sum.add(weight[i] * actual[i]);
          weights.add(weight[i]);
        }
      }
      double mean = sum.value() / weights.value();
      CompensatedSum errors = new CompensatedSum();
      CompensatedSum all = new CompensatedSum();
      for (int i = 0; i < actual.length; i++) {
        if (weight[i] != 0) {
          errors.add(weight[i] * loss(actual[i], predicted[i]));
          all.add(weight[i] * loss(actual[i], mean));
        }
      }
      return all.value() > 0 ? 1 - errors.value() / all.value() : Double.NaN;
    }
  }

  /**
   * A loss that a team's own evaluation computed: the prediction is the loss of its row, not
   * negative, so that a gain is a part of it.
   */
  record GivenLoss() implements RowLoss {
    @Override
    public String name() {
      return "loss";
    }

    @Override
    public String title() {
      return "loss";
    }

    @Override
    public boolean judges(Task task) {
      return true;
    }

    @Override
    public boolean scored() {
      return false;
    }

    @Override
    public boolean usable(double prediction, boolean negativeLabels) {
      return prediction >= 0 && prediction <= Double.MAX_VALUE;
    }

    @Override
    public double loss(double actual, double predicted) {
      return predicted;
    }
  }

  /**
   * Area under the ROC curve, ties counted half; of several classes the mean over each against the
   * rest. A statistic of pairs, not a sum over rows. With {@code v} a row's placement (share of the
   * other class that it is on the right side of) the row's loss is {@code (1 - auc) w / W + w (auc
   * - v) / W_class} (DeLong, DeLong &amp; Clarke-Pearson 1988).
   */
  record Auc() implements Linearised {
    @Override
    public String name() {
      return "auc";
    }

    @Override
    public String title() {
      return "AUC";
    }

    @Override
    public double value(double[] actual, double[] predicted, double[] weight) {
      int width = Loss.width(actual, predicted);
      if (width == 1) {
        return area(actual, placements(actual, predicted, weight), weight);
      }
      CompensatedSum areas = new CompensatedSum();
      for (int c = 0; c < width; c++) {
        double[] one = oneAgainstTheRest(actual, c);
        double[] placements = placements(one, column(predicted, c, width), weight);
        areas.add(area(one, placements, weight));
      }
      return areas.value() / width;
    }

    private static double area(double[] actual, double[] placements, double[] weight) {
      CompensatedSum area = new CompensatedSum();
      CompensatedSum positives = new CompensatedSum();
      for (int i = 0; i < actual.length; i++) {
        if (actual[i] == 1 && weight[i] != 0) {
          area.add(weight[i] * placements[i]);
          positives.add(weight[i]);
        }
      }
      return area.value() / positives.value();
    }

    @Override
    public double[] influence(double[] actual, double[] predicted, double[] weight) {
      int width = Loss.width(actual, predicted);
      if (width == 1) {
        return ofTwo(actual, predicted, weight);
      }
      double[] out = new double[actual.length];
      for (int c = 0; c < width; c++) {
        double[] part = ofTwo(oneAgainstTheRest(actual, c), column(predicted, c, width), weight);
        for (int i = 0; i < out.length; i++) {
          out[i] += part[i] / width;
        }
      }
      return out;
    }

    private static double[] ofTwo(double[] actual, double[] predicted, double[] weight) {
      double[] out = placements(actual, predicted, weight);
      double auc = area(actual, out, weight);
      double[] total = new double[2];
      for (int i = 0; i < actual.length; i++) {
        total[actual[i] == 1 ? 1 : 0] += weight[i];
      }
      for (int i = 0; i < out.length; i++) {
        out[i] = weight[i] == 0 ? 0 : weight[i] * (out[i] - auc) / total[actual[i] == 1 ? 1 : 0];
      }
      return out;
    }

    private static double[] oneAgainstTheRest(double[] actual, int c) {
      double[] out = new double[actual.length];
      for (int i = 0; i < out.length; i++) {
        out[i] = actual[i] == c ? 1 : 0;
      }
      return out;
    }

    private static double[] column(double[] predicted, int c, int width) {
      double[] out = new double[predicted.length / width];
      for (int i = 0; i < out.length; i++) {
        out[i] = predicted[i * width + c];
      }
      return out;
    }

    /** Per row: weighted share of the other class that it is ranked rightly against. */
    private static double[] placements(double[] actual, double[] predicted, double[] weight) {
      int n = actual.length;
      int[] order = Order.by(predicted);
      double[] out = new double[n];
      CompensatedSum[] total = {new CompensatedSum(), new CompensatedSum()};
      for (int i = 0; i < n; i++) {
        total[actual[i] == 1 ? 1 : 0].add(weight[i]);
      }
      CompensatedSum[] below = {new CompensatedSum(), new CompensatedSum()};
      for (int from = 0; from < n; ) {
        int to = from;
        double[] tied = new double[2];
        while (to < n && predicted[order[to]] == predicted[order[from]]) {
          tied[actual[order[to]] == 1 ? 1 : 0] += weight[order[to]];
          to++;
        }
        if (to == from) {
          break; // NaN sorts last and equals nothing: no placement
        }
        for (int k = from; k < to; k++) {
          int i = order[k];
          out[i] =
              actual[i] == 1
                  ? (below[0].value() + tied[0] / 2) / total[0].value()
                  : 1 - (below[1].value() + tied[1] / 2) / total[1].value();
        }
        below[0].add(tied[0]);
        below[1].add(tied[1]);
        from = to;
      }
      return out;
    }
  }

  /** Unit deviance of the Poisson distribution, {@code predicted > 0}. */
  private static double poisson(double actual, double predicted) {
    double fit = actual > 0 ? actual * Math.log(actual / predicted) : 0;
    return 2 * (fit - actual + predicted);
  }

  private static Optional<String> notNegative(double actual) {
    return actual >= 0 ? Optional.empty() : Optional.of("must not be negative");
  }

  static String number(double value) {
    // not Double.toString, which writes small numbers with an exponent
    return BigDecimal.valueOf(value).stripTrailingZeros().toPlainString();
  }

  /**
   * Reads a metric's name: that of a loss, or {@code bias}.
   *
   * @throws IllegalArgumentException when there is no such metric or its argument is out of range;
   *     the message says which metrics there are
   */
  static Metric parse(String name) {
    if (name.equals(new Bias().name())) {
      return new Bias();
    }
    return Loss.named(name)
        .orElseThrow(() ->
            new IllegalArgumentException(
                "no metric '"
                    + name
                    + "'; there are "
                    + Registry.LOSSES.stream()
                        .map(Registry.Entry::described)
                        .collect(Collectors.joining(", "))));
  }

  /**
   * A figure of this name that a floor may be about: a loss, or the share of positives that is
   * found and the like, whose threshold is one half where the name has none.
   */
  static Optional<Loss> figure(String name) {
    return Stream.concat(Registry.LOSSES.stream(), Registry.FIGURES.stream())
        .flatMap(e ->
            e
                .read(e.example() instanceof Confusion c && c.word().equals(name) ? c.name() : name)
                .stream())
        .findFirst();
  }

  /** The form of the names of all figures, valid both in Java and in ECMA 262. */
  static String figureForm() {
    return Stream.concat(Registry.LOSSES.stream(), Registry.FIGURES.stream())
        .map(e -> e.form() + (e.example() instanceof Confusion c ? "|" + c.word() : ""))
        .collect(Collectors.joining("|"));
  }

  /** The names of all figures as messages list them, a threshold of one half left out. */
  static List<String> figures() {
    return Stream.concat(Registry.LOSSES.stream(), Registry.FIGURES.stream())
        .map(Registry.Entry::example)
        .map(f -> f instanceof Confusion c ? c.word() : f.name())
        .toList();
  }

  /** The same of those that judge what models of a task predict. */
  static List<String> figures(Task task) {
    return figures().stream()
        .filter(f -> figure(f).map(l -> l.scored() && l.judges(task)).orElse(false))
        .toList();
  }

  /**
   * The losses by name. To add one, write its record above and name it in {@link #LOSSES}: specs,
   * their schema, the gate and every message follow, and a test holds the table in {@code
   * docs/gate.md}.
   */
  final class Registry {
    /** A positive decimal number below 10 in its one spelling: no exponent, no trailing zeros. */
    private static final String FRACTION = "\\.[0-9]{0,8}[1-9]";

    /** All losses, in the order in which messages list them. */
    static final List<Entry> LOSSES =
        List.of(
            new Entry(new PoissonDeviance()),
            new Entry(new MeanAbsoluteError()),
            new Entry(new RootMeanSquaredError()),
            new Entry(new WeightedAbsolutePercentageError()),
            new Entry(new Accuracy()),
            new Entry(new LogLoss()),
            new Entry(new Auc()),
            new Entry(
                new TweedieDeviance(1.5),
                new Argument("[12]" + FRACTION + "|[123]", "p from 1 to 3"),
                TweedieDeviance::new),
            new Entry(
                new Pinball(0.9), new Argument("0" + FRACTION, "q between 0 and 1"), Pinball::new),
            new Entry(new Brier()),
            new Entry(new BalancedAccuracy()),
            new Entry(new AveragePrecision()),
            confusion(Confusion.Kind.F1),
            new Entry(new R2()),
            new Entry(new GivenLoss()));

    /** Figures that are no losses by themselves, but that a floor may be about. */
    static final List<Entry> FIGURES =
        List.of(
            confusion(Confusion.Kind.RECALL),
            confusion(Confusion.Kind.PRECISION),
            confusion(Confusion.Kind.SPECIFICITY));

    private static Entry confusion(Confusion.Kind kind) {
      return new Entry(
          new Confusion(kind, 0.5),
          new Argument("0" + FRACTION, "threshold between 0 and 1"),
          threshold -> new Confusion(kind, threshold));
    }

    private Registry() {}

    /**
     * What stands in parentheses.
     *
     * @param form its spelling, valid both in Java and in ECMA 262
     * @param range for people
     */
    record Argument(String form, String range) {}

    /**
     * A loss that can be named.
     *
     * @param example the loss, with a common argument if it takes one
     */
    record Entry(Loss example, Optional<Argument> argument, DoubleFunction<Loss> make) {
      Entry(Loss only) {
        this(only, Optional.empty(), none -> only);
      }

      Entry(Loss example, Argument argument, DoubleFunction<Loss> make) {
        this(example, Optional.of(argument), make);
      }

      private String word() {
        return example.name().replaceAll("\\(.*", "");
      }

      /** The form of its name. */
      String form() {
        return word() + argument.map(a -> "\\((" + a.form() + ")\\)").orElse("");
      }

      /** The range of its argument, if it takes one. */
      Optional<String> range() {
        return argument.map(Argument::range);
      }

      /** Its name as a message lists it. */
      String described() {
        return word() + argument.map(a -> "(" + a.range() + ")").orElse("");
      }

      Optional<Loss> read(String name) {
        if (!name.matches(form())) {
          return Optional.empty();
        }
        double value =
            argument.isEmpty()
                ? Double.NaN
                : Double.parseDouble(name.substring(word().length() + 1, name.length() - 1));
        return Optional.of(make.apply(value));
      }
    }
  }
}
