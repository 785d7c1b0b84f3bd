package io.sluice.core.gate;

import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/** Which of two values of a figure is the better one: of a metric, and of what a search reports. */
public enum Direction {
  MINIMIZE,
  MAXIMIZE;

  /** As written in specs and studies. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** All words. */
  public static List<String> words() {
    return Stream.of(values()).map(Direction::word).toList();
  }

  /** Whether one value is better than another one; an equal one, and NaN, is not. */
  public boolean better(double one, double other) {
    return switch (this) {
      case MINIMIZE -> one < other;
      case MAXIMIZE -> one > other;
    };
  }
}
