package io.sluice.cluster.fold;

import java.util.Optional;

/** What keeps a pod from running, in words; of any pod, not just one of a run. */
public final class Hindrance {
  private Hindrance() {}

  /** Reads a {@code v1} Pod; empty when nothing is in its way. */
  public static Optional<String> of(Tree pod) {
    SeenPod seen = SeenPod.of(pod);
    return Words.taken(seen).or(() -> Words.waiting(seen));
  }
}
