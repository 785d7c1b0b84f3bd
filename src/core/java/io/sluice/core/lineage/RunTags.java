package io.sluice.core.lineage;

import io.sluice.core.gate.Decision;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import java.util.Collections;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How a run ended, as the tags under which people find its record in the registry. Nothing reads
 * them back: {@code run.json}, which lies beside them, says more.
 *
 * @param verdict what the gate decided, if the run got that far
 * @param drift what the drift stage found, when the pipeline has one
 * @param promoted version that the run made champion
 * @param familyCauses why families failed or were ineligible
 */
public record RunTags(
    RunId run,
    StageStatus status,
    Optional<Decision> verdict,
    Optional<Drift> drift,
    Optional<Integer> promoted,
    SortedMap<String, String> familyCauses) {

  /**
   * What the drift stage found.
   *
   * @param needsReview whether forecasts made from this run's data go to the review queue
   */
  public record Drift(DriftStatus status, boolean needsReview) {}

  /** The tags of the run, by name. */
  public SortedMap<String, String> tags() {
    TreeMap<String, String> tags = new TreeMap<>();
    tags.put("sluice.run", run.value());
    tags.put("sluice.status", status.name());
    verdict.ifPresent(v -> tags.put("sluice.verdict", v.name()));
    drift.ifPresent(d -> {
      tags.put("sluice.drift", d.status().word());
      tags.put("sluice.needsReview", Boolean.toString(d.needsReview()));
    });
    promoted.ifPresent(v -> tags.put("sluice.promoted", v.toString()));
    Lineage.failed(familyCauses, tags);
    return Collections.unmodifiableSortedMap(tags);
  }
}
