package io.sluice.cluster.fold;

import java.time.Instant;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the fold reads of a TaskRun.
 *
 * @param task name of the task in the pipeline
 * @param attempts in order, the current one last
 * @param why {@code spec.statusMessage}: why it was told to end, if it was
 */
public record ObservedTaskRun(String name, String task, List<Attempt> attempts, String why)
    implements Observation {
  public ObservedTaskRun {
    attempts = List.copyOf(attempts);
  }

  /**
   * One attempt.
   *
   * @param pod name of its pod; empty until there is one
   * @param steps in order
   * @param results those that were given
   */
  public record Attempt(
      Condition succeeded,
      String pod,
      Optional<Instant> started,
      Optional<Instant> completed,
      List<Step> steps,
      Map<String, String> results) {
    public Attempt {
      steps = List.copyOf(steps);
      results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
    }
  }

  /**
   * A step as Tekton sees it.
   *
   * @param container its container in the pod
   * @param exitCode once it has ended, or was given up
   * @param began whether its end says when it began: not if it was given up before, as when its
   *     image could not be pulled
   * @param reason of its end, in Kubernetes' words: {@code OOMKilled}, {@code TaskRunCancelled}
   * @param outcome of its end, in Tekton's words: {@code Completed}, {@code Continued}, {@code
   *     Skipped}, {@code Error}, {@code TimeoutExceeded}
   */
  public record Step(
      String name,
      String container,
      Optional<Integer> exitCode,
      boolean began,
      String reason,
      String outcome,
      Map<String, String> results) {
    public Step {
      results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
    }

    boolean wasSkipped() {
      return outcome.equals("Skipped");
    }

    /** Whether it was ended from outside: what it would have come to is not known. */
    boolean wasEnded() {
      return reason.equals("TaskRunCancelled")
          || reason.equals("TaskRunTimeout")
          || outcome.equals("TimeoutExceeded");
    }
  }
}
