package io.sluice.tekton.v1;

import java.util.List;
import java.util.Optional;

/** A container beside the steps, ended after the last of them. */
public record Sidecar(
    String name,
    Optional<String> image,
    Optional<String> workingDir,
    List<WorkspaceUsage> workspaces,
    List<EnvVar> env,
    List<String> command,
    List<String> args,
    Optional<String> script,
    Optional<ResourceRequirements> computeResources,
    List<VolumeMount> volumeMounts,
    Optional<SecurityContext> securityContext) {
  public Sidecar {
    workspaces = List.copyOf(workspaces);
    env = List.copyOf(env);
    command = List.copyOf(command);
    args = List.copyOf(args);
    volumeMounts = List.copyOf(volumeMounts);
  }
}
