package io.sluice.tekton.v1;

import java.util.Optional;

/**
 * Declares a parameter.
 *
 * @param type absent: as the default's, else string
 * @param fallback the {@code default}
 */
public record ParamSpec(
    String name,
    Optional<ParamType> type,
    Optional<String> description,
    @Key("default") Optional<ParamValue> fallback) {
  /** The declared type, or the one that the default value implies; string when neither says. */
  public ParamType effectiveType() {
    return type.orElseGet(() ->
        fallback.isPresent() && fallback.get() instanceof ParamValue.Array
            ? ParamType.ARRAY
            : ParamType.STRING);
  }
}
