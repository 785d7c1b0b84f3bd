package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.Extension;
import hudson.FilePath;
import hudson.model.Computer;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.jenkins.plugins.sluice.run.Failures;
import io.sluice.app.run.RunState;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.Set;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.BodyExecution;
import org.jenkinsci.plugins.workflow.steps.BodyExecutionCallback;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;
import org.kohsuke.stapler.DataBoundConstructor;

/**
 * {@code mlPipeline('..') { .. }}: a run whose stages are steps. Needs no agent, and so may stand
 * among the {@code options} of a declarative pipeline.
 */
@Restricted(NoExternalUse.class)
public final class PipelineStep extends RunStep {
  @DataBoundConstructor
  public PipelineStep(@Nullable String pipeline) {
    super(pipeline);
  }

  @Override
  public StepExecution start(StepContext context) throws AbortException {
    return new Execution(context, request(), isLocal() ? getTool() : null);
  }

  /** The running block. */
  static final class Execution extends StepExecution {
    private static final long serialVersionUID = 1L;

    /** The step's parameters; never changes. */
    private final RunRequest request;

    /** Name of an installation, or empty, for a run on an agent; null: on a cluster. */
    private final @Nullable String tool;

    /** Id of the step's flow node; set once by {@link #start}. */
    private String node = "";

    /** As of a {@link BackgroundExecution}. */
    private @Nullable String build;

    /** The block, once it runs; the engine saves it as well, and continues it. */
    private @Nullable BodyExecution body;

    /** Whether the block was begun; set before it is. */
    private boolean begun;

    /** Whether the step was stopped before the block began. */
    private boolean stopped;

    Execution(StepContext context, RunRequest request, @Nullable String tool) {
      super(context);
      this.request = request;
      this.tool = tool;
    }

    @Override
    public boolean start() throws Exception {
      FlowNode flowNode = getContext().get(FlowNode.class);
      node = flowNode.getId();
      build = BuildRuns.nameForIds(getContext().get(Run.class));
      background();
      return false;
    }

    @Override
    public void onResume() {
      synchronized (this) {
        if (begun || stopped) {
          return; // the engine continues the block by itself
        }
      }
      background();
    }

    private void background() {
      Computer.threadPoolForRemoting.execute(() -> {
        try {
          open();
        } catch (InterruptedException e) {
          Thread.currentThread().interrupt();
          fail(e);
        } catch (IOException | RuntimeException | LinkageError e) {
          fail(e);
        }
      });
    }

    private void fail(Throwable t) {
      synchronized (this) {
        if (stopped) {
          return;
        }
        stopped = true;
      }
      getContext().onFailure(Failures.of(t));
    }

    private void open() throws IOException, InterruptedException {
      StepContext context = getContext();
      Run<?, ?> ofBuild = context.get(Run.class);
      RunId run = BuildRuns.identity(build, ofBuild).run(node);
      BuildRuns builds = new BuildRuns(ofBuild, context.get(TaskListener.class));
      RunContext block;
      if (tool == null) {
        RunState opened =
            builds.open(run, request, context.get(FilePath.class), /* promotes= */ false);
        block = new RunContext(opened.definition().run().value(), request.cluster());
      } else {
        RunId its = builds.onAgent(run, request);
        block = new RunContext(its.value(), new RunContext.OnAgent(request, tool));
      }
      synchronized (this) {
        if (stopped) {
          return;
        }
        begun = true;
      }
      BodyExecution started =
          context.newBodyInvoker().withContext(block).withCallback(new Callback()).start();
      synchronized (this) {
        body = started;
      }
    }

    @Override
    public void stop(Throwable cause) {
      BodyExecution running;
      synchronized (this) {
        running = body;
        if (!begun) {
          stopped = true;
        }
      }
      if (running != null) {
        running.cancel(cause);
      } else {
        getContext().onFailure(cause);
      }
    }
  }

  /** Passes on the result of the block. */
  private static final class Callback extends BodyExecutionCallback {
    private static final long serialVersionUID = 1L;

    @Override
    public void onSuccess(StepContext context, Object result) {
      context.onSuccess(result);
    }

    @Override
    public void onFailure(StepContext context, Throwable t) {
      context.onFailure(t);
    }
  }

  /** The step's name and form. */
  @Extension
  public static final class DescriptorImpl extends RunDescriptor {
    @Override
    public String getFunctionName() {
      return "mlPipeline";
    }

    @Override
    public String getDisplayName() {
      return Messages.PipelineStep_displayName();
    }

    @Override
    public boolean takesImplicitBlockArgument() {
      return true;
    }

    /** Neither a launcher nor a workspace, so that it may stand in {@code options}. */
    @Override
    public Set<? extends Class<?>> getRequiredContext() {
      return Set.of(Run.class, TaskListener.class);
    }

    @Override
    public Set<? extends Class<?>> getProvidedContext() {
      return Set.of(RunContext.class);
    }
  }
}
