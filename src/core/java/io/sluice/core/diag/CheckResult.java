package io.sluice.core.diag;

import java.util.Locale;

/**
 * The result of one check of {@code sluice doctor}, or of a cluster's settings in Jenkins.
 *
 * @param what the thing that was checked
 * @param outcome whether it is as runs need it
 * @param detail what is there, what is wrong and what to do about it, or why nobody could look
 */
public record CheckResult(String what, Outcome outcome, String detail) {
  /** What came of a check. */
  public enum Outcome {
    PASSED,
    FAILED,
    /** It could not be made: neither well nor wrong. */
    UNKNOWN;

    /** The word of {@code --json}. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /** A check that passed or failed. */
  public CheckResult(String what, boolean passed, String detail) {
    this(what, passed ? Outcome.PASSED : Outcome.FAILED, detail);
  }

  /** A check that passed. */
  public static CheckResult pass(String what, String detail) {
    return new CheckResult(what, Outcome.PASSED, detail);
  }

  /** A check that failed. */
  public static CheckResult fail(String what, String detail) {
    return new CheckResult(what, Outcome.FAILED, detail);
  }

  /** A check that could not be made. */
  public static CheckResult unknown(String what, String why) {
    return new CheckResult(what, Outcome.UNKNOWN, why);
  }

  public boolean passed() {
    return outcome == Outcome.PASSED;
  }

  public boolean failed() {
    return outcome == Outcome.FAILED;
  }
}
