package io.sluice.core.table;

import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.json.LowerCase;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/** What a feature's values are. */
@EnumNaming(LowerCase.class)
public enum ColumnType {
  /** A finite number; an empty field is a missing one. */
  FLOAT,
  /** A whole number; never missing. */
  INT,
  /** A text; an empty field is a text like any other. */
  STRING,
  /** {@code true} or {@code false}, {@code 1} or {@code 0}; never missing. */
  BOOL;

  /** As written in {@code table.json} and in signatures. */
  public String word() {
    return name().toLowerCase(Locale.ROOT);
  }

  /** The type of this word. */
  public static Optional<ColumnType> of(String word) {
    return Stream.of(values()).filter(t -> t.word().equals(word)).findFirst();
  }
}
