package io.sluice.tekton.lower;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.yaml.TektonYaml;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** A part of a pipeline refers to nothing outside of it: what was there is written in. */
class PipelinePartTest {
  private static final RunId ID = new RunId("x-1");
  private static final StageName RESOLVE = new StageName("resolve");

  private final Pipeline whole = Lowering.lower(Plans.forecast()).pipeline();

  @Test
  void theFirstStageNeedsNothing() {
    Pipeline part = PipelinePart.pipeline(whole, ID, Set.of(RESOLVE), Map.of());
    assertThat(part.spec().tasks()).extracting(PipelineTask::name).containsExactly("resolve");
    assertThat(part.spec().last()).hasSameSizeAs(whole.spec().last());
    assertThat(part.spec().results()).isEmpty();
    assertThat(part.metadata().name()).contains("x-1");
  }

  @Test
  void aResultThatIsNotThereIsSaidWithItsStage() {
    StageName second = new StageName(whole.spec().tasks().get(1).name());
    assertThat(PipelinePart.producers(whole, second)).contains(RESOLVE);
    assertThatThrownBy(() -> PipelinePart.pipeline(whole, ID, Set.of(second), Map.of()))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-2020")
        .hasMessageContaining("resolve, which has not run");
    TaskOutcome failed = new TaskOutcome(StageStatus.FAILED, 1, false, Map.of(), "exit code 1");
    assertThatThrownBy(
            () -> PipelinePart.pipeline(whole, ID, Set.of(second), Map.of(RESOLVE, failed)))
        .hasMessageContaining("resolve, which did not give it");
  }

  @Test
  void everyPartOfOneStageRefersToItselfAlone() {
    Map<String, String> everything =
        Map.of(
            "outputs", "sha256:1", "head", "0@sha256:2", "champion-image", "i", "verdict", "HOLD");
    for (PipelineTask task : whole.spec().tasks()) {
      Map<StageName, TaskOutcome> done = new java.util.HashMap<>();
      whole
          .spec()
          .tasks()
          .forEach(t ->
              done.put(
                  new StageName(t.name()),
                  new TaskOutcome(StageStatus.SUCCEEDED, 1, false, everything, "")));
      Pipeline part = PipelinePart.pipeline(whole, ID, Set.of(new StageName(task.name())), done);
      assertThat(TektonYaml.write(part))
          .as(task.name())
          .doesNotContainPattern("\\$\\(tasks\\.(?!status|" + task.name() + "\\.)");
    }
  }

  @Test
  void whoHelpsAStageGoesWhereItGoes() {
    StageName tune = new StageName("tune-xgboost");
    TaskOutcome made =
        new TaskOutcome(StageStatus.SUCCEEDED, 1, false, Map.of("outputs", "sha256:1"), "");
    Pipeline part =
        PipelinePart.pipeline(
            whole, ID, Set.of(tune), Map.of(RESOLVE, made, new StageName("preprocess"), made));
    assertThat(part.spec().tasks())
        .extracting(PipelineTask::name)
        .containsExactly("tune-xgboost", "tune-xgboost-workers");
    assertThat(part.spec().tasks().get(1).matrix()).isPresent();
  }

  @Test
  void aDollarInAResultStaysOne() {
    PipelineTask second = whole.spec().tasks().get(1);
    TaskOutcome resolved =
        new TaskOutcome(StageStatus.SUCCEEDED, 1, false, Map.of("outputs", "a$(params.x)$1b"), "");
    Pipeline part =
        PipelinePart.pipeline(
            whole, ID, Set.of(new StageName(second.name())), Map.of(RESOLVE, resolved));
    assertThat(TektonYaml.write(part)).contains("a$(context.dollar)(params.x)$$1b");
  }
}
