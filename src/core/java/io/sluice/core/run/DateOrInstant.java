package io.sluice.core.run;

import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Optional;

/** A point in time as people write it: {@code 2026-06-01} or {@code 2026-06-01T00:00:00Z}. */
public final class DateOrInstant {
  private static final int DATE_LENGTH = "2026-01-01".length();

  private DateOrInstant() {}

  /** Reads a date, which stands for its midnight in UTC, or an instant; empty for other texts. */
  public static Optional<Instant> parse(String text) {
    try {
      return Optional.of(
          text.length() == DATE_LENGTH
              ? LocalDate.parse(text).atStartOfDay(ZoneOffset.UTC).toInstant()
              : Instant.parse(text));
    } catch (DateTimeParseException e) {
      return Optional.empty(); // the caller knows where the text is from
    }
  }
}
