package io.sluice.tekton;

import com.fasterxml.jackson.annotation.JsonFormat;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How a run ended.
 *
 * @param status SUCCEEDED also when tasks with {@code onError: continue} failed, and when nothing
 *     but the record of a decided run did
 * @param tasks every task of the pipeline in its order, {@code finally} last
 * @param results the pipeline's results; those whose tasks gave none are absent
 * @param reason why it did not succeed, for people; empty when it did
 * @param failure the first task in the pipeline's order that failed although the run depends on it
 * @param unrecorded why the record of a run that decided could not be written; the verdict and the
 *     promotion stand, so this does not make it a failed run
 */
public record RunOutcome(
    StageStatus status,
    Map<StageName, TaskOutcome> tasks,
    Map<String, String> results,
    String reason,
    Optional<Failure> failure,
    Optional<String> unrecorded) {
  /** After one of these a run has decided. */
  private static final Set<String> DECIDES =
      Set.of(Plan.Kind.GATE.task(), Plan.Kind.PROMOTE.task());

  public RunOutcome {
    tasks = Collections.unmodifiableMap(new LinkedHashMap<>(tasks));
    results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
  }

  /** The outcome of a run of which no task is known. */
  public static RunOutcome withoutTasks(StageStatus status, String reason) {
    return new RunOutcome(status, Map.of(), Map.of(), reason, Optional.empty(), Optional.empty());
  }

  /**
   * The outcome of a run.
   *
   * @param ends every task of the pipeline in its order, {@code finally} last
   */
  public static RunOutcome of(
      StageStatus status, List<TaskEnd> ends, Map<String, String> results, String reason) {
    Map<StageName, TaskOutcome> tasks = new LinkedHashMap<>();
    ends.forEach(e -> tasks.put(e.name(), e.outcome()));
    Optional<TaskEnd> unrecorded = unrecorded(status, ends);
    if (unrecorded.isPresent()) {
      return new RunOutcome(
          StageStatus.SUCCEEDED,
          tasks,
          results,
          "",
          Optional.empty(),
          unrecorded.map(e -> e.outcome().reason()));
    }
    Optional<Failure> failure =
        ends.stream()
            .filter(e -> e.outcome().status() == StageStatus.FAILED && !e.mayFail())
            .map(e -> new Failure(e.name(), e.task()))
            .findFirst();
    return new RunOutcome(status, tasks, results, reason, failure, Optional.empty());
  }

  /** The record, when the run decided and nothing that it depends on failed but this. */
  private static Optional<TaskEnd> unrecorded(StageStatus status, List<TaskEnd> ends) {
    List<TaskEnd> bad =
        ends.stream()
            .filter(e -> !e.mayFail() && !e.hasStatus(StageStatus.SUCCEEDED, StageStatus.SKIPPED))
            .toList();
    boolean decided =
        ends.stream()
            .anyMatch(e ->
                e.hasStatus(StageStatus.SUCCEEDED)
                    && e.task().filter(DECIDES::contains).isPresent());
    return status == StageStatus.FAILED
            && decided
            && bad.size() == 1
            && bad.getFirst().task().equals(Optional.of(Plan.Kind.RECORD.task()))
        ? Optional.of(bad.getFirst())
        : Optional.empty();
  }

  /**
   * A task that failed although the run depends on it.
   *
   * @param task the name of the {@code Task} that it refers to; empty for an embedded one
   */
  public record Failure(StageName stage, Optional<String> task) {}

  /**
   * The end of one task, with what the pipeline says about it.
   *
   * @param task the name of the {@code Task} that it refers to; empty for an embedded one
   * @param mayFail whether the run continues when it fails ({@code onError: continue})
   */
  public record TaskEnd(
      StageName name, Optional<String> task, boolean mayFail, TaskOutcome outcome) {
    private boolean hasStatus(StageStatus... any) {
      return List.of(any).contains(outcome.status());
    }
  }

  /**
   * How one task ended; the state of a run keeps it as JSON.
   *
   * @param attempts how many were made; 0 when it was skipped
   * @param cached whether its {@code run} step was skipped because fetch had a hit
   * @param results by name
   * @param reason why it did not succeed, for people; empty when it did
   */
  @JsonPropertyOrder({"status", "attempts", "cached", "reason", "results"})
  public record TaskOutcome(
      StageStatus status,
      int attempts,
      boolean cached,
      @JsonFormat(with = JsonFormat.Feature.WRITE_SORTED_MAP_ENTRIES) Map<String, String> results,
      String reason) {
    public TaskOutcome {
      results = Collections.unmodifiableMap(new LinkedHashMap<>(results));
    }
  }
}
