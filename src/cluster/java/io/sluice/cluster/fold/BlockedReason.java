package io.sluice.cluster.fold;

import java.util.Optional;

/** Says why a pod does not run; for any pod, not only those of runs. */
public final class BlockedReason {
  private BlockedReason() {}

  /** Why this {@code v1} Pod does not run; empty when nothing blocks it. */
  public static Optional<String> of(Tree pod) {
    ObservedPod seen = ObservedPod.of(pod);
    return Messages.taken(seen).or(() -> Messages.waiting(seen));
  }

  /** Why no node takes this {@code v1} Pod; empty when one has, or none was asked yet. */
  public static Optional<String> ofScheduling(Tree pod) {
    ObservedPod seen = ObservedPod.of(pod);
    return seen.scheduled().isFalse() ? Messages.waiting(seen) : Optional.empty();
  }

  /** Why one container of a pod does not start; empty when nothing is in its way. */
  public static Optional<String> ofContainer(Tree pod, String container) {
    return ObservedPod.of(pod).containers().stream()
        .filter(c -> c.name().equals(container))
        .findFirst()
        .flatMap(Messages::waiting);
  }

  /** Whether a container of a pod runs or has ended: its image is on the node. */
  public static boolean hasBegun(Tree pod, String container) {
    return ObservedPod.of(pod).containers().stream()
        .anyMatch(c -> c.name().equals(container) && c.state() != ObservedPod.State.WAITING);
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
