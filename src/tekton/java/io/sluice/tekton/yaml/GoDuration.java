package io.sluice.tekton.yaml;

import java.math.BigDecimal;
import java.time.DateTimeException;
import java.time.Duration;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Durations as Kubernetes objects hold them, in the syntax of Go's {@code time.ParseDuration}:
 * decimal numbers, each with a unit, {@code 1h30m}, {@code 0.5s}, or just {@code 0}.
 */
final class GoDuration {
  private static final Pattern PART =
      Pattern.compile("([0-9]{1,12}(?:\\.[0-9]{1,9})?)(ms|us|µs|ns|h|m|s)");
  private static final BigDecimal NANOS_PER_MILLI = BigDecimal.valueOf(1_000_000);

  private GoDuration() {}

  /** The shortest form: {@code 2h}, {@code 1h30m}, {@code 1m0.5s}; {@code 0s} for zero. */
  static String format(Duration duration) {
    if (duration.isNegative()) {
      throw new IllegalArgumentException("a negative duration: " + duration);
    }
    StringBuilder b = new StringBuilder();
    if (duration.toHours() > 0) {
      b.append(duration.toHours()).append('h');
    }
    if (duration.toMinutesPart() > 0) {
      b.append(duration.toMinutesPart()).append('m');
    }
    BigDecimal seconds =
        BigDecimal.valueOf(duration.toSecondsPart())
            .add(BigDecimal.valueOf(duration.toNanosPart(), 9))
            .stripTrailingZeros();
    if (seconds.signum() > 0 || b.isEmpty()) {
      b.append(seconds.toPlainString()).append('s');
    }
    return b.toString();
  }

  /**
   * @throws IllegalArgumentException for anything but a non-negative duration in Go's syntax
   */
  static Duration parse(String text) {
    if (text.equals("0")) {
      return Duration.ZERO;
    }
    Matcher part = PART.matcher(text);
    BigDecimal nanos = BigDecimal.ZERO;
    int end = 0;
    while (part.find() && part.start() == end) {
      nanos = nanos.add(new BigDecimal(part.group(1)).multiply(nanosOf(part.group(2))));
      end = part.end();
    }
    if (end == 0 || end != text.length()) {
      throw new IllegalArgumentException("not a duration such as 1h30m: " + text);
    }
    try {
      return Duration.ofNanos(nanos.longValueExact());
    } catch (ArithmeticException | DateTimeException e) {
      throw new IllegalArgumentException("a duration out of range: " + text, e);
    }
  }

  private static BigDecimal nanosOf(String unit) {
    return switch (unit) {
      case "h" -> NANOS_PER_MILLI.multiply(BigDecimal.valueOf(3_600_000));
      case "m" -> NANOS_PER_MILLI.multiply(BigDecimal.valueOf(60_000));
      case "s" -> NANOS_PER_MILLI.multiply(BigDecimal.valueOf(1_000));
      case "ms" -> NANOS_PER_MILLI;
      case "us", "µs" -> BigDecimal.valueOf(1_000);
      default -> BigDecimal.ONE;
    };
  }
}
