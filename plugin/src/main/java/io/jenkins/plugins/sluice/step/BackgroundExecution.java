package io.jenkins.plugins.sluice.step;

import hudson.console.ConsoleLogFilter;
import hudson.model.Computer;
import hudson.model.Run;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.jenkins.plugins.sluice.run.Failures;
import io.sluice.app.run.Identity;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.Optional;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jspecify.annotations.Nullable;

/**
 * A step whose work is done in the background, on a cluster or on an agent. Between start and end
 * it is nothing but its fields: no thread waits for it. Nothing here does I/O on the thread that
 * runs Groovy.
 */
abstract class BackgroundExecution extends StepExecution {
  private static final long serialVersionUID = 1L;

  /** Id of the step's flow node; set once by {@link #start}. All other ids follow from it. */
  private String node = "";

  /**
   * Id of the build as the step began; set once by {@link #start}. A job may be renamed or moved
   * while it builds, and ids must not follow it. Null as read from an earlier version.
   */
  private @Nullable String build;

  /** Why the step was told to stop; saved, so that a restart does not forget it. */
  private @Nullable Throwable stopCause;

  /** Whether the step has its result. Not saved: a step that Jenkins resumes has none. */
  private transient boolean over;

  BackgroundExecution(StepContext context) {
    super(context);
  }

  /** Takes what the step needs from its context, on the thread that runs Groovy. */
  void readContext() throws IOException, InterruptedException {}

  /** Begins the work. Called in the background. */
  abstract void work() throws IOException, InterruptedException;

  /** What the build makes of a verdict HOLD, see {@link HoldPolicy}. */
  abstract String onHold();

  @Override
  public final boolean start() throws Exception {
    FlowNode flowNode = getContext().get(FlowNode.class);
    node = flowNode.getId();
    build = BuildRuns.nameForIds(getContext().get(Run.class));
    readContext();
    background(this::work);
    return false;
  }

  final String node() {
    return node;
  }

  /** What the ids of this step are made from, the same to its end. */
  final Identity identity(Run<?, ?> ofBuild) {
    return BuildRuns.identity(build, ofBuild);
  }

  /**
   * A text as the log of this step shows it: errors are printed outside of {@code withCredentials},
   * which masks nothing there.
   */
  final String masked(String text) throws IOException, InterruptedException {
    return MaskedText.of(text, Optional.ofNullable(getContext().get(ConsoleLogFilter.class)));
  }

  final synchronized void stopBecause(Throwable cause) {
    stopCause = cause;
  }

  final synchronized @Nullable Throwable stopCause() {
    return stopCause;
  }

  final synchronized boolean isOver() {
    return over;
  }

  /** What the log of a step says that was stopped too late: the build is aborted all the same. */
  static String succeededBeforeItsStop(RunId execution) {
    return execution + " had succeeded before it could be stopped; what it did stays";
  }

  /** Gives the step a result, unless it has one. */
  final void finish(Runnable result) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    result.run();
  }

  final void fail(Throwable cause) {
    finish(() -> getContext().onFailure(cause));
  }

  /**
   * Ends the step with a value; with its stop, when it was stopped while its execution came to a
   * good end: a build that was aborted must not continue with the next step.
   *
   * @param hold the verdict HOLD that this step came to; empty when it did not
   */
  final void succeed(Optional<HoldPolicy.Hold> hold, Object value) {
    Throwable stop = stopCause();
    if (stop != null) {
      fail(stop);
      return;
    }
    finish(() -> {
      try {
        if (hold.isPresent()) {
          HoldPolicy.apply(onHold(), getContext(), hold.get());
        }
        getContext().onSuccess(value);
      } catch (IOException e) {
        getContext().onFailure(Failures.of(e));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        getContext().onFailure(Failures.of(e));
      }
    });
  }

  /** Something that may block. */
  interface Work {
    void run() throws IOException, InterruptedException;
  }

  /** Runs something in the background; the step fails when it fails. */
  final void background(Work work) {
    Computer.threadPoolForRemoting.execute(() -> {
      try {
        work.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        fail(Failures.of(e));
      } catch (IOException | RuntimeException | LinkageError e) {
        fail(Failures.of(e));
      }
    });
  }
}
