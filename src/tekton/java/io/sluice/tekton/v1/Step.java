package io.sluice.tekton.v1;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * One container of a task; steps run in order, in one pod.
 *
 * @param image absent: the step template's
 * @param script instead of a command: written to a file and run with {@code args}
 * @param results declared results of this step
 */
public record Step(
    Optional<String> name,
    Optional<String> displayName,
    Optional<String> image,
    List<When> when,
    Optional<OnError> onError,
    Optional<Duration> timeout,
    Optional<String> workingDir,
    List<WorkspaceUsage> workspaces,
    List<ResultSpec> results,
    List<EnvVar> env,
    List<String> command,
    List<String> args,
    Optional<String> script,
    Optional<ResourceRequirements> computeResources,
    List<VolumeMount> volumeMounts,
    Optional<SecurityContext> securityContext) {
  public Step {
    when = List.copyOf(when);
    workspaces = List.copyOf(workspaces);
    results = List.copyOf(results);
    env = List.copyOf(env);
    command = List.copyOf(command);
    args = List.copyOf(args);
    volumeMounts = List.copyOf(volumeMounts);
  }
}
