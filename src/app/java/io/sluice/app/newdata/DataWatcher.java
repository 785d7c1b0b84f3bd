package io.sluice.app.newdata;

import io.sluice.app.newdata.WatchState.Code;
import io.sluice.app.newdata.WatchState.Outcome;
import io.sluice.app.newdata.WatchState.Seen;
import io.sluice.app.run.ClusterConnector;
import io.sluice.app.run.ExecutionListener;
import io.sluice.app.run.ExecutionRequest;
import io.sluice.app.run.ExecutionSupervisor;
import io.sluice.app.run.FailureText;
import io.sluice.app.run.Identity;
import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunRepository;
import io.sluice.app.run.RunState;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.time.Clock;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Looks at data sources. One check of a source at a time; a check is an execution like that of any
 * step, brought to its end by the same {@link ExecutionSupervisor}. A fingerprint counts as seen
 * once a build was started for it: a crash just then may start a second build, and never loses one.
 */
public final class DataWatcher {
  private final ExecutionSupervisor supervisor;
  private final Digest wheel;
  private final Clock clock;
  private final Set<RunId> busy = ConcurrentHashMap.newKeySet();

  /**
   * A watcher of any number of sources.
   *
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public DataWatcher(ExecutionSupervisor supervisor, Digest wheel, Clock clock) {
    this.supervisor = supervisor;
    this.wheel = wheel;
    this.clock = clock;
  }

  /**
   * What was asked for.
   *
   * @param state of the check
   * @param source the data source that is checked
   * @param code that it runs with, where that is known to come out the same again
   */
  public record Opened(RunState state, String source, Optional<Code> code) {}

  /** The party that has the source watched; called in the background, for one check at a time. */
  public interface Host {
    /** Where a check is kept; an earlier one's is gone by then. */
    RunRepository home(RunId check);

    /** Forgets whatever checks before this one left. */
    void forget(RunId butThis) throws IOException;

    /**
     * Opens a check: reads the pipeline, brings its code into the store, keeps all of it in the
     * check's home. May be repeated after a crash anywhere in it.
     *
     * @param before code that is in the store already
     * @throws IOException in words for people
     * @throws SluiceException for what is wrong with pipeline, target or cluster
     */
    Opened open(RunId check, RunId execution, Optional<Code> before)
        throws IOException, InterruptedException;

    ClusterConnector connecting(RunId execution);

    /** Whether there is a build that has seen the data of the time before the first check. */
    boolean isBuilt();

    /**
     * Has a build started.
     *
     * @return false when none can be started now
     */
    boolean start(String source, Seen fingerprint);

    /** The execution is over, as far as it is known. */
    void ended(RunId execution, boolean mayStillRun);

    /** The check has answered: what is left of it on the cluster may go. */
    void answered(RunId execution, RunState state);

    /** A line of the check's log. */
    void line(String text);
  }

  /**
   * A source that is watched.
   *
   * @param identity what makes the ids of its checks: the same for the same source, another one for
   *     any other
   */
  public record Watch(Identity identity, WatchRepository repository, Host host) {
    RunId check(long number) {
      return identity.run(Long.toString(number));
    }

    RunId execution(long number) {
      return identity.execution(Long.toString(number));
    }

    /** What is known. */
    public WatchState state() {
      return repository.state();
    }
  }

  /**
   * Looks once, unless a check is under way. May block while the pipeline is read and uploaded; the
   * check itself runs without a thread.
   *
   * @return whether it looks
   */
  public boolean look(Watch watch) throws InterruptedException {
    RunId own = watch.check(0);
    if (!busy.add(own)) {
      return false;
    }
    boolean begun = false;
    try {
      begun = begin(watch, own);
    } finally {
      if (!begun) {
        busy.remove(own);
      }
    }
    return true;
  }

  private boolean begin(Watch watch, RunId own) throws InterruptedException {
    WatchState state = watch.state();
    // never one of before, even where the state of then is gone: the cluster may still have it
    long number =
        state.going().orElse(Math.max(state.checks() + 1, clock.instant().getEpochSecond()));
    RunId check = watch.check(number);
    RunId execution = watch.execution(number);
    try {
      if (state.going().isEmpty()) {
        watch.host().forget(check);
        watch.repository().save(state.begun(number));
      } else {
        watch.host().line("going on with check " + execution);
      }
      Opened opened = watch.host().open(check, execution, state.code());
      supervisor.supervise(
          new ExecutionRequest(
              check,
              execution,
              FingerprintCheck.planner(opened.source(), execution, wheel),
              watch.host().home(check),
              watch.host().connecting(execution),
              new CheckListener(watch, own, execution, opened)));
      return true;
    } catch (SluiceException e) {
      failed(watch, FailureText.of(e));
    } catch (IOException e) {
      failed(watch, String.valueOf(e.getMessage()));
    }
    return false;
  }

  private void failed(Watch watch, String why) {
    watch.host().line(why);
    watch.repository().save(watch.state().failed(why, clock.instant()));
  }

  /** Hears of a check's end. */
  private final class CheckListener implements ExecutionListener {
    private final Watch watch;
    private final RunId own;
    private final RunId execution;
    private final Opened opened;
    private volatile String shown = "";

    CheckListener(Watch watch, RunId own, RunId execution, Opened opened) {
      this.watch = watch;
      this.own = own;
      this.execution = execution;
      this.opened = opened;
    }

    @Override
    public void line(String text) {
      FingerprintCheck.shown(text).ifPresent(t -> shown = t);
      watch.host().line(text);
    }

    @Override
    public void flush() {
      // a check's log is for the eye: what a crash takes of it is not a loss
    }

    @Override
    public void succeeded(RunState state) {
      over(
          false,
          () -> {
            Optional<Digest> found = FingerprintCheck.found(state);
            if (found.isEmpty()) {
              failed(watch, "the check left no fingerprint");
              return;
            }
            Seen fingerprint = new Seen(found.get(), shown, clock.instant());
            Outcome outcome = outcome(watch.state(), fingerprint);
            watch.repository().save(watch.state().ended(outcome, fingerprint, opened.code()));
            watch.host().line(words(outcome, fingerprint));
            watch.host().answered(execution, state);
          });
    }

    private Outcome outcome(WatchState before, Seen fingerprint) {
      if (before.seen().isEmpty() && watch.host().isBuilt()) {
        return Outcome.FIRST;
      }
      if (before.seen().map(Seen::digest).equals(Optional.of(fingerprint.digest()))) {
        return Outcome.SAME;
      }
      return watch.host().start(opened.source(), fingerprint) ? Outcome.STARTED : Outcome.REFUSED;
    }

    private String words(Outcome outcome, Seen fingerprint) {
      String what = "data source " + opened.source() + " is at " + fingerprint.words();
      return switch (outcome) {
        case SAME -> what + ", as before";
        case FIRST -> what + "; noted, since there was nothing to compare with";
        case STARTED -> what + ", which is new: a build is started";
        case REFUSED -> what + ", which is new, but no build can be started: tried again next time";
        case FAILED -> what;
      };
    }

    @Override
    public void nothingToDo(RunState state, String why) {
      over(false, () -> failed(watch, why));
    }

    @Override
    public void failed(RunFailure failure, boolean mayStillRun) {
      over(mayStillRun, () -> DataWatcher.this.failed(watch, failure.text()));
    }

    @Override
    public void stopped(String text, boolean mayStillRun) {
      over(mayStillRun, () -> DataWatcher.this.failed(watch, text));
    }

    private void failed(Watch of, String why) {
      DataWatcher.this.failed(of, why);
    }

    private void over(boolean mayStillRun, Runnable tell) {
      try {
        watch.host().ended(execution, mayStillRun);
        tell.run();
      } finally {
        busy.remove(own);
      }
    }
  }
}
