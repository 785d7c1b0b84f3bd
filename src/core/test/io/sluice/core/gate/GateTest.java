package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GatePolicy.OnDrift;
import io.sluice.core.json.Json;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class GateTest {
  private static final GatePolicy POLICY = GatePolicy.of(new Metric.PoissonDeviance());

  private final Holdouts holdouts = new Holdouts();

  @Test
  void aClearlyBetterCandidateIsPromoted() {
    holdouts.championError = 0.8;

    Verdict verdict = decide();

    assertThat(verdict.findings()).isEmpty();
    assertThat(verdict.decision()).isEqualTo(Decision.PROMOTE);
    assertThat(verdict.sentences().get(0)).startsWith("PROMOTE: xgboost replaces the champion. ");
  }

  @Test
  void aClearlyWorseOneIsHeldAsWorse() {
    holdouts.candidateError = 0.9;

    assertThat(decide().reason()).contains(Reason.WORSE);
  }

  @Test
  void theChampionItselfIsInconclusive() {
    List<Holdouts.Row> rows =
        holdouts.list().stream()
            .map(r -> r.withPredictions(r.predictions()[1], r.predictions()[1], 1))
            .toList();

    Verdict verdict = Gate.decide(holdouts.build(rows), POLICY, History.NONE, 1);

    assertThat(verdict.reason()).contains(Reason.INCONCLUSIVE);
    assertThat(verdict.tests().get(0).improvement()).contains(0.0);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theOrderOfRowsChangesNoByte(long order) {
    Verdict straight = decide();

    Verdict shuffled = Gate.decide(holdouts.shuffled(order), POLICY, History.NONE, 7);

    assertThat(Json.write(shuffled.toJson())).isEqualTo(Json.write(straight.toJson()));
  }

  @Test
  void scalingAllWeightsChangesNoTest() {
    holdouts.championError = 0.3;
    List<Holdouts.Row> scaled = holdouts.list().stream().map(r -> r.withWeight(4)).toList();

    Verdict verdict = Gate.decide(holdouts.build(scaled), POLICY, History.NONE, 7);

    assertThat(verdict.tests()).isEqualTo(decide().tests());
    assertThat(verdict.slices()).isEqualTo(decide().slices());
  }

  @Test
  void aBiasedCandidateIsHeldByTheGuard() {
    holdouts.championError = 1.2;
    holdouts.candidateLevel = 0.7;
    holdouts.championLevel = 0.5;

    Verdict verdict = decide();

    assertThat(verdict.reason()).contains(Reason.GUARD);
    assertThat(verdict.sentences().get(0)).startsWith("HOLD (guard): xgboost does not replace");
    assertThat(verdict.sentences().get(1))
        .startsWith("Why: in total the forecasts of xgboost are ")
        .contains("too low (bias -0.", "What would lift it");
  }

  @Test
  void aBiasNotMuchAboveTheChampionsPasses() {
    holdouts.candidateLevel = 1.25;
    holdouts.candidateError = 0.05;
    holdouts.championLevel = 1.6;
    holdouts.championError = 0.05;

    assertThat(decide().decision()).isEqualTo(Decision.PROMOTE);
  }

  @Test
  void aProvenRegressionOfOneSliceHolds() {
    holdouts.championError = 0.8;
    List<Holdouts.Row> rows =
        holdouts.list().stream()
            .map(r ->
                r.market().equals("FR")
                    ? r.withPredictions(r.predictions()[1] * 1.5, r.predictions()[1], 1)
                    : r)
            .toList();

    Verdict verdict = Gate.decide(holdouts.build(rows), POLICY, History.NONE, 1);

    assertThat(verdict.findings()).extracting(Verdict.Finding::code).contains("slice");
    assertThat(verdict.slices().stream().filter(Verdict.Slice::regression))
        .extracting(Verdict.Slice::value)
        .containsExactly("FR");
  }

  @ParameterizedTest
  @ValueSource(doubles = {Double.NaN, Double.POSITIVE_INFINITY, -0.1})
  void unusablePredictionsMakeACandidateIneligible(double bad) {
    holdouts.championError = 0.8;
    List<Holdouts.Row> rows = holdouts.list();
    rows.get(5).predictions()[0] = bad;

    Verdict verdict = Gate.decide(holdouts.build(rows), POLICY, History.NONE, 1);

    assertThat(verdict.reason()).contains(Reason.GUARD);
    assertThat(verdict.findings()).extracting(Verdict.Finding::code).containsExactly("predictions");
    assertThat(Verdict.parse(verdict.toJson())).isEqualTo(verdict);
  }

  @Test
  void zeroForecastsAreFlooredNotRefused() {
    List<Holdouts.Row> rows = holdouts.list();
    rows.get(5).predictions()[0] = 0;

    assertThat(Gate.decide(holdouts.build(rows), POLICY, History.NONE, 1).tests()).hasSize(1);
  }

  @Test
  void fewUnitsAreInsufficient() {
    holdouts.units = 99;
    holdouts.championError = 0.8;

    assertThat(decide().reason()).contains(Reason.INSUFFICIENT);
    assertThat(decide().findings()).extracting(Verdict.Finding::code).containsExactly("units");
  }

  @Test
  void oneUnitThatDominatesIsInsufficient() {
    List<Holdouts.Row> rows =
        holdouts.list().stream()
            .map(r -> r.withWeight(r.unit().equals("unit-3") ? 500 : 1))
            .toList();

    Verdict verdict = Gate.decide(holdouts.build(rows), POLICY, History.NONE, 1);

    assertThat(verdict.findings()).extracting(Verdict.Finding::code).contains("topUnit");
    assertThat(verdict.data().topUnit()).contains("unit-3");
  }

  @Test
  void missingRowsAreInsufficient() {
    holdouts.championError = 0.8;
    holdouts.evaluation = new Holdouts.Report(Holdouts.START);
    holdouts.evaluation.expectedRows = Optional.of(1801L);

    assertThat(decide().data().missingRows()).isEqualTo(1);
    assertThat(decide().reason()).contains(Reason.INSUFFICIENT);
  }

  @Test
  void fewPeriodsMakeTheVerdictConditionalAndItSaysWhatThatCosts() {
    holdouts.weeks = 3;
    holdouts.championError = 0.8;

    Verdict verdict = decide();

    assertThat(verdict.conditional()).isTrue();
    assertThat(verdict.tests().get(0).twoWay()).isPresent();
    assertThat(String.join(" ", verdict.sentences()))
        .contains("With 3 target periods", "conditional on this window", "9 of 100 candidates");
  }

  @Test
  void fourPeriodsAreEnoughAndOneTellsNothingOfPeriods() {
    holdouts.championError = 0.8;
    holdouts.weeks = 4;
    assertThat(decide().conditional()).isFalse();

    holdouts.weeks = 1;
    assertThat(decide().conditional()).isTrue();
    assertThat(decide().tests().get(0).twoWay()).isEmpty();
  }

  @Test
  void weeksThatAllUnitsShareDoNotPromote() {
    // the champion is 3 times too high in two weeks of four, and as good as the candidate else
    holdouts.weeks = 4;
    holdouts.units = 400;
    List<Holdouts.Row> rows =
        holdouts.list().stream()
            .map(r ->
                r.withPredictions(
                    r.predictions()[0],
                    r.predictions()[1] * (r.week() < 2 ? 3 : 1),
                    r.predictions()[2]))
            .toList();

    Verdict verdict = Gate.decide(holdouts.build(rows), POLICY, History.NONE, 7);

    assertThat(verdict.tests().get(0).p()).isLessThan(0.01);
    assertThat(verdict.reason()).contains(Reason.INCONCLUSIVE);
    assertThat(verdict.sentences().get(1))
        .contains("errors that all units share in a period", "proven 8 times in 10");
  }

  @Test
  void aBiasThatCouldBeNoiseIsToldAndDoesNotHold() {
    // one unit in ten has anything in its only good week: the total itself is noise
    holdouts.championError = 1.2;
    holdouts.candidateLevel = 0.7;
    List<Holdouts.Row> rows =
        holdouts.list().stream()
            .map(r ->
                r.withActual(r.week() == 3 ? r.actual() * 6 : r.actual())
                    .withPredictions(
                        r.predictions()[0], r.predictions()[1] * 0.1, r.predictions()[2]))
            .toList();
    GatePolicy alone = POLICY.with(GatePolicy.BIAS_SLACK, 0.0).with(GatePolicy.BIAS, 0.2);

    Verdict verdict = Gate.decide(holdouts.build(rows), alone, History.NONE, 7);

    Verdict.Bias bias = verdict.bias().orElseThrow();
    assertThat(bias.value()).isLessThan(-0.2);
    assertThat(bias.proven()).isFalse();
    assertThat(verdict.findings()).extracting(Verdict.Finding::code).doesNotContain("bias");
  }

  @Test
  void aFirstRunMayBeAsBiasedAsTheBaselineItBeats() {
    holdouts.champion = false;
    holdouts.candidateLevel = 1.45;
    holdouts.candidateError = 0.05;

    Verdict verdict = decide();

    // the baseline's errors make its total about half too high
    assertThat(verdict.bias().orElseThrow().value()).isGreaterThan(0.4);
    assertThat(verdict.bias().orElseThrow().allowed()).isGreaterThan(0.45);
    assertThat(verdict.findings()).extracting(Verdict.Finding::code).doesNotContain("bias");
  }

  @Test
  void aFirstRunMustBeatTheBaseline() {
    holdouts.champion = false;

    Verdict verdict = decide();

    assertThat(verdict.reference()).contains("baseline:rate");
    assertThat(verdict.sentences().get(0))
        .startsWith(
            "PROMOTE: xgboost becomes the first champion. A first champion must be proven more"
                + " than 1% better than the baseline rate, and xgboost is.");
  }

  @Test
  void theSameRowsAreNotAskedTwice() {
    holdouts.championError = 0.8;
    Verdict first = decide();
    History history = new History(List.of(History.PastGate.of("r1", Holdouts.START, first)));

    Verdict again = Gate.decide(holdouts.build(), POLICY, history, 7);

    assertThat(again.reason()).contains(Reason.INSUFFICIENT);
    assertThat(again.data().newRows()).isZero();
    assertThat(History.parse(history.toJson())).isEqualTo(history);
  }

  @Test
  void aQuarterOfNewRowsIsEnough() {
    holdouts.championError = 0.8;
    holdouts.weeks = 9;
    Verdict first = decide();
    holdouts.weeks = 12;

    Verdict later =
        Gate.decide(
            holdouts.build(),
            POLICY,
            new History(List.of(History.PastGate.of("r1", Holdouts.START, first))),
            7);

    assertThat(later.data().newRowShare()).isCloseTo(0.25, within(1e-12));
    assertThat(later.decision()).isEqualTo(Decision.PROMOTE);
  }

  @Test
  void spendingAsksForStrongerProofWithEveryLook() {
    GatePolicy spend =
        GatePolicy.parse(Json.parse("{\"metric\":\"poisson_deviance\",\"repetition\":\"spend\"}"));
    Verdict first = Gate.decide(holdouts.build(), spend, History.NONE, 7);
    History history = new History(List.of(History.PastGate.of("r1", Holdouts.START, first)));

    Verdict second = Gate.decide(holdouts.build(), spend, history, 7);

    assertThat(first.tests().get(0).level())
        .isCloseTo(0.05 * 6 / (Math.PI * Math.PI), within(1e-12));
    assertThat(second.tests().get(0).level())
        .isCloseTo(first.tests().get(0).level() / 4, within(1e-12));
  }

  @Test
  void aStaleChampionYieldsToAFreshEqual() {
    Instant now = Holdouts.START.plus(Duration.ofDays(200));
    holdouts.candidateError = 0.1;
    holdouts.championError = 0.1;
    holdouts.units = 1500;
    holdouts.evaluation = new Holdouts.Report(now);
    holdouts.evaluation.candidateNewestLabel = Optional.of(now.minus(Duration.ofDays(10)));
    holdouts.evaluation.championNewestLabel = Optional.of(now.minus(Duration.ofDays(110)));

    Verdict verdict = decide();

    assertThat(verdict.basis()).isEqualTo(Verdict.Basis.NON_INFERIORITY);
    assertThat(verdict.decision()).isEqualTo(Decision.PROMOTE);
  }

  @Test
  void aCandidateThatIsBetterThanAStaleChampionIsPromotedAsBetter() {
    holdouts.championError = 0.8;
    stale();

    Verdict verdict = decide();

    assertThat(verdict.labels().stale()).isTrue();
    assertThat(verdict.basis()).isEqualTo(Verdict.Basis.SUPERIORITY);
    assertThat(verdict.sentences().get(0)).startsWith("PROMOTE: xgboost replaces the champion. ");
    assertThat(verdict.tests()).extracting(Verdict.Test::threshold).containsExactly(0.01, -0.05);
  }

  @Test
  void aStaleChampionThatIsProvenBetterStays() {
    holdouts.candidateError = 0.24;
    holdouts.championError = 0.05;
    holdouts.units = 1500;
    stale();
    GatePolicy wide = POLICY.with(GatePolicy.NON_INFERIORITY, 0.5);

    Verdict verdict = Gate.decide(holdouts.build(), wide, History.NONE, 7);

    assertThat(verdict.tests().get(1).proven()).isTrue();
    assertThat(verdict.reason()).contains(Reason.WORSE);
  }

  @Test
  void aStaleChampionThatIsProvenBetterStaysWhereNoSliceIsLookedAt() {
    holdouts.candidateError = 0.24;
    holdouts.championError = 0.05;
    holdouts.units = 1500;
    stale();
    GatePolicy wide =
        POLICY.with(GatePolicy.NON_INFERIORITY, 0.5).with(GatePolicy.SLICES, List.of());

    Verdict verdict = Gate.decide(holdouts.build(), wide, History.NONE, 7);

    assertThat(verdict.tests().get(1).proven()).isTrue();
    assertThat(verdict.findings()).extracting(Verdict.Finding::code).containsExactly("worse");
  }

  private void stale() {
    Instant now = Holdouts.START.plus(Duration.ofDays(200));
    holdouts.evaluation = new Holdouts.Report(now);
    holdouts.evaluation.candidateNewestLabel = Optional.of(now.minus(Duration.ofDays(10)));
    holdouts.evaluation.championNewestLabel = Optional.of(now.minus(Duration.ofDays(110)));
  }

  @Test
  void theGainOnRowsTheChampionNeverSawIsReported() {
    Instant until = Holdouts.START.plus(Holdouts.WEEK.multipliedBy(6));
    holdouts.evaluation = new Holdouts.Report(until);
    holdouts.evaluation.championNewestLabel = Optional.of(until);

    assertThat(decide().unseen().orElseThrow().rows()).isEqualTo(6L * holdouts.units);
  }

  @Test
  void aTotalOfZeroIsSaidToBeOutOfTheGuardsSight() {
    GatePolicy alone = POLICY.with(GatePolicy.MIN_POSITIVE_UNITS, 0);
    List<Holdouts.Row> none = holdouts.list().stream().map(r -> r.withActual(0)).toList();

    Verdict verdict = Gate.decide(holdouts.build(none), alone, History.NONE, 7);

    assertThat(verdict.sentences())
        .contains(
            "The actual values sum to zero, so the guard on bias could not look at the total.");
    assertThat(decide().sentences()).noneMatch(s -> s.contains("could not look at the total"));
  }

  @Test
  void aNegativeCountIsRefusedByName() {
    List<Holdouts.Row> rows = holdouts.list();
    Holdouts.Row r = rows.get(0);
    rows.set(0, r.withActual(-1));

    assertThatThrownBy(() -> Gate.decide(holdouts.build(rows), POLICY, History.NONE, 1))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-8004")
        .hasMessageContaining("unit-0");
  }

  /** The same holdout with everything lower: net returns, which may be below zero. */
  private HoldoutRows lowered(double by) {
    return holdouts.build(
        holdouts.list().stream()
            .map(r ->
                r.withActual(r.actual() - by)
                    .withPredictions(Arrays.stream(r.predictions()).map(p -> p - by).toArray()))
            .toList());
  }

  @Test
  void labelsBelowZeroAreJudgedByMetricsOfDifferences() {
    holdouts.championError = 0.9;
    for (Metric.Loss metric :
        List.of(new Metric.MeanAbsoluteError(), new Metric.RootMeanSquaredError())) {
      GatePolicy policy = GatePolicy.of(metric);
      Verdict plain = Gate.decide(holdouts.build(), policy, History.NONE, 1);
      Verdict lower = Gate.decide(lowered(2), policy, History.NONE, 1);

      assertThat(lower.decision()).as(metric.name()).isEqualTo(Decision.PROMOTE);
      // differences are what they were, so is all that is made of them
      assertThat(lower.tests().get(0).p()).isEqualTo(plain.tests().get(0).p());
      assertThat(lower.data().positiveUnits()).isGreaterThan(100);
      assertThat(lower.models()).allMatch(m -> m.unusable() == 0 && m.bias().isPresent());
    }
    assertThat(Gate.decide(lowered(2), GatePolicy.of(new Metric.Pinball(0.9)), History.NONE, 1))
        .extracting(v -> v.models().get(0).unusable())
        .isEqualTo(0L);
    assertThatThrownBy(() -> Gate.decide(lowered(2), POLICY, History.NONE, 1))
        .isInstanceOfSatisfying(
            SluiceException.class,
            e -> {
              assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-8004");
              assertThat(e.diagnostics().getFirst().hint().orElseThrow())
                  .contains("mae, rmse, wape, pinball(0.9)");
            });
  }

  @Test
  void aForecastBelowZeroIsAFaultWhereNoLabelIs() {
    List<Holdouts.Row> rows = holdouts.list();
    Holdouts.Row r = rows.get(0);
    double[] negative = r.predictions().clone();
    negative[0] = -0.5;
    rows.set(0, r.withPredictions(negative));
    GatePolicy mae = GatePolicy.of(new Metric.MeanAbsoluteError());

    assertThat(Gate.decide(holdouts.build(rows), mae, History.NONE, 1).findings())
        .extracting(Verdict.Finding::code)
        .contains("predictions");
    // evaluate saw negative labels on validation
    holdouts.evaluation.negativeLabels = Optional.of(3L);
    assertThat(Gate.decide(holdouts.build(rows), mae, History.NONE, 1).findings())
        .extracting(Verdict.Finding::code)
        .doesNotContain("predictions");
  }

  /** A first holdout whose reference forecasts this for every row. */
  private HoldoutRows against(double constant) {
    holdouts.champion = false;
    return holdouts.build(
        holdouts.list().stream()
            .map(r -> r.withPredictions(r.predictions()[0], constant))
            .toList());
  }

  @Test
  void aFirstGateWhoseBaselineIsAConstantHolds() {
    Verdict verdict = Gate.decide(against(0), POLICY, History.NONE, 1);

    assertThat(verdict.reason()).contains(Reason.INSUFFICIENT);
    assertThat(verdict.findings().get(0).code()).isEqualTo("baseline");
    assertThat(verdict.sentences().get(1))
        .isEqualTo(
            "Why: the baseline rate forecasts 0 for every row, and no other"
                + " baseline does better, so that any model that knows the mean beats it. What"
                + " would lift it: baselines that follow each unit, such as movingAverage, in the"
                + " evaluate stage; units whose earlier labels are in the panel, so that a"
                + " baseline has something to learn from; or a person who has looked at the"
                + " figures: sluice override.");
  }

  @Test
  void aFirstGateOnUnitsWithoutHistoryHolds() {
    holdouts.champion = false;
    holdouts.evaluation.rowsOfHoldout = 1800;
    holdouts.evaluation.withoutHistory = Optional.of(901L);
    assertThat(decide().sentences().get(1))
        .startsWith(
            "Why: the baselines are blind: 901 of 1800 holdout rows belong to units"
                + " without any label before, for which each of them forecasts 0, so that any"
                + " model that knows the mean beats the baseline rate.");

    holdouts.evaluation.withoutHistory = Optional.of(900L);
    assertThat(decide().decision()).isEqualTo(Decision.PROMOTE);
    // a champion is a model: it can win
    holdouts.evaluation.withoutHistory = Optional.of(1800L);
    holdouts.champion = true;
    holdouts.championError = 0.9;
    assertThat(decide().decision()).isEqualTo(Decision.PROMOTE);
  }

  /** One label in 2000 is a hundred: half of the volume; the candidate is too low, not better. */
  private HoldoutRows bulk(int units, int weeks, int inWindow, long earlier) {
    java.util.Random random = new java.util.Random(4);
    List<Holdouts.Row> rows = new java.util.ArrayList<>();
    for (int u = 0; u < units; u++) {
      for (int w = 0; w < weeks; w++) {
        double actual = random.nextDouble() < 0.05 ? 1 : 0;
        if (w == 0 && u < inWindow) {
          actual += 100;
        }
        rows.add(
            new Holdouts.Row(
                "unit-" + u, "DE", w, actual, 1, new double[] {0.08, 0.122474, 0.1 + u % 2}));
      }
    }
    List<Double> largest = new java.util.ArrayList<>();
    for (int i = 0; i < earlier; i++) {
      largest.add(i < earlier / 2000 ? 100.0 : i < earlier / 20 ? 1.0 : 0.0);
    }
    holdouts.evaluation.earlierLabels =
        Optional.of(
            new EvaluationReport.EarlierLabels(
                earlier,
                largest.stream().mapToDouble(v -> v).sum(),
                largest.stream().limit(1000).toList()));
    return holdouts.build(rows);
  }

  @Test
  void aGainThatWouldNotStandWithItsShareOfRareLargeValuesHolds() {
    Verdict verdict = Gate.decide(bulk(300, 4, 0, 20_000), POLICY, History.NONE, 1);

    assertThat(verdict.tests().get(0).proven()).isTrue();
    assertThat(verdict.findings()).extracting(Verdict.Finding::code).containsExactly("rareValues");
    assertThat(verdict.sentences().get(1))
        .startsWith(
            "Why: 10 of 20000 earlier labels were 100 or more and made 50.3% of"
                + " the total; the holdout should hold 0.6 and holds none; with the missing ones"
                + " put in, chance would show the gain in ");
    assertThat(verdict.rareValues().orElseThrow().expected()).isEqualTo(0.6);
    assertThat(verdict.rareValues().orElseThrow().stands()).isFalse();

    // a policy that wants to know only
    Verdict told =
        Gate.decide(
            bulk(300, 4, 0, 20_000),
            POLICY.with(GatePolicy.RARE_VALUES, GatePolicy.RareValues.TELL),
            History.NONE,
            1);
    assertThat(told.decision()).isEqualTo(Decision.PROMOTE);
    assertThat(String.join(" ", told.sentences()))
        .contains("the holdout should hold 0.6 and holds none, so how well the models forecast");
  }

  @Test
  void aGainOfAWindowThatHoldsItsShareStands() {
    // without earlier labels nothing is known, with one such row the window has its share
    holdouts.champion = true;
    holdouts.championError = 0.9;
    holdouts.evaluation.earlierLabels = Optional.empty();
    assertThat(decide().rareValues()).isEmpty();

    bulk(2, 2, 0, 20_000);
    Verdict usual = decide();
    assertThat(usual.decision()).isEqualTo(Decision.PROMOTE);
    assertThat(usual.rareValues().orElseThrow().stands()).isTrue();
    Verdict held = Gate.decide(bulk(300, 4, 1, 20_000), POLICY, History.NONE, 1);
    assertThat(held.rareValues().orElseThrow().shortfall()).isZero();
    assertThat(held.findings()).extracting(Verdict.Finding::code).doesNotContain("rareValues");
  }

  @Test
  void aKeyThatComesTwiceIsRefused() {
    List<Holdouts.Row> rows = holdouts.list();
    rows.add(rows.get(0));

    assertThatThrownBy(() -> holdouts.build(rows)).hasMessageContaining("SLU-8003");
  }

  @Test
  void aPolicyTellsAllItsFaultsAtOnce() {
    assertThatThrownBy(() ->
            GatePolicy.parse(
                Json.parse(
                    "{\"metric\":\"bias\",\"confidence\":\"195%\",\"min_units\":3,\"guards\":{\"bais\":1}}")))
        .isInstanceOfSatisfying(
            SluiceException.class,
            e -> {
              assertThat(e.diagnostics()).hasSize(4);
              assertThat(e.diagnostics().toString()).contains("did you mean \"minUnits\"");
            });
  }

  @Test
  void aPolicyReadsBackAsWritten() {
    GatePolicy policy =
        GatePolicy.parse(
            Json.parse(
                "{\"metric\":\"pinball(0.9)\",\"minImprovement\":\"2.5%\",\"staleAfter\":\"12w\",\"candidates\":\"all\",\"slices\":[\"market\"]}"));

    assertThat(policy.get(GatePolicy.MIN_IMPROVEMENT)).isEqualTo(0.025);
    assertThat(policy.get(GatePolicy.STALE_AFTER)).isEqualTo(Duration.ofDays(84));
    assertThat(GatePolicy.parse(policy.toJson())).isEqualTo(policy);
  }

  @Test
  void theVerdictSurvivesJson() {
    Verdict verdict = decide();

    assertThat(Verdict.parse(Json.parse(Json.pretty(verdict.toJson())))).isEqualTo(verdict);
    assertThatThrownBy(() -> Verdict.parse(Json.object())).hasMessageContaining("SLU-8006");
  }

  private Verdict decide() {
    return Gate.decide(holdouts.build(), POLICY, History.NONE, 7);
  }

  @Test
  void theVerdictSaysWhichFamiliesMetWhoWasPickedAndWhy() {
    holdouts.championError = 0.8;
    holdouts.evaluation = new Holdouts.Report(Holdouts.START);
    holdouts.evaluation.others =
        List.of(
            Holdouts.Report.family(
                "deep",
                Optional.empty(),
                Optional.empty(),
                Optional.of(new EvaluationReport.Ineligibility("SLU-7502", "it was lost: so"))),
            Holdouts.Report.family(
                "linear", Optional.of(1.25), Optional.empty(), Optional.empty()));

    Verdict verdict = decide();

    assertThat(verdict.families()).hasSize(3);
    assertThat(verdict.sentences().get(1))
        .startsWith("Of 3 families 2 have a candidate; Poisson deviance on validation: linear 1.25")
        .contains("xgboost 1.12 (on the holdout ", "xgboost was picked as the best there, and it");
    assertThat(verdict.sentences().get(2)).isEqualTo("The family deep is out: it was lost: so.");
    assertThat(Verdict.parse(verdict.toJson())).isEqualTo(verdict);
  }

  private static final EvaluationReport.Unaudited HOLIDAY =
      new EvaluationReport.Unaudited(
          EvaluationReport.Check.SNAPSHOT,
          "the channel `holiday`",
          "the snapshot has no column `holiday`",
          false);

  @Test
  void whatCouldNotBeAuditedHoldsWhereTheAuditIsRequired() {
    holdouts.championError = 0.8;
    holdouts.evaluation.unaudited = List.of(HOLIDAY);

    Verdict verdict =
        Gate.decide(holdouts.build(), POLICY.with(GatePolicy.REQUIRE_AUDIT, true), History.NONE, 7);

    assertThat(verdict.reason()).contains(Reason.INSUFFICIENT);
    assertThat(verdict.sentences().get(1))
        .startsWith(
            "Why: the audit for leaks could not look at the channel `holiday` (the"
                + " snapshot has no column `holiday`). What would lift it: ");
    assertThat(verdict.sentences()).noneMatch(s -> s.startsWith("Not audited"));
    assertThat(verdict.unauditedInWords()).isPresent();
  }

  @Test
  void whatCouldNotBeAuditedIsToldInTheFirstSentenceWhereItIsNotRequired() {
    holdouts.championError = 0.8;
    holdouts.evaluation.unaudited = List.of(HOLIDAY);

    Verdict verdict = decide();

    assertThat(verdict.decision()).isEqualTo(Decision.PROMOTE);
    assertThat(verdict.sentences())
        .startsWith(
            "PROMOTE: xgboost replaces the champion. It had to be proven more than 1% better than"
                + " the champion, and it is. Part of the audit for leaks could not be made (1"
                + " check).",
            "Not audited for leaks: the channel `holiday` (the snapshot has no column `holiday`).");
    assertThat(Verdict.parse(verdict.toJson())).isEqualTo(verdict);
  }

  @Test
  void aChannelThatTheSpecCallsDerivedIsToldAndDoesNotHold() {
    holdouts.championError = 0.8;
    holdouts.evaluation.unaudited =
        List.of(
            new EvaluationReport.Unaudited(HOLIDAY.check(), HOLIDAY.what(), HOLIDAY.why(), true));

    Verdict verdict =
        Gate.decide(holdouts.build(), POLICY.with(GatePolicy.REQUIRE_AUDIT, true), History.NONE, 7);

    assertThat(verdict.decision()).isEqualTo(Decision.PROMOTE);
    assertThat(verdict.sentences().get(1)).startsWith("Not audited for leaks: the channel");
  }

  @ParameterizedTest
  @EnumSource(DriftStatus.class)
  void aGateThatHoldsOnDriftPromotesOnlyWhatWasSeenToBeStable(DriftStatus drift) {
    holdouts.championError = 0.8;
    holdouts.evaluation.drift = Optional.of(new GateContext.Drift(drift, "as measured"));

    Verdict verdict =
        Gate.decide(
            holdouts.build(), POLICY.with(GatePolicy.ON_DRIFT, OnDrift.HOLD), History.NONE, 7);

    assertThat(verdict.promotes()).isEqualTo(drift == DriftStatus.STABLE);
    assertThat(verdict.findings())
        .extracting(Verdict.Finding::reason)
        .containsExactlyElementsOf(
            switch (drift) {
              case STABLE -> List.of();
              case DRIFTED -> List.of(Reason.GUARD);
              case UNKNOWN -> List.of(Reason.INSUFFICIENT);
            });
  }

  @Test
  void aFirstRunHasNothingToDriftFrom() {
    holdouts.champion = false;
    holdouts.candidateError = 0.1;

    assertThat(
            Gate.decide(
                    holdouts.build(),
                    POLICY.with(GatePolicy.ON_DRIFT, OnDrift.HOLD),
                    History.NONE,
                    7)
                .promotes())
        .isTrue();
  }

  @Test
  void aCandidateFarBetterOnTheHoldoutThanValidationForetellsIsHeld() {
    holdouts.championError = 0.8;
    // on the holdout both are as they were; on validation the candidate was as bad as the baseline
    holdouts.evaluation.candidateValidationLoss = 3.0;

    Verdict verdict = decide();

    assertThat(verdict.reason()).contains(Reason.GUARD);
    assertThat(verdict.findings()).extracting(Verdict.Finding::code).containsExactly("tooGood");
    double its = model(verdict, "candidate:xgboost");
    double baselines = model(verdict, "baseline:rate");
    assertThat(verdict.sentences().get(1))
        .startsWith(
            "Why: the loss of xgboost on the holdout is "
                + Figures.percent((its / 3.0) / (baselines / 3.0))
                + " of what validation foretells");
    assertThat(
            Gate.decide(holdouts.build(), POLICY.with(GatePolicy.TOO_GOOD, 0.0), History.NONE, 7)
                .promotes())
        .isTrue();
  }

  private static double model(Verdict verdict, String name) {
    return verdict.models().stream()
        .filter(m -> m.name().equals(name))
        .findFirst()
        .flatMap(Verdict.Model::value)
        .orElseThrow();
  }

  @Test
  void aWindowThatIsEasyForEveryoneIsNotTooGood() {
    holdouts.championError = 0.8;
    // both lose three times as much on validation as on the holdout
    holdouts.evaluation.candidateValidationLoss = 3.4;
    holdouts.evaluation.baselineValidationLoss = Optional.of(9.0);

    assertThat(decide().promotes()).isTrue();
  }

  @Test
  void whetherItIsTooGoodIsUnauditedWhenNobodyCanTell() {
    holdouts.championError = 0.8;
    holdouts.evaluation.baselineValidationLoss = Optional.empty();

    assertThat(decide().unaudited())
        .extracting(EvaluationReport.Unaudited::sentence)
        .containsExactly(
            "whether xgboost is too good on the holdout for what it does on validation (a loss of"
                + " it or of the baseline on one of the two is unknown or zero)");
    assertThat(
            Gate.decide(
                    holdouts.build(), POLICY.with(GatePolicy.REQUIRE_AUDIT, true), History.NONE, 7)
                .reason())
        .contains(Reason.INSUFFICIENT);
  }

  @Test
  void theVerdictSaysHowFarBehindAFamilyIsThatWasPreferredForBeingSimpler() {
    holdouts.championError = 0.8;
    holdouts.evaluation = new Holdouts.Report(Holdouts.START);
    holdouts.evaluation.behind = Optional.of(new EvaluationReport.Behind(0.031, 0.045));
    EvaluationReport.Family ahead =
        Holdouts.Report.family("deep", Optional.of(1.09), Optional.empty(), Optional.empty());
    holdouts.evaluation.others = List.of(ahead.with(new EvaluationReport.Behind(0, 0)));

    Verdict verdict = decide();

    assertThat(verdict.sentences().get(1))
        .contains(
            "xgboost was picked as the simplest of those that are within one standard error of the"
                + " best there, deep: it loses 3.1% more (standard error 4.5%), and it alone meets"
                + " the gate");
    assertThat(Verdict.parse(verdict.toJson())).isEqualTo(verdict);

    holdouts.evaluation.behind = Optional.of(new EvaluationReport.Behind(0, 0));
    holdouts.evaluation.others = List.of(ahead.with(new EvaluationReport.Behind(0.08, 0.02)));
    assertThat(decide().sentences().get(1))
        .contains(
            "xgboost was picked as the best there; deep loses 8% more (standard error 2%), and it");
  }
}
