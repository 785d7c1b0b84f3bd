package io.sluice.inference;

import io.sluice.core.run.DateOrInstant;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Instants as a count of microseconds since 1970-01-01T00:00Z: eight bytes each in columns of a
 * million, and as fine as Python's {@code datetime}.
 */
final class EpochMicros {
  private static final Pattern FORM =
      Pattern.compile(
          "(?!0000)[0-9]{4}-[0-9]{2}-[0-9]{2}"
              + "(T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,6})?Z)?");

  /** A date and a time as people and databases write them, with or without an offset. */
  private static final Pattern OTHER =
      Pattern.compile(
          "([0-9]{4}-[0-9]{2}-[0-9]{2})[T ]([0-9]{2}:[0-9]{2}(?::[0-9]{2}(?:[.,][0-9]+)?)?)"
              + " ?(Z|[+-][0-9]{2}(?::?[0-9]{2})?)?");

  private EpochMicros() {}

  /**
   * Reads {@code 2026-01-05T00:00:00Z} (up to six decimals) or {@code 2026-01-05}, midnight UTC.
   *
   * @throws IllegalArgumentException for anything else
   */
  static long parse(String text) {
    if (!FORM.matcher(text).matches()) {
      throw new IllegalArgumentException(
          Refusal.quoted(text)
              + " is not an instant such as 2026-01-05T00:00:00Z or 2026-01-05"
              + whyNot(text));
    }
    return DateOrInstant.parse(text)
        .map(EpochMicros::of)
        .orElseThrow(() ->
            new IllegalArgumentException(Refusal.quoted(text) + " is not a date of the calendar"));
  }

  private static String whyNot(String text) {
    Matcher other = OTHER.matcher(text);
    if (!other.matches()) {
      return "";
    }
    String offset = other.group(3);
    if (offset == null) {
      return ": it names no zone; times are UTC and end in Z";
    }
    return offset.equals("Z") ? "" : ": it has an offset; write the time in UTC, with Z";
  }

  static long of(Instant instant) {
    return Math.addExact(
        Math.multiplyExact(instant.getEpochSecond(), 1_000_000L), instant.getNano() / 1000);
  }

  static long of(Duration duration) {
    return Math.addExact(
        Math.multiplyExact(duration.getSeconds(), 1_000_000L), duration.getNano() / 1000);
  }

  static Instant toInstant(long micros) {
    return Instant.ofEpochSecond(
        Math.floorDiv(micros, 1_000_000L), Math.floorMod(micros, 1_000_000L) * 1000L);
  }

  /** A maximum over instants that began with the least number; empty when there was none. */
  static Optional<Instant> latest(long micros) {
    return micros == Long.MIN_VALUE ? Optional.empty() : Optional.of(toInstant(micros));
  }

  /** The date in UTC as days since 1970-01-01: a bundle's {@code originDay}. */
  static long day(long micros) {
    return Math.floorDiv(micros, 86_400_000_000L);
  }
}
