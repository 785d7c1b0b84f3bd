package io.sluice.app.run;

import io.sluice.app.run.SupervisedExecution.Action;
import io.sluice.app.run.SupervisedExecution.Conclusion;
import io.sluice.app.run.SupervisedExecution.Event;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Supervises any number of executions until they finish, without blocking a thread per execution.
 * Everything that matters is in the states of the runs: the supervisor of a new process, given the
 * same requests, continues where the old one was.
 *
 * <p>What follows from what is decided by {@link SupervisedExecution}; this class has the timers,
 * the locks and the I/O.
 */
public final class ExecutionSupervisor {
  private static final int LOCKS = 64;

  private final Executor background;
  private final ScheduledExecutorService timer;
  private final Timeouts timeouts;
  private final Map<RunId, Supervision> supervised = new ConcurrentHashMap<>();
  private final Object[] locks = new Object[LOCKS];
  private volatile boolean paused;

  /**
   * A supervisor.
   *
   * @param background does what may block
   * @param timer begins things later; never blocked
   */
  public ExecutionSupervisor(
      Executor background, ScheduledExecutorService timer, Timeouts timeouts) {
    this.background = background;
    this.timer = timer;
    this.timeouts = timeouts;
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new Object();
    }
  }

  /**
   * Begins, or continues. Returns at once; a request for an execution that is supervised already
   * changes nothing.
   */
  public void supervise(ExecutionRequest request) {
    Supervision supervision = new Supervision(request);
    if (supervised.putIfAbsent(request.execution(), supervision) == null) {
      supervision.later(new Event.Begun());
    }
  }

  /**
   * Asks an execution to end; again, to end by force. Returns at once.
   *
   * @return whether it is supervised here; if not, no listener hears about its end
   */
  public boolean stop(RunId execution) {
    Supervision supervision = supervised.get(execution);
    if (supervision == null) {
      return false;
    }
    supervision.later(new Event.StopRequested());
    return true;
  }

  /**
   * Asks an execution to end that nobody waits for any more, unless it was asked before: it has its
   * time to end by itself, however often this is called. Returns at once.
   */
  public void abandon(RunId execution) {
    Supervision supervision = supervised.get(execution);
    if (supervision != null) {
      supervision.later(new Event.Abandoned());
    }
  }

  /** What an execution is doing, in a few words; empty when it is not supervised here. */
  public Optional<String> status(RunId execution) {
    return Optional.ofNullable(supervised.get(execution)).map(Supervision::status);
  }

  /**
   * Saves how much of each log was shown. Called every few seconds, so that a crash repeats only
   * the lines of those.
   */
  public void saveLogPositions() {
    supervised.values().forEach(s -> s.log(RunLog::keep));
  }

  /**
   * Prepares the end of this process: from now on no line is shown and no end is reported. The
   * supervisor of the next process, given the same requests, shows and reports them.
   */
  public void pause() {
    paused = true;
    supervised.values().forEach(s -> s.log(RunLog::pause));
  }

  /** Changes to the state of a run are made one after the other, by the holder of this lock. */
  public Object lock(RunId run) {
    return locks[Math.floorMod(run.hashCode(), LOCKS)];
  }

  /** One execution, its connection and its log. */
  private final class Supervision {
    private final ExecutionRequest request;
    private final SupervisedExecution machine = new SupervisedExecution(timeouts);
    private final List<Runnable> waiting = new ArrayList<>();
    private @Nullable ClusterConnection connection;
    private @Nullable Running running;
    private @Nullable RunLog shown;

    /** How the steps of what is followed ended. */
    private @Nullable ExitCodeTracker codes;

    Supervision(ExecutionRequest request) {
      this.request = request;
    }

    private RunId id() {
      return request.execution();
    }

    synchronized String status() {
      return machine.status();
    }

    void later(Event event) {
      background.execute(() -> handle(event));
    }

    /** Has the machine decide, then does what it says. */
    private void handle(Event event) {
      if (paused && isOfTheRun(event)) {
        return; // the next process will see it too
      }
      List<Action> actions;
      synchronized (this) {
        actions = machine.on(event);
      }
      actions.forEach(this::perform);
    }

    private static boolean isOfTheRun(Event event) {
      return switch (event) {
        case Event.Begun e -> true;
        case Event.Planned e -> true;
        case Event.Followed e -> false; // a request to end must still reach what was started
        case Event.Ended e -> true;
        case Event.Troubled e -> true;
        case Event.Broken e -> true;
        case Event.Unsaved e -> true;
        case Event.OtherReleased e -> true;
        case Event.RetryDue e -> true;
        case Event.StopRequested e -> false;
        case Event.Abandoned e -> false;
        case Event.CancelTimedOut e -> false;
        case Event.ForceTimedOut e -> false;
      };
    }

    private void perform(Action action) {
      switch (action) {
        case Action.Plan plan -> attempt(() -> handle(new Event.Planned(plan())));
        case Action.Start start -> attempt(() -> start(start.submit()));
        case Action.Attach attach -> attempt(this::attach);
        case Action.WatchOther watch -> watch(watch.other());
        case Action.Cancel cancel -> cancel(cancel.otherwise());
        case Action.Schedule schedule -> schedule(schedule.delay(), schedule.event());
        case Action.Disconnect disconnect -> disconnect();
        case Action.Say say -> request.listener().line(say.line());
        case Action.Finish finish -> finish(finish.conclusion(), finish.record());
      }
    }

    /** Does something that may fail, and reports the failure as an event. */
    private void attempt(Runnable work) {
      try {
        work.run();
      } catch (SluiceException e) {
        handle(new Event.Troubled(e, isKnown()));
      } catch (RuntimeException e) {
        handle(new Event.Broken(String.valueOf(e), /* mayStillRun= */ false));
      }
    }

    private boolean isKnown() {
      return request.repository().state().flatMap(s -> s.execution(id())).isPresent();
    }

    private NextAction plan() {
      synchronized (lock(request.run())) {
        RunState state = state();
        NextAction next = request.planner().next(request.repository().snapshot(), state);
        if (next instanceof NextAction.Submit submit && !submit.state().equals(state)) {
          request.repository().save(submit.state());
        }
        return next;
      }
    }

    private void start(NextAction.Submit submit) {
      Running started =
          connection(submit.state()).start(submit.submission(), events(submit.state()));
      change(s -> s.submitted(id()));
      follow(started);
    }

    private void attach() {
      RunState state = state();
      follow(connection(state).attach(id(), events(state)));
    }

    private RunState state() {
      return request
          .repository()
          .state()
          .orElseThrow(() ->
              new SluiceException(
                  ExitCode.RUN_FAILED,
                  Diagnostic.of(
                      "SLU-9605",
                      "the state of run " + request.run() + " is gone",
                      "it is kept with the build; start the pipeline again")));
    }

    private RunState change(UnaryOperator<RunState> by) {
      synchronized (lock(request.run())) {
        RunState changed = by.apply(state());
        request.repository().save(changed);
        return changed;
      }
    }

    private ClusterConnection connection(RunState state) {
      synchronized (this) {
        if (connection != null) {
          return connection;
        }
      }
      ClusterConnection opened = request.connector().connect(state);
      synchronized (this) {
        connection = opened;
      }
      return opened;
    }

    private void disconnect() {
      ClusterConnection open;
      synchronized (this) {
        open = connection;
        connection = null; // perhaps with other credentials next time
        running = null;
      }
      if (open != null) {
        open.close();
      }
    }

    private Consumer<RunEvent> events(RunState state) {
      LogPosition position = request.repository().logPosition(id());
      RunLog fresh =
          new RunLog(
              request.listener()::line,
              request.listener()::output,
              position,
              () -> {
                request.listener().flush();
                request.repository().saveLogPosition(id(), position);
              },
              connection(state).secrets());
      synchronized (this) {
        shown = fresh;
      }
      if (paused) {
        fresh.pause();
      }
      ExitCodeTracker tracker = new ExitCodeTracker(event -> keeping(() -> fresh.accept(event)));
      synchronized (this) {
        codes = tracker;
      }
      return tracker;
    }

    void log(Consumer<RunLog> how) {
      RunLog log;
      synchronized (this) {
        log = shown;
      }
      if (log != null) {
        keeping(() -> how.accept(log));
      }
    }

    /** A full disk, for example, takes lines from the log, and nothing from the run. */
    private void keeping(Runnable work) {
      try {
        work.run();
      } catch (SluiceException e) {
        synchronized (this) {
          machine.logBroken(String.valueOf(e.getMessage()));
        }
      }
    }

    private void follow(Running started) {
      synchronized (this) {
        running = started;
      }
      handle(new Event.Followed());
      var unused =
          started.end().whenComplete((outcome, t) -> background.execute(() -> ended(outcome, t)));
    }

    private void ended(@Nullable RunOutcome outcome, @Nullable Throwable t) {
      if (paused) {
        return;
      }
      if (outcome == null) {
        // only the stage's wrapping: a diagnostic may well have a cause of its own
        Throwable cause = t instanceof CompletionException wrapped ? wrapped.getCause() : t;
        handle(
            cause instanceof SluiceException known
                ? new Event.Troubled(known, isKnown())
                : new Event.Broken(String.valueOf(cause), /* mayStillRun= */ true));
        return;
      }
      Optional<RunFailure> why = why(outcome);
      try {
        RunState changed = change(s -> s.ended(id(), outcome, why));
        handle(new Event.Ended(changed.execution(id()).orElseThrow()));
      } catch (SluiceException e) {
        handle(new Event.Unsaved(FailureText.of(e)));
      }
    }

    private Optional<RunFailure> why(RunOutcome outcome) {
      if (outcome.status() == StageStatus.SUCCEEDED) {
        return Optional.empty();
      }
      RunLog log;
      ExitCodeTracker tracker;
      synchronized (this) {
        log = shown;
        tracker = codes;
      }
      Optional<StageName> stage = outcome.failure().map(RunOutcome.Failure::stage);
      return Optional.of(
          new RunFailure(
              tracker == null ? ExitCode.RUN_FAILED : tracker.of(outcome),
              stage,
              log == null ? outcome.reason() : log.failure(outcome.reason(), stage)));
    }

    private void watch(RunId other) {
      Runnable then = () -> attempt(() -> handle(released(other)));
      Supervision supervision = supervised.get(other);
      if (supervision == null) {
        // its step has not come back from a restart yet, or just ended
        var unused =
            timer.schedule(
                () -> background.execute(then),
                timeouts.retryDelay().toMillis(),
                TimeUnit.MILLISECONDS);
      } else if (!supervision.notifyAtEnd(then)) {
        background.execute(then);
      }
    }

    private Event released(RunId other) {
      return new Event.OtherReleased(state().execution(other));
    }

    /** Whether the end will be reported; not when it came before. */
    private synchronized boolean notifyAtEnd(Runnable then) {
      return !machine.isOver() && waiting.add(then);
    }

    private void cancel(String otherwise) {
      Running open;
      synchronized (this) {
        open = running;
      }
      if (open == null) {
        return; // it is being followed anew, and is cancelled then
      }
      try {
        open.cancel();
      } catch (SluiceException e) {
        request.listener().line(otherwise + FailureText.of(e));
      }
    }

    private void schedule(Duration delay, Event event) {
      var unused = timer.schedule(() -> later(event), delay.toMillis(), TimeUnit.MILLISECONDS);
    }

    /** Notes the end unless the state knows of one, tells the listener, and forgets. */
    private void finish(Conclusion conclusion, Optional<StageStatus> record) {
      try {
        if (record.isPresent() && request.repository().state().isPresent()) {
          RunOutcome none = RunOutcome.withoutTasks(record.get(), "");
          change(s -> s.ended(id(), none, Optional.of(RunFailure.of("it was given up"))));
        }
      } catch (SluiceException e) {
        request.listener().line(FailureText.of(e));
      }
      disconnect();
      try {
        tell(conclusion);
      } finally {
        forget();
      }
    }

    private void tell(Conclusion conclusion) {
      ExecutionListener listener = request.listener();
      switch (conclusion) {
        case Conclusion.Succeeded c -> listener.succeeded(state());
        case Conclusion.NothingToDo c -> listener.nothingToDo(state(), c.why());
        case Conclusion.Failed c -> listener.failed(c.failure(), c.mayStillRun());
        case Conclusion.Stopped c -> listener.stopped(c.text(), c.mayStillRun());
      }
    }

    private void forget() {
      supervised.remove(id(), this);
      List<Runnable> told;
      synchronized (this) {
        told = List.copyOf(waiting);
        waiting.clear();
      }
      told.forEach(background::execute);
    }
  }
}
