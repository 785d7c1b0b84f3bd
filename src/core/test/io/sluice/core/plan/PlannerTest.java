package io.sluice.core.plan;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.check.Checker;
import io.sluice.core.check.Fixtures;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.json.Json;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.SpecParser;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class PlannerTest {
  private static final Digest WHEEL = Digest.of(bytes("the wheel"));
  private static final LockContents LOCKS = path -> Optional.of(bytes("lock " + path));

  private final Spec full = spec("full.yaml");
  private final Plan plan = Planner.base(full, LOCKS, WHEEL);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static Spec spec(String name) {
    return parsed(Fixtures.good(name));
  }

  private static Spec parsed(SourceFile source) {
    var parsed = SpecParser.parse(source);
    assertThat(Checker.check(parsed)).isEmpty();
    return parsed.orThrow();
  }

  private Plan.Stage stage(String name) {
    return plan.stage(new StageName(name));
  }

  private static Plan.Input input(String name, String from, String artifact, boolean optional) {
    return new Plan.Input(name, new StageName(from), artifact, optional);
  }

  @Test
  void stagesComeInAnOrderInWhichTheyCanRun() {
    assertThat(plan.stages().stream().map(s -> s.name().value()))
        .containsExactly(
            "resolve",
            "data-prices",
            "data-returns",
            "preprocess",
            "drift",
            "predict-champion",
            "tune-itransformer",
            "train-itransformer",
            "explain-itransformer",
            "tune-linear",
            "train-linear",
            "explain-linear",
            "tune-xgboost",
            "train-xgboost",
            "evaluate",
            "explain-xgboost",
            "summary",
            "gate",
            "register",
            "promote");
  }

  @Test
  void everyInputIsMadeByAnEarlierStageThatDeclaresIt() {
    for (int i = 0; i < plan.stages().size(); i++) {
      for (Plan.Input in : plan.stages().get(i).inputs()) {
        Plan.Stage producer = plan.stage(in.from());
        assertThat(plan.stages().indexOf(producer)).isLessThan(i);
        if (producer.kind() != Plan.Kind.RESOLVE) {
          assertThat(producer.outputs()).contains(in.artifact());
        }
      }
    }
  }

  @Test
  void driftComparesTheChampionsSnapshotWithTodaysDataAndMayFail() {
    Plan.Stage drift = stage("drift");
    assertThat(drift.kind()).isEqualTo(Plan.Kind.DRIFT);
    assertThat(drift.inputs())
        .containsExactly(
            input("champion", "resolve", "champion/lineage.json", true),
            input("current", "preprocess", "recent", false),
            input("reference", "resolve", "champion/snapshots/preprocess/train", true));
    assertThat(drift.outputs()).containsExactly("drift", "report");
    assertThat(drift.with())
        .isEqualTo(
            Json.parse(
                """
                {"alone": 4.0, "columns": {"market": {"kind": "categorical", "method": "jensenshannon", "threshold": 0.1}},
                 "ignore": ["week"], "joint": 0.8, "method": "psi", "minRows": 100, "missing": 0.05, "periods": 8,
                 "reference": "preprocess.train", "season": "none", "share": 0.4,
                 "threshold": 0.25}
                """));
    assertThat(drift.mayFail()).isTrue();
    assertThat(drift.retries()).isZero();
    assertThat(stage("gate").inputs()).contains(input("drift", "drift", "drift", true));
    assertThat(stage("register").inputs())
        .contains(
            input("drift", "drift", "drift", true), input("drift-report", "drift", "report", true));
  }

  @Test
  void aFamilyReadsWhatTheSameFamilyMade() {
    assertThat(stage("train-xgboost").inputs())
        .containsExactly(
            input("params", "tune-xgboost", "best", false),
            input("train", "preprocess", "train", false),
            input("validation", "preprocess", "validation", false));
    assertThat(stage("explain-linear").inputs())
        .contains(input("model", "train-linear", "model", false));
  }

  @Test
  void aStageThatIsNotPerFamilyReadsThemAllByName() {
    assertThat(stage("evaluate").inputs())
        .containsExactly(
            input("candidates/itransformer", "train-itransformer", "model", false),
            input("candidates/linear", "train-linear", "model", false),
            input("candidates/xgboost", "train-xgboost", "model", false),
            input("champion", "resolve", "champion/model", true),
            input("champion-predictions", "predict-champion", "predictions", true),
            input("holdout", "preprocess", "holdout", false),
            input("snapshot", "data-returns", "returns", false),
            input("training/train", "preprocess", "train", false),
            input("validation", "preprocess", "validation", false));
    assertThat(stage("summary").inputs().get(0))
        .isEqualTo(input("reports/itransformer", "explain-itransformer", "report", false));
  }

  private Plan.Stage evaluating(String before, String after) {
    String text = Fixtures.good("full.yaml").text();
    assertThat(text).contains(before);
    Spec changed = parsed(new SourceFile("full.yaml", text.replace(before, after)));
    return Planner.base(changed, LOCKS, WHEEL).stage(new StageName("evaluate"));
  }

  @Test
  void evaluateSeesWhatTrialsLearnFromAndApartFromItWhatARefitMay() {
    assertThat(
            evaluating(
                    "inputs: { params: tune.best, train: preprocess.train, validation:",
                    "inputs: { params: tune.best, train: preprocess.train, known: preprocess.recent,"
                        + " prices: data.prices, validation:")
                .inputs())
        .contains(
            input("training/train", "preprocess", "train", false),
            input("refit/known", "preprocess", "recent", false),
            input("refit/prices", "data-prices", "prices", false))
        .noneMatch(i -> i.name().contains("params") || i.name().endsWith("/validation"));
  }

  @Test
  void aStageThatWritesTablesIsToldWhatEvaluateMakesOfThem() {
    TableUse use = TableUse.of(stage("preprocess").with()).getFirst();
    assertThat(TableUse.of(stage("preprocess").with())).hasSize(1);
    assertThat(use.stage()).isEqualTo("evaluate");
    assertThat(use.tables())
        .containsOnly(
            Map.entry("holdout", "outputs/holdout"),
            Map.entry("snapshot", "inputs/returns"),
            Map.entry("training/train", "outputs/train"),
            Map.entry("validation", "outputs/validation"));
    assertThat(use.with()).isEqualTo(stage("evaluate").with());
    assertThat(plan.stages())
        .filteredOn(s -> !s.name().value().equals("preprocess"))
        .allSatisfy(s -> assertThat(TableUse.of(s.with())).as(s.name().value()).isEmpty());
  }

  @Test
  void aTrainThatTheSpecNamesStandsForAllThatTheModelsLearnedFrom() {
    assertThat(
            evaluating(
                    "      snapshot: data.returns\n",
                    "      snapshot: data.returns\n      train: preprocess.recent\n")
                .inputs())
        .filteredOn(i -> i.name().startsWith("training/") || i.name().equals("train"))
        .containsExactly(input("training/train", "preprocess", "recent", false));
  }

  @Test
  void theAuditIsRequiredWhereThereIsASnapshotUnlessTheSpecSaysOtherwise() {
    String text = Fixtures.good("full.yaml").text();
    assertThat(text).contains("  requireAudit: true\n");
    assertThat(plan(text.replace("  requireAudit: true\n", "")).gate().get("requireAudit"))
        .isEqualTo(Json.parse("true"));
    assertThat(
            plan(text.replace("requireAudit: true", "requireAudit: false"))
                .gate()
                .get("requireAudit"))
        .isEqualTo(Json.parse("false"));
  }

  private static Plan plan(String text) {
    return Planner.base(parsed(new SourceFile("full.yaml", text)), LOCKS, WHEEL);
  }

  @Test
  void aChampionMayPredictByACommandWhateverFamiliesTodaysSpecHas() {
    Plan.Stage champion = stage("predict-champion");
    assertThat(champion.kind()).isEqualTo(Plan.Kind.PREDICT);
    assertThat(champion.environment()).isEmpty();
    assertThat(champion.command()).isEmpty();
    assertThat(champion.inputs())
        .containsExactly(
            input("holdout", "preprocess", "holdout", false),
            input("model", "resolve", "champion/model", true),
            input("validation", "preprocess", "validation", false));
  }

  @Test
  void aFamilyWithAPredictCommandForecastsInItsOwnEnvironmentAndTakesItsLockAlong() {
    String spec =
        Fixtures.good("full.yaml")
            .text()
            .replace(
                "tabular\n    function: src.linear:fit",
                "deep\n    run: [src/fit]\n    predict: [src/ask]");
    Plan predicting = Planner.base(parsed(new SourceFile("full.yaml", spec)), LOCKS, WHEEL);
    Plan.Stage own = predicting.stage(Planner.predicting("linear"));
    assertThat(own.environment()).contains("deep");
    assertThat(own.command()).containsExactly("src/ask");
    assertThat(own.inputs()).contains(input("model", "train-linear", "model", false));
    assertThat(predicting.stage(new StageName("evaluate")).inputs())
        .contains(input("predictions/linear", "predict-linear", "predictions", true));
    assertThat(predicting.codeIncludes()).contains("envs/deep.lock");
    assertThat(plan.codeIncludes()).doesNotContain("envs/deep.lock");
  }

  @Test
  void whatTheChampionsRunMadeIsAnOptionalInputFromResolve() {
    assertThat(stage("preprocess").inputs())
        .contains(input("before", "resolve", "champion/snapshots/preprocess/train", true));
    assertThat(stage("tune-linear").inputs())
        .contains(
            input("search", "resolve", "search.json", true),
            input("study", "resolve", "champion/studies/linear/study.json", true));
  }

  @Test
  void registerGetsEveryCandidateItsStudyTheRowsAndTheVerdict() {
    assertThat(stage("register").inputs())
        .containsExactly(
            input("candidates/itransformer", "train-itransformer", "model", false),
            input("candidates/linear", "train-linear", "model", false),
            input("candidates/xgboost", "train-xgboost", "model", false),
            input("drift", "drift", "drift", true),
            input("drift-report", "drift", "report", true),
            input("rows", "evaluate", "rows", false),
            input("studies/itransformer", "tune-itransformer", "study", false),
            input("studies/linear", "tune-linear", "study", false),
            input("studies/xgboost", "tune-xgboost", "study", false),
            input("verdict", "gate", "verdict", false));
    assertThat(stage("promote").inputs())
        .containsExactly(
            input("registered", "register", "registered", false),
            input("verdict", "gate", "verdict", false));
    assertThat(stage("gate").inputs())
        .containsExactly(
            input("drift", "drift", "drift", true),
            input("gates", "resolve", "gates.json", true),
            input("rows", "evaluate", "rows", false));
  }

  @Test
  void commandsAreWhatTheAuthorMeant() {
    assertThat(stage("preprocess").command()).containsExactly("python", "-m", "src.preprocess");
    assertThat(stage("tune-itransformer").command())
        .containsExactly(
            "/bin/sh", "-eu", "-c", "export THREADS=2\npython -m src.train_itransformer\n");
    assertThat(stage("tune-linear").command())
        .containsExactly("python", "-m", "sluice_ml.family", "src.linear:fit");
    assertThat(stage("train-linear").command()).isEqualTo(stage("tune-linear").command());
    assertThat(stage("evaluate").command()).isEmpty();
  }

  @Test
  void storedDataTravelsWithTheCodeAndIsCopiedFromThere() {
    assertThat(plan.codeIncludes())
        .containsExactly("data/returns.csv", "data/returns.csv/**", "src/**");
    assertThat(stage("data-prices").command())
        .startsWith("/bin/sh", "-eu", "-c")
        .endsWith("data/returns.csv", "prices");
    assertThat(stage("data-prices").outputs()).containsExactly("prices");
  }

  @Test
  void defaultsAreFilledIn() {
    Plan minimal = Planner.base(spec("minimal.yaml"), LOCKS, WHEEL);
    assertThat(minimal.pipelineTimeout()).isEqualTo(Duration.ofHours(24));
    assertThat(minimal.stage(new StageName("split")).timeout()).isEqualTo(Duration.ofHours(1));
    assertThat(minimal.seed()).isZero();
    assertThat(minimal.gate())
        .isEqualTo(
            Json.parse(
                """
                {"metric": "mae", "minImprovement": 0.01, "confidence": 0.95,
                 "candidates": "validation", "guards": {"bias": 0.2, "tooGood": 0.5}, "biasSlack": 0.05,
                 "firstRun": "beatsNaive", "onDrift": "review", "minUnits": 100,
                 "minPositiveUnits": 30, "rareValues": "hold", "maxUnitShare": 0.2, "minNewRows": 0.25,
                 "repetition": "hold", "replicates": 1999, "staleAfter": "P90D",
                 "nonInferiority": 0.05, "slices": [], "requireAudit": false}
                """));
    assertThat(minimal.stage(new StageName("gate")).with()).isEqualTo(minimal.gate());
    assertThat(minimal.stage(new StageName("evaluate")).inputs())
        .contains(
            input("champion", "resolve", "champion/model", true),
            input("validation", "split", "validation", false));
    assertThat(minimal.stage(new StageName("evaluate")).with())
        .isEqualTo(
            Json.parse(
                """
                {"baselines": ["zero", "movingAverage", "seasonal", "rate"], "metric": "mae",
                 "slices": [], "unit": ["product"]}
                """));
  }

  @Test
  void theTunerIsToldHowToSearchAndWhere() {
    assertThat(stage("tune-xgboost").with())
        .isEqualTo(
            Json.parse(
                """
                {"objective": "poisson_deviance", "trials": 40, "patience": 8,
                 "warmStart": "champion", "coldEvery": 6,
                 "space": {"depth": {"int": [2, 10]}, "eta": {"float": [0.01, 0.5], "log": true},
                           "rounds": {"int": [10, 500], "log": true}}}
                """));
  }

  @Test
  void labelsReachTheSourceAndTheEvaluation() {
    var labels =
        Json.parse(
            """
            {"column": "returned", "eventTime": "week", "knownAt": "reported_week",
             "matureAfter": "P180D"}
            """);
    assertThat(stage("data-returns").with().get("labels"))
        .isEqualTo(
            Json.parse(
                """
                {"column": "returned", "eventTime": "week", "knownAt": "reported_week",
                 "matureAfter": "P180D", "metric": "poisson_deviance", "unit": ["product", "market"]}
                """));
    // rows that need not be those of the snapshot have labels that the source does not show
    String free =
        Fixtures.good("full.yaml").text().replace("requireAudit: true", "requireAudit: false");
    assertThat(plan(free).stage(new StageName("data-returns")).with().get("labels").has("metric"))
        .isFalse();
    assertThat(stage("data-returns").with().get("floor"))
        .isEqualTo(Json.parse("{\"rows\": 0.9, \"units\": 0.95}"));
    assertThat(stage("evaluate").with().get("labels")).isEqualTo(labels);
    assertThat(stage("evaluate").with().get("prefer")).hasToString("[\"linear\",\"xgboost\"]");
  }

  @Test
  void theGateGetsWhatStagesReportThatItHasLimitsFor() {
    Plan.Stage gate = plan(Fixtures.good("result-limits.yaml").text()).stage(new StageName("gate"));

    assertThat(gate.with().at("/guards/results"))
        .isEqualTo(
            Json.parse(
                """
                {"bench.coverage": {"ifUnknown": "pass", "min": 0.9, "worseByAbsolute": 0.01},
                 "bench.latency_ms": {"max": 50.0, "worseBy": 0.1},
                 "train.gap": {"better": "less", "max": 0.3, "min": -0.3, "worseBy": 0.055}}
                """));
    assertThat(gate.inputs())
        .contains(
            new Plan.Input("results/bench", new StageName("bench"), Manifest.RESULTS, true),
            new Plan.Input(
                "results/train-trees", new StageName("train-trees"), Manifest.RESULTS, true),
            new Plan.Input(
                "champion-numbers", new StageName("resolve"), "champion/numbers.json", true));
    assertThat(plan(Fixtures.good("floors.yaml").text()).stage(new StageName("gate")).inputs())
        .noneMatch(i -> i.artifact().equals(Manifest.RESULTS))
        .noneMatch(i -> i.name().equals("champion-numbers"));
  }

  @Test
  void theGateGetsTheFloorsOfTheSpec() {
    assertThat(
            plan(Fixtures.good("floors.yaml").text())
                .stage(new StageName("gate"))
                .with()
                .get("floors"))
        .isEqualTo(
            Json.parse(
                """
                {"slice(country).wape": 0.6, "slice(country=DE).wape": 0.5, "wape": 0.4}
                """));
  }

  @Test
  void aGateOverATableLooksAtTheSlicesThatTheTableNamesUnlessTheSpecNamesOthers() {
    String spec = Fixtures.good("tabular.yaml").text();
    String holdout = "inputs: { holdout: split.holdout }";
    assertThat(gateOf(spec).has("slices")).isFalse();
    assertThat(
            gateOf(spec.replace(holdout, holdout + "\n    with: { slices: [country] }"))
                .get("slices"))
        .isEqualTo(Json.parse("[\"country\"]"));
    assertThat(gateOf(spec.replace("metric: rmse", "metric: rmse, slices: []")).get("slices"))
        .isEqualTo(Json.parse("[]"));
  }

  private static JsonNode gateOf(String spec) {
    return plan(spec).stage(new StageName("gate")).with();
  }

  @Test
  void theFamilysOwnResourcesWinOverTheStagesAndThoseOverTheDefaults() {
    assertThat(stage("train-itransformer").resources())
        .isEqualTo(new Plan.Resources(Optional.of("4"), Optional.of("12Gi"), Optional.of("1")));
    assertThat(stage("preprocess").resources())
        .isEqualTo(new Plan.Resources(Optional.of("2"), Optional.of("4Gi"), Optional.empty()));
  }

  @Test
  void whatMayFailIsNotTriedAgain() {
    assertThat(full.defaults().retries()).contains(1);
    assertThat(stage("tune-xgboost").retries()).isEqualTo(1);
    assertThat(stage("tune-itransformer").retries()).isZero();
  }

  @Test
  void onlyDriftAndFamiliesThatMayFailAreLetFail() {
    assertThat(plan.stages().stream().filter(Plan.Stage::mayFail).map(s -> s.name().value()))
        .containsExactly(
            "drift", "tune-itransformer", "train-itransformer", "explain-itransformer");
  }

  @Test
  void aProfileChangesValuesTimeoutsAndResourcesAndNothingElse() {
    Plan smoke = Planner.plan(full, Optional.of("smoke"), List.of(), LOCKS, WHEEL);
    Plan.Stage tuned = smoke.stage(new StageName("tune-xgboost"));
    assertThat(tuned.with().get("trials").intValue()).isEqualTo(5);
    assertThat(tuned.with().get("patience").intValue()).isEqualTo(8);
    assertThat(tuned.timeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(tuned.resources().cpu()).contains("1");
    assertThat(smoke.stage(new StageName("data-returns")).with())
        .isEqualTo(
            Json.parse(
                """
                {"products": 4, "until": {"year": 2026, "week": 40},
                 "labels": {"column": "returned", "eventTime": "week",
                            "knownAt": "reported_week", "matureAfter": "P180D",
                            "metric": "poisson_deviance", "unit": ["product", "market"]},
                 "floor": {"rows": 0.9, "units": 0.95}}
                """));
    assertThat(smoke.stage(new StageName("preprocess")).with().get("scale").toString())
        .as("lists replace")
        .isEqualTo("[1]");
    for (Plan.Stage s : smoke.stages()) {
      Plan.Stage base = plan.stage(s.name());
      assertThat(
              new Plan.Stage(
                  s.name(),
                  s.specName(),
                  s.kind(),
                  s.family(),
                  s.environment(),
                  s.command(),
                  s.inputs(),
                  s.outputs(),
                  base.with(),
                  base.timeout(),
                  s.retries(),
                  base.resources(),
                  s.mayFail()))
          .isEqualTo(base);
    }
    assertThat(smoke.gate()).isEqualTo(plan.gate());
  }

  @Test
  void overlaysOfStepsGoOverTheProfileInTheirOrder() {
    Overlay nine = overlay("stages: { tune: { with: { trials: 9, patience: 3 } } }");
    Overlay ten = overlay("stages: { tune: { with: { trials: 10 } } }");
    Map<StageName, Settings> settings =
        Planner.settings(full, Optional.of("smoke"), List.of(nine, ten));
    Settings tune = settings.get(new StageName("tune-linear"));
    assertThat(tune.with().get("trials").intValue()).isEqualTo(10);
    assertThat(tune.with().get("patience").intValue()).isEqualTo(3);
    assertThat(tune.timeout()).isEqualTo(Duration.ofMinutes(10));
    assertThat(List.copyOf(settings.keySet()))
        .isEqualTo(plan.stages().stream().map(Plan.Stage::name).toList());
  }

  @Test
  void trialsSideBySideAreAValueOfTuneAndOneAtATimeIsNone() {
    SourceFile source = Fixtures.good("full.yaml");
    for (int n : List.of(1, 4)) {
      String text = source.text().replace("coldEvery: 6", "coldEvery: 6, parallel: " + n);
      Plan.Stage tune =
          Planner.base(parsed(new SourceFile("parallel", text)), LOCKS, WHEEL)
              .stage(new StageName("tune-linear"));
      // as it was before there was a choice: the values are part of the cache key
      assertThat(tune.with().path("parallel").asInt()).isEqualTo(n == 1 ? 0 : n);
      assertThat(tune.with().path("trials").asInt()).isEqualTo(40);
    }
  }

  private Plan.Stage tuned(String objective, Overlay... overlays) {
    SourceFile source = Fixtures.good("full.yaml");
    String text = source.text().replace("objective: poisson_deviance", objective);
    return Planner.plan(
            parsed(new SourceFile("objective", text)),
            Optional.empty(),
            List.of(overlays),
            LOCKS,
            WHEEL)
        .stage(new StageName("tune-linear"));
  }

  @Test
  void aSearchIsToldToMaximizeWhereMoreIsBetter() {
    assertThat(tuned("objective: auc").with().path("direction").asText()).isEqualTo("maximize");
    assertThat(tuned("objective: accuracy, direction: maximize").with().path("direction").asText())
        .isEqualTo("maximize");
    assertThat(tuned("objective: f1, direction: maximize").with().path("direction").asText())
        .isEqualTo("maximize");
    // as it was before there was a choice: the values are part of the cache key
    assertThat(tuned("objective: logloss").with().has("direction")).isFalse();
    assertThat(tuned("objective: f1_loss, direction: minimize").with().has("direction")).isFalse();
  }

  @Test
  void anObjectiveInAnOverlayBringsItsOwnDirection() {
    Overlay auc = overlay("stages: { tune: { with: { objective: auc } } }");
    Overlay mae = overlay("stages: { tune: { with: { objective: mae } } }");
    Overlay own = overlay("stages: { tune: { with: { objective: f1, direction: maximize } } }");
    String before = "objective: gini_loss, direction: minimize";

    assertThat(tuned(before, auc).with().path("direction").asText()).isEqualTo("maximize");
    assertThat(tuned(before, own).with().path("direction").asText()).isEqualTo("maximize");
    assertThat(tuned("objective: auc", mae).with().has("direction")).isFalse();
    assertThat(tuned(before, own, mae).with().has("direction")).isFalse();
  }

  @Test
  void aColdStartInAProfileLeavesTheGraphAsItIs() {
    Overlay cold = overlay("stages: { tune: { with: { warmStart: none } } }");
    Plan.Stage tune =
        Planner.plan(full, Optional.empty(), List.of(cold), LOCKS, WHEEL)
            .stage(new StageName("tune-linear"));
    assertThat(tune.with().get("warmStart").textValue()).isEqualTo("none");
    assertThat(tune.inputs()).isEqualTo(stage("tune-linear").inputs());
  }

  @Test
  void aPipelineThatNeverStartsWarmReadsNoStudy() {
    SourceFile source = Fixtures.good("full.yaml");
    Spec cold =
        parsed(
            new SourceFile(
                "cold", source.text().replace("warmStart: champion", "warmStart: none")));
    assertThat(
            Planner.base(cold, LOCKS, WHEEL).stage(new StageName("tune-linear")).inputs().stream()
                .map(Plan.Input::name))
        .containsExactly("train", "validation");
  }

  @Test
  void aProfileOrStageThatIsNotThereIsSaidSo() {
    assertThatThrownBy(() -> Planner.plan(full, Optional.of("smok"), List.of(), LOCKS, WHEEL))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-1033");
    assertThatThrownBy(() ->
            Planner.settings(
                full, Optional.empty(), List.of(overlay("stages: { tunee: { timeout: 1h } }"))))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-1021");
    assertThatThrownBy(() -> Planner.base(full, path -> Optional.empty(), WHEEL))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-1032");
  }

  @Test
  void anEnvironmentIsWhatIsInstalledNotWhereOrUnderWhichName() {
    Digest tabular = plan.environments().get(2).digest();
    assertThat(plan.environments().get(2).name()).isEqualTo("tabular");
    Plan otherLock = Planner.base(full, p -> Optional.of(bytes("changed")), WHEEL);
    assertThat(otherLock.environments().get(2).digest()).isNotEqualTo(tabular);
    Plan otherWheel = Planner.base(full, LOCKS, Digest.of(bytes("another wheel")));
    assertThat(otherWheel.environments().get(2).digest()).isNotEqualTo(tabular);
    assertThat(otherWheel.environments().get(0).digest())
        .as("deep does not install the wheel")
        .isEqualTo(plan.environments().get(0).digest());
  }

  private Overlay overlay(String yaml) {
    return SpecParser.parseOverlay(new SourceFile("step", yaml + "\n"), full).orThrow();
  }

  @Test
  void aFamilyGetsItsShareOfTheTrialsWhateverSetsThem() {
    Spec spec = budgeted("budget: { share: 25%, time: 20m }");
    assertThat(tune(Planner.base(spec, LOCKS, WHEEL), "xgboost").path("trials").asInt())
        .isEqualTo(40);
    Plan.Stage base = Planner.base(spec, LOCKS, WHEEL).stage(new StageName("tune-linear"));
    assertThat(base.with().path("trials").asInt()).isEqualTo(10);
    assertThat(base.with().path("time").asLong()).isEqualTo(1200);
    Overlay few =
        new Overlay(
            new java.util.TreeMap<>(),
            new java.util.TreeMap<>(
                Map.of(
                    "tune",
                    new Overlay.Change(
                        Json.object().put("trials", 2).put("trialTimeout", "3m"),
                        Optional.empty(),
                        Spec.Resources.NONE))));
    Plan smoke = Planner.plan(spec, Optional.empty(), List.of(few), LOCKS, WHEEL);
    assertThat(tune(smoke, "xgboost").path("trials").asInt()).isEqualTo(2);
    assertThat(tune(smoke, "linear").path("trials").asInt()).as("at least one").isEqualTo(1);
    assertThat(tune(smoke, "linear").path("trialTimeout").asLong()).isEqualTo(180);
  }

  @Test
  void aFamilyMoreChangesNothingOfTheOthers() {
    Plan before = Planner.base(budgeted(""), LOCKS, WHEEL);
    Plan after = Planner.base(budgeted("budget: { share: 10% }"), LOCKS, WHEEL);
    assertThat(tune(after, "xgboost")).isEqualTo(tune(before, "xgboost"));
  }

  private static com.fasterxml.jackson.databind.JsonNode tune(Plan plan, String family) {
    return plan.stage(new StageName("tune-" + family)).with();
  }

  private static Spec budgeted(String budget) {
    return parsed(
        new SourceFile(
            "sluice.yaml",
            """
            apiVersion: sluice.io/v1alpha1
            model: m
            code: { include: ["src/**"] }
            environments: { e: { python: "3.11" } }
            data: { d: { environment: e, run: [a] } }
            families:
              xgboost: { environment: e, run: [a], space: { x: { int: [1, 2] } } }
              linear:
                environment: e
                run: [a]
                space: { x: { int: [1, 2] } }
                %s
            stages:
              split:
                { environment: e, run: [a], inputs: { d: data.d }, outputs: [train, validation, holdout] }
              tune:
                { uses: tune@1, forEach: families, inputs: { validation: split.validation } }
              train: { uses: train@1, forEach: families, inputs: { params: tune.best } }
              evaluate:
                uses: evaluate@1
                inputs:
                  { candidates: train.model, holdout: split.holdout, validation: split.validation }
                with: { unit: [u] }
            gate: { rows: evaluate.rows, metric: mae }
            """
                .formatted(budget)));
  }
}
