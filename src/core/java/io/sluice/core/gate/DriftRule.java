package io.sluice.core.gate;

import io.sluice.core.gate.GatePolicy.OnDrift;
import java.util.Optional;

/** What drift means for a verdict: nothing, unless the policy says {@code onDrift: hold}. */
final class DriftRule {
  private static final GateContext.Drift NO_STAGE =
      new GateContext.Drift(DriftStatus.UNKNOWN, "the pipeline has no drift@1 stage");

  private DriftRule() {}

  /**
   * Why the candidate is held. Under {@code hold} drift that could not be looked at holds too, or a
   * drift stage that fails would let everything through; without a champion there is nothing that
   * today's data could have moved away from.
   *
   * @param drift empty without a drift stage
   */
  static Optional<Verdict.Finding> finding(
      Optional<GateContext.Drift> drift, boolean champion, OnDrift policy) {
    GateContext.Drift found = drift.orElse(NO_STAGE);
    return switch (policy) {
      case IGNORE, REVIEW -> Optional.empty();
      case HOLD ->
          switch (found.status()) {
            case STABLE -> Optional.empty();
            case DRIFTED ->
                Optional.of(
                    new Verdict.Finding(
                        Reason.GUARD,
                        "drift",
                        "today's data has drifted from the training data, and the policy holds on"
                            + " drift: "
                            + found.reason(),
                        "train on data that has the change in it, or set onDrift: review"));
            case UNKNOWN ->
                champion
                    ? Optional.of(
                        new Verdict.Finding(
                            Reason.INSUFFICIENT,
                            "drift",
                            "whether today's data has drifted from the champion's is unknown, and"
                                + " the policy holds on drift: "
                                + found.reason(),
                            "mend what the drift stage names as its reason, or set onDrift: review"))
                    : Optional.empty();
          };
    };
  }
}
