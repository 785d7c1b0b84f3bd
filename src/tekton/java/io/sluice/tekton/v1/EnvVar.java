package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * A variable of a container; Kubernetes expands {@code $(OTHER)} in its value and turns {@code $$}
 * into {@code $}.
 */
public record EnvVar(String name, Optional<String> value, Optional<ValueFrom> valueFrom) {
  /** Where a value is kept; exactly one. */
  public record ValueFrom(
      Optional<KeySelector> secretKeyRef, Optional<KeySelector> configMapKeyRef) {}

  /**
   * One entry of a Secret or ConfigMap.
   *
   * @param optional whether its absence only leaves the variable unset
   */
  public record KeySelector(String name, String key, Optional<Boolean> optional) {}
}
