package io.sluice.core.serving;

import java.util.Optional;

/**
 * What a caller can ask about later: a whole prediction, or one of its rows. Its text is the id of
 * the prediction, followed by a full stop and the row's number where one is meant.
 *
 * @param row counts from 1; empty for the whole prediction
 */
public record RowId(PredictionId prediction, Optional<Integer> row) {
  public RowId {
    if (row.filter(r -> r < 1).isPresent()) {
      throw new IllegalArgumentException("rows of a prediction count from 1");
    }
  }

  /**
   * Reads {@link #toString}.
   *
   * @throws IllegalArgumentException for anything else
   */
  public static RowId parse(String text) {
    int dot = text.indexOf('.');
    if (dot < 0) {
      return new RowId(PredictionId.parse(text), Optional.empty());
    }
    String number = text.substring(dot + 1);
    if (!number.matches("[1-9][0-9]{0,8}")) {
      throw new IllegalArgumentException("not the number of a row: " + number);
    }
    return PredictionId.parse(text.substring(0, dot)).row(Integer.parseInt(number));
  }

  @Override
  public String toString() {
    return prediction + row.map(r -> "." + r).orElse("");
  }
}
