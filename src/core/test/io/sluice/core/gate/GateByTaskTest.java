package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a gate asks of holdouts of tables. */
class GateByTaskTest {
  private static GatePolicy policy(String metric) {
    return GatePolicy.of(Metric.Loss.named(metric).orElseThrow());
  }

  private static Verdict decide(Tables tables) {
    return decide(tables, tables.build());
  }

  private static Verdict decide(Tables tables, HoldoutRows rows) {
    return Gate.decide(rows, policy(tables.metric), History.NONE, 7);
  }

  private static List<String> codes(Verdict verdict) {
    return verdict.findings().stream().map(Verdict.Finding::code).toList();
  }

  @ParameterizedTest
  @CsvSource({
    "BINARY, logloss",
    "BINARY, auc",
    "BINARY, average_precision",
    "BINARY, f1(0.5)",
    "BINARY, brier",
    "BINARY, accuracy",
    "BINARY, balanced_accuracy",
    "MULTICLASS, logloss",
    "MULTICLASS, accuracy",
    "MULTICLASS, brier",
    "MULTICLASS, auc",
    "MULTICLASS, balanced_accuracy",
    "REGRESSION, rmse",
    "REGRESSION, mae",
    "REGRESSION, r2"
  })
  void aModelThatKnowsTheRowsBecomesChampionAndReplacesOne(Task task, String metric) {
    for (boolean first : new boolean[] {true, false}) {
      Tables tables = new Tables(task, metric);
      tables.rows = 600;
      tables.champion = 0;
      tables.candidateOnValidation = Optional.empty();
      tables.first = first;
      Verdict verdict = decide(tables);
      assertThat(verdict.promotes()).as("%s", verdict.sentences()).isTrue();
    }
  }

  @Test
  void aModelThatKnowsNoRowButTheLevelIsHeldOnAFirstGate() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.level = 0.4; // 58% are positive, and the training had 5%
    tables.baseline = 0.05;
    Random random = new Random(3);
    List<Tables.Row> rows =
        tables.list().stream().map(r -> r.with(0, 0.55 + 0.02 * random.nextGaussian())).toList();

    Verdict verdict = decide(tables, tables.build(rows));

    assertThat(verdict.tests().getFirst().proven()).isTrue();
    assertThat(codes(verdict)).containsExactly("bestConstant");
    assertThat(verdict.findings().getFirst().text())
        .contains("for every row would have been as good or better");
  }

  @ParameterizedTest
  @CsvSource({"true", "false"})
  void aConstantIsAlwaysHeld(boolean first) {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.first = first;
    tables.champion = -2; // far worse than any constant
    tables.baseline = 0.9;
    List<Tables.Row> rows = tables.list().stream().map(r -> r.with(0, 0.42)).toList();

    Verdict verdict = decide(tables, tables.build(rows));

    assertThat(verdict.tests().getFirst().proven()).isTrue();
    assertThat(codes(verdict)).containsExactly("constant");
    assertThat(verdict.reason()).hasValue(Reason.GUARD);
  }

  @Test
  void againstAChampionAModelHasToMeasureBetterThanTheBestConstant() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.first = false;
    tables.champion = -2;
    Random random = new Random(3);
    List<Tables.Row> rows =
        tables.list().stream().map(r -> r.with(0, 0.3 + 0.4 * random.nextDouble())).toList();

    assertThat(codes(decide(tables, tables.build(rows)))).containsExactly("bestConstant");
  }

  @Test
  void probabilitiesThatDoNotSumToOneAreNamed() {
    Tables tables = new Tables(Task.MULTICLASS, "logloss");
    List<Tables.Row> rows = new ArrayList<>(tables.list());
    rows.set(4, rows.get(4).with(0, 0.5, 0.4, 0.2));

    Verdict verdict = decide(tables, tables.build(rows));

    assertThat(codes(verdict)).contains("predictions");
    assertThat(verdict.findings().toString())
        .contains("1 prediction of forest is missing")
        .contains("or no probabilities that sum to 1, first that of customer-4");
  }

  @Test
  void aProbabilityAboveOneIsNoPrediction() {
    Tables tables = new Tables(Task.BINARY, "auc");
    List<Tables.Row> rows = new ArrayList<>(tables.list());
    rows.set(9, rows.get(9).with(0, 1.5));

    assertThat(decide(tables, tables.build(rows)).findings().toString())
        .contains("or no probabilities, first that of customer-9");
  }

  @Test
  void tooFewRowsOfTheRarestClassHold() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.level = -7;
    Verdict verdict = decide(tables);

    assertThat(codes(verdict)).contains("positiveUnits");
    assertThat(verdict.findings().toString()).contains("a row of the class leaves, the rarest");
    assertThat(verdict.data().rarestClass()).hasValue("leaves");
  }

  @Test
  void onlyNumbersHaveAGuardOnTheirTotal() {
    Tables classes = new Tables(Task.BINARY, "logloss");
    Tables numbers = new Tables(Task.REGRESSION, "rmse");
    List<Tables.Row> low =
        numbers.list().stream().map(r -> r.with(0, r.predictions()[0] * 0.5)).toList();
    numbers.first = true;

    assertThat(decide(classes).bias()).isEmpty();
    assertThat(decide(classes).policy().find(GatePolicy.BIAS)).isEmpty();
    assertThat(codes(decide(numbers, numbers.build(low)))).contains("bias");
    assertThat(String.join(" ", decide(numbers).sentences()))
        .contains("In total its predictions are")
        .doesNotContain("forecast");
  }

  @Test
  void aClassifierMayBeAskedForARightTotal() {
    Tables tables = new Tables(Task.BINARY, "auc");
    List<Tables.Row> high =
        tables.list().stream().map(r -> r.with(0, 0.5 + r.predictions()[0] / 2)).toList();
    GatePolicy policy = policy("auc").with(GatePolicy.BIAS, 0.2);

    assertThat(codes(Gate.decide(tables.build(high), policy, History.NONE, 1))).contains("bias");
    assertThatThrownBy(
            () -> Gate.decide(new Tables(Task.MULTICLASS, "auc").build(), policy, History.NONE, 1))
        .hasMessageContaining("SLU-8001");
  }

  @Test
  void whatOneUnitMayLoseDependsOnWhetherItIsOneRow() {
    Tables single = new Tables(Task.BINARY, "logloss");
    List<Tables.Row> rows = new ArrayList<>(single.list());
    rows.set(0, rows.get(0).with(0, rows.get(0).actual() == 1 ? 1e-16 : 1));
    Verdict alone = decide(single, single.build(rows));
    Tables groups = new Tables(Task.BINARY, "logloss");
    groups.group = 3;
    List<Tables.Row> grouped = new ArrayList<>(groups.list());
    for (int i = 0; i < 3; i++) {
      grouped.set(i, grouped.get(i).with(0, grouped.get(i).actual() == 1 ? 1e-16 : 1));
    }
    Verdict together = decide(groups, groups.build(grouped));

    assertThat(alone.policy().get(GatePolicy.MAX_UNIT_SHARE)).isEqualTo(1.0);
    assertThat(alone.data().topUnitShare().orElseThrow()).isGreaterThan(0.2);
    assertThat(codes(alone)).doesNotContain("topUnit");
    assertThat(together.policy().get(GatePolicy.MAX_UNIT_SHARE)).isEqualTo(0.2);
    assertThat(codes(together)).contains("topUnit");
  }

  @Test
  void rowsWithoutTimeAreSaidToBeSoOnce() {
    Tables timeless = new Tables(Task.BINARY, "logloss");
    Tables timed = new Tables(Task.BINARY, "logloss");
    timed.weeks = 2;
    String without = String.join("\n", decide(timeless).sentences());
    String with = String.join("\n", decide(timed).sentences());

    assertThat(without).containsOnlyOnce("The rows carry no time").doesNotContain("target period");
    assertThat(decide(timeless).conditional()).isFalse();
    assertThat(with).doesNotContain("carry no time").contains("conditional on this holdout");
    assertThat(with).contains("of periods that end from 2026-02-23 to 2026-03-02");
  }

  /** Two models of the same expected loss, each off by an error that all rows of a week share. */
  private static int promotedOfEqual(int weeks, int group) {
    int promoted = 0;
    for (int seed = 0; seed < 60; seed++) {
      Random random = new Random(seed);
      double[] candidate = random.doubles(weeks, -1, 1).toArray();
      double[] champion = random.doubles(weeks, -1, 1).toArray();
      Tables tables = new Tables(Task.REGRESSION, "mae");
      tables.first = false;
      tables.rows = 600;
      tables.group = group;
      tables.weeks = weeks;
      tables.seed = seed;
      tables.candidateOnValidation = Optional.empty();
      List<Tables.Row> rows = new ArrayList<>();
      for (Tables.Row row : tables.list()) {
        int week = rows.size() % weeks;
        double truth = row.predictions()[0];
        rows.add(
            row.with(0, truth + candidate[week] + 0.3 * random.nextGaussian())
                .with(1, truth + champion[week] + 0.3 * random.nextGaussian()));
      }
      promoted += decide(tables, tables.build(rows)).promotes() ? 1 : 0;
    }
    return promoted;
  }

  @ParameterizedTest
  @CsvSource({"4, 1", "8, 1", "8, 3"})
  void errorsThatRowsOfAPeriodShareDoNotPassForAGain(int weeks, int group) {
    // 3 of 60 are nominal; by rows alone it is every fourth
    assertThat(promotedOfEqual(weeks, group)).isLessThanOrEqualTo(7);
  }

  @Test
  void periodsOfATableAreClustersFromFourOn() {
    Tables tables = new Tables(Task.REGRESSION, "rmse");
    tables.candidateOnValidation = Optional.empty();
    tables.weeks = 4;
    Verdict four = decide(tables);
    tables.weeks = 3;
    Verdict three = decide(tables);

    assertThat(four.tests().getFirst().twoWay().orElseThrow().df()).isEqualTo(3);
    assertThat(four.conditional()).isFalse();
    assertThat(String.join("\n", four.sentences())).contains("whole periods share allowed for");
    assertThat(three.tests().getFirst().twoWay()).isEmpty();
    assertThat(three.conditional()).isTrue();
    assertThat(String.join("\n", three.sentences()))
        .contains("With 3 periods (fewer than 4) the verdict is conditional on this holdout")
        .contains("errors that rows of one period share look like a gain")
        .contains("so they are not allowed for")
        .doesNotContain("share allowed for;");
  }

  @Test
  void aPerfectValidationForetellsNothingThatWouldBeTooGood() {
    Tables tables = new Tables(Task.BINARY, "accuracy");
    tables.candidateOnValidation = Optional.of(1.0);
    tables.baselineOnValidation = Optional.of(0.6);
    List<Tables.Row> rows = tables.list().stream().map(r -> r.with(0, r.actual())).toList();

    assertThat(codes(decide(tables, tables.build(rows)))).doesNotContain("tooGood");
    tables.baselineOnValidation = Optional.of(0.999); // the windows differ by far
    assertThat(codes(decide(tables, tables.build(rows)))).doesNotContain("tooGood");
    List<Tables.Row> imperfect = new ArrayList<>(rows);
    imperfect.set(0, imperfect.get(0).with(0, 1 - imperfect.get(0).actual()));
    assertThat(codes(decide(tables, tables.build(imperfect)))).doesNotContain("tooGood");
  }

  @Test
  void rowsOfWeightZeroAreNoRowsToCount() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.weighted = 6;

    Verdict verdict = decide(tables);

    assertThat(verdict.data().units()).isEqualTo(6);
    assertThat(verdict.data().positiveUnits()).isLessThanOrEqualTo(3);
    assertThat(codes(verdict)).contains("units", "positiveUnits");
  }

  @Test
  void rowsOfWhichACoarserSampleHasNoneCountAsSeen() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    HoldoutKeys coarse = new HoldoutKeys.Sample(500_000_000, 40, List.of());
    History history =
        new History(
            List.of(
                new History.PastGate(
                    "run", Tables.AS_OF, Decision.HOLD, Optional.of(Reason.INCONCLUSIVE), coarse)));

    Verdict verdict = Gate.decide(tables.build(), policy("logloss"), history, 1);

    assertThat(verdict.data().newRows()).isZero();
    assertThat(codes(verdict)).contains("newRows");
  }

  @Test
  void aNegativePredictionIsCalledSoWhereTheMetricTakesNone() {
    Tables tables = new Tables(Task.REGRESSION, "poisson_deviance");
    tables.candidateOnValidation = Optional.empty();
    List<Tables.Row> rows = new ArrayList<>(tables.list());
    rows.set(4, rows.get(4).with(0, -1));

    assertThat(decide(tables, tables.build(rows)).findings().toString())
        .contains("or negative, first that of customer-4")
        .doesNotContain("too large");
  }

  @Test
  void rowsThatAnEarlierGateSawAreKnownByTheirNames() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    Verdict before = decide(tables);
    tables.asOf = Tables.AS_OF.plus(Duration.ofDays(7));
    History history = new History(List.of(History.PastGate.of("run", Tables.AS_OF, before)));
    Verdict again =
        Gate.decide(tables.build(), policy("logloss"), History.parse(history.toJson()), 1);
    tables.named = "other-";
    Verdict fresh = Gate.decide(tables.build(), policy("logloss"), history, 1);

    assertThat(again.data().newRows()).isZero();
    assertThat(codes(again)).contains("newRows");
    assertThat(again.data().looks()).isEqualTo(1);
    assertThat(fresh.data().newRowShare()).isEqualTo(1);
  }

  @Test
  void manyRowsAreComparedByASample() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.rows = 20_000;
    HoldoutKeys.Sample half =
        (HoldoutKeys.Sample) HoldoutKeys.of(tables.build(tables.list().subList(0, 10_000)));
    HoldoutKeys.Sample all = (HoldoutKeys.Sample) HoldoutKeys.of(tables.build());
    History history =
        new History(
            List.of(
                new History.PastGate(
                    "run", Tables.AS_OF, Decision.HOLD, Optional.of(Reason.WORSE), all)));

    assertThat(all.seen()).hasSizeLessThanOrEqualTo(HoldoutKeys.SAMPLED);
    assertThat(all.rows()).isEqualTo(20_000);
    assertThat(history.novelty(half, 0.25).share()).isZero();
    History other =
        new History(
            List.of(
                new History.PastGate(
                    "run", Tables.AS_OF, Decision.HOLD, Optional.of(Reason.WORSE), half)));
    assertThat(other.novelty(all, 0.25).share()).isCloseTo(0.5, within(0.06));
    assertThat(HoldoutKeys.parse(all.toJson())).isEqualTo(all);
  }

  @Test
  void tooGoodIsJudgedByWhatChanceBrings() {
    Tables tables = new Tables(Task.BINARY, "accuracy");
    tables.rows = 120;
    tables.validation = 120;
    tables.candidateOnValidation = Optional.of(0.97); // 4 errors
    tables.baselineOnValidation = Optional.of(0.6);
    List<Tables.Row> perfect =
        tables.list().stream().map(r -> r.with(0, 0.01 + 0.98 * r.actual())).toList();
    assertThat(codes(decide(tables, tables.build(perfect)))).doesNotContain("tooGood");

    tables.candidateOnValidation = Optional.of(0.8); // 24 errors
    Verdict seen = decide(tables, tables.build(perfect));
    assertThat(codes(seen)).contains("tooGood");
    assertThat(seen.findings().toString()).contains("chance would bring as little in");
  }

  @Test
  void aPerfectValidationForetellsNothingLess() {
    Tables tables = new Tables(Task.BINARY, "auc");
    tables.candidateOnValidation = Optional.of(1.0);
    tables.baselineOnValidation = Optional.of(0.5);
    Verdict verdict = decide(tables);
    assertThat(verdict.promotes()).as("%s", verdict.sentences()).isTrue();
    assertThat(verdict.unaudited()).isEmpty();
  }

  @Test
  void ofATableWhatTheModelsLearnedFromIsKnownOrItHolds() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.unaudited =
        List.of(
            new EvaluationReport.Unaudited(
                EvaluationReport.Check.MATURITY, "the age of labels", "no `knownAt`", false),
            new EvaluationReport.Unaudited(
                EvaluationReport.Check.TRAINING,
                "what the models learned from: the input `train` of train",
                "it is not a folder with table.json and rows.csv",
                false));
    GatePolicy policy = GatePolicy.of(new Metric.LogLoss());

    Verdict usual = Gate.decide(tables.build(), policy, History.NONE, 7);
    Verdict waived =
        Gate.decide(tables.build(), policy.with(GatePolicy.REQUIRE_AUDIT, false), History.NONE, 7);
    Verdict required =
        Gate.decide(tables.build(), policy.with(GatePolicy.REQUIRE_AUDIT, true), History.NONE, 7);
    tables.unaudited = tables.unaudited.subList(0, 1);
    Verdict known = Gate.decide(tables.build(), policy, History.NONE, 7);

    assertThat(codes(usual)).containsExactly("audit");
    assertThat(usual.findings().getFirst().text())
        .isEqualTo(
            "the audit for leaks could not look at what the models learned from: the input"
                + " `train` of train (it is not a folder with table.json and rows.csv)");
    assertThat(usual.findings().getFirst().lift())
        .contains("evaluate the table", "input `train`", "requireAudit: false");
    assertThat(String.join("\n", usual.sentences())).contains("Not audited for leaks: the age of");
    assertThat(waived.promotes()).isTrue();
    assertThat(codes(required)).containsExactly("audit");
    assertThat(required.findings().getFirst().text()).contains("the age of labels", "learned from");
    assertThat(known.promotes()).isTrue();
  }

  @Test
  void whetherATableIsTooGoodMayBeUnknownUnlessTheAuditIsRequired() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.candidateOnValidation = Optional.empty();
    GatePolicy policy = GatePolicy.of(new Metric.LogLoss());

    assertThat(Gate.decide(tables.build(), policy, History.NONE, 7).promotes()).isTrue();
    assertThat(
            codes(
                Gate.decide(
                    tables.build(), policy.with(GatePolicy.REQUIRE_AUDIT, true), History.NONE, 7)))
        .containsExactly("audit");
  }

  @Test
  void aMetricThatDoesNotJudgeTheRowsIsRefused() {
    Tables tables = new Tables(Task.BINARY, "logloss");

    assertThatThrownBy(() -> Gate.decide(tables.build(), policy("rmse"), History.NONE, 1))
        .hasMessageContaining("SLU-8001")
        .hasMessageContaining("does not judge");
    assertThatThrownBy(() ->
            Gate.decide(
                tables.build(), policy("logloss").forTask(Task.MULTICLASS), History.NONE, 1))
        .hasMessageContaining("the rows are of the task binary");
  }

  @Test
  void aPolicyIsRecordedWithItsTaskInFull() {
    GatePolicy judged = decide(new Tables(Task.BINARY, "logloss")).policy();

    assertThat(judged.texts())
        .containsEntry("task", "binary")
        .containsEntry("minPositiveUnits", "30")
        .containsEntry("maxUnitShare", "1.0")
        .doesNotContainKeys("guards.bias", "rareValues");
    assertThat(GatePolicy.parse(judged.toJson())).isEqualTo(judged);
    assertThat(policy("logloss").texts()).doesNotContainKey("task");
    assertThatThrownBy(
            () -> GatePolicy.parse(Json.object().put("metric", "mae").put("task", "guess")))
        .hasMessageContaining("SLU-8001");
  }

  @Test
  void aSliceOfAScoreIsScoredByItself() {
    Tables tables = new Tables(Task.BINARY, "auc");
    tables.first = false;
    tables.champion = 1;
    // both rank each country alike; the candidate ranks all of FR below all others
    List<Tables.Row> rows =
        tables.list().stream()
            .map(r -> r.country().equals("FR") ? r.with(0, r.predictions()[0] / 1000) : r)
            .toList();
    Verdict verdict = decide(tables, tables.build(rows));

    assertThat(verdict.tests().getFirst().improvement().orElseThrow()).isNegative();
    assertThat(verdict.slices()).hasSize(3);
    verdict
        .slices()
        .forEach(s ->
            assertThat(s.improvement().orElseThrow()).as(s.value()).isCloseTo(0, within(1e-9)));
  }

  @Test
  void aSliceOfOneClassSaysNothing() {
    Tables tables = new Tables(Task.BINARY, "auc");
    List<Tables.Row> rows =
        tables.list().stream()
            .map(r ->
                r.country().equals("FR")
                    ? new Tables.Row(r.unit(), r.country(), 0, r.predictions())
                    : r)
            .toList();
    Verdict.Slice french = decide(tables, tables.build(rows)).slices().get(1);

    assertThat(french.improvement()).isEmpty();
    assertThat(french.regression()).isFalse();
    assertThat(french.p()).isEqualTo(1);
  }

  @Test
  void aLossOfATeamsOwnNeedsNoActual() {
    HoldoutRows.Builder builder =
        HoldoutRows.builder(List.of(), List.of("candidate:xgboost", "champion", "baseline:rate"));
    Random random = new Random(2);
    for (int i = 0; i < 300; i++) {
      double hard = random.nextDouble();
      builder.add(
          "query-" + i,
          List.of(),
          Holdouts.START,
          1,
          Holdouts.START.plus(Holdouts.WEEK),
          Double.NaN,
          1,
          0.6 * hard * random.nextDouble(),
          hard,
          1);
    }
    Holdouts.Report report = new Holdouts.Report(Tables.AS_OF);
    HoldoutRows rows = builder.build(report.report(), report.context());
    Verdict verdict = Gate.decide(rows, policy("loss"), History.NONE, 1);

    assertThat(codes(verdict)).isEmpty();
    assertThat(verdict.data().rows()).isEqualTo(300);
    assertThat(String.join(" ", verdict.sentences()))
        .doesNotContain("bias")
        .contains("the loss of");
  }
}
