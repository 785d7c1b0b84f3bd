package io.sluice.tekton;

import io.sluice.core.run.StageStatus;

/** How Tekton's variables say how a task ended, for {@code finally} tasks. */
public final class TaskWords {
  /**
   * The reason of a task that an execution leaves out, with the status of a skipped one: Tekton's
   * own is empty.
   */
  public static final String NOT_ASKED_FOR = "NotAskedFor";

  private TaskWords() {}

  /** As {@code $(tasks.x.status)}. */
  public static String status(StageStatus status) {
    return switch (status) {
      case SUCCEEDED -> "Succeeded";
      case SKIPPED -> "None";
      case FAILED, CANCELLED, TIMED_OUT -> "Failed";
    };
  }

  /** As {@code $(tasks.x.reason)}. */
  public static String reason(StageStatus status) {
    return switch (status) {
      case SUCCEEDED -> "Succeeded";
      case FAILED -> "Failed";
      case TIMED_OUT -> "TaskRunTimeout";
      case CANCELLED -> "TaskRunCancelled";
      case SKIPPED -> "";
    };
  }
}
