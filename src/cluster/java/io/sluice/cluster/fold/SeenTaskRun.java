package io.sluice.cluster.fold;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What matters of a TaskRun.
 *
 * @param task name of the task in the pipeline
 * @param attempts in order, the current one last
 * @param why {@code spec.statusMessage}: why it was told to end, if it was
 */
public record SeenTaskRun(String name, String task, List<Attempt> attempts, String why) {
  public SeenTaskRun {
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

  /** Reads a {@code tekton.dev/v1} TaskRun. */
  public static SeenTaskRun of(Tree taskRun) {
    List<Attempt> attempts = new ArrayList<>();
    for (Tree earlier : taskRun.at("status", "retriesStatus").list()) {
      attempts.add(
          attempt(
              new Tree(Map.of("status", earlier.value() == null ? Map.of() : earlier.value()))));
    }
    attempts.add(attempt(taskRun));
    return new SeenTaskRun(
        taskRun.at("metadata", "name").text(),
        taskRun.at("metadata", "labels", "tekton.dev/pipelineTask").text(),
        attempts,
        taskRun.at("spec", "statusMessage").text());
  }

  private static Attempt attempt(Tree taskRun) {
    Tree status = taskRun.at("status");
    Condition succeeded = Condition.of(taskRun, "Succeeded");
    String pod = status.at("podName").text();
    // One that is to be retried still has the steps of the attempt before until it has a pod.
    boolean stale = pod.isEmpty() && !succeeded.isDecided();
    return new Attempt(
        succeeded,
        pod,
        status.at("startTime").time(),
        status.at("completionTime").time(),
        stale ? List.of() : status.at("steps").list().stream().map(SeenTaskRun::step).toList(),
        Results.of(status.at("results")));
  }

  private static Step step(Tree step) {
    return new Step(
        step.at("name").text(),
        step.at("container").text(),
        step.at("terminated", "exitCode").number(),
        step.at("terminated", "startedAt").time().isPresent(),
        step.at("terminated", "reason").text(),
        step.at("terminationReason").text(),
        Results.of(step.at("results")));
  }
}
