package io.sluice.app.staged;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much of a run's output was shown before: lines by container and attempt. Following a run
 * again begins at its beginning; what was shown is then passed over.
 */
public final class Seen {
  private final Map<String, Long> counts = new TreeMap<>();

  private Seen(Map<String, Long> counts) {
    this.counts.putAll(counts);
  }

  /** Nothing yet. */
  public static Seen nothing() {
    return new Seen(Map.of());
  }

  /** What {@link #json} wrote. */
  public static Seen parse(String json) {
    Map<String, Long> counts = new TreeMap<>();
    Json.parse(json).properties().forEach(e -> counts.put(e.getKey(), e.getValue().asLong()));
    return new Seen(counts);
  }

  public String json() {
    ObjectNode out = Json.object();
    counts.forEach(out::put);
    return Json.write(out);
  }

  long of(String key) {
    return counts.getOrDefault(key, 0L);
  }

  void set(String key, long count) {
    counts.put(key, count);
  }
}
