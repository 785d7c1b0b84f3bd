package io.sluice.local.interpret;

import java.time.Duration;

/**
 * A moment on the machine's monotonic clock after which something is too late. Not the injected
 * clock: that one stamps events, this one bounds real waiting.
 *
 * @param nanos as {@link System#nanoTime}; ignored when endless
 */
record Deadline(boolean endless, long nanos) {
  static final Deadline NEVER = new Deadline(true, 0);

  /** Longer than any run, short enough for every wait that counts in nanoseconds. */
  private static final Duration FOREVER = Duration.ofDays(10_000);

  /** From now; zero means no limit, as in Tekton. */
  static Deadline in(Duration duration) {
    return duration.isZero() || duration.compareTo(FOREVER) > 0
        ? NEVER
        : new Deadline(false, System.nanoTime() + duration.toNanos());
  }

  /** The earlier of the two. */
  Deadline or(Deadline other) {
    if (endless) {
      return other;
    }
    return other.endless || nanos - other.nanos <= 0 ? this : other;
  }

  /** Not negative. */
  Duration left() {
    return endless ? FOREVER : Duration.ofNanos(Math.max(0, nanos - System.nanoTime()));
  }

  boolean isOver() {
    return !endless && nanos - System.nanoTime() <= 0;
  }
}
