package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import java.time.Duration;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a profile or a step of a run changes: values, timeouts and resources, never gate, labels or
 * secrets. Maps merge, lists replace.
 *
 * @param data by source name
 * @param stages by stage name of the spec; reaches every family of a fanned-out stage
 */
public record Overlay(SortedMap<String, Change> data, SortedMap<String, Change> stages) {
  public static final Overlay NONE = new Overlay(new TreeMap<>(), new TreeMap<>());

  /**
   * @param with what to merge into the stage's {@code with}; an object, keys sorted, may be empty
   */
  public record Change(JsonNode with, Optional<Duration> timeout, Spec.Resources resources) {}
}
