package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The latest delivery of each data source and each set of values before a run: {@code
 * deliveries.json} of resolve, against which a new delivery is held. Schema: {@code
 * deliveries.schema.json}.
 */
public record Deliveries(List<Past> all) {
  /** Its name in the output of resolve. */
  public static final String FILE = "deliveries.json";

  /** A delivery of an earlier run. */
  public record Past(RunId run, StageName stage, Delivery delivery) {}

  public Deliveries {
    all = List.copyOf(all);
  }

  /**
   * The latest delivery of each source and set of values that was known at an instant.
   *
   * @param past of earlier runs, the newest run first
   */
  public static Deliveries latest(List<Past> past, Instant asOf) {
    List<Past> latest = new ArrayList<>();
    for (Past candidate : past) {
      if (candidate.delivery().newest().isAfter(asOf)) {
        continue; // a run on older data is not held against newer data
      }
      Optional<Past> known =
          latest.stream()
              .filter(l ->
                  l.stage().equals(candidate.stage())
                      && l.delivery().values().equals(candidate.delivery().values()))
              .findFirst();
      if (known.isEmpty()) {
        latest.add(candidate);
      } else if (candidate.delivery().newest().isAfter(known.get().delivery().newest())) {
        latest.set(latest.indexOf(known.get()), candidate);
      }
    }
    return new Deliveries(latest);
  }

  /** The last delivery of a source with these values. */
  public Optional<Delivery.Last> of(StageName stage, Digest values) {
    return all.stream()
        .filter(p -> p.stage().equals(stage) && p.delivery().values().equals(values))
        .findFirst()
        .map(p -> new Delivery.Last(p.run(), p.delivery().rows(), p.delivery().units()));
  }

  /** {@code deliveries.json}. */
  public JsonNode json() {
    return JsonCodec.writeList(all);
  }

  /** Reads it from resolve's output manifest; none of an older version of Sluice. */
  public static Deliveries in(ArtifactStore store, Manifest pinned) throws IOException {
    return pinned.artifact(FILE).isPresent()
        ? parse(store.read(pinned, FILE))
        : new Deliveries(List.of());
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when it is anything else
   */
  public static Deliveries parse(byte[] utf8) {
    return new Deliveries(JsonCodec.readList(Json.parse(utf8), Past.class));
  }
}
