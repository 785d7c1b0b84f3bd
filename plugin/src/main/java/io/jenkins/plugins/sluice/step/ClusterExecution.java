package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.FilePath;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.connect.Connections;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.jenkins.plugins.sluice.run.ControllerSupervisor;
import io.jenkins.plugins.sluice.run.Failures;
import io.jenkins.plugins.sluice.run.FoldedOutput;
import io.jenkins.plugins.sluice.run.FoldedOutputNote;
import io.jenkins.plugins.sluice.run.OrphanReaper;
import io.jenkins.plugins.sluice.run.StartedExecutions;
import io.sluice.app.run.ExecutionListener;
import io.sluice.app.run.ExecutionPlanner;
import io.sluice.app.run.ExecutionRequest;
import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunPlan;
import io.sluice.app.run.RunState;
import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.List;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jspecify.annotations.Nullable;

/**
 * A step whose work runs on a cluster. After a restart of Jenkins the supervisor continues from the
 * run's state, with ids that come out the same.
 */
abstract class ClusterExecution extends BackgroundExecution {
  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = Logger.getLogger(ClusterExecution.class.getName());

  ClusterExecution(StepContext context) {
    super(context);
  }

  /** Makes sure that the run is open. In the background. */
  abstract void open(BuildRuns builds, RunId run, @Nullable FilePath workspace)
      throws IOException, InterruptedException;

  /** The run that this step belongs to, which may be its own. */
  abstract RunId run(Run<?, ?> build);

  /** The execution that this step is. */
  abstract RunId execution(Run<?, ?> build);

  /** What it asks for; empty for a whole run. */
  abstract Optional<StageSelector> call();

  /** {@code PATH=VALUE} that it changes. */
  abstract List<String> settings(RunPlan run);

  abstract String cluster();

  @Override
  public final void onResume() {
    background(this::work);
  }

  @Override
  final void work() throws IOException, InterruptedException {
    StepContext context = getContext();
    Run<?, ?> build = context.get(Run.class);
    TaskListener listener = context.get(TaskListener.class);
    BuildRuns builds = new BuildRuns(build, listener);
    RunId run = run(build);
    RunId execution = execution(build);
    open(builds, run, workspace(builds.folder(run)));
    if (isOver()) {
      return; // stopped while the run was being opened
    }
    ControllerSupervisor.get()
        .supervise(
            new ExecutionRequest(
                run,
                execution,
                planner(execution, promotes() ? builds.promoter() : Optional.empty()),
                builds.folder(run),
                builds.connecting(cluster(), execution),
                new StepReporter(builds, listener, execution)));
    if (stopCause() != null) {
      ControllerSupervisor.get().stop(execution);
    }
  }

  private ExecutionPlanner planner(RunId execution, Optional<String> who) {
    return call()
        .map(stage ->
            ExecutionRequest.stage(Connections.wheel(), execution, stage, this::settings, who))
        .orElseGet(() -> ExecutionRequest.wholeRun(Connections.wheel()));
  }

  private boolean promotes() {
    return call().map(c -> c.kind() == StageSelector.Kind.PROMOTE).orElse(false);
  }

  /** Only asked for while there is something to read from it: its agent may be gone later. */
  private @Nullable FilePath workspace(RunFolder folder) throws IOException, InterruptedException {
    return folder.state().isPresent() ? null : getContext().get(FilePath.class);
  }

  @Override
  public final void stop(Throwable cause) {
    stopBecause(cause);
    background(() -> {
      Run<?, ?> build = getContext().get(Run.class);
      if (!ControllerSupervisor.get().stop(execution(build))) {
        fail(cause);
      }
    });
  }

  @Override
  public final String getStatus() {
    try {
      Run<?, ?> build = getContext().get(Run.class);
      RunId execution = execution(build);
      return execution + ": " + ControllerSupervisor.get().status(execution).orElse("starting");
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return "interrupted";
    }
  }

  /** Reports to the step and its log what the supervisor sees of the execution. */
  private final class StepReporter implements ExecutionListener {
    private final BuildRuns builds;
    private final TaskListener listener;
    private final RunId execution;
    private final FoldedOutput fold;

    StepReporter(BuildRuns builds, TaskListener listener, RunId execution) {
      this.builds = builds;
      this.listener = listener;
      this.execution = execution;
      this.fold = new FoldedOutput(listener.getLogger()::println, this::note);
    }

    private void note() {
      try {
        listener.annotate(new FoldedOutputNote());
      } catch (IOException e) {
        LOGGER.log(Level.FINE, e, () -> "the output of " + execution + " is shown unfolded");
      }
    }

    @Override
    public void line(String text) {
      fold.line(text);
    }

    @Override
    public void output(String text) {
      fold.output(text);
    }

    @Override
    public void flush() {
      listener.getLogger().flush();
    }

    @Override
    public void succeeded(RunState state) {
      StartedExecutions.ofJenkins().strike(execution);
      Optional<String> verdict = state.verdict();
      RunSummary summary =
          verdict.isPresent() ? builds.summary(state, cluster()) : RunSummary.empty();
      if (stopCause() != null) {
        listener.getLogger().println(succeededBeforeItsStop(execution));
      }
      boolean judges = call().isEmpty() || call().get().kind() == StageSelector.Kind.EVALUATE;
      if (judges && verdict.isPresent()) {
        builds.judged(state.definition().model(), verdict.get(), summary);
      }
      succeed(
          judges ? HoldPolicy.hold(state.definition().run(), verdict, summary) : Optional.empty(),
          summary.result(state.definition().run().value(), verdict));
    }

    @Override
    public void nothingToDo(RunState state, String why) {
      StartedExecutions.ofJenkins().strike(execution);
      listener.getLogger().println(why);
      succeed(
          Optional.empty(),
          RunSummary.empty().result(state.definition().run().value(), state.verdict()));
    }

    @Override
    public void failed(RunFailure failure, boolean mayStillRun) {
      struck(mayStillRun);
      background(() -> {
        RunId run = run(getContext().get(Run.class));
        fail(Failures.of(run, failure, masked(failure.text())));
      });
    }

    @Override
    public void stopped(String text, boolean mayStillRun) {
      struck(mayStillRun);
      listener.getLogger().println(execution + ": " + text);
      Throwable cause = stopCause();
      fail(cause != null ? cause : new AbortException(text));
    }

    /** Keeps the note of an execution that may still be running, for the {@link OrphanReaper}. */
    private void struck(boolean mayStillRun) {
      if (!mayStillRun) {
        StartedExecutions.ofJenkins().strike(execution);
      }
    }
  }
}
