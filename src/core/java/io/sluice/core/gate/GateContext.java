package io.sluice.core.gate;

import java.time.Instant;
import java.util.Optional;

/**
 * What the gate knows of a run besides the holdout and its evaluation report.
 *
 * @param asOf as-of of the run's data
 * @param championRun run that promoted the champion: names its gate in {@link History}
 * @param drift between the champion's training data and today's
 */
public record GateContext(Instant asOf, Optional<String> championRun, DriftStatus drift) {}
