package io.sluice.local;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;

/**
 * What images mean on this machine. It grows while a run goes on: which environment the champion
 * needs is known only once the run has resolved its version. Thread-safe.
 */
public final class Environments {
  private final ConcurrentSkipListMap<String, Environment> byImage = new ConcurrentSkipListMap<>();

  /** These, to begin with. */
  public static Environments of(Map<String, Environment> byImage) {
    Environments environments = new Environments();
    byImage.forEach(environments::bind);
    return environments;
  }

  /** From now on steps of this image run there. */
  public void bind(String image, Environment environment) {
    byImage.put(image, environment);
  }

  Optional<Environment> find(String image) {
    return Optional.ofNullable(byImage.get(image));
  }

  NavigableSet<String> images() {
    return Collections.unmodifiableNavigableSet(new TreeSet<>(byImage.keySet()));
  }
}
