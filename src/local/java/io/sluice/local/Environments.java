package io.sluice.local;

import java.util.Collections;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.ConcurrentSkipListMap;
import java.util.function.Function;

/**
 * What images mean on this machine. It grows while a run lasts: which environment the champion
 * needs is known only once the run has resolved its version. Thread-safe.
 */
public final class Environments {
  private final ConcurrentSkipListMap<String, Environment> byImage = new ConcurrentSkipListMap<>();
  private final Function<String, Optional<Environment>> others;

  /** None, to begin with. */
  public Environments() {
    this(image -> Optional.empty());
  }

  /**
   * None, to begin with.
   *
   * @param others asked for an image that was not bound; what it gives is bound
   */
  public Environments(Function<String, Optional<Environment>> others) {
    this.others = others;
  }

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
    Optional<Environment> bound = Optional.ofNullable(byImage.get(image));
    if (bound.isPresent()) {
      return bound;
    }
    Optional<Environment> other = others.apply(image);
    other.ifPresent(e -> bind(image, e));
    return other;
  }

  NavigableSet<String> images() {
    return Collections.unmodifiableNavigableSet(new TreeSet<>(byImage.keySet()));
  }
}
