package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.io.IOException;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class MetricTest {
  private static final double[] ONE = {1, 1, 1, 1};

  /** golden_metrics.json is written by golden_metrics.py beside it. */
  @TestFactory
  Stream<DynamicTest> agreesWithScikitLearnToTwelveDigits() throws IOException {
    JsonNode cases;
    try (var in = MetricTest.class.getResourceAsStream("golden_metrics.json")) {
      cases = Json.parse(in.readAllBytes());
    }
    assertThat(cases).hasSizeGreaterThan(10);
    return StreamSupport.stream(cases.spliterator(), false)
        .flatMap(c ->
            c.get("values").properties().stream()
                .map(v ->
                    DynamicTest.dynamicTest(
                        v.getKey() + ", " + c.get("case").asText(),
                        () -> {
                          double expected = v.getValue().asDouble();
                          double value =
                              metric(v.getKey())
                                  .value(
                                      column(c, "actual"),
                                      column(c, "predicted"),
                                      column(c, "weight"));
                          assertThat(value)
                              .isCloseTo(expected, within(1e-12 * Math.max(1, Math.abs(expected))));
                        })));
  }

  private static Metric metric(String name) {
    return name.equals("bias") ? Metric.parse(name) : Metric.figure(name).orElseThrow();
  }

  /** Every score that does not sum over rows, of two classes and of three. */
  private static Stream<Linearised> scores() {
    return Stream.of(
        new Metric.Auc(),
        new AveragePrecision(),
        new BalancedAccuracy(),
        new Confusion(Confusion.Kind.F1, 0.4),
        new Confusion(Confusion.Kind.RECALL, 0.4),
        new Confusion(Confusion.Kind.PRECISION, 0.4),
        new Confusion(Confusion.Kind.SPECIFICITY, 0.4));
  }

  @ParameterizedTest
  @MethodSource("scores")
  void aLinearisationIsTheDerivativeByEachRowsWeight(Linearised score) {
    for (int classes : score.judges(Task.MULTICLASS) ? new int[] {1, 3} : new int[] {1}) {
      Drawn drawn = new Drawn(60, classes, 5);
      double[] influence = score.influence(drawn.actual, drawn.predicted, drawn.weight);
      for (int row = 0; row < influence.length; row++) {
        double step = 1e-5;
        double more = drawn.with(score, row, drawn.weight[row] + step);
        double less = drawn.with(score, row, drawn.weight[row] - step);
        double derivative = (more - less) / (2 * step);
        assertThat(influence[row])
            .as("%s, row %s", score.name(), row)
            .isCloseTo(drawn.weight[row] * derivative, within(1e-8));
      }
    }
  }

  @ParameterizedTest
  @MethodSource("scores")
  void aLinearisationVariesAsTheScoreDoesWhenRowsAreLeftOut(Linearised score) {
    for (int classes : score.judges(Task.MULTICLASS) ? new int[] {1, 3} : new int[] {1}) {
      Drawn drawn = new Drawn(400, classes, 6);
      double value = score.value(drawn.actual, drawn.predicted, drawn.weight);
      double[] losses = score.losses(drawn.actual, drawn.predicted, drawn.weight);
      assertThat(Arrays.stream(losses).sum()).isCloseTo(1 - value, within(1e-12));
      double mean = (1 - value) / losses.length;
      double linear = Arrays.stream(losses).map(l -> (l - mean) * (l - mean)).sum();
      double jackknife = 0;
      for (int row = 0; row < losses.length; row++) {
        double without = drawn.with(score, row, 0);
        jackknife += (without - value) * (without - value);
      }
      // weights differ, and the linearisation spreads 1 - score by weight
      assertThat(Math.sqrt(linear / jackknife)).as(score.name()).isBetween(0.9, 1.15);
    }
  }

  /** Classes with tied scores and unequal weights. */
  private static final class Drawn {
    private final double[] actual;
    private final double[] predicted;
    private final double[] weight;

    Drawn(int rows, int width, long seed) {
      Random random = new Random(seed);
      actual = new double[rows];
      predicted = new double[rows * width];
      weight = new double[rows];
      for (int i = 0; i < rows; i++) {
        actual[i] = width == 1 ? (random.nextDouble() < 0.35 ? 1 : 0) : random.nextInt(width);
        weight[i] = 0.75 + random.nextDouble() / 2;
        double sum = 0;
        for (int c = 0; c < width; c++) {
          double right = width == 1 ? actual[i] : actual[i] == c ? 1 : 0;
          predicted[i * width + c] =
              Math.rint(20 * (0.3 * right + random.nextDouble())) / 40 + 0.05;
          sum += predicted[i * width + c];
        }
        for (int c = 0; c < width && width > 1; c++) {
          predicted[i * width + c] /= sum;
        }
      }
    }

    double with(Metric score, int row, double other) {
      double[] changed = weight.clone();
      changed[row] = other;
      return score.value(actual, predicted, changed);
    }
  }

  @Test
  void aThresholdIsOneHalfWhereAFigureHasNone() {
    assertThat(Metric.figure("recall").orElseThrow().name()).isEqualTo("recall(0.5)");
    assertThat(Metric.figure("f1").orElseThrow().name()).isEqualTo("f1(0.5)");
    assertThat(Metric.figure("auc").orElseThrow().name()).isEqualTo("auc");
    assertThat(Metric.Loss.named("recall(0.5)")).isEmpty();
    assertThat(Metric.figure("recall(1.5)")).isEmpty();
  }

  @Test
  void probabilitiesOfARowSumToOne() {
    Metric.Loss metric = new Metric.LogLoss();

    assertThat(metric.usable(new double[] {.2, .3, .5, .5, .5, .5}, 0, 3, false)).isTrue();
    assertThat(metric.usable(new double[] {.2, .3, .5, .5, .5, .5}, 1, 3, false)).isFalse();
    assertThat(metric.usable(new double[] {.2, .3, .5000005}, 0, 3, false)).isTrue();
    assertThat(metric.usable(new double[] {.2, .3, .50001}, 0, 3, false)).isFalse();
    assertThat(metric.usable(new double[] {1.2, -.2}, 0, 2, false)).isFalse();
  }

  @Test
  void everyTaskHasItsMetrics() {
    assertThat(Metric.Loss.of(Task.QUANTILE).stream().map(Metric.Loss::name))
        .containsExactly("pinball(0.9)");
    assertThat(Metric.Loss.of(Task.MULTICLASS).stream().map(Metric.Loss::name))
        .containsExactly("accuracy", "logloss", "auc", "brier", "balanced_accuracy");
    assertThat(Metric.Loss.of(Task.REGRESSION).stream().map(Metric.Loss::name))
        .contains("rmse", "r2")
        .doesNotContain("pinball(0.9)", "loss");
    assertThat(Metric.Loss.of(Task.FORECAST).stream().map(Metric.Loss::name))
        .doesNotContain("r2", "loss");
  }

  @Test
  void poissonDevianceByHand() {
    double[] y = {0, 2};
    double[] p = {0.5, 1};

    double value = new Metric.PoissonDeviance().value(y, p, new double[] {1, 3});

    // row 1: 2 * 0.5; row 2: 2 * (2 ln 2 - 2 + 1)
    assertThat(value).isCloseTo((1 + 3 * 2 * (2 * Math.log(2) - 1)) / 4, within(1e-15));
  }

  @Test
  void aZeroForecastCostsWhatTheFloorCosts() {
    assertThat(new Metric.PoissonDeviance().loss(1, 0))
        .isEqualTo(new Metric.PoissonDeviance().loss(1, 1e-3));
  }

  @Test
  void tiesCountHalfInAuc() {
    double value =
        new Metric.Auc().value(new double[] {0, 1, 1, 0}, new double[] {.4, .4, .9, .1}, ONE);

    assertThat(value).isEqualTo(3.5 / 4);
  }

  @Test
  void aucOfOneClassIsUndefined() {
    assertThat(new Metric.Auc().value(ONE, ONE, ONE)).isNaN();
  }

  @Test
  void aucsRowLossesSumToOneLessTheAuc() {
    double[] y = {0, 1, 1, 0, 1};
    double[] p = {.4, .4, .9, .1, .05};
    double[] w = {1, 2, .5, 3, 1};
    Metric.Auc auc = new Metric.Auc();

    double sum = Arrays.stream(auc.losses(y, p, w)).sum();

    assertThat(sum).isCloseTo(1 - auc.value(y, p, w), within(1e-15));
  }

  @Test
  void aRootThatIsSmallerByTenPercentIsAMeanSquareSmallerByNineteen() {
    Metric.Loss rmse = new Metric.RootMeanSquaredError();

    assertThat(rmse.factor(0.9)).isCloseTo(0.81, within(1e-15));
    assertThat(rmse.improvement(0.81)).isCloseTo(0.1, within(1e-15));
  }

  @Test
  void everyNameReadsBack() {
    for (String name :
        new String[] {
          "poisson_deviance",
          "tweedie_deviance(1.5)",
          "mae",
          "rmse",
          "wape",
          "pinball(0.9)",
          "bias",
          "accuracy",
          "logloss",
          "auc",
          "brier",
          "balanced_accuracy",
          "average_precision",
          "f1(0.25)",
          "r2",
          "loss"
        }) {
      assertThat(Metric.parse(name).name()).isEqualTo(name);
    }
  }

  @Test
  void anUnknownNameIsAnsweredWithTheKnownOnes() {
    assertThatThrownBy(() -> Metric.parse("mape")).hasMessageContaining("poisson_deviance");
    assertThatThrownBy(() -> Metric.parse("pinball(1)")).hasMessageContaining("between 0 and 1");
  }

  private static double[] column(JsonNode c, String name) {
    double[] out = new double[c.get(name).size()];
    Arrays.setAll(out, i -> c.get(name).get(i).asDouble());
    return out;
  }
}
