package io.sluice.core.drift;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.GatePolicy.OnDrift;
import java.util.Optional;

/**
 * How the drift stage of a run ended: with a report, or with a failure, which leaves the status
 * unknown.
 *
 * @param reason for people
 * @param report empty when the stage failed
 */
public record DriftResult(DriftStatus status, String reason, Optional<DriftReport> report) {
  /** The columns that moved most are what a person wants to see of many. */
  private static final int MAX_COLUMNS = 10;

  /**
   * Reads {@code drift.json}.
   *
   * @throws IllegalArgumentException when the JSON is not a drift report of this version
   */
  public static DriftResult parse(JsonNode json) {
    DriftReport report = DriftReport.parse(json);
    return new DriftResult(report.status(), report.reason(), Optional.of(report));
  }

  /** The result of a drift stage that failed. */
  public static DriftResult failed(String cause) {
    return new DriftResult(
        DriftStatus.UNKNOWN,
        "the drift stage failed" + (cause.isEmpty() ? "" : ": " + cause),
        Optional.empty());
  }

  /** Share of the compared columns that have drifted; empty when nothing was compared. */
  public Optional<Double> share() {
    return report.flatMap(r -> r.share().drifted());
  }

  /** How many columns have drifted. */
  public long driftedColumns() {
    return report.stream()
        .flatMap(r -> r.columns().stream())
        .filter(DriftReport.Column::drifted)
        .count();
  }

  /** Version whose data was the reference; empty without a champion. */
  public Optional<Integer> champion() {
    return report.flatMap(DriftReport::champion).map(DriftReport.Champion::version);
  }

  /** One line for people. */
  public String sentence() {
    return "drift: " + status.word() + ": " + reason;
  }

  /**
   * Whether forecasts made from the data of this run go to the review queue. {@code unknown} does
   * not send them there: on a first run everything would be.
   */
  public boolean needsReview(OnDrift policy) {
    return status == DriftStatus.DRIFTED && policy != OnDrift.IGNORE;
  }

  /** What follows for forecasts, without what only the run knows of its data. */
  public DriftFinding finding(OnDrift policy) {
    return new DriftFinding(
        status,
        reason,
        policy,
        needsReview(policy),
        champion(),
        report.map(DriftReport::because),
        report.map(DriftReport::share),
        report.map(r -> r.columns().stream().limit(MAX_COLUMNS).toList()),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }
}
