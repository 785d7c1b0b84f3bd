package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.JsonCodec;
import java.util.List;
import java.util.Optional;

/**
 * What {@code labels} of a data stage's {@code with} says about the tables that it delivers.
 *
 * @param column the label
 * @param eventTime when a row's period begins
 * @param knownAt when a row became known
 * @param unit columns that name a unit; empty when no evaluate stage names them
 * @param matureAfter how long after its period a label still changes, as ISO 8601 writes it
 * @param metric the gate's, where it judges these very labels; else empty
 */
@JsonIgnoreProperties(ignoreUnknown = true)
public record SourceLabels(
    Optional<String> column,
    Optional<String> eventTime,
    String knownAt,
    @JsonSetter(nulls = Nulls.AS_EMPTY) List<String> unit,
    Optional<String> matureAfter,
    Optional<String> metric) {
  public SourceLabels {
    unit = List.copyOf(unit);
  }

  /**
   * Reads them from the {@code with} of a data stage; empty for a source without labels.
   *
   * @throws IllegalArgumentException when they name no {@code knownAt}
   */
  public static Optional<SourceLabels> of(JsonNode with) {
    JsonNode labels = with.path("labels");
    return labels.isMissingNode()
        ? Optional.empty()
        : Optional.of(JsonCodec.read(labels, SourceLabels.class));
  }
}
