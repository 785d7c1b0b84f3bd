package io.sluice.core.gate;

import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** What a model is asked for. Metrics, baselines and tables differ by it. */
public enum Task {
  /** Amounts of units at coming periods. */
  FORECAST("forecast"),
  /** The probability of the second of two classes. */
  BINARY("binary"),
  /** The probability of each of several classes. */
  MULTICLASS("multiclass"),
  /** A number. */
  REGRESSION("regression"),
  /** A number that the actual stays below with a given probability. */
  QUANTILE("quantile");

  private final String word;

  Task(String word) {
    this.word = word;
  }

  /** As written in specs. */
  public String word() {
    return word;
  }

  /** Whether its rows stand alone, in tabular table sets, rather than in a panel. */
  public boolean tabular() {
    return this != FORECAST;
  }

  /** Whether its labels are classes. */
  public boolean classes() {
    return this == BINARY || this == MULTICLASS;
  }

  /** The task of this word. */
  public static Optional<Task> of(String word) {
    return Stream.of(values()).filter(t -> t.word.equals(word)).findFirst();
  }

  /** All words. */
  public static List<String> words() {
    return Stream.of(values()).map(Task::word).toList();
  }
}
