package io.sluice.core.gate;

import io.sluice.core.task.Task;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The naive predictions that a candidate is compared with, declared here and nowhere else: specs,
 * their schema and the plan take the words from here, and {@code src/inference} computes each, from
 * what the models may learn from and never from the holdout.
 */
public enum Baseline {
  ZERO("zero"),
  MOVING_AVERAGE("movingAverage"),
  SEASONAL("seasonal"),
  RATE("rate"),
  /** The share of each class among the training labels. */
  PRIOR("prior"),
  /** The most frequent class of the training labels, with probability 1. */
  MAJORITY("majority"),
  /** The positive class, with probability 1: of all constants it has the best F1. */
  POSITIVE("positive"),
  /** The mean of the training labels. */
  MEAN("mean"),
  /** The median of the training labels. */
  MEDIAN("median"),
  /**
   * The latest earlier known label of the row's group; offered where there are groups and times.
   */
  LAST_VALUE("lastValue"),
  /** The empirical quantile of the training labels that the metric asks for. */
  QUANTILE("quantile");

  private final String word;

  Baseline(String word) {
    this.word = word;
  }

  /** As written in specs, and in columns as {@code baseline:<word>}. */
  public String word() {
    return word;
  }

  /** Whether it predicts what models of this task do. */
  public boolean predicts(Task task) {
    return switch (this) {
      case ZERO, MOVING_AVERAGE, SEASONAL, RATE -> task == Task.FORECAST;
      case PRIOR, MAJORITY -> task.classes();
      case POSITIVE -> task == Task.BINARY;
      case MEAN, MEDIAN, LAST_VALUE -> task == Task.REGRESSION;
      case QUANTILE -> task == Task.QUANTILE;
    };
  }

  /** The baseline of this word. */
  public static Optional<Baseline> of(String word) {
    return Stream.of(values()).filter(b -> b.word.equals(word)).findFirst();
  }

  /** Those of a task, in the order in which they are scored. */
  public static List<Baseline> of(Task task) {
    return Stream.of(values()).filter(b -> b.predicts(task)).toList();
  }

  /** All words, in the order in which they are scored. */
  public static List<String> words() {
    return Stream.of(values()).map(Baseline::word).toList();
  }
}
