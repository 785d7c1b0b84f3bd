package io.sluice.core.task;

import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.json.LowerCase;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a model answers: which metrics judge it, which baselines it has to beat, and what a gate
 * asks of a holdout follow from it.
 */
@EnumNaming(LowerCase.class)
public enum Task {
  /** An amount for each unit, origin and horizon of a panel. */
  FORECAST,
  /** The probability of the second of two classes. */
  BINARY,
  /** A probability for each of several classes. */
  MULTICLASS,
  /** A number for each row. */
  REGRESSION,
  /** A quantile of a number for each row. */
  QUANTILE,
  /** Whatever a team's own evaluation can judge: it writes a loss for each row and model. */
  OWN;

  /** As written in specs and reports. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The task of this word. */
  public static Optional<Task> of(String word) {
    return Stream.of(values()).filter(t -> t.word().equals(word)).findFirst();
  }

  /** All words, in the order in which messages list them. */
  public static List<String> words() {
    return Stream.of(values()).map(Task::word).toList();
  }

  /** What its models predict, for people. */
  public String predicted() {
    return switch (this) {
      case FORECAST -> "amounts";
      case BINARY -> "the probability of the second of two classes";
      case MULTICLASS -> "a probability for each class";
      case REGRESSION -> "numbers";
      case QUANTILE -> "a quantile";
      case OWN -> "what only the team's own evaluation can judge";
    };
  }

  /** Whether rows stand alone, as those of a table do, instead of being those of a panel. */
  public boolean tabular() {
    return this != FORECAST;
  }

  /** Whether Sluice scores predictions; else a team's own evaluation alone can. */
  public boolean scored() {
    return this != OWN;
  }

  /** Whether a label is one of several classes, and a prediction their probabilities. */
  public boolean classes() {
    return this == BINARY || this == MULTICLASS;
  }
}
