package io.jenkins.plugins.sluice.failure;

import hudson.AbortException;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;

/**
 * A run, a stage of one or a rollback failed. Jenkins saves it with the build: texts and numbers
 * only.
 */
public class RunFailedException extends AbortException {
  private static final long serialVersionUID = 1L;

  private final String run;
  private final String stage;
  private final int exitCode;

  /**
   * A failure.
   *
   * @param run id; empty when there is none
   * @param stage the first one that failed; empty when none is known
   * @param exitCode as of {@code sluice run}
   */
  public RunFailedException(String message, String run, String stage, int exitCode) {
    super(message);
    this.run = run;
    this.stage = stage;
    this.exitCode = exitCode;
  }

  /** Id of the run; empty when there is none. */
  @Whitelisted
  public String getRun() {
    return run;
  }

  /** The first stage that failed; empty when none did, or none is known. */
  @Whitelisted
  public String getStage() {
    return stage;
  }

  /**
   * 1: a stage, or what runs it; 2: an input is wrong; 3: a service is out of reach; another one: a
   * program on an agent ended with it.
   */
  @Whitelisted
  public int getExitCode() {
    return exitCode;
  }
}
