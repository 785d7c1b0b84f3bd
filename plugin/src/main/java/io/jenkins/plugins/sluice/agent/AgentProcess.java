package io.jenkins.plugins.sluice.agent;

import hudson.AbortException;
import hudson.EnvVars;
import hudson.FilePath;
import hudson.Launcher;
import hudson.model.TaskListener;
import hudson.slaves.WorkspaceList;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.io.InputStream;
import java.io.Serializable;
import java.util.Map;
import java.util.Optional;
import org.jenkinsci.plugins.durabletask.BourneShellScript;
import org.jenkinsci.plugins.durabletask.Controller;
import org.jenkinsci.plugins.workflow.FilePathUtils;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * The program of one step on an agent. The process belongs to the agent and outlives a restart of
 * Jenkins. Jenkins saves this object with the step, and polls the process for output and exit code.
 */
@Restricted(NoExternalUse.class)
public final class AgentProcess implements Serializable {
  private static final long serialVersionUID = 1L;
  private static final int MAX_RECORD_BYTES = 16 << 20;

  /** Name of the agent; empty: the built-in node. */
  private final String agent;

  /** Path of the workspace on the agent. */
  private final String workspace;

  /** Path of the file on the agent that receives the run's record. */
  private final String record;

  /** The durable task, which remembers how much of the output was read. */
  private final Controller controller;

  private AgentProcess(String agent, String workspace, String record, Controller controller) {
    this.agent = agent;
    this.workspace = workspace;
    this.record = record;
    this.controller = controller;
  }

  /** The file that is to receive the record of an execution; its folder exists afterwards. */
  public static FilePath recordFile(FilePath workspace, RunId execution)
      throws IOException, InterruptedException {
    FilePath temporary = WorkspaceList.tempDir(workspace);
    if (temporary == null) {
      throw new AbortException("the workspace has no folder for temporary files beside it");
    }
    temporary.mkdirs();
    return temporary.child("sluice-" + execution + ".json");
  }

  /**
   * Starts the program.
   *
   * @param env with the variables of {@link SluiceCommand} but {@link SluiceCommand#PID_FILE}
   * @param record as of {@link #recordFile}
   */
  public static AgentProcess start(
      EnvVars env, FilePath workspace, FilePath record, Launcher launcher, TaskListener listener)
      throws IOException, InterruptedException {
    env.put(SluiceCommand.PID_FILE, pidFile(record.getRemote()));
    BourneShellScript task = new BourneShellScript(SluiceCommand.SCRIPT);
    task.defaultCharset();
    Controller controller = task.launch(env, workspace, launcher, listener);
    return new AgentProcess(
        FilePathUtils.getNodeName(workspace),
        workspace.getRemote(),
        record.getRemote(),
        controller);
  }

  /** Where a program of this workspace can be found again. */
  public static ProcessAddress address(FilePath workspace, FilePath record) {
    return new ProcessAddress(
        FilePathUtils.getNodeName(workspace), workspace.getRemote(), record.getRemote());
  }

  /** Beside the record. */
  static String pidFile(String record) {
    return record + ".pid";
  }

  /** Name of the agent as messages give it. */
  public String agent() {
    return agent.isEmpty() ? "the built-in node" : agent;
  }

  /** The workspace; null while the agent is offline. */
  public @Nullable FilePath workspace() {
    return FilePathUtils.find(agent, workspace);
  }

  /**
   * Copies new output to the log.
   *
   * @return whether there was any
   */
  public boolean copyOutput(FilePath workspace, TaskListener listener)
      throws IOException, InterruptedException {
    return controller.writeLog(workspace, listener.getLogger());
  }

  /** The exit code; null while the program runs. */
  public @Nullable Integer exitCode(FilePath workspace, Launcher launcher, TaskListener listener)
      throws IOException, InterruptedException {
    return controller.exitStatus(workspace, launcher, listener);
  }

  /** The run's record; empty when the program wrote none. */
  public Optional<byte[]> record(FilePath workspace) throws IOException, InterruptedException {
    return read(workspace.child(record));
  }

  /** Address of the registry's page of the version; empty when the program wrote none. */
  public Optional<byte[]> page(FilePath workspace) throws IOException, InterruptedException {
    return read(workspace.child(record + ".page"));
  }

  /** Why the program failed, as it says; empty when it wrote nothing. */
  public Optional<byte[]> failure(FilePath workspace) throws IOException, InterruptedException {
    return read(workspace.child(record + ".failure"));
  }

  private static Optional<byte[]> read(FilePath file) throws IOException, InterruptedException {
    if (!file.exists()) {
      return Optional.empty();
    }
    byte[] bytes;
    try (InputStream in = file.read()) {
      bytes = in.readNBytes(MAX_RECORD_BYTES);
    }
    return Optional.of(bytes);
  }

  /**
   * Asks the program to end. The durable task's own way would kill every process of the workspace
   * within seconds, also those of another branch of {@code parallel}.
   *
   * @return whether the program received the signal; it cannot before it has begun
   */
  public boolean terminate(Launcher launcher) throws IOException, InterruptedException {
    return launcher
            .launch()
            .cmds("/bin/sh", "-c", SluiceCommand.END, pidFile(record))
            .quiet(true)
            .join()
        == 0;
  }

  /** Kills what is left of an execution. */
  public void kill(Launcher launcher, RunId execution) throws IOException, InterruptedException {
    launcher.kill(Map.of(SluiceCommand.PROCESS, execution.value()));
  }

  /** Removes the files of a process that has ended. */
  public void cleanUp(FilePath workspace) throws IOException, InterruptedException {
    deleteFiles(workspace, record);
    controller.cleanup(workspace);
  }

  /** Removes the files that a program leaves beside the workspace. */
  static void deleteFiles(FilePath workspace, String record)
      throws IOException, InterruptedException {
    workspace.child(record).delete();
    workspace.child(record + ".page").delete();
    workspace.child(record + ".failure").delete();
    workspace.child(pidFile(record)).delete();
  }
}
