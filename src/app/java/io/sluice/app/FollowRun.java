package io.sluice.app;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.Function;

/** Follows a run that somebody else started, without its pipeline at hand. */
public final class FollowRun {
  /** Stages that no spec can name otherwise; their exit codes say why they failed. */
  private static final Set<String> OURS = Set.of("resolve", "promote");

  private FollowRun() {}

  /**
   * Follows a run to its end.
   *
   * @param attach begins to follow, with who wants to hear of events
   * @param model what the run makes a version of, for the report
   * @throws InterruptedException when the thread is interrupted; the run goes on
   */
  public static RunReport follow(
      RunId id,
      String model,
      Consumer<RunEvent> events,
      Function<Consumer<RunEvent>, Running> attach)
      throws InterruptedException {
    ExitCodes exits = new ExitCodes(events);
    RunOutcome outcome = attach.apply(exits).await();
    return new RunReport(
        id,
        model,
        outcome.status(),
        Optional.ofNullable(outcome.results().get("verdict")),
        Optional.empty(),
        Optional.empty(),
        List.of(),
        outcome.reason(),
        exitCode(outcome, exits));
  }

  private static ExitCode exitCode(RunOutcome outcome, ExitCodes exits) {
    return switch (outcome.status()) {
      case SUCCEEDED, SKIPPED -> ExitCode.DONE;
      case CANCELLED -> ExitCode.INTERRUPTED;
      case FAILED, TIMED_OUT ->
          outcome.tasks().entrySet().stream()
              .filter(t -> t.getValue().status() == StageStatus.FAILED)
              .map(java.util.Map.Entry::getKey)
              .filter(name -> OURS.contains(name.value()))
              .findFirst()
              .map((StageName name) -> exits.precise(name))
              .orElse(ExitCode.RUN_FAILED);
    };
  }
}
