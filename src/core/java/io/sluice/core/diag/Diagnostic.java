package io.sluice.core.diag;

import java.util.Optional;

/**
 * What a user reads when something is wrong: an id, what happened, where, what to do.
 *
 * @param id {@code SLU-nnnn}, listed in {@code docs/errors.md}
 * @param message what happened, one sentence without a final stop
 * @param location where, for errors in a text
 * @param hint what to do about it
 */
public record Diagnostic(
    String id, String message, Optional<Location> location, Optional<String> hint) {
  public Diagnostic {
    message = Excerpt.of(message);
    hint = hint.map(Excerpt::of);
  }

  /** A diagnostic that points at no text. */
  public static Diagnostic of(String id, String message, String hint) {
    return new Diagnostic(id, message, Optional.empty(), Optional.of(hint));
  }

  /** A diagnostic that points into a text. */
  public static Diagnostic at(String id, String message, Location location, String hint) {
    return new Diagnostic(
        id, message, Optional.of(location), hint.isEmpty() ? Optional.empty() : Optional.of(hint));
  }
}
