package io.sluice.serving.protocol;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.temporal.ChronoUnit;

/** Times as answers write them. */
final class Dates {
  private static final long DAY = 86_400L;

  private Dates() {}

  static boolean isMidnight(Instant at) {
    return at.equals(at.truncatedTo(ChronoUnit.DAYS));
  }

  /** A midnight in UTC as its date, any other instant in full. */
  static String write(Instant at) {
    return isMidnight(at) ? LocalDate.ofInstant(at, ZoneOffset.UTC).toString() : at.toString();
  }

  static String write(Duration duration) {
    return duration.toSeconds() % DAY == 0 ? "P" + duration.toDays() + "D" : duration.toString();
  }
}
