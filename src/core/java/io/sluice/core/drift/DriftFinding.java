package io.sluice.core.drift;

import io.sluice.core.artifact.Digest;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.GatePolicy.OnDrift;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What the drift stage of a run found, and what follows for forecasts made from that run's data:
 * the block {@code drift} of {@code run.json}, from which a service marks them (docs/drift.md).
 *
 * @param reason for people
 * @param onDrift the policy
 * @param needsReview whether those forecasts go to the review queue
 * @param champion version whose data was the reference; empty without a champion
 * @param because the rules that found drift; empty when the stage failed
 * @param share of the compared columns that have drifted; empty when the stage failed
 * @param columns that moved most; empty when the stage failed
 * @param current digest of the data that was compared
 * @param snapshot digest of the raw data that it was made of
 * @param asOf up to when that data knows
 */
public record DriftFinding(
    DriftStatus status,
    String reason,
    OnDrift onDrift,
    boolean needsReview,
    Optional<Integer> champion,
    Optional<List<DriftReport.Rule>> because,
    Optional<DriftReport.Share> share,
    Optional<List<DriftReport.Column>> columns,
    Optional<Digest> current,
    Optional<Digest> snapshot,
    Optional<Instant> asOf) {

  /** The same finding, with the data that it is about. */
  public DriftFinding about(
      Optional<Digest> data, Optional<Digest> rawData, Optional<Instant> knownUntil) {
    return new DriftFinding(
        status,
        reason,
        onDrift,
        needsReview,
        champion,
        because,
        share,
        columns,
        data,
        rawData,
        knownUntil);
  }
}
