package io.sluice.core.spec;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import java.time.Duration;
import java.util.Collections;
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

  public Overlay {
    data = Collections.unmodifiableSortedMap(new TreeMap<>(data));
    stages = Collections.unmodifiableSortedMap(new TreeMap<>(stages));
  }

  /** This overlay and then another one, as one. */
  public Overlay then(Overlay next) {
    return new Overlay(join(data, next.data), join(stages, next.stages));
  }

  private static SortedMap<String, Change> join(
      SortedMap<String, Change> first, SortedMap<String, Change> second) {
    SortedMap<String, Change> joined = new TreeMap<>(first);
    second.forEach((name, change) -> joined.merge(name, change, Change::then));
    return joined;
  }

  /**
   * What changes of one stage.
   *
   * @param with what to merge into the stage's {@code with}; an object, may be empty
   * @param acceptLess why a delivery below the floor is right; of a data source, for one run
   */
  public record Change(
      JsonNode with,
      Optional<Duration> timeout,
      Spec.Resources resources,
      Optional<String> acceptLess) {
    public static final Change NONE =
        new Change(Json.object(), Optional.empty(), Spec.Resources.NONE, Optional.empty());

    /** A change that accepts no less of a delivery. */
    public Change(JsonNode with, Optional<Duration> timeout, Spec.Resources resources) {
      this(with, timeout, resources, Optional.empty());
    }

    Change then(Change next) {
      return new Change(
          merge(with, next.with),
          next.timeout.or(() -> timeout),
          next.resources.or(resources),
          next.acceptLess.or(() -> acceptLess));
    }
  }

  /**
   * Lays one JSON object over another: where both have an object it is merged, anything else of
   * {@code over} replaces.
   */
  public static ObjectNode merge(JsonNode base, JsonNode over) {
    ObjectNode merged = Json.object();
    base.properties().forEach(e -> merged.set(e.getKey(), e.getValue().deepCopy()));
    over.properties()
        .forEach(e -> {
          JsonNode below = merged.get(e.getKey());
          JsonNode value = e.getValue();
          merged.set(
              e.getKey(),
              below != null && below.isObject() && value.isObject()
                  ? merge(below, value)
                  : value.deepCopy());
        });
    return merged;
  }
}
