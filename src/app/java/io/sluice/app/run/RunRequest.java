package io.sluice.app.run;

import io.sluice.core.run.RunId;
import java.time.Instant;
import java.util.List;
import java.util.Optional;

/**
 * What a client asks of a whole run.
 *
 * @param id of the run; the same id again is the same run
 * @param specFile name of the spec in the pipeline's folder
 * @param profile of the spec; empty: none
 * @param settings {@code PATH=VALUE}, applied after the profile, in order
 * @param asOf what the data may know; empty: now
 * @param who in whose name it promotes
 */
public record RunRequest(
    RunId id,
    String specFile,
    Optional<String> profile,
    List<String> settings,
    Optional<Instant> asOf,
    String who) {
  public RunRequest {
    settings = List.copyOf(settings);
  }
}
