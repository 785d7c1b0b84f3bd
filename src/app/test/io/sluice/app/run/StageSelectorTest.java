package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.Pipelines;
import io.sluice.app.Starter;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Which stages of a plan a call means, by what they are, whatever their names. */
class StageSelectorTest {
  private static final String TUNE = "  tune:\n    uses: tune@1\n";
  private static final String SPLIT = "  split:\n";

  @ParameterizedTest
  @EnumSource(Starter.Kind.class)
  void everyCallMeansAStageOfEachStarter(Starter.Kind kind) {
    Plan plan = plan(kind, Map.of());
    assertThat(meant(plan, StageSelector.Kind.PREPROCESS)).containsExactly("split");
    assertThat(meant(plan, StageSelector.Kind.TUNE)).isNotEmpty();
    assertThat(meant(plan, StageSelector.Kind.TRAIN)).isNotEmpty();
    assertThat(meant(plan, StageSelector.Kind.EVALUATE))
        .containsExactly(kind == Starter.Kind.OWN ? "judge" : "evaluate", "gate", "register");
    assertThat(meant(plan, StageSelector.Kind.PROMOTE)).containsExactly("promote");
  }

  @Test
  void preparationIsWhatModelsNeedAndWhatNeedsNoModel() {
    Plan plan =
        plan(
            Starter.Kind.CLASSIFICATION,
            Map.of(
                SPLIT,
                stage("clean", "table: data.patients")
                    + stage("report", "table: data.patients")
                    + SPLIT,
                "table: data.patients }\n    with:\n",
                "table: clean.table }\n    with:\n",
                TUNE,
                stage("explain", "models: train.model") + TUNE));
    assertThat(meant(plan, StageSelector.Kind.PREPROCESS)).containsExactly("clean", "split");
  }

  @Test
  void aStageNamedPreprocessIsMeantThoughNothingNeedsIt() {
    Plan plan =
        plan(
            Starter.Kind.CLASSIFICATION,
            Map.of(TUNE, stage("preprocess", "table: data.patients") + TUNE));
    assertThat(meant(plan, StageSelector.Kind.PREPROCESS)).containsExactly("preprocess", "split");
  }

  @Test
  void whereASourceWritesTheSetsItIsTheOneThatPrepares() {
    Plan plan = plan(Starter.Kind.CLASSIFICATION, Map.of());
    List<Plan.Stage> without =
        plan.stages().stream()
            .filter(s -> s.kind() != Plan.Kind.SPLIT)
            .map(StageSelectorTest::fedByTheSource)
            .toList();
    assertThat(meant(with(plan, without), StageSelector.Kind.PREPROCESS))
        .containsExactly("data-patients");
  }

  private static List<String> meant(Plan plan, StageSelector.Kind kind) {
    return StageSelector.of(kind).in(plan).stream().map(StageName::value).toList();
  }

  private static String stage(String name, String input) {
    return "  %s:\n    environment: sklearn\n    run: [python, -m, tumour.%s]\n    inputs: { %s }\n    outputs: [table]\n"
        .formatted(name, name, input);
  }

  private static Plan plan(Starter.Kind kind, Map<String, String> edits) {
    Map<String, MemoryTree.Entry> files = new TreeMap<>();
    Starter.files(kind)
        .forEach((path, bytes) -> files.put(path, new MemoryTree.Entry(bytes, false)));
    String spec = new String(files.get("sluice.yaml").content(), StandardCharsets.UTF_8);
    for (Map.Entry<String, String> edit : edits.entrySet()) {
      assertThat(spec).contains(edit.getKey());
      spec = spec.replace(edit.getKey(), edit.getValue());
    }
    files.put("sluice.yaml", new MemoryTree.Entry(spec.getBytes(StandardCharsets.UTF_8), false));
    return Pipelines.open(new MemoryTree("starter", files, Optional.empty()), "sluice.yaml")
        .base(Example.WHEEL);
  }

  private static Plan with(Plan plan, List<Plan.Stage> stages) {
    return new Plan(
        plan.model(),
        plan.codeIncludes(),
        plan.environments(),
        stages,
        plan.seed(),
        plan.gate(),
        plan.pipelineTimeout());
  }

  private static Plan.Stage fedByTheSource(Plan.Stage s) {
    return new Plan.Stage(
        s.name(),
        s.specName(),
        s.kind(),
        s.family(),
        s.environment(),
        s.command(),
        s.inputs().stream()
            .map(i ->
                i.from().value().equals("split")
                    ? new Plan.Input(
                        i.name(), new StageName("data-patients"), i.artifact(), i.optional())
                    : i)
            .toList(),
        s.outputs(),
        s.with(),
        s.timeout(),
        s.retries(),
        s.resources(),
        s.mayFail());
  }
}
