package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.Run;
import hudson.model.TaskListener;
import io.jenkins.plugins.sluice.agent.AgentProcess;
import io.jenkins.plugins.sluice.agent.AgentStage;
import io.jenkins.plugins.sluice.agent.InstallationHome;
import io.jenkins.plugins.sluice.agent.SluiceCommand;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.record.AgentWorkspace;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.jenkins.plugins.sluice.run.Failures;
import io.jenkins.plugins.sluice.run.StartedExecutions;
import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;
import org.jenkinsci.plugins.workflow.FilePathUtils;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jspecify.annotations.Nullable;

/** A run, or a stage of one, by the command line on the agent; polls its {@link AgentProcess}. */
final class AgentExecution extends BackgroundExecution {
  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = Logger.getLogger(AgentExecution.class.getName());

  private static final long MIN_POLL_MILLIS = 500;
  private static final long MAX_POLL_MILLIS = 15_000;
  private static final long STOP_SECONDS = 720;
  private static final int STOP_TRIES = 20;

  /** What the step was asked for; never changes. */
  private final RunRequest request;

  /** The step's {@code onHold}; never changes. */
  private final String onHold;

  /** Name of an installation; empty: the only one, or the one on the PATH; never changes. */
  private final String tool;

  /** Null for a whole run; never changes. */
  private final @Nullable AgentStage stage;

  /** Null until the program is started; set once. */
  private @Nullable AgentProcess process;

  /** Whether the log already says that the agent is offline. */
  private transient boolean away;

  /**
   * Whether the program still has to be told to end, because it is just being started or its agent
   * is offline.
   */
  private volatile boolean toBeEnded;

  AgentExecution(
      StepContext context,
      RunRequest request,
      String onHold,
      String tool,
      @Nullable AgentStage stage) {
    super(context);
    this.stage = stage;
    this.request = request;
    this.onHold = onHold;
    this.tool = tool;
  }

  @Override
  String onHold() {
    return onHold;
  }

  @Override
  public void onResume() {
    if (process() == null) {
      // it may have been started in the last moment, and nothing would follow it
      fail(new AbortException("Jenkins went down while the run was started: start it anew"));
    } else {
      @Nullable Throwable cause = stopCause();
      if (cause != null) {
        toBeEnded = true; // whether it was told before or not: twice does no harm
        forceLater(cause);
      }
      pollAfter(MIN_POLL_MILLIS);
    }
  }

  @Override
  void work() throws IOException, InterruptedException {
    StepContext context = getContext();
    Run<?, ?> build = context.get(Run.class);
    TaskListener listener = context.get(TaskListener.class);
    @Nullable FilePath ws = context.get(FilePath.class);
    @Nullable Launcher launcher = context.get(Launcher.class);
    if (ws == null || launcher == null) {
      throw new AbortException("runner: 'local' runs on an agent: call it inside of node");
    }
    if (!launcher.isUnix()) {
      throw new AbortException("runner: 'local' needs an agent with a POSIX shell");
    }
    if (PipelineFiles.isPullRequest(build.getParent())) {
      throw new AbortException(SluiceCommand.NO_PULL_REQUESTS);
    }
    BuildRuns runs = new BuildRuns(build, listener);
    String who = who(runs);
    EnvVars env = new EnvVars(context.get(EnvVars.class));
    InstallationHome.find(tool, ws, env, listener).ifPresent(h -> env.put(SluiceCommand.HOME, h));
    RunId run = run(build);
    RunId mine = execution(build);
    FilePath record = AgentProcess.recordFile(ws, mine);
    if (stage != null) {
      runs.bindToAgent(run, request.name(), workspace(env, ws));
    }
    env.put(
        SluiceCommand.ARGUMENTS,
        String.join("\n", SluiceCommand.arguments(request, run, record.getRemote(), stage)));
    env.put(SluiceCommand.RUN, mine.value());
    env.put("SLUICE_WHO", who);
    @Nullable Throwable before = stopCause();
    if (before != null) {
      fail(before);
      return;
    }
    StartedExecutions.ofJenkins()
        .note(
            new StartedExecutions.Entry(
                mine,
                build.getExternalizableId(),
                build.getParent().getFullName(),
                new StartedExecutions.OnAgent(AgentProcess.address(ws, record))));
    AgentProcess started = AgentProcess.start(env, ws, record, launcher, listener);
    boolean stopped;
    synchronized (this) {
      process = started;
      stopped = stopCause() != null;
    }
    Failures.unawaited(context.saveState());
    if (stopped) {
      // nobody polls it any more; it can be told as soon as it has begun
      for (int i = 0; i < STOP_TRIES && !started.terminate(launcher); i++) {
        Thread.sleep(MIN_POLL_MILLIS);
      }
      return;
    }
    pollAfter(MIN_POLL_MILLIS);
  }

  /** In whose name the run promotes; refuses a person who may not. */
  private String who(BuildRuns runs) throws AbortException {
    if (stage == null) {
      return runs.mayPromoteByItself();
    }
    return (stage.kind() == StageSelector.Kind.PROMOTE
            ? runs.promoter().or(runs::starterOrJob)
            : runs.starterOrJob())
        .orElse("");
  }

  /** Where the program keeps what stages give each other. */
  private static AgentWorkspace workspace(EnvVars env, FilePath ws) {
    String state = env.get("SLUICE_STATE", "");
    return new AgentWorkspace(
        FilePathUtils.getNodeName(ws),
        state.isEmpty() ? ws.getRemote() : ws.child(state).getRemote());
  }

  private RunId run(Run<?, ?> build) {
    return stage == null ? identity(build).run(node()) : new RunId(stage.run());
  }

  /** The id of what this step does, which is the whole run or a part of one. */
  private RunId execution(Run<?, ?> build) {
    return stage == null ? run(build) : identity(build).execution(node());
  }

  private synchronized @Nullable AgentProcess process() {
    return process;
  }

  private void pollAfter(long millis) {
    Failures.unawaited(
        Timer.get().schedule(() -> background(() -> poll(millis)), millis, TimeUnit.MILLISECONDS));
  }

  private void poll(long waited) throws IOException, InterruptedException {
    AgentProcess current = process();
    if (current == null || isOver()) {
      return;
    }
    TaskListener listener = getContext().get(TaskListener.class);
    @Nullable FilePath ws = current.workspace();
    if (ws == null) {
      if (!away) {
        away = true;
        listener.getLogger().println("the agent is away; the run is followed when it comes back");
      }
      pollAfter(MAX_POLL_MILLIS);
      return;
    }
    try {
      @Nullable Launcher launcher = getContext().get(Launcher.class);
      if (launcher == null) {
        pollAfter(MAX_POLL_MILLIS);
        return;
      }
      boolean wrote = current.copyOutput(ws, listener);
      @Nullable Integer code = current.exitCode(ws, launcher, listener);
      away = false;
      if (code == null) {
        if (toBeEnded) {
          toBeEnded = !current.terminate(launcher);
        }
        if (wrote) {
          Failures.unawaited(getContext().saveState());
        }
        pollAfter(wrote ? MIN_POLL_MILLIS : Math.min(MAX_POLL_MILLIS, waited + waited / 2));
        return;
      }
      while (current.copyOutput(ws, listener)) {
        // until all of it is read
      }
      ended(current, ws, code);
      StartedExecutions.ofJenkins().strike(execution(getContext().get(Run.class)));
      // only now: a connection that breaks before is tried again
      current.cleanUp(ws);
    } catch (IOException e) {
      // the connection to the agent broke, and the process continues
      LOGGER.log(Level.FINE, e, () -> "the agent " + current.agent() + " does not answer");
      pollAfter(MAX_POLL_MILLIS);
    }
  }

  private void ended(AgentProcess ended, FilePath ws, int code)
      throws IOException, InterruptedException {
    StepContext context = getContext();
    Run<?, ?> build = context.get(Run.class);
    RunId run = run(build);
    TaskListener listener = context.get(TaskListener.class);
    BuildRuns builds = new BuildRuns(build, listener);
    Optional<RunSummary> read = builds.keepRecord(run, ended.record(ws), ended.page(ws));
    RunSummary summary = read.orElseGet(RunSummary::empty);
    AgentEnd end = new AgentEnd(code, stage == null ? null : stage.kind(), summary);
    end.verdict().ifPresent(v -> builds.judged(summary.model(), v, summary));
    @Nullable Throwable stopped = stopCause();
    if (stopped != null) {
      if (end.isDone()) {
        listener.getLogger().println(succeededBeforeItsStop(execution(build)));
      }
      fail(stopped);
    } else if (code != 0) {
      fail(failure(run, code, ended.failure(ws)));
    } else if (end.judges() && read.isEmpty()) {
      // a HOLD would pass for a success
      fail(
          new AbortException(
              "this version of the plugin cannot read the record of run "
                  + run
                  + ", so its verdict is unknown: install the plugin's version of Sluice on the"
                  + " agent"));
    } else {
      succeed(
          end.judges() ? HoldPolicy.hold(run, summary.verdict(), summary) : Optional.empty(),
          summary.result(run.value(), Optional.empty()));
    }
  }

  /**
   * What a program that ended with this code came to: in its own words, where it left any.
   *
   * @param left why it failed, as the program wrote it
   */
  private AbortException failure(RunId run, int code, Optional<byte[]> left)
      throws IOException, InterruptedException {
    Optional<RunFailure> read = Optional.empty();
    try {
      read = left.map(b -> RunFailure.parse(new String(b, StandardCharsets.UTF_8)));
    } catch (IllegalArgumentException e) {
      // an installation of another version wrote it; the log has all of it
      LOGGER.log(Level.FINE, e, () -> "why run " + run + " failed cannot be read");
    }
    String words = SluiceCommand.words(code);
    return Failures.of(
        code,
        run.value(),
        read.flatMap(RunFailure::stage).map(StageName::value).orElse(""),
        read.isEmpty() ? words : masked(words + "\n" + read.get().text()));
  }

  @Override
  public void stop(Throwable cause) {
    AgentProcess current;
    synchronized (this) {
      stopBecause(cause);
      current = process;
    }
    if (current == null) {
      fail(cause);
      return;
    }
    toBeEnded = true; // else by one of the next polls: its agent may be offline now
    Failures.unawaited(getContext().saveState());
    background(() -> {
      try {
        @Nullable Launcher launcher = launcher(current);
        if (launcher != null && current.terminate(launcher)) {
          toBeEnded = false;
        }
      } catch (IOException e) {
        LOGGER.log(Level.FINE, e, () -> "the agent " + current.agent() + " does not answer");
      }
    });
    forceLater(cause);
  }

  /** Of the process's agent; null while it is offline. */
  private @Nullable Launcher launcher(AgentProcess of) throws IOException, InterruptedException {
    return of.workspace() == null ? null : getContext().get(Launcher.class);
  }

  /** Does not wait for ever for a program that was told to end. */
  private void forceLater(Throwable cause) {
    Failures.unawaited(
        Timer.get()
            .schedule(
                () ->
                    background(() -> {
                      if (!isOver()) {
                        kill();
                      }
                      fail(cause);
                    }),
                STOP_SECONDS,
                TimeUnit.SECONDS));
  }

  private void kill() throws IOException, InterruptedException {
    AgentProcess current = process();
    @Nullable Launcher launcher = current == null ? null : launcher(current);
    if (current != null && launcher != null) {
      current.kill(launcher, execution(getContext().get(Run.class)));
    }
  }

  @Override
  public String getStatus() {
    AgentProcess current = process();
    return current == null ? "starting" : "running on " + current.agent();
  }
}
