package io.sluice.app.run;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * The state machine of one execution under supervision: it takes an event and returns the actions
 * that follow from it. It does no I/O and holds no thread.
 *
 * <p>Not thread-safe: {@link ExecutionSupervisor} calls it with the execution's lock held and
 * performs the actions, in their order, after it has released the lock.
 */
final class SupervisedExecution {
  /** Something that happened to the execution. */
  sealed interface Event {
    /** The supervisor begins with the execution. */
    record Begun() implements Event {}

    /** The planner decided what is next. */
    record Planned(NextAction next) implements Event {}

    /** The runner has it, and its end will be reported. */
    record Followed() implements Event {}

    /** It ended, and the end is in the state. */
    record Ended(RunState.Execution execution) implements Event {}

    /**
     * Something went wrong while it was planned, started or followed.
     *
     * @param known whether the state of the run has the execution
     */
    record Troubled(SluiceException cause, boolean known) implements Event {}

    /** Something broke that nobody expected. */
    record Broken(String text, boolean mayStillRun) implements Event {}

    /** It ended, and its end cannot be saved. */
    record Unsaved(String text) implements Event {}

    /** Another execution that it waits for may have ended: how, when the state knows. */
    record OtherReleased(Optional<RunState.Execution> other) implements Event {}

    /** A person or a program asks for its end; again: by force. */
    record StopRequested() implements Event {}

    /** Nobody waits for its end any more: it is asked to end, unless it was asked before. */
    record Abandoned() implements Event {}

    /** It was asked to end, and the time for it is over. */
    record CancelTimedOut() implements Event {}

    /** It was ended by force, or nobody could be asked, and the time for that is over. */
    record ForceTimedOut() implements Event {}

    /** It is time to try again. */
    record RetryDue() implements Event {}
  }

  /** Something to do. */
  sealed interface Action {
    /** Ask the planner what is next. */
    record Plan() implements Action {}

    /** Connect and start, then follow. */
    record Start(NextAction.Submit submit) implements Action {}

    /** Connect, then follow what runs already. */
    record Attach() implements Action {}

    /** Report when another execution has ended. */
    record WatchOther(RunId other) implements Action {}

    /** Ask the runner to end it. */
    record Cancel(String otherwise) implements Action {}

    /** Report an event after a while. */
    record Schedule(Duration delay, Event event) implements Action {}

    /** Close the connection; the next attempt makes another one. */
    record Disconnect() implements Action {}

    /** Show a line. */
    record Say(String line) implements Action {}

    /**
     * Tell the listener, and forget the execution.
     *
     * @param record what to note in the state, unless that knows of an end
     */
    record Finish(Conclusion conclusion, Optional<StageStatus> record) implements Action {}
  }

  /** What became of the execution. */
  sealed interface Conclusion {
    record Succeeded() implements Conclusion {}

    record NothingToDo(String why) implements Conclusion {}

    record Failed(RunFailure failure, boolean mayStillRun) implements Conclusion {}

    record Stopped(String text, boolean mayStillRun) implements Conclusion {}
  }

  private enum Phase {
    /** Being planned, connected to or started, at once or after a delay. */
    STARTING,
    /** Waiting for another execution. */
    WAITING,
    /** With the runner, and followed. */
    FOLLOWED,
    /** Concluded. */
    OVER
  }

  private final Timeouts timeouts;
  private Phase phase = Phase.STARTING;
  private int stops;
  private int failures;
  private String status = "starting";

  SupervisedExecution(Timeouts timeouts) {
    this.timeouts = timeouts;
  }

  /** What it is doing, in a few words. */
  String status() {
    return status;
  }

  /** Notes that its log cannot be written, which takes lines from the log and nothing else. */
  void logBroken(String why) {
    if (phase == Phase.FOLLOWED) {
      status = "running; its log cannot be kept: " + why;
    }
  }

  boolean isOver() {
    return phase == Phase.OVER;
  }

  /** The actions that follow from an event. */
  List<Action> on(Event event) {
    if (phase == Phase.OVER) {
      return afterTheEnd(event);
    }
    return switch (event) {
      case Event.Begun begun -> plan();
      case Event.RetryDue due -> plan();
      case Event.Planned planned -> planned(planned.next());
      case Event.Followed followed -> followed();
      case Event.Ended ended -> ended(ended.execution());
      case Event.Troubled troubled -> troubled(troubled.cause(), troubled.known());
      case Event.Broken broken ->
          fail(RunFailure.of(broken.text()), broken.mayStillRun() || phase == Phase.FOLLOWED);
      case Event.Unsaved unsaved -> fail(RunFailure.of(unsaved.text()), /* mayStillRun= */ false);
      case Event.OtherReleased released -> otherReleased(released.other());
      case Event.StopRequested requested -> stop();
      case Event.Abandoned abandoned -> isStopped() ? List.of() : stop();
      case Event.CancelTimedOut late ->
          List.of(
              new Action.Say("it has not ended: ending it by force"),
              new Action.Cancel("it cannot be ended: "),
              new Action.Schedule(timeouts.forceGrace(), new Event.ForceTimedOut()));
      case Event.ForceTimedOut late ->
          conclude(
              new Conclusion.Stopped("it may still be running on the cluster", true),
              Optional.of(StageStatus.CANCELLED));
    };
  }

  /**
   * Nothing more is concluded. A start that was under way when supervision stopped may still bring
   * a run and a connection: the one is cancelled, the other is closed when no event needs it.
   */
  private List<Action> afterTheEnd(Event event) {
    return switch (event) {
      case Event.Followed late when isStopped() ->
          List.of(new Action.Cancel("it cannot be told to end: "));
      case Event.Ended late -> List.of(new Action.Disconnect());
      case Event.Troubled late -> List.of(new Action.Disconnect());
      case Event.Broken late -> List.of(new Action.Disconnect());
      case Event.Unsaved late -> List.of(new Action.Disconnect());
      case Event.Begun e -> List.of();
      case Event.Planned e -> List.of();
      case Event.Followed e -> List.of();
      case Event.OtherReleased e -> List.of();
      case Event.StopRequested e -> List.of();
      case Event.Abandoned e -> List.of();
      case Event.CancelTimedOut e -> List.of();
      case Event.ForceTimedOut e -> List.of();
      case Event.RetryDue e -> List.of();
    };
  }

  private List<Action> plan() {
    phase = Phase.STARTING;
    return List.of(new Action.Plan());
  }

  private List<Action> planned(NextAction next) {
    return switch (next) {
      case NextAction.Finished was -> ended(was.execution());
      case NextAction.NoOp nothing ->
          conclude(new Conclusion.NothingToDo(nothing.why()), Optional.empty());
      case NextAction.WaitFor others -> {
        phase = Phase.WAITING;
        status = "waiting for the executions of other steps: " + others.executions();
        yield List.of(new Action.WatchOther(others.executions().getFirst()));
      }
      case NextAction.Submit submit ->
          isStopped() ? stoppedEarly() : List.of(new Action.Start(submit));
      case NextAction.Attach attach -> List.of(new Action.Attach());
    };
  }

  private List<Action> followed() {
    phase = Phase.FOLLOWED;
    failures = 0;
    status = "running";
    return isStopped() ? cancel() : List.of();
  }

  private List<Action> ended(RunState.Execution execution) {
    StageStatus how = execution.ended().orElseThrow();
    Conclusion conclusion =
        how == StageStatus.SUCCEEDED
            ? new Conclusion.Succeeded()
            : how == StageStatus.CANCELLED && isStopped()
                ? new Conclusion.Stopped("it was ended, and its record written", false)
                : new Conclusion.Failed(execution.failure(), false);
    return conclude(conclusion, Optional.empty());
  }

  /** Retries when the cluster is unreachable; reports any other failure at once. */
  private List<Action> troubled(SluiceException e, boolean known) {
    if (e.exitCode() != ExitCode.UNREACHABLE || ++failures >= timeouts.maxAttempts()) {
      return fail(RunFailure.of(e), known);
    }
    phase = Phase.STARTING;
    status = "the cluster is out of reach: " + e.getMessage();
    Action retry = new Action.Schedule(timeouts.retryDelay(), new Event.RetryDue());
    if (failures > 1) {
      return List.of(new Action.Disconnect(), retry);
    }
    String line =
        FailureText.of(e) + "; trying again every " + timeouts.retryDelay().toSeconds() + " s";
    return List.of(new Action.Disconnect(), new Action.Say(line), retry);
  }

  private List<Action> otherReleased(Optional<RunState.Execution> other) {
    if (phase != Phase.WAITING) {
      return List.of();
    }
    if (isStopped()) {
      return stoppedEarly();
    }
    Optional<StageStatus> how = other.flatMap(RunState.Execution::ended);
    if (how.isPresent() && how.get() != StageStatus.SUCCEEDED) {
      RunFailure its = other.orElseThrow().failure();
      return fail(
          new RunFailure(
              its.code(),
              its.stage(),
              "what it needs was run by another step, and failed: " + its.text()),
          false);
    }
    return plan();
  }

  private List<Action> stop() {
    stops++;
    return switch (phase) {
      case FOLLOWED -> cancel();
      case WAITING -> stoppedEarly();
      // when it is started or followed it will be cancelled; unless the cluster stays out of reach
      case STARTING ->
          List.of(
              new Action.Schedule(
                  timeouts.cancelGrace().plus(timeouts.forceGrace()), new Event.ForceTimedOut()));
      case OVER -> List.of();
    };
  }

  /** Asks to end; after a while by force; after another while supervision stops. */
  private List<Action> cancel() {
    status = "ending";
    return List.of(
        new Action.Cancel("it cannot be told to end: "),
        new Action.Schedule(timeouts.cancelGrace(), new Event.CancelTimedOut()));
  }

  private boolean isStopped() {
    return stops > 0;
  }

  private List<Action> stoppedEarly() {
    return conclude(
        new Conclusion.Stopped("it was not started yet", false),
        Optional.of(StageStatus.CANCELLED));
  }

  private List<Action> fail(RunFailure failure, boolean mayStillRun) {
    return conclude(new Conclusion.Failed(failure, mayStillRun), Optional.of(StageStatus.FAILED));
  }

  private List<Action> conclude(Conclusion conclusion, Optional<StageStatus> record) {
    phase = Phase.OVER;
    return List.of(new Action.Finish(conclusion, record));
  }
}
