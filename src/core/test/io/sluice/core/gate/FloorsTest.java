package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Verdict.FloorResult;
import io.sluice.core.gate.Verdict.FloorResult.Outcome;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Figures of the candidate itself that a policy asks for. */
class FloorsTest {
  private static GatePolicy policy(String metric, String floors) {
    return GatePolicy.parse(
        Json.parse("{\"metric\": \"%s\", \"floors\": %s}".formatted(metric, floors)));
  }

  private static Verdict decide(Tables tables, List<Tables.Row> rows, String floors) {
    return Gate.decide(tables.build(rows), policy(tables.metric, floors), History.NONE, 7);
  }

  private static Verdict decide(Tables tables, String floors) {
    return decide(tables, tables.list(), floors);
  }

  private static List<String> codes(Verdict verdict) {
    return verdict.findings().stream().map(Verdict.Finding::code).toList();
  }

  private static Tables binary() {
    return new Tables(Task.BINARY, "logloss");
  }

  /** The figure of the candidate, computed apart. */
  private static double measured(Tables tables, List<Tables.Row> rows, String figure) {
    double[] actual = rows.stream().mapToDouble(Tables.Row::actual).toArray();
    double[] predicted = rows.stream().mapToDouble(r -> r.predictions()[0]).toArray();
    double[] weight = rows.stream().mapToDouble(r -> 1).toArray();
    return Metric.figure(figure).orElseThrow().value(actual, predicted, weight);
  }

  @ParameterizedTest
  @CsvSource({
    "recall, BINARY, logloss",
    "precision(0.3), BINARY, logloss",
    "specificity, BINARY, auc",
    "f1, BINARY, brier",
    "auc, BINARY, logloss",
    "accuracy, BINARY, logloss",
    "logloss, BINARY, auc",
    "brier, BINARY, logloss",
    "rmse, REGRESSION, mae",
    "wape, REGRESSION, rmse",
    "r2, REGRESSION, rmse",
    "mae, REGRESSION, rmse"
  })
  void aFloorIsMetUpToTheCandidatesOwnFigureAndNoFurther(String name, Task task, String metric) {
    Tables tables = new Tables(task, metric);
    tables.candidateOnValidation = Optional.empty();
    List<Tables.Row> rows = tables.list();
    double value = measured(tables, rows, name);
    boolean more = Metric.figure(name).orElseThrow().direction() == Direction.MAXIMIZE;
    double better = more ? 0.001 : -0.001;

    Verdict met = decide(tables, rows, "{\"%s\": %s}".formatted(name, value - better));
    Verdict missed = decide(tables, rows, "{\"%s\": %s}".formatted(name, value + better));

    assertThat(codes(met)).doesNotContain("floor");
    assertThat(met.floors()).extracting(FloorResult::outcome).containsExactly(Outcome.MET);
    assertThat(met.floors().getFirst().measured().orElseThrow()).isCloseTo(value, within(1e-12));
    assertThat(missed.promotes()).isFalse();
    assertThat(codes(missed)).containsExactly("floor");
    assertThat(missed.reason()).contains(Reason.GUARD);
    assertThat(missed.findings().getFirst().text())
        .contains(Metric.figure(name).orElseThrow().title())
        .contains(missed.floors().getFirst().figures())
        .contains(more ? "asks for at least " : "asks for at most ");
    assertThat(Verdict.read(missed.toJson())).isEqualTo(missed);
  }

  @Test
  void aFloorThatIsFarMissedIsProvenSoAndOneThatIsHardlyMissedIsNot() {
    double accuracy = measured(binary(), binary().list(), "accuracy");

    Verdict far = decide(binary(), "{\"accuracy\": 0.99}");
    Verdict hardly = decide(binary(), "{\"accuracy\": %s}".formatted(accuracy + 0.001));
    Verdict noMean = decide(binary(), "{\"auc\": 0.999}");

    assertThat(far.findings().getFirst().text()).contains("which is proven to be missed");
    assertThat(far.floors().getFirst().p().orElseThrow()).isLessThan(0.01);
    assertThat(hardly.findings().getFirst().text()).contains("that is not proven");
    assertThat(hardly.floors().getFirst().p().orElseThrow()).isGreaterThan(0.2);
    assertThat(noMean.findings().getFirst().text()).doesNotContain("proven");
  }

  @ParameterizedTest
  @CsvSource({"rmse, 0.5", "mae, 0.4"})
  void lessIsProvenLikewise(String figure, double bound) {
    Tables tables = new Tables(Task.REGRESSION, "rmse");

    Verdict far = decide(tables, "{\"%s\": %s}".formatted(figure, bound));

    assertThat(far.floors().getFirst().p().orElseThrow()).isLessThan(0.01);
    assertThat(far.findings().getFirst().text()).contains("asks for at most " + bound);
  }

  @Test
  void everySliceHasToReachItsFloor() {
    List<Tables.Row> rows = new ArrayList<>();
    for (Tables.Row r : binary().list()) {
      rows.add(r.country().equals("FR") ? r.with(0, r.actual() == 1 ? 0.2 : 0.3) : r);
    }

    Verdict verdict = decide(binary(), rows, "{\"slice(country).recall\": 0.5}");

    assertThat(verdict.floors())
        .extracting(r -> r.value().orElseThrow(), FloorResult::outcome)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple("DE", Outcome.MET),
            org.assertj.core.groups.Tuple.tuple("FR", Outcome.MISSED),
            org.assertj.core.groups.Tuple.tuple("US", Outcome.MET));
    assertThat(verdict.findings())
        .filteredOn(f -> f.code().equals("floor"))
        .singleElement()
        .satisfies(f -> assertThat(f.text()).contains("is 0 in country = FR", "at least 0.5"));
    assertThat(codes(decide(binary(), rows, "{\"slice(country=DE).recall\": 0.5}")))
        .doesNotContain("floor");
    assertThat(codes(decide(binary(), rows, "{\"slice(country=FR).recall\": 0.5}")))
        .contains("floor");
  }

  @Test
  void severalSlicesAreListedWithTheirFigures() {
    Verdict verdict = decide(binary(), "{\"slice(country).accuracy\": 0.999}");

    assertThat(verdict.findings())
        .filteredOn(f -> f.code().equals("floor"))
        .singleElement()
        .satisfies(f ->
            assertThat(f.text())
                .contains("in 3 of 3 slices", "in country = DE (proven)", "in country = US"));
  }

  @Test
  void aSliceThatTheHoldoutLacksHolds() {
    Verdict verdict = decide(binary(), "{\"slice(country=XX).recall\": 0.1}");

    assertThat(codes(verdict)).containsExactly("floor");
    assertThat(verdict.floors().getFirst().outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(verdict.findings().getFirst().text())
        .isEqualTo(
            "the floor slice(country=XX).recall could not be checked: in country = XX: the holdout"
                + " has no such row");
    assertThat(Verdict.read(verdict.toJson())).isEqualTo(verdict);
  }

  @Test
  void aSliceWithoutPositivesIsSkippedAmongOthersAndHoldsByItself() {
    List<Tables.Row> rows = new ArrayList<>();
    for (Tables.Row r : binary().list()) {
      rows.add(r.country().equals("FR") ? new Tables.Row(r.unit(), "FR", 0, r.predictions()) : r);
    }

    Verdict every = decide(binary(), rows, "{\"slice(country).recall\": 0.1}");
    Verdict one = decide(binary(), rows, "{\"slice(country=FR).recall\": 0.1}");

    assertThat(every.floors().get(1).outcome()).isEqualTo(Outcome.SKIPPED);
    assertThat(codes(every)).doesNotContain("floor");
    assertThat(String.join("\n", every.sentences()))
        .contains("Floors did not judge recall (0.5) in country = FR (the figure is not defined");
    assertThat(codes(one)).contains("floor");
    assertThat(one.floors().getFirst().outcome()).isEqualTo(Outcome.UNKNOWN);
  }

  @Test
  void fewRowsAreSkippedAmongOtherSlicesAndAllOfThemHold() {
    List<Tables.Row> few = new ArrayList<>();
    List<Tables.Row> each = new ArrayList<>();
    for (Tables.Row r : binary().list()) {
      few.add(
          new Tables.Row(
              r.unit(),
              few.size() < FloorGuard.FEW - 1 ? "LU" : r.country(),
              r.actual(),
              r.predictions()));
      each.add(new Tables.Row(r.unit(), "c" + each.size() / 2, r.actual(), r.predictions()));
    }

    Verdict some = decide(binary(), few, "{\"slice(country).accuracy\": 0.1}");
    Verdict none = decide(binary(), each, "{\"slice(country).accuracy\": 0.1}");

    assertThat(some.floors())
        .filteredOn(r -> r.outcome() == Outcome.SKIPPED)
        .singleElement()
        .satisfies(r -> assertThat(r.value()).contains("LU"));
    assertThat(codes(some)).doesNotContain("floor");
    assertThat(codes(none)).contains("floor");
    assertThat(none.findings())
        .filteredOn(f -> f.code().equals("floor"))
        .singleElement()
        .satisfies(f -> assertThat(f.text()).contains("could not be checked", "145 more"));
  }

  @Test
  void aFloorOfAForecastAndOneThatItsRowsCannotHave() {
    Holdouts holdouts = new Holdouts();
    holdouts.championError = 0.8;
    Verdict met =
        Gate.decide(
            holdouts.build(),
            policy("poisson_deviance", "{\"wape\": 0.9, \"slice(market).wape\": 0.9}"),
            History.NONE,
            7);
    Verdict missed =
        Gate.decide(
            holdouts.build(), policy("poisson_deviance", "{\"wape\": 0.1}"), History.NONE, 7);
    Verdict zeros =
        Gate.decide(
            holdouts.build(),
            policy("poisson_deviance", "{\"tweedie_deviance(2)\": 5}"),
            History.NONE,
            7);

    assertThat(met.promotes()).as("%s", met.sentences()).isTrue();
    assertThat(met.floors()).hasSize(4);
    assertThat(codes(missed)).containsExactly("floor");
    assertThat(codes(zeros)).containsExactly("floor");
    assertThat(zeros.findings().getFirst().text()).contains("every actual value must be positive");
  }

  @Test
  void withoutFloorsAVerdictSaysNothingOfThem() {
    Verdict verdict =
        Gate.decide(binary().build(), GatePolicy.of(new Metric.LogLoss()), History.NONE, 7);

    assertThat(verdict.floors()).isEmpty();
    assertThat(verdict.toJson().has("floors")).isFalse();
    assertThat(verdict.policy().toJson().has("floors")).isFalse();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"recal\": 0.9}",
        "{\"recall\": \"90%\"}",
        "{\"recall\": -0.1}",
        "{\"recall\": 1.1}",
        "{\"logloss\": -1}",
        "{\"logloss\": \"NaN\"}",
        "{\"recall\": 0.9, \"recall(0.5)\": 0.9}",
        "{\"slice(country)f1\": 0.9}",
        "{\"slice().f1\": 0.9}",
        "{\"recall\": null}",
        "[]",
        "{}"
      })
  void aWrongFloorIsRefused(String floors) {
    assertThatThrownBy(() -> policy("logloss", floors))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-8001")
        .hasMessageContaining("gate.floors is ");
  }

  @ParameterizedTest
  @CsvSource({
    "slice(region).recall, is not a slice column",
    "wape, does not judge what models of the task binary predict",
    "loss, the team's own evaluation writes"
  })
  void aFloorThatDoesNotFitTheRowsIsRefused(String name, String why) {
    assertThatThrownBy(() -> decide(binary(), "{\"%s\": 0.5}".formatted(name)))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-8001")
        .hasMessageContaining(why);
  }

  @Test
  void aPolicyKeepsItsFloorsInJsonAndTags() {
    GatePolicy policy =
        policy("logloss", "{\"slice(country=a).b)).f1(0.3)\": 0.7, \"recall\": 1, \"logloss\": 2}");

    assertThat(GatePolicy.parse(policy.toJson())).isEqualTo(policy);
    assertThat(policy.get(GatePolicy.FLOORS)).hasSize(3);
    assertThat(policy.get(GatePolicy.FLOORS).getLast().value()).contains("a).b)");
    assertThat(policy.texts())
        .containsEntry(
            "floors", "{\"logloss\":2.0,\"recall\":1.0,\"slice(country=a).b)).f1(0.3)\":0.7}");
    assertThat(policy.forTask(Task.BINARY).get(GatePolicy.FLOORS))
        .isEqualTo(policy.get(GatePolicy.FLOORS));
  }
}
