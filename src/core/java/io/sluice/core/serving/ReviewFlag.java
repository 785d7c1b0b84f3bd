package io.sluice.core.serving;

import io.sluice.core.artifact.Digest;
import io.sluice.core.gate.DriftStatus;
import java.util.Optional;

/**
 * Whether a person should look at a prediction, and why: a function of version, input and share, so
 * that the same input has the same answer on every replica.
 *
 * @param drift what the drift stage of the version's run found, if there was one
 * @param control whether the input is in the control share, which people look at whatever else
 *     speaks for it: only so can anybody tell later whether flags were right
 * @param share the control share in force
 * @param reason a sentence; empty when nobody needs to look
 */
public record ReviewFlag(
    Optional<DriftStatus> drift, boolean control, HashShare share, String reason) {

  /** The flag of a prediction. */
  public static ReviewFlag of(ServedVersion version, Digest input, HashShare share) {
    boolean control = share.has(input, HashShare.Purpose.CONTROL);
    Optional<String> drifted =
        version
            .drift()
            .filter(d -> d.status() != DriftStatus.STABLE && !d.ignored())
            .map(d -> "drift " + d.status().word() + ": " + d.reason());
    String reason =
        drifted.orElseGet(() ->
            control ? "control: one of the " + share + " of inputs that are always looked at" : "");
    return new ReviewFlag(version.drift().map(ServedVersion.Drift::status), control, share, reason);
  }

  public boolean needsReview() {
    return !reason.isEmpty();
  }
}
