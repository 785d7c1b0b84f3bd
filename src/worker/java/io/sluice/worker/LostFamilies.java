package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.ExitWords;
import io.sluice.core.run.StageStatus;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Families that were allowed to fail, and did: the members of a fan-in that did not come, and those
 * whose forecasts did not.
 */
final class LostFamilies {
  private static final List<String> GROUPS = List.of("candidates/", "predictions/");

  private LostFamilies() {}

  /**
   * By their exit codes alone, in words: what a stage may know whose outputs are taken from the
   * cache, since its key has the codes and nothing else.
   */
  static SortedMap<String, String> byExitCode(Step step) {
    SortedMap<String, String> lost = new TreeMap<>();
    for (JsonNode node : step.context().path("inputs")) {
      StageRecord.Input input = StageRecord.Input.parse(node);
      for (String group : GROUPS) {
        if (input.name().startsWith(group) && input.failed().isPresent()) {
          // a model that did not come is why its forecasts did not
          lost.putIfAbsent(
              input.name().substring(group.length()),
              "its stage ended with " + ExitWords.of(input.failed().get()));
        }
      }
    }
    return Collections.unmodifiableSortedMap(lost);
  }

  /**
   * With the stage that failed and its cause, by the records of the run.
   *
   * @param evaluation evaluate's answer, which lists those too that were lost with their forecasts
   */
  static SortedMap<String, String> byCause(Step step, JsonNode evaluation) {
    SortedMap<String, String> lost = new TreeMap<>(byExitCode(step));
    for (JsonNode family : evaluation.path("families")) {
      if (family.at("/reason/id").asText().equals("SLU-7502")) {
        lost.putIfAbsent(family.path("name").asText(), family.at("/reason/message").asText());
      }
    }
    List<StageRecord> records = new java.util.ArrayList<>();
    step.context().path("records").forEach(r -> records.add(StageRecord.parse(r)));
    lost.replaceAll((family, ending) -> cause(records, family).orElse(ending));
    return Collections.unmodifiableSortedMap(lost);
  }

  /** {@code tune-deep: the command ended with ..}: the first of a family's stages that failed. */
  static Optional<String> cause(List<StageRecord> records, String family) {
    return records.stream()
        .filter(r -> r.family().equals(Optional.of(family)))
        .filter(r -> r.status().equals(Optional.of(StageStatus.FAILED)))
        .min(java.util.Comparator.comparing(StageRecord::started))
        .map(r -> r.stage() + ": " + r.cause());
  }
}
