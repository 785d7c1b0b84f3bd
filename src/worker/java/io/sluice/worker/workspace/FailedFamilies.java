package io.sluice.worker.workspace;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.ExitWords;
import io.sluice.core.run.StageStatus;
import io.sluice.inference.Evaluation;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Families that were allowed to fail, and did: the members of a fan-in that did not come, and those
 * whose forecasts did not.
 */
public final class FailedFamilies {
  private static final List<String> GROUPS = List.of("candidates/", "predictions/");

  private FailedFamilies() {}

  /**
   * By their exit codes alone, in words: what a stage may know whose outputs are taken from the
   * cache, since its key has the codes and nothing else.
   */
  public static SortedMap<String, String> byExitCode(StepInput step) {
    SortedMap<String, String> failed = new TreeMap<>();
    for (StageRecord.Input input : step.context().inputs()) {
      for (String group : GROUPS) {
        if (input.name().startsWith(group) && input.failed().isPresent()) {
          // a model that did not come is why its forecasts did not
          failed.putIfAbsent(
              input.name().substring(group.length()),
              "its stage ended with " + ExitWords.of(input.failed().get()));
        }
      }
    }
    return Collections.unmodifiableSortedMap(failed);
  }

  /**
   * With the stage that failed and its cause, by the records of the run.
   *
   * @param evaluation evaluate's answer, which also lists families whose forecasts failed
   */
  public static SortedMap<String, String> byCause(StepInput step, EvaluationReport evaluation) {
    SortedMap<String, String> failed = new TreeMap<>(byExitCode(step));
    for (EvaluationReport.Family family : evaluation.families()) {
      family
          .reason()
          .filter(r -> r.id().equals(Evaluation.FAILED_FAMILY))
          .ifPresent(r -> failed.putIfAbsent(family.name(), r.message()));
    }
    List<StageRecord> records = step.records();
    failed.replaceAll((family, ending) -> cause(records, family).orElse(ending));
    return Collections.unmodifiableSortedMap(failed);
  }

  /** {@code tune-deep: the command ended with ..}: the first of a family's stages that failed. */
  public static Optional<String> cause(List<StageRecord> records, String family) {
    return records.stream()
        .filter(r -> r.family().equals(Optional.of(family)))
        .filter(r -> r.status().equals(Optional.of(StageStatus.FAILED)))
        .min(java.util.Comparator.comparing(StageRecord::started))
        .map(r -> r.stage() + ": " + r.cause());
  }
}
