package io.sluice.core.artifact;

import java.util.Optional;

/** What a store says of a cache key. Whatever is damaged about an entry, the stage runs again. */
public sealed interface CacheLookup {
  /** An earlier execution left this manifest, and everything that it names is there. */
  record Hit(Digest manifest) implements CacheLookup {}

  /** No execution of this key was kept. */
  record Miss() implements CacheLookup {}

  /**
   * There is an entry, and it cannot be used.
   *
   * @param why what is wrong with it, for a log: {@code its manifest is gone}
   */
  record Damaged(String why) implements CacheLookup {}

  /** The manifest of a hit. */
  default Optional<Digest> found() {
    return switch (this) {
      case Hit hit -> Optional.of(hit.manifest());
      case Miss miss -> Optional.empty();
      case Damaged damaged -> Optional.empty();
    };
  }
}
