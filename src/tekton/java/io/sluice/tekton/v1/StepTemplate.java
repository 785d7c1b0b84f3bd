package io.sluice.tekton.v1;

import java.util.List;
import java.util.Optional;

/** What every step of a task has unless it says otherwise. */
public record StepTemplate(
    Optional<String> image,
    List<String> command,
    List<String> args,
    Optional<String> workingDir,
    List<EnvVar> env,
    Optional<ResourceRequirements> computeResources,
    List<VolumeMount> volumeMounts,
    Optional<SecurityContext> securityContext) {
  public StepTemplate {
    command = List.copyOf(command);
    args = List.copyOf(args);
    env = List.copyOf(env);
    volumeMounts = List.copyOf(volumeMounts);
  }
}
