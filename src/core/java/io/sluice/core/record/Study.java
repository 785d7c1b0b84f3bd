package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The part of a study, {@code study.json}, that becomes metrics of a version. Python writes it, and
 * a stage of an author's own may write less: what is missing or unknown is empty. Schema: {@code
 * study.schema.json}.
 *
 * @param trials how many there were
 * @param objectives of the trials in their order; NaN for one that failed
 * @param againstCold what was saved against the last cold search
 * @param againstColdWithPatience what was saved against it, had it stopped by patience
 */
public record Study(
    Optional<Integer> trials,
    List<Double> objectives,
    Saving againstCold,
    Saving againstColdWithPatience) {
  public Study {
    objectives = List.copyOf(objectives);
  }

  /** Shares that were saved at equal loss; empty when unknown. */
  public record Saving(Optional<Double> trials, Optional<Double> cpuSeconds) {}

  /** Reads {@code study.json}. */
  public static Study of(JsonNode json) {
    JsonNode trials = json.path("trials");
    JsonNode savings = json.path("savings");
    return new Study(
        trials.isArray() ? Optional.of(trials.size()) : Optional.empty(),
        objectives(trials),
        saving(savings.path("againstCold")),
        saving(savings.path("againstColdWithPatience")));
  }

  private static List<Double> objectives(JsonNode trials) {
    List<Double> objectives = new ArrayList<>();
    trials.forEach(t -> objectives.add(number(t.path("objective")).orElse(Double.NaN)));
    return objectives;
  }

  /** A saving that is not known is the word {@code unknown}, which has no fields. */
  private static Saving saving(JsonNode json) {
    return new Saving(number(json.path("trials")), number(json.path("cpuSeconds")));
  }

  private static Optional<Double> number(JsonNode value) {
    return value.isNumber() ? Optional.of(value.asDouble()) : Optional.empty();
  }
}
