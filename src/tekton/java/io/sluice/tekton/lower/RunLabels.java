package io.sluice.tekton.lower;

import io.sluice.core.run.RunId;
import java.util.Map;
import java.util.Optional;

/**
 * What the labels of a PipelineRun say about the run, for a client that has no pipeline at hand.
 *
 * @param model of which the run makes a version; empty when no label says so
 * @param whole the run that it belongs to: itself, unless it is a part of a run
 */
public record RunLabels(String model, RunId whole) {
  static final String MODEL = "sluice.io/model";

  /**
   * Reads the labels of a PipelineRun.
   *
   * @param id its own
   */
  public static RunLabels of(RunId id, Map<String, String> labels) {
    return new RunLabels(
        labels.getOrDefault(MODEL, ""),
        Optional.ofNullable(labels.get(PipelinePart.WHOLE_RUN_LABEL)).map(RunId::new).orElse(id));
  }
}
