package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Settings;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.v1.OnError;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TektonObject;
import io.sluice.tekton.v1.When;
import io.sluice.tekton.v1.WorkspaceBinding;
import io.sluice.tekton.yaml.TektonYaml;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * Goldens are in {@code src/tekton/test/goldens}. To write them anew: {@code mvn -q -Pquick -pl
 * src/tekton -am test -Dtest=LoweringTest -Dsurefire.failIfNoSpecifiedTests=false -Dgoldens=write};
 * then review the diff.
 */
class LoweringTest {
  private static final Path GOLDENS =
      Path.of(System.getProperty("sluice.root"), "src/tekton/test/goldens");

  private static RunParameters parameters() {
    return RunParameters.of(
            new RunId("rma-forecast-1"),
            Digest.of("code"),
            Map.of(
                ImageRole.WORKER, "worker:1",
                ImageRole.TUNER, "tuner:1",
                ImageRole.DRIFT, "drift:1"))
        .withAsOf(Instant.parse("2026-01-05T00:00:00Z"))
        .withImages(Map.of("deep", "deep:1"));
  }

  @Tag("golden")
  @Test
  void lowersToTheCommittedGoldens() throws IOException {
    Map<String, String> files = new TreeMap<>(Lowering.lower(Plans.forecast()).files());
    files.put("run.yaml", TektonYaml.write(Lowering.run(Plans.forecast(), parameters())));
    for (Map.Entry<String, String> file : files.entrySet()) {
      Path golden = GOLDENS.resolve("forecast").resolve(file.getKey());
      if ("write".equals(System.getProperty("goldens"))) {
        Files.createDirectories(golden.getParent());
        Files.writeString(golden, file.getValue());
      }
      assertThat(file.getValue()).as(file.getKey()).isEqualTo(Files.readString(golden));
    }
  }

  private static TargetSpec target(String file) throws IOException {
    Path yaml =
        Path.of(System.getProperty("sluice.root"), "test-fixtures/targets/good").resolve(file);
    return TargetParser.parse(new SourceFile(file, Files.readString(yaml))).orThrow();
  }

  @Tag("golden")
  @Test
  void aTargetIsLoweredIntoTheRunAndNothingElse() throws IOException {
    RunParameters there = parameters().on(target("everything.yaml"));
    String run = TektonYaml.write(Lowering.run(Plans.forecast(), there));
    Path golden = GOLDENS.resolve("on-a-target").resolve("run.yaml");
    if ("write".equals(System.getProperty("goldens"))) {
      Files.createDirectories(golden.getParent());
      Files.writeString(golden, run);
    }
    assertThat(run).isEqualTo(Files.readString(golden));
    assertThat(parse(run)).containsExactly(Lowering.run(Plans.forecast(), there));
  }

  @Test
  void aTargetForAStageThatIsNotThereIsRefused() throws IOException {
    String text =
        Files.readString(
                Path.of(
                    System.getProperty("sluice.root"),
                    "test-fixtures/targets/good/everything.yaml"))
            .replace("train-itransformer:", "train-itransfomer:");
    RunParameters there = parameters().on(TargetParser.parse(new SourceFile("t", text)).orThrow());
    assertThatThrownBy(() -> Lowering.run(Plans.forecast(), there))
        .hasMessageContaining("SLU-2013")
        .hasMessageContaining("train-itransfomer");
  }

  @Test
  void loweringTwiceGivesTheSameBytesAndReadingThemBackTheSameObjects() {
    Compiled once = Lowering.lower(Plans.forecast());
    assertThat(Lowering.lower(Plans.forecast()).files()).isEqualTo(once.files());
    assertThat(parse(TektonYaml.write(once.pipeline()))).containsExactly(once.pipeline());
    assertThat(parse(TektonYaml.write(once.tasks()))).isEqualTo(once.tasks());
    PipelineRun run = Lowering.run(Plans.forecast(), parameters());
    assertThat(parse(TektonYaml.write(run))).containsExactly(run);
  }

  @Test
  void everyStageGivesItsTaskWhatTheTaskDeclaresAndNothingElse() {
    Compiled compiled = Lowering.lower(Plans.forecast());
    for (PipelineTask t : allTasks(compiled)) {
      Task task = task(compiled, t.taskRef().orElseThrow().name());
      Set<String> declared = new HashSet<>();
      Set<String> fanned = new HashSet<>();
      t.matrix().ifPresent(m -> m.params().forEach(p -> fanned.add(p.name())));
      for (ParamSpec p : task.spec().params()) {
        declared.add(p.name());
        if (fanned.remove(p.name())) {
          assertThat(p.effectiveType()).isEqualTo(io.sluice.tekton.v1.ParamType.STRING);
          continue;
        }
        t.params().stream()
            .filter(given -> given.name().equals(p.name()))
            .findFirst()
            .ifPresentOrElse(
                given ->
                    assertThat(given.value() instanceof ParamValue.Array)
                        .as("%s of %s is an array", p.name(), t.name())
                        .isEqualTo(p.effectiveType() == io.sluice.tekton.v1.ParamType.ARRAY),
                () ->
                    assertThat(p.fallback())
                        .as("%s of %s is given or has a default", p.name(), t.name())
                        .isPresent());
      }
      assertThat(fanned).isEmpty();
      assertThat(t.params()).allSatisfy(p -> assertThat(declared).contains(p.name()));
      assertThat(t.workspaces().stream().map(w -> w.name()).toList())
          .isEqualTo(
              task.spec().workspaces().stream()
                  .map(w -> w.name())
                  // bound where a search may have workers
                  .filter(w -> !w.equals("storage") || t.name().startsWith("tune-xgboost"))
                  .toList());
    }
  }

  @Test
  void everyReferenceOfThePipelineLeadsSomewhere() {
    Compiled compiled = Lowering.lower(Plans.forecast());
    String text = TektonYaml.write(compiled.pipeline());
    Set<String> params = new HashSet<>();
    compiled.pipeline().spec().params().forEach(p -> params.add(p.name()));
    matches("\\$\\(params\\.([a-z0-9-]+)\\)", text).forEach(m -> assertThat(params).contains(m));
    for (PipelineTask t : allTasks(compiled)) {
      String own = TektonYaml.write(compiled.pipeline());
      assertThat(own).contains("name: " + t.name());
    }
    for (String reference : matches("\\$\\(tasks\\.([a-z0-9.-]+)\\)", text)) {
      String[] parts = reference.split("\\.");
      if (parts.length == 3) {
        PipelineTask producer =
            allTasks(compiled).stream()
                .filter(t -> t.name().equals(parts[0]))
                .findFirst()
                .orElseThrow();
        assertThat(task(compiled, producer.taskRef().orElseThrow().name()).spec().results())
            .anyMatch(r -> r.name().equals(parts[2]));
      }
    }
  }

  @Test
  void trialsSideBySideGetPodsOfTheirOwnWhereATargetSaysWhereTheyMeet() throws IOException {
    PipelineTask workers = stage("tune-xgboost-workers");
    assertThat(workers.matrix().orElseThrow().params())
        .containsExactly(
            io.sluice.tekton.v1.Param.of("worker", "$(params.worker-pods-tune-xgboost[*])"));
    assertThat(workers.when())
        .as("never an empty matrix: Tekton takes that for done before its turn")
        .containsExactly(
            new When(
                "none", When.Operator.NOT_IN, List.of("$(params.worker-pods-tune-xgboost[*])")));
    assertThat(Lowering.lower(Plans.forecast()).pipeline().spec().params())
        .filteredOn(p -> p.name().equals("worker-pods-tune-xgboost"))
        .singleElement()
        .satisfies(p -> assertThat(p.fallback()).contains(ParamValue.of(List.of("none"))));
    assertThat(workers.onError()).contains(OnError.CONTINUE);
    assertThat(workers.retries()).isEmpty();
    assertThat(TektonYaml.write(Lowering.lower(Plans.forecast()).pipeline()))
        .as("nobody waits for them, and the record does not name them")
        .doesNotContain("tasks.tune-xgboost-workers");
    assertThat(stage("tune-itransformer").params()).noneMatch(p -> p.name().equals("workers"));

    PipelineRun alone = Lowering.run(Plans.forecast(), parameters());
    assertThat(alone.spec().params()).noneMatch(p -> p.name().endsWith("tune-xgboost"));
    PipelineRun there = Lowering.run(Plans.forecast(), parameters().on(target("everything.yaml")));
    assertThat(there.spec().params())
        .contains(io.sluice.tekton.v1.Param.of("workers-tune-xgboost", List.of("1", "2")))
        .contains(io.sluice.tekton.v1.Param.of("worker-pods-tune-xgboost", List.of("1", "2")));
    assertThat(there.spec().workspaces())
        .contains(WorkspaceBinding.secret("tuning-storage", "optuna"));

    Plan.Stage tune = Plans.forecast().stage(new StageName("tune-xgboost"));
    PipelineRun oneAtATime =
        Lowering.run(
            Plans.forecast(),
            parameters()
                .on(target("everything.yaml"))
                .withSettings(
                    Map.of(
                        tune.name(),
                        new Settings(
                            Json.parse("{\"trials\":2}"), tune.timeout(), tune.resources()))));
    assertThat(oneAtATime.spec().params())
        .noneMatch(p -> p.name().equals("workers-tune-xgboost"))
        .noneMatch(p -> p.name().equals("worker-pods-tune-xgboost"));
    assertThat(oneAtATime.spec().workspaces()).noneMatch(w -> w.name().equals("tuning-storage"));
  }

  @Test
  void onlyTasksThatNeedTheRegistryAreGivenItAndEachJustWhatItMayDo() {
    Map<String, String> given = new TreeMap<>();
    for (PipelineTask t : allTasks(Lowering.lower(Plans.forecast()))) {
      t.workspaces().stream()
          .filter(w -> w.name().equals("registry"))
          .forEach(w -> given.put(t.name(), w.workspace().orElseThrow()));
    }
    assertThat(given)
        .isEqualTo(
            Map.of(
                "resolve", "registry-read",
                "register", "registry-write",
                "promote", "registry-write",
                "record", "registry-write"));
  }

  @Test
  void aRunBindsAStoreAndSecretsAndAnUntrustedOneNothingToWriteWith() {
    RunParameters bucket =
        parameters()
            .withBindings(
                new RunBindings(
                    new RunBindings.Bucket("artifacts"),
                    Optional.of("read"),
                    Optional.of("write"),
                    Optional.empty()));
    assertThat(Lowering.run(Plans.forecast(), bucket).spec().workspaces())
        .containsExactly(
            WorkspaceBinding.scratch("stage"),
            WorkspaceBinding.secret("store", "artifacts"),
            WorkspaceBinding.secret("registry-read", "read"),
            WorkspaceBinding.secret("registry-write", "write"));
    assertThat(Lowering.run(Plans.forecast(), bucket.asUntrusted()).spec().workspaces())
        .containsExactly(
            WorkspaceBinding.scratch("stage"),
            WorkspaceBinding.secret("store", "artifacts"),
            WorkspaceBinding.secret("registry-read", "read"));
  }

  @Test
  void edgesAreResultsAndNothingElse() {
    for (PipelineTask t : allTasks(Lowering.lower(Plans.forecast()))) {
      assertThat(t.runAfter()).isEmpty();
    }
    assertThat(values(stage("evaluate"), "inputs"))
        .containsExactly(
            "candidates/itransformer=$(tasks.train-itransformer.results.outputs)#model",
            "candidates/xgboost=$(tasks.train-xgboost.results.outputs)#model",
            "?champion=$(tasks.resolve.results.outputs)#champion/model",
            "?champion-predictions=$(tasks.predict-champion.results.outputs)#predictions",
            "holdout=$(tasks.preprocess.results.outputs)#holdout",
            "?predictions/itransformer=$(tasks.predict-itransformer.results.outputs)#predictions");
  }

  @Test
  void theChampionPredictsInTheImageThatResolveNames() {
    assertThat(text(stage("predict-champion"), "image"))
        .isEqualTo("$(tasks.resolve.results.champion-image)");
    assertThat(text(stage("predict-itransformer"), "image")).isEqualTo("$(params.image-deep)");
  }

  @Test
  void trainingIsToldHowItsModelWillPredict() {
    assertThat(Json.parse(text(stage("train-itransformer"), "predict")).toString())
        .isEqualTo(
            "{\"command\":[\"python\",\"-m\",\"rma.forecast\",\"$(it)\"],\"environment\":"
                + "{\"lock\":\"envs/deep.lock\",\"name\":\"deep\",\"python\":\"3.11\"}}");
    assertThat(stage("train-xgboost").params()).noneMatch(p -> p.name().equals("predict"));
  }

  @Test
  void aFamilyThatMayFailDoesNotFailTheRun() {
    assertThat(stage("train-itransformer").onError()).contains(OnError.CONTINUE);
    assertThat(stage("train-xgboost").onError()).isEmpty();
  }

  @Test
  void aCommandIsEndedFromInsideLongBeforeItsPodIs() {
    Plan.Stage stage = Plans.forecast().stage(new StageName("train-itransformer"));
    assertThat(text(stage("train-itransformer"), "limit"))
        .isEqualTo("$(params.limit-train-itransformer)");
    assertThat(Lowering.lower(Plans.forecast()).pipeline().spec().params())
        .filteredOn(p -> p.name().equals("limit-train-itransformer"))
        .extracting(p -> p.fallback().orElseThrow())
        .containsExactly(
            io.sluice.tekton.v1.ParamValue.of(Long.toString(stage.timeout().toSeconds())));
    assertThat(stage("train-itransformer").timeout())
        .contains(stage.timeout().plus(Duration.ofHours(1)));
    assertThat(stage("train-xgboost").params()).anyMatch(p -> p.name().equals("limit"));
    assertThat(stage("gate").params()).noneMatch(p -> p.name().equals("limit"));

    PipelineRun run =
        Lowering.run(
            Plans.forecast(),
            parameters()
                .withSettings(
                    Map.of(
                        stage.name(),
                        new Settings(stage.with(), Duration.ofSeconds(90), stage.resources()))));
    assertThat(run.spec().params())
        .contains(io.sluice.tekton.v1.Param.of("limit-train-itransformer", "90"));
    assertThat(run.spec().taskRunSpecs())
        .filteredOn(s -> s.pipelineTaskName().equals("train-itransformer"))
        .extracting(s -> s.timeout().orElseThrow())
        .containsExactly(Duration.ofSeconds(3690));
  }

  @Test
  void soIsWhatForecastsForItAndTheChampionsCommand() {
    assertThat(text(stage("predict-itransformer"), "limit"))
        .isEqualTo("$(params.limit-predict-itransformer)");
    assertThat(stage("predict-itransformer").timeout())
        .contains(
            Plans.forecast()
                .stage(new StageName("predict-itransformer"))
                .timeout()
                .plus(Duration.ofHours(1)));
    assertThat(stage("predict-champion").params()).anyMatch(p -> p.name().equals("limit"));
  }

  /** Resources go to the step that does the work, whatever the task calls it. */
  @Test
  void aTargetGivesResourcesAndPatienceToAnyStage() {
    PipelineRun run =
        Lowering.run(
            Plans.forecast(),
            parameters()
                .on(
                    TargetParser.parse(
                            new SourceFile(
                                "target",
                                """
                                apiVersion: sluice.io/v1alpha1
                                kind: Target
                                namespace: n
                                store: { claim: c }
                                wait: 2h
                                images:
                                  worker: "e.test/w@sha256:%1$s"
                                  tuner: "e.test/t@sha256:%1$s"
                                  drift: "e.test/d@sha256:%1$s"
                                stages:
                                  resolve: { resources: { cpu: 500m } }
                                  gate: { resources: { cpu: 500m } }
                                  record: { resources: { cpu: 500m } }
                                """
                                    .formatted("0".repeat(64))))
                        .orThrow()));
    Map<String, String> steps = new TreeMap<>();
    run.spec()
        .taskRunSpecs()
        .forEach(s -> s.stepSpecs().forEach(step -> steps.put(s.pipelineTaskName(), step.name())));
    assertThat(steps)
        .containsEntry("resolve", "resolve")
        .containsEntry("gate", "run")
        .containsEntry("record", "record");
    Plan.Stage train = Plans.forecast().stage(new StageName("train-xgboost"));
    assertThat(run.spec().taskRunSpecs())
        .filteredOn(s -> s.pipelineTaskName().equals("train-xgboost"))
        .extracting(s -> s.timeout().orElseThrow())
        .containsExactly(train.timeout().plus(Duration.ofHours(2)));
  }

  @Test
  void aFamilyThatMayFailCannotHaveRetries() {
    Plan.Stage s = Plans.forecast().stage(new StageName("train-itransformer"));
    Plan.Stage retried =
        new Plan.Stage(
            s.name(),
            s.specName(),
            s.kind(),
            s.family(),
            s.environment(),
            s.command(),
            s.inputs(),
            s.outputs(),
            s.with(),
            s.timeout(),
            2,
            s.resources(),
            true);
    assertThatThrownBy(() -> Lowering.lower(Plans.with(Plans.forecast(), retried)))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-2012")
        .hasMessageContaining("train-itransformer");
  }

  @Test
  void aFunctionDoesTheLoopItself() {
    assertThat(text(stage("tune-itransformer"), "loop")).isEqualTo("function");
    assertThat(text(stage("tune-xgboost"), "loop")).isEqualTo("command");
  }

  @Test
  void thePolicyOfTheGateIsNoParameter() {
    assertThat(text(stage("gate"), "with")).isEqualTo("{\"confidence\":0.95}");
    assertThat(Lowering.lower(Plans.forecast()).pipeline().spec().params())
        .extracting(ParamSpec::name)
        .contains("with-preprocess", "with-tune-xgboost")
        .doesNotContain("with-gate", "with-evaluate", "image-unused");
  }

  @Test
  void aRunCarriesOnlyWhatDiffersFromThePlan() {
    Plan plan = Plans.forecast();
    Plan.Stage tune = plan.stage(new StageName("tune-xgboost"));
    PipelineRun same =
        Lowering.run(
            plan,
            parameters()
                .withSettings(
                    Map.of(
                        tune.name(), new Settings(tune.with(), tune.timeout(), tune.resources()))));
    assertThat(same).isEqualTo(Lowering.run(plan, parameters()));

    PipelineRun smoke =
        Lowering.run(
            plan,
            parameters()
                .withSettings(
                    Map.of(
                        tune.name(),
                        new Settings(
                            Json.parse("{\"trials\":5,\"price\":\"$(x)\"}"),
                            Duration.ofMinutes(5),
                            tune.resources()))));
    assertThat(smoke.spec().params())
        .anySatisfy(p -> {
          assertThat(p.name()).isEqualTo("with-tune-xgboost");
          assertThat(p.value()).isEqualTo(ParamValue.of("{\"price\":\"\\u0024(x)\",\"trials\":5}"));
        });
    assertThat(smoke.spec().taskRunSpecs())
        .anySatisfy(s -> {
          assertThat(s.pipelineTaskName()).isEqualTo("tune-xgboost");
          assertThat(s.timeout()).contains(Duration.ofMinutes(65));
        });
  }

  @Test
  void aRunCannotChangeWhatTheGateAsksFor() {
    Settings lenient =
        new Settings(
            Json.parse("{\"confidence\":0.5}"), Duration.ofMinutes(90), Plan.Resources.NONE);
    assertThatThrownBy(() ->
            Lowering.run(
                Plans.forecast(),
                parameters().withSettings(Map.of(new StageName("gate"), lenient))))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-2011");
  }

  @Test
  void aRunNeedsAnImageForEveryEnvironmentThatStagesUse() {
    assertThatThrownBy(() -> Lowering.run(Plans.forecast(), parameters().withImages(Map.of())))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-2010")
        .hasMessageContaining("deep");
  }

  @Test
  void nothingOfAnUntrustedRunReachesTheRegistry() {
    for (String writer : List.of("register", "promote")) {
      assertThat(stage(writer).when())
          .as(writer)
          .singleElement()
          .satisfies(w -> {
            assertThat(w.input()).isEqualTo("$(params.untrusted)");
            assertThat(w.values()).containsExactly("yes");
          });
    }
    assertThat(Lowering.run(Plans.forecast(), parameters().asUntrusted()).spec().params())
        .anySatisfy(p -> {
          assertThat(p.name()).isEqualTo("untrusted");
          assertThat(p.value()).isEqualTo(ParamValue.of("yes"));
        });
  }

  @Test
  void timeForTheRecordIsSetAside() {
    var timeouts = Lowering.run(Plans.forecast(), parameters()).spec().timeouts().orElseThrow();
    assertThat(timeouts.tasks().orElseThrow().plus(timeouts.last().orElseThrow()))
        .isEqualTo(timeouts.pipeline().orElseThrow());
  }

  @Test
  void longValuesHaveOneLineAMemberAndShortOnesOneLine() {
    var values =
        Json.parse(
            "{\"b\":{\"y\":[1,2],\"x\":\"$(a)\"},\"a\":\"" + "long ".repeat(20) + "\",\"c\":{}}");
    String text = Escapes.json(values);
    assertThat(text)
        .isEqualTo(
            """
            {
              "a": "%s",
              "b": {"x":"\\u0024(a)","y":[1,2]},
              "c": {}
            }\
            """
                .formatted("long ".repeat(20)));
    assertThat(Json.parse(text)).isEqualTo(values);
    assertThat(Escapes.json(Json.parse("{\"b\":1,\"a\":2}"))).isEqualTo("{\"a\":2,\"b\":1}");
  }

  @Test
  void dollarsOfAUserReachTheProcessAsTheyWere() {
    for (String text :
        List.of("$(date)", "$$(date)", "$", "$$", "a$b", "$HOME", "$(", "$()", "${x}", "$$$(y)$")) {
      assertThat(kubernetes(Escapes.argument(text))).as(text).isEqualTo(text);
    }
    assertThat(Json.parse(Escapes.json(Json.parse("{\"a\":\"$(x)\\\\$\"}"))))
        .isEqualTo(Json.parse("{\"a\":\"$(x)\\\\$\"}"));
  }

  @Test
  void namesOfModelsBecomeNamesOfPipelines() {
    assertThat(Names.pipeline("rma-forecast")).isEqualTo("rma-forecast");
    assertThat(Names.pipeline("RMA Forecast"))
        .startsWith("rma-forecast-")
        .isNotEqualTo(Names.pipeline("rma forecast"));
  }

  /** What Kubernetes makes of an argument, by its rule: third_party/forked/golang/expansion. */
  private static String kubernetes(String text) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (c != '$' || i + 1 == text.length()) {
        out.append(c);
      } else if (text.charAt(i + 1) == '$') {
        out.append('$');
        i++;
      } else if (text.startsWith("$(context.dollar)", i)) {
        out.append('$');
        i += "$(context.dollar)".length() - 1;
      } else {
        out.append(c);
      }
    }
    return out.toString();
  }

  private static List<TektonObject> parse(String text) {
    return TektonYaml.parse(new SourceFile("test.yaml", text));
  }

  private static List<String> matches(String pattern, String text) {
    return Pattern.compile(pattern).matcher(text).results().map(m -> m.group(1)).toList();
  }

  private static List<PipelineTask> allTasks(Compiled compiled) {
    return java.util.stream.Stream.concat(
            compiled.pipeline().spec().tasks().stream(), compiled.pipeline().spec().last().stream())
        .toList();
  }

  private static Task task(Compiled compiled, String name) {
    return compiled.tasks().stream()
        .filter(t -> t.metadata().name().equals(Optional.of(name)))
        .findFirst()
        .orElseThrow();
  }

  private static PipelineTask stage(String name) {
    return allTasks(Lowering.lower(Plans.forecast())).stream()
        .filter(t -> t.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private static String text(PipelineTask task, String param) {
    return ((ParamValue.Text) value(task, param)).value();
  }

  private static List<String> values(PipelineTask task, String param) {
    return ((ParamValue.Array) value(task, param)).values();
  }

  private static ParamValue value(PipelineTask task, String param) {
    return task.params().stream()
        .filter(p -> p.name().equals(param))
        .findFirst()
        .orElseThrow()
        .value();
  }
}
