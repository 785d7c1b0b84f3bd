package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Metric;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Which family is picked on validation where simpler ones are preferred. */
class PreferenceTest {
  private static final Metric.Loss MAE = Metric.Loss.named("mae").orElseThrow();

  /** Two units, two target periods each; the rows of the units are mixed. */
  private static final LabelRows ROWS =
      new LabelRows(
          "validation/rows.csv",
          new int[] {0, 1, 0, 1},
          new int[] {1, 1, 2, 2},
          new int[] {70, 70, 71, 71},
          new long[4],
          new double[] {10, 10, 10, 10},
          new double[] {1, 1, 1, 1},
          new int[4],
          new int[] {0, 1},
          new long[2]);

  /** Loses 1 a row, 4 in all. */
  private static final double[] BEST = {11, 9, 11, 9};

  private static Preference preferring(String... families) {
    return new Preference(MAE, List.of(families), Preference.Rows.of(ROWS));
  }

  private static SortedMap<String, double[]> forecasts(double[] simple) {
    return new TreeMap<>(Map.of("best", BEST, "simple", simple));
  }

  @Test
  void aSimplerFamilyIsPickedWhenChanceExplainsThatItIsBehind() {
    // 4 more in one row, nothing in the others: 4 of 4 behind
    Preference preference = preferring("simple", "best");
    Map<String, EvaluationReport.Behind> distances =
        preference.distances(forecasts(new double[] {15, 9, 11, 9}), "best");

    assertThat(distances.get("best")).isEqualTo(new EvaluationReport.Behind(0, 0));
    assertThat(distances.get("simple").share()).isCloseTo(1, within(1e-12));
    // one cell of 4: by unit 16, by period 16, by cell 16
    assertThat(distances.get("simple").standardError()).isCloseTo(1, within(1e-12));
    assertThat(preference.chosen(distances, "best")).isEqualTo("simple");
  }

  @Test
  void aSimplerFamilyThatIsBehindEverywhereIsNotPicked() {
    Preference preference = preferring("simple", "best");
    Map<String, EvaluationReport.Behind> distances =
        preference.distances(forecasts(new double[] {12, 8, 12, 8}), "best");

    // 1 more in each of four cells: 4 of 4; by unit 8, by period 8, by cell 4, so 12
    assertThat(distances.get("simple").share()).isCloseTo(1, within(1e-12));
    assertThat(distances.get("simple").standardError()).isCloseTo(Math.sqrt(12) / 4, within(1e-12));
    assertThat(preference.chosen(distances, "best")).isEqualTo("best");
  }

  @Test
  void theOrderOfTheSpecDecidesAmongThoseWithinAStandardError() {
    SortedMap<String, double[]> all = forecasts(new double[] {15, 9, 11, 9});
    all.put("simplest", new double[] {11, 9, 11, 13});

    Preference one = preferring("simplest", "simple");
    Preference other = preferring("simple", "simplest");
    assertThat(one.chosen(one.distances(all, "best"), "best")).isEqualTo("simplest");
    assertThat(other.chosen(other.distances(all, "best"), "best")).isEqualTo("simple");
  }

  @Test
  void aFamilyThatTheSpecDoesNotNameIsPickedOnlyAsTheBest() {
    Preference preference = preferring("lost");
    Map<String, EvaluationReport.Behind> distances =
        preference.distances(forecasts(new double[] {15, 9, 11, 9}), "best");

    assertThat(preference.chosen(distances, "best")).isEqualTo("best");
  }

  @Test
  void withoutAPreferenceTheBestIsPickedAndNoDistanceIsKept() {
    Preference preference = preferring();
    Map<String, EvaluationReport.Behind> distances =
        preference.distances(forecasts(BEST.clone()), "best");

    assertThat(distances).isEmpty();
    assertThat(preference.chosen(distances, "best")).isEqualTo("best");
  }
}
