package io.sluice.serving.predict;

import io.sluice.core.serving.FollowStatus;
import java.util.Optional;

/** The versions that a service can ask now; the newest of them answers. */
public interface Versions {
  /**
   * The version that answers now, held until the lease is closed. Takes no lock and waits for
   * nothing.
   *
   * @return empty when no version can answer yet
   */
  Optional<Lease> acquire();

  /** How well what is served follows the promotion log. */
  FollowStatus status();
}
