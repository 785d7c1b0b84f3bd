package io.sluice.tekton.v1;

import java.util.Map;
import java.util.Optional;

/** Names an object and says what it is about. */
public record Metadata(
    Optional<String> name,
    Optional<String> generateName,
    Optional<String> namespace,
    Map<String, String> labels,
    Map<String, String> annotations) {
  public Metadata {
    labels = Ordered.copyOf(labels);
    annotations = Ordered.copyOf(annotations);
  }

  /** Metadata with a name and nothing else. */
  public static Metadata named(String name) {
    return new Metadata(Optional.of(name), Optional.empty(), Optional.empty(), Map.of(), Map.of());
  }
}
