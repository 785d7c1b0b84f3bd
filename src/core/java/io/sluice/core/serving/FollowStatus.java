package io.sluice.core.serving;

import java.time.Instant;
import java.util.Locale;
import java.util.Optional;

/**
 * How well what a service serves follows the promotion log.
 *
 * @param why a sentence; empty while all is well
 * @param since when this state began, where that is known
 */
public record FollowStatus(State state, String why, Optional<Instant> since) {
  /** The states, from the best to the worst. */
  public enum State {
    /** What is served is what the newest valid log entry says. */
    CURRENT,
    /** A person pinned the version. */
    PINNED,
    /** The log names another version, which is not served (yet): {@code why} says why. */
    BEHIND,
    /** The log cannot be read, or is damaged: the last good version is served. */
    STALE,
    /** There is no version to serve. */
    NONE;

    /** The word of pages and metrics. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }
  }
}
