package io.sluice.tekton.v1;

import java.util.List;
import java.util.Optional;

/** What a container may do. */
public record SecurityContext(
    Optional<Long> runAsUser,
    Optional<Long> runAsGroup,
    Optional<Boolean> runAsNonRoot,
    Optional<Boolean> readOnlyRootFilesystem,
    Optional<Boolean> allowPrivilegeEscalation,
    Optional<Boolean> privileged,
    Optional<Capabilities> capabilities,
    Optional<SeccompProfile> seccompProfile) {
  /** Linux capabilities to take away and to give. */
  public record Capabilities(List<String> drop, List<String> add) {
    public Capabilities {
      drop = List.copyOf(drop);
      add = List.copyOf(add);
    }
  }

  /** The filter of system calls. */
  public record SeccompProfile(String type, Optional<String> localhostProfile) {}
}
