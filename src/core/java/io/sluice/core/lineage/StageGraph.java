package io.sluice.core.lineage;

import io.sluice.core.artifact.Digest;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.StageRecord;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The stages of a run, linked by the manifests that they wrote and read: walks from an output back
 * to what it was made of. A cache hit has a record like any stage, so nothing outside the run is
 * needed.
 */
public final class StageGraph {
  private final Map<Digest, StageRecord> producers = new TreeMap<>();

  /** Links a run's stage records, given in any order. */
  public StageGraph(Iterable<StageRecord> records) {
    for (StageRecord record : records) {
      record.outputs().ifPresent(digest -> producers.put(digest, record));
    }
  }

  /** The stage that left this manifest. */
  public Optional<StageRecord> producer(Digest manifest) {
    return Optional.ofNullable(producers.get(manifest));
  }

  /** That stage and all before it, by stage name. */
  public List<StageRecord> before(Digest manifest) {
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

  /**
   * Digest of the data that these stages stem from: of their one data stage's output, or of the
   * list of digests when there are several.
   */
  public static Optional<Digest> snapshot(List<StageRecord> stages) {
    List<Digest> digests =
        stages.stream()
            .filter(s -> s.kind() == Plan.Kind.DATA)
            .flatMap(s -> s.outputs().stream())
            .toList();
    return switch (digests.size()) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(digests.getFirst());
      default ->
          Optional.of(
              Digest.of(String.join("\n", digests.stream().map(Digest::toString).toList())));
    };
  }
}
