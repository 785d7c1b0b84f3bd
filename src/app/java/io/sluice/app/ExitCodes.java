package io.sluice.app;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;

/** Remembers how steps ended while events pass through. */
public final class ExitCodes implements Consumer<RunEvent> {
  private final Consumer<RunEvent> next;
  private final Map<StageName, Integer> last = new ConcurrentHashMap<>();

  /** Passes events on. */
  public ExitCodes(Consumer<RunEvent> next) {
    this.next = next;
  }

  @Override
  public void accept(RunEvent event) {
    if (event instanceof RunEvent.StepFinished step) {
      step.exitCode().filter(c -> c != 0).ifPresent(c -> last.put(step.stage(), c));
    }
    next.accept(event);
  }

  /**
   * What a command ends with for a run. A failed run ends with 1, unless the first of our own
   * stages that failed said why more precisely: wrong input, a service out of reach, a champion
   * that moved.
   */
  public ExitCode of(Plan plan, RunOutcome outcome) {
    if (outcome.status() == StageStatus.SUCCEEDED) {
      return ExitCode.DONE;
    }
    if (outcome.status() == StageStatus.CANCELLED) {
      return ExitCode.INTERRUPTED;
    }
    for (Plan.Stage stage : plan.stages()) {
      RunOutcome.TaskOutcome task = outcome.tasks().get(stage.name());
      boolean failed = task != null && task.status() == StageStatus.FAILED && !stage.mayFail();
      if (failed) {
        return stage.command().isEmpty() ? precise(stage.name()) : ExitCode.RUN_FAILED;
      }
    }
    return ExitCode.RUN_FAILED;
  }

  /** What a stage of our own that failed says about why, by its exit code. */
  ExitCode precise(StageName stage) {
    int code = last.getOrDefault(stage, 0);
    for (ExitCode known :
        List.of(ExitCode.INPUT_WRONG, ExitCode.UNREACHABLE, ExitCode.CHAMPION_MOVED)) {
      if (known.code() == code) {
        return known;
      }
    }
    return ExitCode.RUN_FAILED;
  }
}
