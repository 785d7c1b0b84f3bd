package io.sluice.core.diag;

/**
 * The result of one check of {@code sluice doctor}, or of a cluster's settings in Jenkins.
 *
 * @param what the thing that was checked
 * @param passed whether it is as runs need it
 * @param detail what is there, or what is wrong and what to do about it
 */
public record CheckResult(String what, boolean passed, String detail) {
  /** A check that passed. */
  public static CheckResult pass(String what, String detail) {
    return new CheckResult(what, true, detail);
  }

  /** A check that failed. */
  public static CheckResult fail(String what, String detail) {
    return new CheckResult(what, false, detail);
  }
}
