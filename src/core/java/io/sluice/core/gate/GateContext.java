package io.sluice.core.gate;

import java.time.Instant;
import java.util.Optional;

/**
 * What the gate knows of a run besides the holdout and its evaluation report.
 *
 * @param asOf as-of of the run's data
 * @param championRun run that promoted the champion: names its gate in {@link History}
 * @param drift between the champion's training data and today's; empty without a drift stage
 * @param hold why it holds whatever the holdout says, if it does
 * @param reported numbers that stages of the run reported
 */
public record GateContext(
    Instant asOf,
    Optional<String> championRun,
    Optional<Drift> drift,
    Optional<Hold> hold,
    Reported reported) {

  /**
   * What the drift stage found.
   *
   * @param reason for people: which columns, and why
   */
  public record Drift(DriftStatus status, String reason) {}

  /**
   * Why no gate may promote before a person decided something.
   *
   * @param because what was found
   * @param lift what would lift it
   */
  public record Hold(String because, String lift) {}

  /** The context of a run in which the holdout alone decides. */
  public GateContext(Instant asOf, Optional<String> championRun, Optional<Drift> drift) {
    this(asOf, championRun, drift, Optional.empty(), Reported.NOTHING);
  }
}
