package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A build's log of a run: labelled, masked, each line once, and the reason when it fails. */
class RunLogTest {
  private static final Instant AT = Instant.parse("2026-06-01T00:00:00Z");
  private static final StageName TRAIN = new StageName("train-xgboost");

  private final List<String> lines = new ArrayList<>();
  private LogPosition seen = LogPosition.start();
  private int marks;

  @Test
  void linesAreLabelledWithTheirStage() {
    RunLog log = log();
    log.accept(new RunEvent.RunStarted(AT, new RunId("j-1"), List.of(TRAIN)));
    log.accept(new RunEvent.StageStarted(AT, TRAIN, 0));
    log.accept(line("epoch 1"));
    log.accept(finished(StageStatus.SUCCEEDED, ""));
    assertThat(lines)
        .containsExactly(
            "run j-1: train-xgboost",
            "[train-xgboost] started",
            "[train-xgboost] epoch 1",
            "[train-xgboost] done 1.5s");
  }

  @Test
  void secretsAreMaskedTheLongestFirst() {
    RunLog log = log("hunter22", "hunter22-and-more", "abc");
    log.accept(line("with hunter22-and-more and hunter22, abc"));
    assertThat(lines).containsExactly("[train-xgboost] with **** and ****, abc");
  }

  @Test
  void aRunThatIsFollowedAgainShowsOnlyWhatIsNew() {
    RunLog first = log();
    first.accept(new RunEvent.StageStarted(AT, TRAIN, 0));
    first.accept(line("one"));
    first.accept(line("two"));
    seen = LogPosition.parse(seen.json());
    lines.clear();

    RunLog again = log();
    again.accept(new RunEvent.StageStarted(AT, TRAIN, 0));
    again.accept(line("one"));
    again.accept(line("two"));
    again.accept(line("three"));
    assertThat(lines).containsExactly("[train-xgboost] three");
  }

  @Test
  void whatWasShownIsKeptOnDemandAndOnlyOnce() {
    RunLog log = log();
    log.accept(line("one"));
    assertThat(marks).isZero();
    log.keep();
    log.keep();
    assertThat(marks).isEqualTo(1);
  }

  @Test
  void aPausedLogShowsNothingAndCountsNothing() {
    RunLog log = log();
    log.accept(line("one"));
    log.pause();
    log.accept(line("two"));
    assertThat(lines).containsExactly("[train-xgboost] one");
    lines.clear();
    RunLog next = log();
    next.accept(line("one"));
    next.accept(line("two"));
    assertThat(lines).containsExactly("[train-xgboost] two");
  }

  @Test
  void anotherAttemptIsAnotherOutput() {
    RunLog log = log();
    log.accept(new RunEvent.StageStarted(AT, TRAIN, 0));
    log.accept(line("one"));
    log.accept(new RunEvent.StageStarted(AT, TRAIN, 1));
    log.accept(line("one"));
    assertThat(lines)
        .containsExactly(
            "[train-xgboost] started",
            "[train-xgboost] one",
            "[train-xgboost] started again (attempt 2)",
            "[train-xgboost] one");
  }

  @Test
  void whatWasShownIsMarkedAtEveryStageAndEveryFewLines() {
    RunLog log = log();
    log.accept(new RunEvent.StageStarted(AT, TRAIN, 0));
    assertThat(marks).isEqualTo(1);
    for (int i = 0; i < 399; i++) {
      log.accept(line("line " + i));
    }
    assertThat(marks).isEqualTo(2);
    log.accept(line("line 399"));
    assertThat(marks).isEqualTo(3);
  }

  @Test
  void aFailureNamesStageStepAndLastLines() {
    RunLog log = log();
    log.accept(new RunEvent.StageStarted(AT, TRAIN, 0));
    for (int i = 1; i <= 30; i++) {
      log.accept(line("line " + i));
    }
    log.accept(new RunEvent.StepFinished(AT, TRAIN, "run", Optional.of(137)));
    log.accept(finished(StageStatus.FAILED, ""));
    assertThat(log.failure("the run failed", Optional.empty()))
        .startsWith(
            "stage train-xgboost failed in step run, exit code 137 (killed: by hand, or because"
                + " memory ran out)\nits last lines:\n  line 11\n")
        .endsWith("  line 30");
  }

  @Test
  void aFailureNamesTheStageThatTheRunFailedByAndNotOneThatMayFail() {
    RunLog log = log();
    log.accept(finished(StageStatus.FAILED, "lost"));
    StageName evaluate = new StageName("evaluate");
    log.accept(
        new RunEvent.StageFinished(
            AT,
            evaluate,
            0,
            StageStatus.FAILED,
            false,
            Duration.ZERO,
            Map.of(),
            "no candidate is left"));

    assertThat(log.failure("the run failed", Optional.of(evaluate)))
        .startsWith("stage evaluate failed: no candidate is left")
        .contains("also: " + TRAIN);
  }

  @Test
  void aFailureWithoutAStageIsTheRunnersWord() {
    assertThat(log().failure("the quota of the namespace is used up", Optional.empty()))
        .isEqualTo("the quota of the namespace is used up");
  }

  private RunLog log(String... secrets) {
    return new RunLog(lines::add, lines::add, seen, () -> marks++, List.of(secrets));
  }

  private static RunEvent line(String text) {
    return new RunEvent.LogLine(AT, TRAIN, "run", text);
  }

  private static RunEvent finished(StageStatus status, String reason) {
    return new RunEvent.StageFinished(
        AT, TRAIN, 0, status, false, Duration.ofMillis(1500), Map.of(), reason);
  }
}
