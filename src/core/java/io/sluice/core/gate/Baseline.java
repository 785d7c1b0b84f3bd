package io.sluice.core.gate;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The naive forecasts that a candidate is compared with, declared here and nowhere else: specs,
 * their schema and the plan take the words from here, and {@code src/inference} computes each.
 */
public enum Baseline {
  ZERO("zero"),
  MOVING_AVERAGE("movingAverage"),
  SEASONAL("seasonal"),
  RATE("rate");

  private final String word;

  Baseline(String word) {
    this.word = word;
  }

  /** As written in specs, and in columns as {@code baseline:<word>}. */
  public String word() {
    return word;
  }

  /** The baseline of this word. */
  public static Optional<Baseline> of(String word) {
    return Stream.of(values()).filter(b -> b.word.equals(word)).findFirst();
  }

  /** Those of a task, in the order in which they are scored. */
  public static List<Baseline> of(Task task) {
    return task == Task.FORECAST ? List.of(values()) : List.of();
  }

  /** All words, in the order in which they are scored. */
  public static List<String> words() {
    return Stream.of(values()).map(Baseline::word).toList();
  }
}
