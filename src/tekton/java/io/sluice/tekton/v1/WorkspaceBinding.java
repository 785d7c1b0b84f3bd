package io.sluice.tekton.v1;

import java.util.Optional;

/** Says what a workspace of a run is: exactly one of the sources. */
public record WorkspaceBinding(
    String name,
    Optional<String> subPath,
    Optional<EmptyDir> emptyDir,
    Optional<ClaimReference> persistentVolumeClaim,
    Optional<SecretReference> secret) {

  /** A fresh folder for every task. */
  public static WorkspaceBinding scratch(String name) {
    return new WorkspaceBinding(
        name, Optional.empty(), Optional.of(EmptyDir.PLAIN), Optional.empty(), Optional.empty());
  }

  /** A volume claim that exists. */
  public static WorkspaceBinding claim(String name, String claim) {
    return new WorkspaceBinding(
        name,
        Optional.empty(),
        Optional.empty(),
        Optional.of(new ClaimReference(claim, Optional.empty())),
        Optional.empty());
  }

  /** A Secret that exists, one file an entry. */
  public static WorkspaceBinding secret(String name, String secret) {
    return new WorkspaceBinding(
        name,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(new SecretReference(secret)));
  }
}
