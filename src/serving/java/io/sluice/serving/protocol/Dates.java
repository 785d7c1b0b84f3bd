package io.sluice.serving.protocol;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;

/** Times as answers write them. */
final class Dates {
  private static final long DAY = 86_400L;

  private Dates() {}

  /** A midnight in UTC as its date, any other instant in full. */
  static String write(Instant at) {
    return at.getEpochSecond() % DAY == 0
            && at.equals(at.truncatedTo(java.time.temporal.ChronoUnit.DAYS))
        ? LocalDate.ofInstant(at, ZoneOffset.UTC).toString()
        : at.toString();
  }

  static String write(Duration duration) {
    return duration.toSeconds() % DAY == 0 ? "P" + duration.toDays() + "D" : duration.toString();
  }
}
