package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.util.Arrays;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

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
                              Metric.parse(v.getKey())
                                  .value(
                                      column(c, "actual"),
                                      column(c, "predicted"),
                                      column(c, "weight"));
                          assertThat(value)
                              .isCloseTo(expected, within(1e-12 * Math.max(1, Math.abs(expected))));
                        })));
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
          "auc"
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
