package io.sluice.tekton;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome.TaskEnd;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What the ends of tasks make of a run. */
class RunOutcomeTest {
  private static TaskEnd end(Plan.Kind kind, StageStatus status, String reason) {
    return new TaskEnd(
        new StageName(kind.name().toLowerCase(java.util.Locale.ROOT)),
        Optional.of(kind.task()),
        /* mayFail= */ false,
        new TaskOutcome(status, 1, false, Map.of(), reason));
  }

  private static RunOutcome failed(TaskEnd... ends) {
    return RunOutcome.of(StageStatus.FAILED, List.of(ends), Map.of(), "task record: it broke");
  }

  @Test
  void aRecordThatFailsAfterThePromotionIsToldBesideARunThatSucceeded() {
    RunOutcome outcome =
        failed(
            end(Plan.Kind.GATE, StageStatus.SUCCEEDED, ""),
            end(Plan.Kind.PROMOTE, StageStatus.SUCCEEDED, ""),
            end(Plan.Kind.RECORD, StageStatus.FAILED, "the registry does not answer"));
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(outcome.unrecorded()).contains("the registry does not answer");
    assertThat(outcome.reason()).isEmpty();
    assertThat(outcome.failure()).isEmpty();
  }

  @Test
  void aRecordThatFailsBesideAnotherTaskLeavesARunThatFailed() {
    RunOutcome outcome =
        failed(
            end(Plan.Kind.GATE, StageStatus.SUCCEEDED, ""),
            end(Plan.Kind.PROMOTE, StageStatus.FAILED, "the champion moved"),
            end(Plan.Kind.RECORD, StageStatus.FAILED, "the registry does not answer"));
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.unrecorded()).isEmpty();
    assertThat(outcome.failure().orElseThrow().stage()).isEqualTo(new StageName("promote"));
  }

  @Test
  void aRecordThatFailsBeforeAnythingWasDecidedFailsTheRun() {
    RunOutcome outcome =
        failed(
            end(Plan.Kind.DATA, StageStatus.SUCCEEDED, ""),
            end(Plan.Kind.GATE, StageStatus.SKIPPED, ""),
            end(Plan.Kind.RECORD, StageStatus.FAILED, "the disk is full"));
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.unrecorded()).isEmpty();
  }
}
