package io.sluice.app.run;

import java.util.List;
import java.util.Optional;

/**
 * What a client asks of one stage of a run.
 *
 * @param run of the whole run; a profile, settings or an instant that are absent are those that it
 *     was opened with
 * @param pipeline the pipeline's folder, by a name that is the same for each request
 * @param changes {@code PATH=VALUE} from this stage on
 * @param trials of a search, for this stage; empty: as the run says
 */
public record StageRequest(
    RunRequest run,
    String pipeline,
    StageSelector stage,
    List<String> changes,
    Optional<Integer> trials) {
  public StageRequest {
    changes = List.copyOf(changes);
  }
}
