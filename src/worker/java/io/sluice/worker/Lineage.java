package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.record.StageRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Walks a run's stage records from an output back to what it was made of. A cache hit has a record
 * like any stage, so nothing outside the run is needed.
 */
final class Lineage {
  private final Map<Digest, StageRecord> producers = new TreeMap<>();

  /** A run's stage records, in any order. */
  Lineage(Iterable<JsonNode> records) {
    for (JsonNode node : records) {
      StageRecord record = StageRecord.parse(node);
      record.outputs().ifPresent(digest -> producers.put(digest, record));
    }
  }

  /** The stage that left this manifest. */
  Optional<StageRecord> producer(Digest manifest) {
    return Optional.ofNullable(producers.get(manifest));
  }

  /** That stage and all before it, by stage name. */
  List<StageRecord> before(Digest manifest) {
    Map<String, StageRecord> found = new TreeMap<>();
    Deque<Digest> open = new ArrayDeque<>(List.of(manifest));
    while (!open.isEmpty()) {
      StageRecord record = producers.get(open.pop());
      if (record != null && found.put(record.stage().value(), record) == null) {
        record.inputs().forEach(i -> i.manifest().ifPresent(open::push));
      }
    }
    return List.copyOf(found.values());
  }
}
