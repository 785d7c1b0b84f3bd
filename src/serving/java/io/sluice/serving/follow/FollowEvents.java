package io.sluice.serving.follow;

import io.sluice.core.serving.VersionState;
import java.time.Instant;

/** Who hears what following does: log lines, metrics, tests. */
public interface FollowEvents {
  /**
   * A version moved on its way.
   *
   * @param entry of the promotion log; 0 for a pinned version that no entry names
   * @param why of a refusal or of a step back; else empty
   */
  void moved(Instant at, long entry, int version, VersionState state, String why);

  /** The log was looked at. */
  void looked(boolean answered);

  /** Something failed that following copes with, such as a disk that is full. */
  void trouble(Instant at, String what);
}
