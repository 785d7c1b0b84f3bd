package io.sluice.app.run;

import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import java.util.function.Consumer;
import java.util.function.Function;

/** Follows a run that was started elsewhere, without its pipeline at hand. */
public final class FollowRun {
  private FollowRun() {}

  /**
   * Follows a run to its end.
   *
   * @param attach begins to follow, with the consumer of its events
   * @param model of which the run makes a version, for the report
   * @throws InterruptedException when the thread is interrupted; the run continues
   */
  public static RunReport follow(
      RunId id,
      String model,
      Consumer<RunEvent> events,
      Function<Consumer<RunEvent>, Running> attach)
      throws InterruptedException {
    ExitCodeTracker exits = new ExitCodeTracker(events);
    RunOutcome outcome = attach.apply(exits).await();
    return RunReport.of(id, model, outcome, exits.of(outcome));
  }
}
