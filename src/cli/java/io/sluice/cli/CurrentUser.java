package io.sluice.cli;

import java.util.Optional;

/** Who sits at this machine, for the promotion log. */
final class CurrentUser {
  private CurrentUser() {}

  /** {@code SLUICE_WHO}, else the login name. */
  static String name() {
    return Optional.ofNullable(System.getenv("SLUICE_WHO"))
        .filter(s -> !s.isBlank())
        .orElseGet(() -> System.getProperty("user.name", "unknown"));
  }
}
