package io.sluice.core.table;

import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.json.LowerCase;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** By what a table was cut into training, validation and holdout; the audit fits it. */
@EnumNaming(LowerCase.class)
public enum SplitBy {
  /** What is judged lies after what was learned from. */
  TIME,
  /** Rows of one group lie in one part. */
  GROUP,
  /** By chance, with a seed; rows of one group, where there are groups, still lie in one part. */
  RANDOM;

  /** As written in {@code table.json}. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The way of this word. */
  public static Optional<SplitBy> of(String word) {
    return Stream.of(values()).filter(s -> s.word().equals(word)).findFirst();
  }
}
