package io.sluice.tekton.v1;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The values of one run, and what belongs to the cluster that it runs on. */
public record PipelineRunSpec(
    Optional<PipelineRef> pipelineRef,
    Optional<PipelineSpec> pipelineSpec,
    List<Param> params,
    List<WorkspaceBinding> workspaces,
    Optional<Timeouts> timeouts,
    Optional<TaskRunTemplate> taskRunTemplate,
    List<TaskRunSpec> taskRunSpecs,
    Optional<String> status) {
  public PipelineRunSpec {
    params = List.copyOf(params);
    workspaces = List.copyOf(workspaces);
    taskRunSpecs = List.copyOf(taskRunSpecs);
  }

  /** Refers to a pipeline in the same namespace. */
  public record PipelineRef(String name) {}

  /** Limits of a whole run; zero means none. */
  public record Timeouts(
      Optional<Duration> pipeline,
      Optional<Duration> tasks,
      @Key("finally") Optional<Duration> last) {}

  /** What all pods of a run share. */
  public record TaskRunTemplate(
      Optional<String> serviceAccountName, Optional<PodTemplate> podTemplate) {}

  /**
   * The part of a pod that a run may set.
   *
   * @param automountServiceAccountToken whether its containers can call the cluster's API
   */
  public record PodTemplate(
      Map<String, String> nodeSelector,
      List<Toleration> tolerations,
      Optional<PodSecurityContext> securityContext,
      Optional<Boolean> automountServiceAccountToken,
      Optional<String> priorityClassName,
      List<ObjectReference> imagePullSecrets) {
    public PodTemplate {
      nodeSelector = Ordered.copyOf(nodeSelector);
      tolerations = List.copyOf(tolerations);
      imagePullSecrets = List.copyOf(imagePullSecrets);
    }
  }

  /**
   * A taint of nodes that a pod bears; absent fields match everything.
   *
   * @param tolerationSeconds how long, for effect {@code NoExecute}; absent: for ever
   */
  public record Toleration(
      Optional<String> key,
      Optional<String> operator,
      Optional<String> value,
      Optional<String> effect,
      Optional<Long> tolerationSeconds) {}

  /** Names an object of the same namespace. */
  public record ObjectReference(String name) {}

  /** Users and groups of a pod. */
  public record PodSecurityContext(
      Optional<Long> runAsUser,
      Optional<Long> runAsGroup,
      Optional<Boolean> runAsNonRoot,
      Optional<Long> fsGroup) {}

  /**
   * What one task of the run has of its own.
   *
   * @param timeout of one attempt, instead of the pipeline's
   */
  public record TaskRunSpec(
      String pipelineTaskName,
      Optional<String> serviceAccountName,
      Optional<PodTemplate> podTemplate,
      Optional<Duration> timeout,
      Optional<ResourceRequirements> computeResources,
      List<StepSpec> stepSpecs,
      List<SidecarSpec> sidecarSpecs) {
    public TaskRunSpec {
      stepSpecs = List.copyOf(stepSpecs);
      sidecarSpecs = List.copyOf(sidecarSpecs);
    }

    /** The same for another task. */
    public TaskRunSpec of(String task) {
      return new TaskRunSpec(
          task,
          serviceAccountName,
          podTemplate,
          timeout,
          computeResources,
          stepSpecs,
          sidecarSpecs);
    }
  }

  /** Resources of one step. */
  public record StepSpec(String name, ResourceRequirements computeResources) {}

  /** Resources of one sidecar. */
  public record SidecarSpec(String name, ResourceRequirements computeResources) {}
}
