package io.jenkins.plugins.sluice.agent;

import hudson.FilePath;
import hudson.Launcher;
import hudson.model.TaskListener;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import jenkins.model.Jenkins;
import org.jenkinsci.plugins.workflow.FilePathUtils;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** A program on an agent whose build is over. */
@Restricted(NoExternalUse.class)
public final class OrphanProcess {
  /** What became of it. */
  public enum Outcome {
    /** It was asked to end, and writes its record first. */
    ASKED,
    /** It is not there: it has ended, or has not begun yet. */
    NOT_FOUND,
    /** Its agent is offline. */
    AWAY,
    /** Its agent is no longer configured, so nobody can ask it. */
    LOST,
    /** It runs in a container, where the agent does not see it. */
    HIDDEN
  }

  /** An agent that does not answer must not hold up what is to be ended on others. */
  private static final long SECONDS_TO_ASK = 60;

  private final ProcessAddress address;
  private final RunId execution;

  public OrphanProcess(ProcessAddress address, RunId execution) {
    this.address = address;
    this.execution = execution;
  }

  /**
   * Asks it to end, unless it is not there. A process id may be another program's by now, so it is
   * asked only when it was given the id of the execution.
   *
   * @param byForce whether it was asked before and had its time
   */
  public Outcome end(boolean byForce, TaskListener listener)
      throws IOException, InterruptedException {
    @Nullable FilePath workspace = FilePathUtils.find(address.agent(), address.workspace());
    if (workspace == null) {
      return address.agent().isEmpty() || Jenkins.get().getNode(address.agent()) != null
          ? Outcome.AWAY
          : Outcome.LOST;
    }
    Launcher launcher = workspace.createLauncher(listener);
    int code =
        launcher
            .launch()
            .cmds(
                "/bin/sh",
                "-c",
                SluiceCommand.END_OWN,
                AgentProcess.pidFile(address.record()),
                execution.value())
            .quiet(true)
            .start()
            .joinWithTimeout(SECONDS_TO_ASK, TimeUnit.SECONDS, listener);
    return switch (code) {
      case 0 -> {
        if (byForce) {
          launcher.kill(Map.of(SluiceCommand.PROCESS, execution.value()));
        }
        yield Outcome.ASKED;
      }
      case SluiceCommand.NOT_THERE -> Outcome.NOT_FOUND;
      case SluiceCommand.ELSEWHERE -> Outcome.HIDDEN;
      default -> throw new IOException("asking the program to end ended with exit code " + code);
    };
  }

  /** Removes what it left beside the workspace, unless its agent is offline. */
  public void deleteFiles() throws IOException, InterruptedException {
    @Nullable FilePath workspace = FilePathUtils.find(address.agent(), address.workspace());
    if (workspace != null) {
      AgentProcess.deleteFiles(workspace, address.record());
    }
  }
}
