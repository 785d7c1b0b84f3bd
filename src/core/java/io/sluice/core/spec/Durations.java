package io.sluice.core.spec;

import java.time.Duration;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * How a spec writes durations: a number and its unit, {@code 30s}, {@code 20m}, {@code 2h}, {@code
 * 180d}.
 */
public final class Durations {
  static final String FORM = "[1-9][0-9]{0,6}(s|m|h|d)";
  private static final Pattern PATTERN = Pattern.compile("([1-9][0-9]{0,6})(s|m|h|d)");

  private Durations() {}

  /** The duration that a text says, if it says one. */
  public static Optional<Duration> parse(String text) {
    Matcher m = PATTERN.matcher(text);
    if (!m.matches()) {
      return Optional.empty();
    }
    long n = Long.parseLong(m.group(1));
    return Optional.of(
        switch (m.group(2)) {
          case "s" -> Duration.ofSeconds(n);
          case "m" -> Duration.ofMinutes(n);
          case "h" -> Duration.ofHours(n);
          default -> Duration.ofDays(n);
        });
  }
}
