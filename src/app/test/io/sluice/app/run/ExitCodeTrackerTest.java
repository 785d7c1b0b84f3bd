package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskEnd;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** One decision on the exit code of a run, whichever client waits for the run. */
class ExitCodeTrackerTest {
  private static final RunId RUN = new RunId("r-1");

  /** Every stage of Sluice and every exit code that its program may have. */
  static Stream<Arguments> ownStages() {
    return Stream.of("resolve", "split", "drift", "evaluate", "gate", "register", "promote")
        .flatMap(stage -> Stream.of(1, 2, 3, 4).map(code -> Arguments.of(stage, code)));
  }

  @ParameterizedTest
  @MethodSource("ownStages")
  void aStageOfSluiceSaysWhy(String stage, int code) throws Exception {
    StageName name = new StageName(stage);
    RunOutcome outcome = failed(end(name, Optional.of("sluice-" + stage), false));
    assertThat(run(name, code, outcome).code()).isEqualTo(code);
    assertThat(attach(name, code, outcome)).isEqualTo(run(name, code, outcome));
  }

  @ParameterizedTest
  @MethodSource("ownStages")
  void anAuthorsStageOfThatNameDoesNot(String stage, int code) throws Exception {
    StageName name = new StageName(stage);
    for (Optional<String> task :
        List.of(
            Optional.of("sluice-stage"), Optional.of("sluice-tune"), Optional.<String>empty())) {
      RunOutcome outcome = failed(end(name, task, false));
      assertThat(run(name, code, outcome)).as("%s", task).isEqualTo(ExitCode.RUN_FAILED);
      assertThat(attach(name, code, outcome)).isEqualTo(ExitCode.RUN_FAILED);
    }
  }

  /** What the steps of an author's stage ended with, and the run. */
  static Stream<Arguments> stepsOfAnAuthorsStage() {
    return Stream.of(
        Arguments.of("store refuses what the command wrote", List.of(0, 0, 2), 2),
        Arguments.of("store repeats the code of the command", List.of(0, 2, 2), 1),
        Arguments.of("the command refused its input, and store says so", List.of(0, 2, 65), 2),
        Arguments.of("fetch cannot reach the store", List.of(3), 3),
        Arguments.of("fetch refuses", List.of(2), 2),
        Arguments.of("the store is away after the command", List.of(0, 0, 3), 3),
        Arguments.of("a cache hit is refused", List.of(0, -1, 2), 2),
        Arguments.of("a command that ends with 65 of its own", List.of(0, 65, 65), 1),
        Arguments.of("outputs are missing", List.of(0, 0, 1), 1));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("stepsOfAnAuthorsStage")
  void fetchAndStoreOfAnAuthorsStageSayWhy(String what, List<Integer> codes, int wanted) {
    StageName name = new StageName("data-weeks");
    ExitCodeTracker exits = new ExitCodeTracker(e -> {});
    // an attempt before, which says nothing
    exits.accept(step(name, "fetch", 0));
    exits.accept(step(name, "run", 7));
    exits.accept(step(name, "store", 7));
    List<String> steps = List.of("fetch", "run", "store");
    for (int i = 0; i < codes.size(); i++) {
      exits.accept(step(name, steps.get(i), codes.get(i)));
    }
    RunOutcome outcome = failed(end(name, Optional.of("sluice-stage"), false));
    assertThat(exits.of(outcome).code()).as(what).isEqualTo(wanted);
  }

  private static RunEvent step(StageName stage, String step, int code) {
    return new RunEvent.StepFinished(
        Instant.EPOCH, stage, step, code < 0 ? Optional.empty() : Optional.of(code));
  }

  @Test
  void theFirstStageThatTheRunDependsOnDecides() {
    StageName tune = new StageName("tune-a");
    StageName evaluate = new StageName("evaluate");
    StageName gate = new StageName("gate");
    ExitCodeTracker exits = new ExitCodeTracker(e -> {});
    exits.accept(finished(tune, 2));
    exits.accept(finished(evaluate, 3));
    exits.accept(finished(gate, 4));
    RunOutcome outcome =
        failed(
            end(tune, Optional.of("sluice-tune"), true),
            end(evaluate, Optional.of("sluice-evaluate"), false),
            end(gate, Optional.of("sluice-gate"), false));
    assertThat(outcome.failure())
        .contains(new RunOutcome.Failure(evaluate, Optional.of("sluice-evaluate")));
    assertThat(exits.of(outcome)).isEqualTo(ExitCode.UNREACHABLE);
  }

  @Test
  void otherEndsHaveCodesOfTheirOwn() {
    ExitCodeTracker exits = new ExitCodeTracker(e -> {});
    assertThat(exits.of(RunOutcome.withoutTasks(StageStatus.SUCCEEDED, "")))
        .isEqualTo(ExitCode.DONE);
    assertThat(exits.of(RunOutcome.withoutTasks(StageStatus.CANCELLED, "cancelled")))
        .isEqualTo(ExitCode.INTERRUPTED);
    assertThat(exits.of(RunOutcome.withoutTasks(StageStatus.TIMED_OUT, "out of time")))
        .isEqualTo(ExitCode.RUN_FAILED);
  }

  @Test
  void everyKindOfStageIsInTheTable() {
    List<Plan.Kind> sayWhy =
        Stream.of(Plan.Kind.values())
            .filter(kind -> {
              StageName name = new StageName("s");
              RunOutcome outcome = failed(end(name, Optional.of(kind.task()), false));
              return run(name, 3, outcome) == ExitCode.UNREACHABLE;
            })
            .toList();
    assertThat(sayWhy)
        .containsExactly(
            Plan.Kind.RESOLVE,
            Plan.Kind.SPLIT,
            Plan.Kind.DRIFT,
            Plan.Kind.EVALUATE,
            Plan.Kind.GATE,
            Plan.Kind.REGISTER,
            Plan.Kind.PROMOTE);
  }

  private static ExitCode run(StageName stage, int code, RunOutcome outcome) {
    ExitCodeTracker exits = new ExitCodeTracker(e -> {});
    exits.accept(finished(stage, code));
    return exits.of(outcome);
  }

  private static ExitCode attach(StageName stage, int code, RunOutcome outcome) throws Exception {
    return FollowRun.follow(
            RUN,
            "tiny",
            e -> {},
            (Consumer<RunEvent> listener) -> {
              listener.accept(finished(stage, code));
              return new Ended(outcome);
            })
        .exitCode();
  }

  /** A run that has ended. */
  private record Ended(RunOutcome outcome) implements Running {
    @Override
    public RunOutcome await() {
      return outcome;
    }

    @Override
    public CompletionStage<RunOutcome> end() {
      return CompletableFuture.completedFuture(outcome);
    }

    @Override
    public void cancel() {}
  }

  private static RunEvent finished(StageName stage, int code) {
    return new RunEvent.StepFinished(Instant.EPOCH, stage, "run", Optional.of(code));
  }

  private static TaskEnd end(StageName name, Optional<String> task, boolean mayFail) {
    return new TaskEnd(
        name, task, mayFail, new TaskOutcome(StageStatus.FAILED, 1, false, Map.of(), "it failed"));
  }

  private static RunOutcome failed(TaskEnd... ends) {
    return RunOutcome.of(StageStatus.FAILED, List.of(ends), Map.of(), "it failed");
  }
}
