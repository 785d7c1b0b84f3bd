package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.Computer;
import hudson.model.Node;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.slaves.WorkspaceList;
import io.jenkins.plugins.sluice.agent.AgentStage;
import io.jenkins.plugins.sluice.agent.SluiceCommand;
import io.jenkins.plugins.sluice.config.SluiceInstallation;
import io.jenkins.plugins.sluice.page.RunAction;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.record.AgentWorkspace;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.jenkins.plugins.sluice.run.BuildRuns;
import io.jenkins.plugins.sluice.run.Failures;
import io.sluice.app.staged.RunSummary;
import io.sluice.app.staged.StageCall;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.model.Jenkins;
import jenkins.util.Timer;
import org.jenkinsci.plugins.durabletask.BourneShellScript;
import org.jenkinsci.plugins.durabletask.Controller;
import org.jenkinsci.plugins.workflow.FilePathUtils;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;
import org.jenkinsci.plugins.workflow.steps.StepExecution;
import org.jspecify.annotations.Nullable;

/**
 * A run, or a stage of one, by the command line on the agent. The process belongs to the agent and
 * outlives a restart of Jenkins; it is asked now and then for its output and its exit code. No
 * thread waits.
 */
public final class AgentExecution extends StepExecution {
  private static final long serialVersionUID = 1L;
  private static final Logger LOGGER = Logger.getLogger(AgentExecution.class.getName());

  private static final long SHORTEST_MILLIS = 500;
  private static final long LONGEST_MILLIS = 15_000;
  private static final long STOP_SECONDS = 720;
  private static final int STOP_TRIES = 20;
  private static final int MOST_RECORD_BYTES = 16 << 20;

  /** What it was told; never changes. */
  private final RunRequest request;

  /** As the step's; never changes. */
  private final String onHold;

  /** Name of an installation; empty: the only one, or the one on the PATH; never changes. */
  private final String tool;

  /** Null for a whole run; never changes. */
  private final @Nullable AgentStage stage;

  /** Id of the step's flow node; set once by {@link #start}. */
  private String node = "";

  /** Where the process is; set once when it is there. */
  private String agent = "";

  /** The workspace on it; set once when the process is there. */
  private String workspace = "";

  /** The file on the agent that the record goes to; set once when the process is there. */
  private String record = "";

  /** The process; it remembers how much of the output was read. */
  private @Nullable Controller controller;

  /** Why it was told to end. */
  private @Nullable Throwable stopCause;

  private transient boolean over;
  private transient boolean away;

  /** It is to end and could not be told yet: it is being started, or its agent is away. */
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
  public boolean start() throws Exception {
    FlowNode flowNode = getContext().get(FlowNode.class);
    node = flowNode.getId();
    background(this::launch);
    return false;
  }

  @Override
  public void onResume() {
    if (process() == null) {
      // it may have been started in the last moment, and nobody would follow it
      finish(() ->
          getContext()
              .onFailure(
                  new AbortException(
                      "Jenkins went down while the run was started: start it anew")));
    } else {
      @Nullable Throwable cause = stopCause();
      if (cause != null) {
        toBeEnded = true; // told before or not: twice does no harm
        forceLater(cause);
      }
      later(SHORTEST_MILLIS);
    }
  }

  private void launch() throws IOException, InterruptedException {
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
    BuildRuns builds = new BuildRuns(build, listener);
    String who = who(builds);
    EnvVars env = new EnvVars(context.get(EnvVars.class));
    home(ws, env, listener).ifPresent(h -> env.put(SluiceCommand.HOME, h));
    FilePath temporary = WorkspaceList.tempDir(ws);
    if (temporary == null) {
      throw new AbortException("the workspace has no folder for temporary files beside it");
    }
    temporary.mkdirs();
    RunId run = run(build);
    RunId mine = execution(build);
    if (stage != null) {
      stay(build, run, request.name(), env, ws);
    }
    FilePath file = temporary.child("sluice-" + mine + ".json");
    env.put(
        SluiceCommand.ARGUMENTS,
        String.join("\n", SluiceCommand.arguments(request, run, file.getRemote(), stage)));
    env.put(SluiceCommand.RUN, mine.value());
    env.put(SluiceCommand.PID_FILE, pidFile(file.getRemote()));
    env.put("SLUICE_WHO", who);
    @Nullable Throwable before = stopCause();
    if (before != null) {
      finish(() -> getContext().onFailure(before));
      return;
    }
    BourneShellScript task = new BourneShellScript(SluiceCommand.SCRIPT);
    task.defaultCharset();
    Controller started = task.launch(env, ws, launcher, listener);
    boolean stopped;
    synchronized (this) {
      agent = FilePathUtils.getNodeName(ws);
      workspace = ws.getRemote();
      record = file.getRemote();
      controller = started;
      stopped = stopCause != null;
    }
    Failures.unawaited(context.saveState());
    if (stopped) {
      // nobody follows it any more; it can be told as soon as it has begun
      for (int i = 0; i < STOP_TRIES && !end(launcher); i++) {
        Thread.sleep(SHORTEST_MILLIS);
      }
      return;
    }
    later(SHORTEST_MILLIS);
  }

  /** In whose name it promotes; refuses who may not. */
  private String who(BuildRuns builds) throws AbortException {
    if (stage == null) {
      return builds.mayPromoteByItself();
    }
    return (stage.kind() == StageCall.Kind.PROMOTE
            ? builds.promoter().or(builds::starterOrJob)
            : builds.starterOrJob())
        .orElse("");
  }

  /** What stages of a run give each other lies on one agent: refuses another one. */
  private static void stay(Run<?, ?> build, RunId run, String pipeline, EnvVars env, FilePath ws)
      throws IOException {
    RunFolder folder = new RunFolder(build, run);
    String state = env.get("SLUICE_STATE", "");
    AgentWorkspace here =
        new AgentWorkspace(
            FilePathUtils.getNodeName(ws),
            state.isEmpty() ? ws.getRemote() : ws.child(state).getRemote());
    synchronized (build) {
      Optional<AgentWorkspace> before = folder.place();
      if (before.isEmpty()) {
        folder.keepPipeline(pipeline);
        folder.keepPlace(here);
      } else if (!before.get().equals(here)) {
        throw new AbortException(
            "run "
                + run
                + " was begun "
                + before.get()
                + ", where what its stages gave lies, and this step is "
                + here
                + ": put its stages into one node block, or give them the same agent");
      }
    }
    RunAction.of(build).add(run);
  }

  /** Beside the record. */
  private static String pidFile(String record) {
    return record + ".pid";
  }

  /**
   * Asks the program to end. The process' own way would kill every one of the workspace within
   * seconds, also those of another branch of {@code parallel}.
   *
   * @return whether it could be told; not before it has begun
   */
  private boolean end(Launcher launcher) throws IOException, InterruptedException {
    return launcher
            .launch()
            .cmds("/bin/sh", "-c", SluiceCommand.END, pidFile(record))
            .quiet(true)
            .join()
        == 0;
  }

  /** Ends what is still there of it, by force. */
  private void kill() throws IOException, InterruptedException {
    @Nullable FilePath ws = FilePathUtils.find(agent, workspace);
    @Nullable Launcher launcher = ws == null ? null : getContext().get(Launcher.class);
    if (launcher == null) {
      return; // nobody is there to be told
    }
    launcher.kill(Map.of(SluiceCommand.PROCESS, execution(getContext().get(Run.class)).value()));
  }

  private Optional<String> home(FilePath ws, EnvVars env, TaskListener listener)
      throws IOException, InterruptedException {
    SluiceInstallation[] all =
        Jenkins.get()
            .getDescriptorByType(SluiceInstallation.DescriptorImpl.class)
            .getInstallations();
    @Nullable SluiceInstallation found = null;
    for (SluiceInstallation one : all) {
      if (one.getName().equals(tool) || (tool.isEmpty() && all.length == 1)) {
        found = one;
      }
    }
    if (found == null) {
      if (tool.isEmpty()) {
        return Optional.empty();
      }
      throw new AbortException("there is no installation " + tool + " of Sluice under Tools");
    }
    @Nullable Computer computer = ws.toComputer();
    @Nullable Node there = computer == null ? null : computer.getNode();
    if (there == null) {
      throw new AbortException("the agent is gone");
    }
    return Optional.ofNullable(found.forNode(there, listener).forEnvironment(env).getHome());
  }

  private RunId run(Run<?, ?> build) {
    return stage == null ? BuildRuns.identity(build).run(node) : new RunId(stage.run());
  }

  /** The id of what this step does, which is the whole run or a part of one. */
  private RunId execution(Run<?, ?> build) {
    return stage == null ? run(build) : BuildRuns.identity(build).execution(node);
  }

  private synchronized @Nullable Controller process() {
    return controller;
  }

  private void later(long millis) {
    Failures.unawaited(
        Timer.get().schedule(() -> background(() -> look(millis)), millis, TimeUnit.MILLISECONDS));
  }

  private void look(long waited) throws IOException, InterruptedException {
    Controller process = process();
    if (process == null || isOver()) {
      return;
    }
    long next = Math.min(LONGEST_MILLIS, waited + waited / 2);
    TaskListener listener = getContext().get(TaskListener.class);
    @Nullable FilePath ws = FilePathUtils.find(agent, workspace);
    if (ws == null) {
      if (!away) {
        away = true;
        listener.getLogger().println("the agent is away; the run is followed when it comes back");
      }
      later(LONGEST_MILLIS);
      return;
    }
    try {
      @Nullable Launcher launcher = getContext().get(Launcher.class);
      if (launcher == null) {
        later(LONGEST_MILLIS);
        return;
      }
      boolean wrote = process.writeLog(ws, listener.getLogger());
      @Nullable Integer code = process.exitStatus(ws, launcher, listener);
      away = false;
      if (code == null && toBeEnded) {
        toBeEnded = !end(launcher);
      }
      if (code == null) {
        if (wrote) {
          Failures.unawaited(getContext().saveState());
          next = SHORTEST_MILLIS;
        }
        later(next);
        return;
      }
      while (process.writeLog(ws, listener.getLogger())) {
        // until all of it is read
      }
      ended(ws, code);
      // only now: a connection that breaks before is tried again
      ws.child(record).delete();
      ws.child(record + ".page").delete();
      ws.child(pidFile(record)).delete();
      process.cleanup(ws);
    } catch (IOException e) {
      // the connection to the agent broke: the process goes on
      LOGGER.log(Level.FINE, e, () -> "the agent " + agent + " does not answer");
      later(LONGEST_MILLIS);
    }
  }

  private void ended(FilePath ws, int code) throws IOException, InterruptedException {
    StepContext context = getContext();
    Run<?, ?> build = context.get(Run.class);
    RunId run = run(build);
    Optional<byte[]> bytes = read(ws.child(record));
    Optional<byte[]> page = read(ws.child(record + ".page"));
    RunSummary summary = RunSummary.empty();
    if (bytes.isPresent()) {
      try {
        summary = RunSummary.of(bytes.get());
        RunFolder folder = new RunFolder(build, run);
        folder.keepRecord(bytes.get());
        page.map(p -> new String(p, StandardCharsets.UTF_8).strip()).ifPresent(folder::keepPage);
        RunAction.of(build).add(run);
      } catch (IllegalArgumentException e) {
        summary = RunSummary.empty();
        context
            .get(TaskListener.class)
            .getLogger()
            .println("(the record of the run cannot be read: " + e.getMessage() + ")");
      }
    }
    @Nullable Throwable stopped = stopCause();
    RunSummary result = summary;
    finish(() -> {
      try {
        if (stopped != null) {
          getContext().onFailure(stopped);
        } else if (code != 0) {
          getContext().onFailure(new AbortException(SluiceCommand.words(code)));
        } else {
          boolean judges = stage == null || stage.kind() == StageCall.Kind.EVALUATE;
          if (judges && result.verdict().equals(Optional.of("HOLD"))) {
            HoldPolicy.apply(onHold, getContext(), result.reason().orElse("the champion stays"));
          }
          getContext().onSuccess(result.result(run.value(), Optional.empty()));
        }
      } catch (IOException e) {
        getContext().onFailure(Failures.of(e));
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        getContext().onFailure(Failures.of(e));
      }
    });
  }

  /** Reads a file; empty when there is none. */
  private static Optional<byte[]> read(FilePath file) throws IOException, InterruptedException {
    if (!file.exists()) {
      return Optional.empty();
    }
    byte[] bytes;
    try (InputStream in = file.read()) {
      bytes = in.readNBytes(MOST_RECORD_BYTES);
    }
    return Optional.of(bytes);
  }

  @Override
  public void stop(Throwable cause) {
    Controller process;
    synchronized (this) {
      stopCause = cause;
      process = controller;
    }
    if (process == null) {
      finish(() -> getContext().onFailure(cause));
      return;
    }
    toBeEnded = true; // else by one of the next looks: its agent may be away now
    Failures.unawaited(getContext().saveState());
    background(() -> {
      try {
        @Nullable FilePath ws = FilePathUtils.find(agent, workspace);
        @Nullable Launcher launcher = ws == null ? null : getContext().get(Launcher.class);
        if (launcher != null && end(launcher)) {
          toBeEnded = false;
        }
      } catch (IOException e) {
        LOGGER.log(Level.FINE, e, () -> "the agent " + agent + " does not answer");
      }
    });
    forceLater(cause);
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
                      finish(() -> getContext().onFailure(cause));
                    }),
                STOP_SECONDS,
                TimeUnit.SECONDS));
  }

  private synchronized @Nullable Throwable stopCause() {
    return stopCause;
  }

  private synchronized boolean isOver() {
    return over;
  }

  @Override
  public String getStatus() {
    return process() == null
        ? "starting"
        : "running on " + (agent.isEmpty() ? "the built-in node" : agent);
  }

  private void finish(Runnable tell) {
    synchronized (this) {
      if (over) {
        return;
      }
      over = true;
    }
    tell.run();
  }

  /** Something that may block. */
  private interface Work {
    void run() throws IOException, InterruptedException;
  }

  private void background(Work work) {
    Computer.threadPoolForRemoting.execute(() -> {
      try {
        work.run();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        finish(() -> getContext().onFailure(Failures.of(e)));
      } catch (IOException | RuntimeException | LinkageError e) {
        finish(() -> getContext().onFailure(Failures.of(e)));
      }
    });
  }
}
