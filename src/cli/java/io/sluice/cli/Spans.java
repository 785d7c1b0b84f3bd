package io.sluice.cli;

import java.time.Duration;
import java.util.Locale;

/** Writes how long something took: {@code 2.3 s}, {@code 4 min 5 s}, {@code 3 h 12 min}. */
final class Spans {
  private Spans() {}

  static String of(Duration span) {
    long seconds = span.toSeconds();
    if (seconds < 60) {
      return String.format(Locale.ROOT, "%.1f s", span.toMillis() / 1000.0);
    }
    return seconds < 3600
        ? span.toMinutes() + " min " + span.toSecondsPart() + " s"
        : span.toHours() + " h " + span.toMinutesPart() + " min";
  }
}
