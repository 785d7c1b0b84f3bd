package io.sluice.core.spec;

import java.time.Duration;

/** Writes durations as other programs read them in {@code with}. */
public final class IsoPeriod {
  private IsoPeriod() {}

  /** ISO 8601; whole days as days ({@code P180D}), where {@link Duration} would say hours. */
  public static String of(Duration duration) {
    return duration.equals(Duration.ofDays(duration.toDays()))
        ? "P" + duration.toDays() + "D"
        : duration.toString();
  }
}
