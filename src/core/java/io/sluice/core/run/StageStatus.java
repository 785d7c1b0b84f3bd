package io.sluice.core.run;

/** How a stage, step or run ended. */
public enum StageStatus {
  SUCCEEDED,
  FAILED,
  /** Not run: what it needs did not come, or its {@code when} said no. */
  SKIPPED,
  CANCELLED,
  TIMED_OUT
}
