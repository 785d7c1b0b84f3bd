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

  /**
   * The node that is to run a pod and has not said that it knows of it; empty when it has, or none
   * was chosen. A node that lives says so within a second.
   */
  public static Optional<String> unanswering(Tree pod) {
    String node = pod.at("spec", "nodeName").text();
    boolean silent = !node.isEmpty() && !pod.at("status", "startTime").isPresent();
    return silent ? Optional.of(node) : Optional.empty();
  }
}
