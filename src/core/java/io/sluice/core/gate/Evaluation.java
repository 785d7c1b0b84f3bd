package io.sluice.core.gate;

import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * What {@code evaluate} knows besides the rows: the facts of {@code evaluation.json} that a verdict
 * needs.
 *
 * @param chosenFamily family with the lowest loss on validation; its column is {@code
 *     candidate:<family>}
 * @param bestBaseline baseline with the lowest loss on validation, without {@code baseline:}; what
 *     a first run must beat
 * @param candidateNewestLabel until when the chosen candidate's training labels reach
 * @param championNewestLabel until when the champion's training labels reach
 * @param championRun run that promoted the champion: names its gate in {@link History}
 * @param asOf the data's as-of
 * @param expectedRows rows that the holdout should have; fewer are a reason to hold
 * @param drift between training data and today's
 */
public record Evaluation(
    String chosenFamily,
    Optional<String> bestBaseline,
    Optional<Instant> candidateNewestLabel,
    Optional<Instant> championNewestLabel,
    Optional<String> championRun,
    Instant asOf,
    OptionalLong expectedRows,
    DriftStatus drift) {

  /** The facts that every evaluation has; the others unknown. */
  public static Evaluation of(String chosenFamily, Optional<String> bestBaseline, Instant asOf) {
    return new Evaluation(
        chosenFamily,
        bestBaseline,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        asOf,
        OptionalLong.empty(),
        DriftStatus.UNKNOWN);
  }
}
