package io.sluice.cluster.fold;

import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the fold reads of a pod.
 *
 * @param task name of the task in the pipeline
 * @param taskRun name of its TaskRun
 * @param node where it runs; empty until it was scheduled
 * @param reason why it ended, when it was ended from outside: {@code Evicted}
 * @param scheduled its condition {@code PodScheduled}
 * @param disrupted its condition {@code DisruptionTarget}: who takes it away
 * @param deleting whether somebody deleted it
 */
public record ObservedPod(
    String name,
    String uid,
    String task,
    String taskRun,
    String node,
    String phase,
    String reason,
    String message,
    Condition scheduled,
    Condition disrupted,
    boolean deleting,
    List<Container> containers)
    implements Observation {
  public ObservedPod {
    containers = List.copyOf(containers);
  }

  /**
   * Whether its node does not answer: nobody will say how its containers ended, nor send what they
   * wrote.
   */
  public boolean isOutOfReach() {
    return reason.equals("NodeLost")
        || (disrupted.isTrue()
            && List.of("DeletionByTaintManager", "DeletionByPodGC").contains(disrupted.reason()));
  }

  /** How a container stands. */
  public enum State {
    WAITING,
    RUNNING,
    ENDED
  }

  /**
   * A container of the pod, init containers included.
   *
   * @param reason why it waits or how it ended, one word
   * @param exitCode once it has ended
   * @param limit of its memory; empty for none
   */
  public record Container(
      String name,
      String image,
      State state,
      String reason,
      String message,
      Optional<Integer> exitCode,
      String limit) {}

  /** Reads a {@code v1} Pod. */
  public static ObservedPod of(Tree pod) {
    List<Container> containers = new ArrayList<>();
    containers.addAll(containers(pod, "initContainers", "initContainerStatuses"));
    containers.addAll(containers(pod, "containers", "containerStatuses"));
    return new ObservedPod(
        pod.at("metadata", "name").text(),
        pod.at("metadata", "uid").text(),
        pod.at("metadata", "labels", "tekton.dev/pipelineTask").text(),
        pod.at("metadata", "labels", "tekton.dev/taskRun").text(),
        pod.at("spec", "nodeName").text(),
        pod.at("status", "phase").text(),
        pod.at("status", "reason").text(),
        pod.at("status", "message").text(),
        Condition.of(pod, "PodScheduled"),
        Condition.of(pod, "DisruptionTarget"),
        pod.at("metadata", "deletionTimestamp").isPresent(),
        containers);
  }

  private static List<Container> containers(Tree pod, String specs, String statuses) {
    List<Container> out = new ArrayList<>();
    for (Tree spec : pod.at("spec", specs).list()) {
      String name = spec.at("name").text();
      Tree status =
          pod.at("status", statuses).list().stream()
              .filter(s -> s.at("name").text().equals(name))
              .findFirst()
              .orElse(new Tree(null));
      Tree ended = status.at("state", "terminated");
      Tree waiting = status.at("state", "waiting");
      State state =
          ended.isPresent()
              ? State.ENDED
              : status.at("state", "running").isPresent() ? State.RUNNING : State.WAITING;
      Tree said = ended.isPresent() ? ended : waiting;
      out.add(
          new Container(
              name,
              spec.at("image").text(),
              state,
              said.at("reason").text(),
              said.at("message").text(),
              ended.at("exitCode").number(),
              spec.at("resources", "limits", "memory").text()));
    }
    return out;
  }
}
