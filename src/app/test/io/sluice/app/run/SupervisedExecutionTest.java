package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.run.SupervisedExecution.Action;
import io.sluice.app.run.SupervisedExecution.Conclusion;
import io.sluice.app.run.SupervisedExecution.Event;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** The state machine of an execution alone: no thread, no timer, no I/O. */
class SupervisedExecutionTest {
  private static final Duration RETRY = Duration.ofSeconds(30);
  private static final Duration CANCEL = Duration.ofMinutes(10);
  private static final Duration FORCE = Duration.ofMinutes(1);
  private static final RunId OTHER = new RunId("x-2");
  private static final SluiceException UNREACHABLE =
      new SluiceException(
          ExitCode.UNREACHABLE, Diagnostic.of("SLU-3703", "no answer", "is it up?"));
  private static final SluiceException REFUSED =
      new SluiceException(
          ExitCode.INPUT_WRONG, Diagnostic.of("SLU-3705", "we may not", "ask for the right"));

  private final SupervisedExecution machine =
      new SupervisedExecution(new Timeouts(RETRY, 3, CANCEL, FORCE));

  @Test
  void plansFirst() {
    assertThat(machine.on(new Event.Begun())).containsExactly(new Action.Plan());
    assertThat(machine.status()).isEqualTo("starting");
  }

  @Test
  void attachesToWhatRunsAlready() {
    assertThat(planned(new NextAction.Attach(running()))).containsExactly(new Action.Attach());
  }

  @Test
  void concludesOnceAndIsSilentAfterwards() {
    follow();
    assertThat(machine.on(new Event.Ended(ended(StageStatus.SUCCEEDED, ""))))
        .containsExactly(new Action.Finish(new Conclusion.Succeeded(), Optional.empty()));
    assertThat(machine.isOver()).isTrue();
    assertThat(machine.on(new Event.StopRequested())).isEmpty();
    assertThat(machine.on(new Event.ForceTimedOut())).isEmpty();
    assertThat(machine.on(new Event.Troubled(REFUSED, true)))
        .as("concludes nothing")
        .containsExactly(new Action.Disconnect());
  }

  @Test
  void concludesWithTheReasonOfAFailure() {
    follow();
    assertThat(conclusion(machine.on(new Event.Ended(ended(StageStatus.FAILED, "exit code 1")))))
        .isEqualTo(failed("exit code 1", false));
  }

  @Test
  void anEndThatTheStateKnowsIsReported() {
    assertThat(
            conclusion(planned(new NextAction.Finished(ended(StageStatus.CANCELLED, "cancelled")))))
        .as("nobody asked for its end here")
        .isEqualTo(failed("cancelled", false));
  }

  @Test
  void nothingToDoIsAnEnd() {
    assertThat(conclusion(planned(new NextAction.NoOp("HOLD: nothing is promoted"))))
        .isEqualTo(new Conclusion.NothingToDo("HOLD: nothing is promoted"));
  }

  @Test
  void stoppedWhileItRunsItIsCancelledThenEndedByForceThenLeft() {
    follow();
    assertThat(machine.on(new Event.StopRequested()))
        .containsExactly(
            new Action.Cancel("it cannot be told to end: "),
            new Action.Schedule(CANCEL, new Event.CancelTimedOut()));
    assertThat(machine.status()).isEqualTo("ending");
    assertThat(machine.on(new Event.CancelTimedOut()))
        .contains(new Action.Schedule(FORCE, new Event.ForceTimedOut()))
        .hasAtLeastOneElementOfType(Action.Cancel.class);
    assertThat(machine.on(new Event.ForceTimedOut()))
        .containsExactly(
            new Action.Finish(
                new Conclusion.Stopped("it may still be running on the cluster", true),
                Optional.of(StageStatus.CANCELLED)));
  }

  @Test
  void aCancelledEndAfterAStopIsAStop() {
    follow();
    machine.on(new Event.StopRequested());
    assertThat(conclusion(machine.on(new Event.Ended(ended(StageStatus.CANCELLED, "cancelled")))))
        .isEqualTo(new Conclusion.Stopped("it was ended, and its record written", false));
  }

  @Test
  void stoppedBeforeItIsSubmittedItIsNotStarted() {
    machine.on(new Event.Begun());
    assertThat(machine.on(new Event.StopRequested()))
        .containsExactly(new Action.Schedule(CANCEL.plus(FORCE), new Event.ForceTimedOut()));
    assertThat(conclusion(planned(submit())))
        .isEqualTo(new Conclusion.Stopped("it was not started yet", false));
  }

  @Test
  void stoppedWhileItIsStartedItIsCancelledOnceItIsFollowed() {
    planned(submit());
    machine.on(new Event.StopRequested());
    assertThat(machine.on(new Event.Followed())).hasAtLeastOneElementOfType(Action.Cancel.class);
  }

  @Test
  void aStartThatSucceedsAfterSupervisionStoppedIsCancelled() {
    planned(submit());
    machine.on(new Event.StopRequested());
    machine.on(new Event.ForceTimedOut());
    assertThat(machine.isOver()).isTrue();
    assertThat(machine.on(new Event.Followed()))
        .containsExactly(new Action.Cancel("it cannot be told to end: "));
    assertThat(machine.on(new Event.Ended(ended(StageStatus.CANCELLED, "cancelled"))))
        .containsExactly(new Action.Disconnect());
  }

  @Test
  void anUnreachableClusterIsTriedAgainAndSaidOnce() {
    planned(submit());
    Action.Schedule retry = new Action.Schedule(RETRY, new Event.RetryDue());
    assertThat(machine.on(new Event.Troubled(UNREACHABLE, true)))
        .hasSize(3)
        .contains(new Action.Disconnect(), retry)
        .hasAtLeastOneElementOfType(Action.Say.class);
    assertThat(machine.status()).startsWith("the cluster is out of reach");
    assertThat(machine.on(new Event.RetryDue())).containsExactly(new Action.Plan());
    assertThat(machine.on(new Event.Troubled(UNREACHABLE, true)))
        .containsExactly(new Action.Disconnect(), retry);
    assertThat(conclusion(machine.on(new Event.Troubled(UNREACHABLE, true))))
        .isInstanceOfSatisfying(Conclusion.Failed.class, f -> assertThat(f.mayStillRun()).isTrue());
  }

  @Test
  void whatWasFollowedAgainHasAllAttemptsAgain() {
    planned(submit());
    machine.on(new Event.Troubled(UNREACHABLE, true));
    machine.on(new Event.Troubled(UNREACHABLE, true));
    machine.on(new Event.Followed());
    machine.on(new Event.Troubled(UNREACHABLE, true));
    machine.on(new Event.Troubled(UNREACHABLE, true));
    assertThat(machine.isOver()).isFalse();
  }

  @Test
  void anyOtherFailureIsReportedAtOnce() {
    planned(submit());
    assertThat(conclusion(machine.on(new Event.Troubled(REFUSED, false))))
        .isInstanceOfSatisfying(
            Conclusion.Failed.class, f -> assertThat(f.mayStillRun()).isFalse());
  }

  @Test
  void whatBreaksWhileItIsFollowedMayStillRun() {
    planned(submit());
    machine.on(new Event.Followed());
    assertThat(conclusion(machine.on(new Event.Broken("a bug", false))))
        .isEqualTo(failed("a bug", true));
  }

  @Test
  void anEndThatCannotBeSavedIsAFailureThatIsOver() {
    follow();
    assertThat(conclusion(machine.on(new Event.Unsaved("the disk is full"))))
        .isEqualTo(failed("the disk is full", false));
  }

  @Test
  void waitsForAnotherAndThenPlansAgain() {
    assertThat(planned(new NextAction.WaitFor(List.of(OTHER, new RunId("x-3")))))
        .containsExactly(new Action.WatchOther(OTHER));
    assertThat(machine.status()).startsWith("waiting");
    assertThat(machine.on(new Event.OtherReleased(Optional.of(running()))))
        .containsExactly(new Action.Plan());
  }

  @Test
  void failsWhenTheOtherFails() {
    planned(new NextAction.WaitFor(List.of(OTHER)));
    assertThat(
            conclusion(
                machine.on(
                    new Event.OtherReleased(
                        Optional.of(ended(StageStatus.FAILED, "exit code 1"))))))
        .isEqualTo(failed("what it needs was run by another step, and failed: exit code 1", false));
  }

  @Test
  void aFailureSaysWhichStageAndWithWhichCode() {
    follow();
    RunState.Execution lost =
        running()
            .over(
                StageStatus.FAILED,
                Optional.of(
                    new RunFailure(
                        ExitCode.CHAMPION_MOVED,
                        Optional.of(new StageName("promote")),
                        "the champion moved")));
    assertThat(conclusion(machine.on(new Event.Ended(lost))))
        .isEqualTo(new Conclusion.Failed(lost.failure(), false));
    assertThat(lost.failure().code()).isEqualTo(ExitCode.CHAMPION_MOVED);
  }

  @Test
  void stoppedWhileItWaitsItEnds() {
    planned(new NextAction.WaitFor(List.of(OTHER)));
    assertThat(conclusion(machine.on(new Event.StopRequested())))
        .isEqualTo(new Conclusion.Stopped("it was not started yet", false));
  }

  @Test
  void aLogThatCannotBeKeptIsInTheStatusOnly() {
    follow();
    machine.logBroken("the disk is full");
    assertThat(machine.status()).contains("its log cannot be kept: the disk is full");
    assertThat(machine.isOver()).isFalse();
  }

  private List<Action> planned(NextAction next) {
    machine.on(new Event.Begun());
    return machine.on(new Event.Planned(next));
  }

  private void follow() {
    planned(new NextAction.Attach(running()));
    assertThat(machine.on(new Event.Followed())).isEmpty();
    assertThat(machine.status()).isEqualTo("running");
  }

  private static Conclusion conclusion(List<Action> actions) {
    assertThat(actions).singleElement().isInstanceOf(Action.Finish.class);
    return ((Action.Finish) actions.getFirst()).conclusion();
  }

  private static NextAction submit() {
    try {
      return Example.run(Example.opened())
          .next(
              new RunId("x-1"),
              StageSelector.of(StageSelector.Kind.TUNE),
              List.of(),
              Optional.empty());
    } catch (java.io.IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private static RunState.Execution running() {
    return execution(Optional.empty(), "");
  }

  private static RunState.Execution ended(StageStatus how, String reason) {
    return execution(Optional.of(how), reason);
  }

  private static RunState.Execution execution(Optional<StageStatus> how, String reason) {
    return new RunState.Execution(
        new RunId("x-1"),
        "tune",
        List.of(new StageName("tune-xgboost")),
        List.of(),
        Optional.empty(),
        true,
        how,
        reason,
        Optional.empty(),
        Optional.empty());
  }

  private static Conclusion.Failed failed(String text, boolean mayStillRun) {
    return new Conclusion.Failed(RunFailure.of(text), mayStillRun);
  }
}
