package io.sluice.app.staged;

import io.sluice.app.SourceTree;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
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
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/**
 * Brings executions to their ends, any number of them, without holding a thread for one that goes
 * on. All that matters is in the runs' states: a driver of a new process, asked for the same
 * executions, goes on where the old one was.
 */
public final class Driver {
  private static final int LOCKS = 64;

  private final Executor background;
  private final ScheduledExecutorService timer;
  private final Digest wheel;
  private final Patience patience;
  private final Map<RunId, Drive> going = new ConcurrentHashMap<>();
  private final Object[] locks = new Object[LOCKS];
  private volatile boolean paused;

  /**
   * A driver.
   *
   * @param background does what may block
   * @param timer begins things later; never blocked
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public Driver(
      Executor background, ScheduledExecutorService timer, Digest wheel, Patience patience) {
    this.background = background;
    this.timer = timer;
    this.wheel = wheel;
    this.patience = patience;
    for (int i = 0; i < LOCKS; i++) {
      locks[i] = new Object();
    }
  }

  /**
   * How long to bear what.
   *
   * @param between two tries to reach a cluster
   * @param tries to reach it, one after the other, before giving up
   * @param end for an execution that was asked to end, its {@code finally} tasks included; then it
   *     is ended by force
   * @param force for one that was ended by force; then it is left to others
   */
  public record Patience(Duration between, int tries, Duration end, Duration force) {}

  /** Where a run is kept; called while nobody else changes the run. */
  public interface Home {
    /** Empty until the run was opened. */
    Optional<RunState> state();

    void keep(RunState state);

    /** The files of the pipeline that were asked for when it was opened. */
    SourceTree snapshot();

    /** How much of an execution's output was shown. */
    Seen seen(RunId execution);

    void keepSeen(RunId execution, Seen seen);
  }

  /** A cluster, for one execution. */
  public interface Connection {
    /** As {@link io.sluice.tekton.PipelineRunner#start}; one that is there is followed. */
    Running start(Submission submission, Consumer<RunEvent> events);

    /** Follows one that is there from its beginning. */
    Running attach(RunId execution, Consumer<RunEvent> events);

    /** Texts that are not to be shown. */
    List<String> secrets();

    /** Called once, when the execution no longer needs it; ends nothing on the cluster. */
    void close();
  }

  /** Connects to the run's cluster; may block, may throw {@link SluiceException}. */
  public interface Connecting {
    Connection connect(RunState state);
  }

  /** Who asked for an execution. After one of the last four nothing more is called. */
  public interface Asker {
    /** A line for the log; one at a time, in order. */
    void line(String text);

    /** A line that a stage's own command wrote; what {@link #line} gets is ours. */
    default void output(String text) {
      line(text);
    }

    /** Makes sure that the lines so far are kept. */
    void flush();

    void succeeded(RunState state);

    /** There was nothing to do. */
    void nothing(RunState state, String why);

    /**
     * It failed.
     *
     * @param text stage, step, last lines
     * @param mayGoOn whether it may still be going on the cluster
     */
    void failed(String text, boolean mayGoOn);

    /**
     * It was told to end, by {@link #stop}.
     *
     * @param mayGoOn whether it may still be going on the cluster
     */
    void stopped(String text, boolean mayGoOn);
  }

  /**
   * What to bring to its end.
   *
   * @param execution its id, the same whenever it is asked for again; the run's own for a whole run
   * @param call empty for a whole run
   * @param settings that this call adds, {@code PATH=VALUE}
   * @param who in whose name it promotes, where that is not the run's
   */
  public record Wanted(
      RunId run,
      RunId execution,
      Optional<StageCall> call,
      Function<StagedRun, List<String>> settings,
      Optional<String> who,
      Home home,
      Connecting connecting,
      Asker asker) {}

  /** Begins, or goes on. Returns at once; asking for what is going on changes nothing. */
  public void drive(Wanted wanted) {
    Drive drive = new Drive(wanted);
    if (going.putIfAbsent(wanted.execution(), drive) == null) {
      background.execute(drive::advance);
    }
  }

  /**
   * Asks an execution to end; again, to end by force. Returns at once.
   *
   * @return whether it is being driven here; if not, nobody is told of its end
   */
  public boolean stop(RunId execution) {
    Drive drive = going.get(execution);
    if (drive == null) {
      return false;
    }
    background.execute(drive::stop);
    return true;
  }

  /** What an execution is at, in a few words; empty when it is not driven here. */
  public Optional<String> status(RunId execution) {
    return Optional.ofNullable(going.get(execution)).map(d -> d.at);
  }

  /**
   * Has it kept what was shown so far. Called every few seconds, so that a crash repeats the lines
   * of those.
   */
  public void keepLogs() {
    going.values().forEach(d -> d.keepLog(RunLog::keep));
  }

  /**
   * For the end of this process: no line is shown from now on, no end is told. A driver of the next
   * process, asked for the same executions, shows and tells them.
   */
  public void pause() {
    paused = true;
    going.values().forEach(d -> d.keepLog(RunLog::pause));
  }

  /** Changes of a run's state come one after the other: whoever makes one holds this. */
  public Object lock(RunId run) {
    return locks[Math.floorMod(run.hashCode(), LOCKS)];
  }

  private void over(Drive drive) {
    going.remove(drive.wanted.execution(), drive);
    List<Runnable> waiting;
    synchronized (drive) {
      waiting = List.copyOf(drive.waiting);
      drive.waiting.clear();
    }
    waiting.forEach(background::execute);
  }

  /** One execution on its way. */
  private final class Drive {
    private final Wanted wanted;
    private final List<Runnable> waiting = new ArrayList<>();
    private volatile String at = "starting";
    private @Nullable Connection connection;
    private @Nullable Running running;
    private volatile @Nullable RunLog log;
    private int stops;
    private boolean idle;
    private int failures;
    private boolean over;

    Drive(Wanted wanted) {
      this.wanted = wanted;
    }

    private RunId id() {
      return wanted.execution();
    }

    void advance() {
      if (paused) {
        return;
      }
      try {
        StagedRun.Next next = next();
        switch (next) {
          case StagedRun.Next.Over was -> report(was.execution());
          case StagedRun.Next.Nothing nothing ->
              finish(() -> wanted.asker().nothing(state(), nothing.why()));
          case StagedRun.Next.Await others -> await(others.executions());
          case StagedRun.Next.Submit submit -> {
            if (isStopped()) {
              stoppedEarly();
              return;
            }
            Running r =
                connection(submit.state()).start(submit.submission(), events(submit.state()));
            change(s -> s.submitted(id()));
            follow(r);
          }
          case StagedRun.Next.Attach attach -> {
            RunState state = state();
            follow(connection(state).attach(id(), events(state)));
          }
        }
      } catch (SluiceException e) {
        troubled(e);
      } catch (RuntimeException e) {
        failed(String.valueOf(e), at.equals("running"));
      }
    }

    private StagedRun.Next next() {
      synchronized (lock(wanted.run())) {
        RunState state = state();
        StagedRun run = StagedRun.of(wanted.home().snapshot(), state, wheel);
        StagedRun.Next next =
            wanted.call().isPresent()
                ? run.next(id(), wanted.call().get(), wanted.settings().apply(run), wanted.who())
                : run.whole();
        if (next instanceof StagedRun.Next.Submit submit && !submit.state().equals(state)) {
          wanted.home().keep(submit.state());
        }
        return next;
      }
    }

    private RunState state() {
      return wanted
          .home()
          .state()
          .orElseThrow(() ->
              new SluiceException(
                  ExitCode.RUN_FAILED,
                  Diagnostic.of(
                      "SLU-9605",
                      "the state of run " + wanted.run() + " is gone",
                      "it is kept with the build; start the pipeline again")));
    }

    private RunState change(UnaryOperator<RunState> by) {
      synchronized (lock(wanted.run())) {
        RunState changed = by.apply(state());
        wanted.home().keep(changed);
        return changed;
      }
    }

    private Connection connection(RunState state) {
      Connection open = connection;
      if (open == null) {
        open = wanted.connecting().connect(state);
        connection = open;
      }
      return open;
    }

    private Consumer<RunEvent> events(RunState state) {
      Seen seen = wanted.home().seen(id());
      RunLog fresh =
          new RunLog(
              wanted.asker()::line,
              wanted.asker()::output,
              seen,
              () -> {
                wanted.asker().flush();
                wanted.home().keepSeen(id(), seen);
              },
              connection(state).secrets());
      log = fresh;
      if (paused) {
        fresh.pause();
      }
      return event -> {
        try {
          fresh.accept(event);
        } catch (SluiceException e) {
          // The disk is full, say: that takes lines from the log, and nothing from the run.
          at = "running; its log cannot be kept: " + e.getMessage();
        }
      };
    }

    void keepLog(Consumer<RunLog> how) {
      RunLog shown = log;
      if (shown != null) {
        try {
          how.accept(shown);
        } catch (SluiceException e) {
          at = "running; its log cannot be kept: " + e.getMessage(); // as for each of its lines
        }
      }
    }

    private void follow(Running r) {
      failures = 0;
      at = "running";
      boolean stop;
      synchronized (this) {
        running = r;
        stop = stops > 0;
      }
      if (stop) {
        cancel(r);
      }
      var unused =
          r.end().whenComplete((outcome, t) -> background.execute(() -> ended(outcome, t)));
    }

    private void ended(@Nullable RunOutcome outcome, @Nullable Throwable t) {
      if (paused) {
        return;
      }
      if (outcome == null) {
        synchronized (this) {
          running = null;
        }
        // only what the stage wrapped it in: a diagnostic may well have a cause of its own
        Throwable cause = t instanceof CompletionException wrapped ? wrapped.getCause() : t;
        if (cause instanceof SluiceException known) {
          troubled(known);
        } else {
          failed(String.valueOf(cause), true);
        }
        return;
      }
      String reason = "";
      RunLog shown = log;
      if (outcome.status() != StageStatus.SUCCEEDED) {
        reason = shown == null ? outcome.reason() : shown.failure(outcome.reason());
      }
      String why = reason;
      try {
        RunState changed = change(s -> s.ended(id(), outcome, why));
        report(changed.execution(id()).orElseThrow());
      } catch (SluiceException e) {
        failed(words(e), false);
      }
    }

    private void report(RunState.Execution execution) {
      StageStatus how = execution.ended().orElseThrow();
      if (how == StageStatus.SUCCEEDED) {
        finish(() -> wanted.asker().succeeded(state()));
      } else if (how == StageStatus.CANCELLED && isStopped()) {
        finish(() -> wanted.asker().stopped("it was ended, and its record written", false));
      } else {
        finish(() -> wanted.asker().failed(execution.reason(), false));
      }
    }

    /** Out of reach is borne for a while, everything else is told. */
    private void troubled(SluiceException e) {
      boolean wasThere = wanted.home().state().flatMap(s -> s.execution(id())).isPresent();
      if (e.exitCode() != ExitCode.UNREACHABLE || ++failures >= patience.tries()) {
        failed(words(e), wasThere);
        return;
      }
      Connection open = connection;
      connection = null; // perhaps with other credentials next time
      if (open != null) {
        open.close();
      }
      if (failures == 1) {
        wanted
            .asker()
            .line(words(e) + "; trying again every " + patience.between().toSeconds() + " s");
      }
      at = "the cluster is out of reach: " + e.getMessage();
      later(patience.between(), this::advance);
    }

    private void await(List<RunId> others) {
      at = "waiting for what another step runs: " + others;
      synchronized (this) {
        idle = true;
      }
      RunId first = others.getFirst();
      Drive other = going.get(first);
      Runnable then = () -> afterAnother(first);
      if (other == null) {
        // its step has not come back from a restart yet, or just ended
        later(patience.between(), then);
        return;
      }
      boolean gone;
      synchronized (other) {
        gone = other.over;
        if (!gone) {
          other.waiting.add(then);
        }
      }
      if (gone) {
        background.execute(then);
      }
    }

    private void afterAnother(RunId other) {
      synchronized (this) {
        idle = false;
      }
      if (isStopped()) {
        stoppedEarly();
        return;
      }
      Optional<RunState.Execution> was = state().execution(other);
      if (was.isPresent()
          && was.get().ended().isPresent()
          && was.get().ended().get() != StageStatus.SUCCEEDED) {
        failed("what it needs was run by another step, and failed: " + was.get().reason(), false);
        return;
      }
      advance();
    }

    private boolean isStopped() {
      synchronized (this) {
        return stops > 0;
      }
    }

    void stop() {
      Running r;
      boolean waits;
      synchronized (this) {
        stops++;
        r = running;
        waits = idle;
      }
      if (r != null) {
        cancel(r);
      } else if (waits) {
        stoppedEarly();
      } else {
        // whoever starts or follows it will see; unless the cluster stays out of reach
        later(patience.end().plus(patience.force()), this::abandon);
      }
    }

    private void stoppedEarly() {
      finish(
          () -> wanted.asker().stopped("it was not started yet", false),
          Optional.of(StageStatus.CANCELLED));
    }

    /** Asks to end, after a while by force, after another while leaves it. */
    private void cancel(Running r) {
      at = "ending";
      try {
        r.cancel();
      } catch (SluiceException e) {
        wanted.asker().line("it cannot be told to end: " + words(e));
      }
      later(
          patience.end(),
          () -> {
            if (isOver()) {
              return;
            }
            wanted.asker().line("it has not ended: ending it by force");
            try {
              r.cancel();
            } catch (SluiceException e) {
              wanted.asker().line("it cannot be ended: " + words(e));
            }
            later(patience.force(), this::abandon);
          });
    }

    private void abandon() {
      if (!isOver()) {
        finish(
            () -> wanted.asker().stopped("it may still be going on the cluster", true),
            Optional.of(StageStatus.CANCELLED));
      }
    }

    private synchronized boolean isOver() {
      return over;
    }

    private void failed(String text, boolean mayGoOn) {
      if (paused) {
        return; // whatever broke while this process ends, the next one will see
      }
      finish(() -> wanted.asker().failed(text, mayGoOn), Optional.of(StageStatus.FAILED));
    }

    private void finish(Runnable tell) {
      finish(tell, Optional.empty());
    }

    /**
     * Tells the end, once.
     *
     * @param how what the state is told, unless it knows of an end
     */
    private void finish(Runnable tell, Optional<StageStatus> how) {
      synchronized (this) {
        if (over) {
          return;
        }
        over = true;
      }
      try {
        if (how.isPresent() && wanted.home().state().isPresent()) {
          RunOutcome none = RunOutcome.withoutTasks(how.get(), "");
          change(s -> s.ended(id(), none, "it was given up"));
        }
      } catch (SluiceException e) {
        wanted.asker().line(words(e));
      }
      Connection open = connection;
      if (open != null) {
        open.close();
      }
      try {
        tell.run();
      } finally {
        over(this);
      }
    }

    private void later(Duration when, Runnable what) {
      var unused =
          timer.schedule(() -> background.execute(what), when.toMillis(), TimeUnit.MILLISECONDS);
    }
  }

  /** What went wrong, where, and what to do about it. */
  public static String words(SluiceException e) {
    return DiagnosticRenderer.plain().render(e.diagnostics()).strip();
  }
}
