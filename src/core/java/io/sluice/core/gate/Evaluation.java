package io.sluice.core.gate;

import com.fasterxml.jackson.annotation.JsonInclude;
import java.time.Instant;
import java.util.List;
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
 * @param families that there are, sorted by name: candidates, and those that came to nothing
 */
public record Evaluation(
    String chosenFamily,
    Optional<String> bestBaseline,
    Optional<Instant> candidateNewestLabel,
    Optional<Instant> championNewestLabel,
    Optional<String> championRun,
    Instant asOf,
    OptionalLong expectedRows,
    DriftStatus drift,
    List<Family> families) {

  /**
   * A family on validation.
   *
   * @param validationLoss of the gate's metric; absent when it is out
   * @param trouble why it cannot be picked, for people; absent when it can
   */
  @JsonInclude(JsonInclude.Include.NON_ABSENT)
  public record Family(String name, Optional<Double> validationLoss, Optional<String> trouble) {}

  public Evaluation {
    families = List.copyOf(families);
  }

  /** Of one family, of which nothing more is known. */
  public Evaluation(
      String chosenFamily,
      Optional<String> bestBaseline,
      Optional<Instant> candidateNewestLabel,
      Optional<Instant> championNewestLabel,
      Optional<String> championRun,
      Instant asOf,
      OptionalLong expectedRows,
      DriftStatus drift) {
    this(
        chosenFamily,
        bestBaseline,
        candidateNewestLabel,
        championNewestLabel,
        championRun,
        asOf,
        expectedRows,
        drift,
        List.of());
  }

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
