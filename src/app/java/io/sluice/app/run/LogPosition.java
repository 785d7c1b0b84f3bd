package io.sluice.app.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import java.util.Map;
import java.util.TreeMap;

/**
 * How much of a run's output was shown: lines by container and attempt. Following a run again
 * begins at its beginning; lines that were shown before are then passed over.
 */
public final class LogPosition {
  private final Map<String, Long> counts = new TreeMap<>();

  private LogPosition(Map<String, Long> counts) {
    this.counts.putAll(counts);
  }

  /** Nothing was shown yet. */
  public static LogPosition start() {
    return new LogPosition(Map.of());
  }

  /** What {@link #json} wrote. */
  public static LogPosition parse(String json) {
    Map<String, Long> counts = new TreeMap<>();
    Json.parse(json).properties().forEach(e -> counts.put(e.getKey(), e.getValue().asLong()));
    return new LogPosition(counts);
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
