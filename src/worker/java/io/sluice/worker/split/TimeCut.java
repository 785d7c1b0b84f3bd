package io.sluice.worker.split;

import java.time.Instant;
import java.util.Arrays;
import java.util.Optional;

/**
 * Cuts a time line into training, validation and holdout. Rows of one time lie in one part, and a
 * label that became known after the next part begins belongs to none: who learns from it would know
 * what is judged.
 *
 * @param validation begins here, in seconds since 1970
 * @param holdout begins here
 */
record TimeCut(long validation, long holdout) {

  /**
   * The cut that gives both parts their share of the rows, as near as rows of equal times allow.
   *
   * @param times of the rows, in seconds since 1970
   * @return empty when there are too few different times
   */
  static Optional<TimeCut> of(long[] times, double validation, double holdout) {
    long[] sorted = times.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    int judged = (int) Math.round(n * holdout);
    int chosen = (int) Math.round(n * validation);
    if (judged < 1 || chosen < 1 || judged + chosen >= n) {
      return Optional.empty();
    }
    long second = sorted[n - judged];
    long first = sorted[n - judged - chosen];
    return first < second && sorted[0] < first
        ? Optional.of(new TimeCut(first, second))
        : Optional.empty();
  }

  /**
   * The part of a row.
   *
   * @param knownAt when its label became known; its time where the table has no such column
   * @return empty for a label that became known too late for its part
   */
  Optional<Part> part(long time, long knownAt) {
    if (time >= holdout) {
      return Optional.of(Part.HOLDOUT);
    }
    if (time >= validation) {
      return knownAt <= holdout ? Optional.of(Part.VALIDATION) : Optional.empty();
    }
    return knownAt <= validation ? Optional.of(Part.TRAIN) : Optional.empty();
  }

  String words() {
    return "validation from %s, holdout from %s"
        .formatted(Instant.ofEpochSecond(validation), Instant.ofEpochSecond(holdout));
  }
}
