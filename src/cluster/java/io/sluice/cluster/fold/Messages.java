package io.sluice.cluster.fold;

import io.sluice.cluster.fold.ObservedPod.Container;
import io.sluice.cluster.fold.ObservedPod.State;
import io.sluice.cluster.fold.ObservedTaskRun.Attempt;
import io.sluice.cluster.fold.ObservedTaskRun.Step;
import io.sluice.core.diag.Brief;
import io.sluice.core.run.StageStatus;
import io.sluice.core.run.StepEnd;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;

/** Words what Kubernetes and Tekton report for readers who know neither. */
final class Messages {
  private static final int MAX_LENGTH = 400;

  private static final String OUT_OF_MEMORY = "OOMKilled";

  private static final Set<String> PULLING =
      Set.of(
          "ErrImagePull",
          "ImagePullBackOff",
          "InvalidImageName",
          "ErrImageNeverPull",
          "RegistryUnavailable",
          "ImageInspectError");

  /** Reasons of a container that cannot be made; the message says what is missing. */
  private static final Set<String> MAKING =
      Set.of(
          "CreateContainerConfigError",
          "CreateContainerError",
          "RunContainerError",
          "StartError",
          "ContainerCannotRun");

  /** Reasons of a TaskRun for which the API server refused the pod. */
  private static final Set<String> REFUSED =
      Set.of(
          "PodAdmissionFailed",
          "PodCreationFailed",
          "CouldntGetTask",
          "TaskRunValidationFailed",
          "InvalidParamValue",
          "TaskRunResolutionFailed",
          "ExceededNodeResources");

  private static final Map<String, String> SKIPPED =
      Map.of(
          "When Expressions evaluated to false", "its `when` says no",
          "Matrix Parameters have an empty array", "its matrix has no values",
          "Results were missing", "it takes a result that was not given",
          "Parent Tasks were skipped", "it takes a result of a task that was skipped",
          "PipelineRun was stopping", "the run was over before its turn: an earlier task failed",
          "PipelineRun was gracefully cancelled", "the run was over before its turn: cancelled",
          "PipelineRun was gracefully stopped", "the run was over before its turn: stopped",
          "PipelineRun timeout has been reached",
              "the run was over before its turn: the time for the run was over",
          "PipelineRun Tasks timeout has been reached",
              "the run was over before its turn: the time for the run's tasks was over",
          "PipelineRun Finally timeout has been reached",
              "the run was over before its turn: the time for its last tasks was over");

  /** What Tekton's entrypoint writes into the output of a step that it does not run. */
  private static final Pattern SKIPPING =
      Pattern.compile(
          "\\d{4}/\\d\\d/\\d\\d \\d\\d:\\d\\d:\\d\\d "
              + "(INFO Step was skipped due to when expressions were evaluated to false\\."
              + "|Skipping step because a previous step failed"
              + "|error file present, bail and skip the step)");

  private Messages() {}

  /** Whether a line is Tekton's own remark that it does not run the step. */
  static boolean isOfSkipping(String line) {
    return SKIPPING.matcher(line).matches();
  }

  /** Why a task was skipped. */
  static String skipped(String tekton) {
    return SKIPPED.getOrDefault(
        tekton, tekton.isEmpty() || tekton.equals("None") ? "not reached" : tekton);
  }

  /** Why a pod does not get going; empty when nothing is in its way. */
  static Optional<String> waiting(ObservedPod pod) {
    if (pod.scheduled().isFalse()) {
      return Optional.of("no node can take its pod: " + brief(pod.scheduled().message()));
    }
    return pod.containers().stream().flatMap(c -> waiting(c).stream()).findFirst();
  }

  /** Why a container does not get going; empty when nothing is in its way. */
  static Optional<String> waiting(Container c) {
    if (c.state() != State.WAITING) {
      return Optional.empty();
    }
    if (PULLING.contains(c.reason())) {
      return Optional.of(pull(c));
    }
    return MAKING.contains(c.reason())
        ? Optional.of(
            "the container of " + who(c.name()) + " cannot be made: " + brief(c.message()))
        : Optional.empty();
  }

  /** That Tekton does nothing visible about an object. */
  static String noStatus(String kind, String name, Duration since) {
    return "Tekton has given the "
        + kind
        + " "
        + name
        + " no status for "
        + since.toSeconds()
        + " s: its controller does not run, or cannot save the status, as when the object is too"
        + " large for etcd; `kubectl logs -n tekton-pipelines deployment/tekton-pipelines-controller`"
        + " says which";
  }

  /** Why the API server does not let Tekton make a pod; empty when it does. */
  static Optional<String> heldBack(Attempt attempt) {
    Condition c = attempt.succeeded();
    return c.status().equals("Unknown")
            && (c.reason().equals("ExceededResourceQuota")
                || c.reason().equals("ExceededNodeResources"))
        ? Optional.of("the namespace's quota has no room for its pod: " + brief(c.message()))
        : Optional.empty();
  }

  /**
   * What took a pod away or ended it from outside; empty when nothing did.
   *
   * <p>Kept by the caller: the pod may be gone when the attempt is seen to have failed.
   */
  static Optional<String> taken(ObservedPod pod) {
    if (pod.reason().equals("Evicted")) {
      return Optional.of(
          "its pod was evicted from node " + pod.node() + ": " + brief(pod.message()));
    }
    if (pod.reason().equals("NodeLost")
        || pod.reason().equals("NodeShutdown")
        || pod.reason().equals("Terminated")) {
      return Optional.of("node " + pod.node() + " was lost: " + brief(pod.message()));
    }
    if (pod.disrupted().isTrue()) {
      return Optional.of(
          switch (pod.disrupted().reason()) {
            case "DeletionByTaintManager" ->
                "node " + pod.node() + " was lost: its pods were taken off it";
            case "EvictionByEvictionAPI" ->
                "its pod was evicted from node " + pod.node() + ": the node is being emptied";
            case "PreemptionByScheduler" ->
                "its pod gave way to one of higher priority on node " + pod.node();
            case "TerminationByKubelet" ->
                "node " + pod.node() + " ended its pod: " + brief(pod.disrupted().message());
            case "DeletionByPodGC" -> "node " + pod.node() + " is gone, and its pod with it";
            default ->
                "its pod was taken from node "
                    + pod.node()
                    + ": "
                    + brief(pod.disrupted().message());
          });
    }
    return Optional.empty();
  }

  /** How an attempt ended. */
  static StageStatus status(Attempt attempt, String why) {
    if (attempt.succeeded().isTrue()) {
      return StageStatus.SUCCEEDED;
    }
    return switch (attempt.succeeded().reason()) {
      case "TaskRunTimeout" -> StageStatus.TIMED_OUT;
      case "TaskRunCancelled", "TaskRunSpecStatusCancelled" ->
          timedOut(why) || timedOut(attempt.succeeded().message())
              ? StageStatus.TIMED_OUT
              : StageStatus.CANCELLED;
      default ->
          attempt.steps().stream().anyMatch(s -> s.outcome().equals("TimeoutExceeded"))
              ? StageStatus.TIMED_OUT
              : StepEnd.status(ends(attempt, Optional.empty()));
    };
  }

  private static boolean timedOut(String text) {
    return text.contains("has timed out") || text.contains("timeout");
  }

  /**
   * Why an attempt did not succeed.
   *
   * @param blocked what its pod was last seen waiting for, or what took it away; empty for nothing
   * @param running the step that was running when the attempt was ended; empty when none was
   * @param pod as it was seen last; empty when it never was
   * @param deleted whether its pod was deleted before the attempt was seen to have ended
   */
  static String failure(
      Attempt attempt,
      StageStatus status,
      Optional<String> blocked,
      Optional<String> running,
      Optional<ObservedPod> pod,
      boolean deleted) {
    Condition c = attempt.succeeded();
    switch (status) {
      case SUCCEEDED, SKIPPED -> {
        return "";
      }
      case CANCELLED -> {
        return "cancelled";
      }
      case TIMED_OUT -> {
        String late =
            attempt.steps().stream()
                .filter(s -> s.outcome().equals("TimeoutExceeded"))
                .findFirst()
                .map(s -> "step " + s.name() + " did not end within its own time")
                .or(() -> StepEnd.failure(ends(attempt, pod)))
                .or(() ->
                    running.map(
                        s -> "step " + s + " was still running when the time for it was over"))
                .orElse("the time for it was over");
        return late + blocked.map(h -> "; " + h).orElse("");
      }
      case FAILED -> {
        // below
      }
    }
    // memory did not run out, and what failed by itself, if anything, a signal ended
    boolean fromOutside =
        attempt.steps().stream().noneMatch(s -> ranOutOfMemory(s, pod))
            && attempt.steps().stream()
                .filter(Messages::failedByItself)
                .allMatch(Messages::endedBySignal);
    if (fromOutside && blocked.isPresent()) {
      return blocked.get();
    }
    if (fromOutside && deleted) {
      return "its pod "
          + attempt.pod()
          + " was deleted"
          + pod.map(p -> p.node().isEmpty() ? "" : " from node " + p.node()).orElse("")
          + " while it ran: by a person, or by what empties or replaces nodes; run it again";
    }
    if (REFUSED.contains(c.reason())) {
      return "the cluster refused its pod: " + brief(c.message());
    }
    if (c.reason().equals("ExceededResourceQuota")) {
      return "the namespace's quota has no room for its pod: " + brief(c.message());
    }
    if (c.reason().equals("TaskRunImagePullFailed")) {
      return "an image cannot be pulled: " + brief(c.message());
    }
    return StepEnd.failure(ends(attempt, pod))
        .orElse(c.message().isEmpty() ? c.reason() : brief(c.message()));
  }

  private static List<StepEnd> ends(Attempt attempt, Optional<ObservedPod> pod) {
    return attempt.steps().stream()
        .filter(s -> !s.wasSkipped() && !s.wasEnded())
        .map(s -> end(s, pod))
        .toList();
  }

  private static StepEnd end(Step step, Optional<ObservedPod> pod) {
    return new StepEnd(
        step.name(),
        step.exitCode().orElse(0),
        step.outcome().equals("Continued"),
        ranOutOfMemory(step, pod),
        container(step, pod).map(Container::limit).filter(l -> !l.isEmpty()));
  }

  /** Tekton keeps the kubelet's reason of most ends; the pod always has it while it is there. */
  private static boolean ranOutOfMemory(Step step, Optional<ObservedPod> pod) {
    return !step.wasSkipped()
        && (step.reason().equals(OUT_OF_MEMORY)
            || container(step, pod).filter(c -> c.reason().equals(OUT_OF_MEMORY)).isPresent());
  }

  private static Optional<Container> container(Step step, Optional<ObservedPod> pod) {
    return pod.stream()
        .flatMap(p -> p.containers().stream())
        .filter(c -> c.name().equals(step.container()))
        .findFirst();
  }

  /** Whether an exit code says that a signal ended the program: from outside, where one came. */
  private static boolean endedBySignal(Step step) {
    int code = step.exitCode().orElse(0);
    return code < 0 || code > 128;
  }

  /** Whether it is the step's own doing that the attempt failed. */
  private static boolean failedByItself(Step step) {
    boolean failed = step.exitCode().filter(code -> code != 0).isPresent();
    boolean counts = !step.wasSkipped() && !step.outcome().equals("Continued") && !step.wasEnded();
    return failed && counts;
  }

  /** How a run ended. */
  static StageStatus status(ObservedRun run) {
    if (run.succeeded().isTrue()) {
      return StageStatus.SUCCEEDED;
    }
    return switch (run.succeeded().reason()) {
      case "Cancelled", "CancelledRunFinally", "StoppedRunFinally", "PipelineRunCancelled" ->
          StageStatus.CANCELLED;
      case "PipelineRunTimeout" -> StageStatus.TIMED_OUT;
      default -> StageStatus.FAILED;
    };
  }

  /** Why a run did not succeed although none of its tasks says so. */
  static String failure(ObservedRun run) {
    return switch (status(run)) {
      case SUCCEEDED, SKIPPED -> "";
      case CANCELLED -> "cancelled";
      case TIMED_OUT -> "the time for the run's tasks was over";
      case FAILED ->
          "Tekton ended the run: "
              + (run.succeeded().message().isEmpty()
                  ? run.succeeded().reason()
                  : run.succeeded().reason() + ": " + brief(run.succeeded().message()));
    };
  }

  private static String pull(Container c) {
    String cause =
        switch (c.reason()) {
          case "InvalidImageName" -> "its name is malformed";
          case "ErrImageNeverPull" -> "it is not on the node, and the pull policy is Never";
          case "ErrImagePull", "ImagePullBackOff" -> pullCause(c.message());
          default -> brief(c.message());
        };
    return "the image "
        + c.image()
        + " of "
        + who(c.name())
        + " cannot be pulled"
        + (cause.isEmpty() ? "" : ": " + cause);
  }

  /** The end of the chain of errors says what happened; what is before it says through whom. */
  private static String pullCause(String message) {
    if (message.contains("not found") || message.contains("manifest unknown")) {
      return "the registry does not have it";
    }
    if (message.contains("unauthorized")
        || message.contains("401")
        || message.contains("403")
        || message.contains("denied")) {
      return "the registry asks for credentials (imagePullSecrets of the service account)";
    }
    if (message.contains("no such host")
        || message.contains("connection refused")
        || message.contains("i/o timeout")
        || message.contains("dial tcp")) {
      return "its registry cannot be reached from the node";
    }
    return message.startsWith("Back-off") ? "" : brief(message);
  }

  private static String who(String container) {
    return ContainerId.speaks(container)
        ? (container.startsWith("step-") ? "step " : "sidecar ")
            + container.substring(container.indexOf('-') + 1)
        : container;
  }

  /** One line, of bounded length. */
  static String brief(String message) {
    return Brief.line(message, MAX_LENGTH);
  }
}
