package io.sluice.app.run;

import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/**
 * An execution that a supervisor is to bring to its end.
 *
 * @param run that it belongs to
 * @param execution its id, the same whenever it is requested again; the run's own for a whole run
 * @param planner decides what is next for it
 */
public record ExecutionRequest(
    RunId run,
    RunId execution,
    ExecutionPlanner planner,
    RunRepository repository,
    ClusterConnector connector,
    ExecutionListener listener) {

  /** Plans a whole run as one execution. */
  public static ExecutionPlanner wholeRun(Digest wheel) {
    return (snapshot, state) -> RunPlan.of(snapshot, state, wheel).whole();
  }

  /**
   * Plans a stage of a run, with the stages that it needs.
   *
   * @param execution its id
   * @param settings {@code PATH=VALUE} of this stage and those after it
   * @param who in whose name it promotes, where that is not the run's
   */
  public static ExecutionPlanner stage(
      Digest wheel,
      RunId execution,
      StageSelector stage,
      Function<RunPlan, List<String>> settings,
      Optional<String> who) {
    return (snapshot, state) -> {
      RunPlan plan = RunPlan.of(snapshot, state, wheel);
      return plan.next(execution, stage, settings.apply(plan), who);
    };
  }
}
