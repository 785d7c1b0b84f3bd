package io.jenkins.plugins.sluice.failure;

import hudson.AbortException;
import org.jenkinsci.plugins.scriptsecurity.sandbox.whitelists.Whitelisted;

/**
 * The gate held the candidate, and {@code onHold: 'failure'} was asked for. The run itself
 * succeeded.
 */
public final class HeldException extends AbortException {
  private static final long serialVersionUID = 1L;

  private final String run;
  private final String reason;
  private final int version;

  /**
   * A verdict HOLD.
   *
   * @param reason {@code worse}, {@code inconclusive}, ..
   * @param version that the candidate was registered as; 0: none, or none is known
   */
  public HeldException(String run, String reason, int version) {
    super("HOLD: " + reason);
    this.run = run;
    this.reason = reason;
    this.version = version;
  }

  /** Id of the run. */
  @Whitelisted
  public String getRun() {
    return run;
  }

  /** Why it was held, in a word of the gate. */
  @Whitelisted
  public String getReason() {
    return reason;
  }

  /** The version that the candidate was registered as; 0: none, or none is known. */
  @Whitelisted
  public int getVersion() {
    return version;
  }
}
