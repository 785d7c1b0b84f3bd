package io.sluice.app.run;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import io.sluice.tekton.RunOutcome;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * Decides the exit code of a run. It passes events on and remembers how steps ended.
 *
 * <p>A failed run ends with 1. It ends with a more precise code when the stage that failed runs a
 * program of Sluice and that program said why: the input is wrong, a service is unreachable, the
 * champion moved. Whether a stage runs such a program follows from the {@code Task} that it refers
 * to, because every client of a run knows that reference. The name of the stage does not decide:
 * the author of a pipeline may call a stage {@code evaluate}.
 */
public final class ExitCodeTracker implements Consumer<RunEvent> {
  /** Tasks whose exit codes are those of Sluice and not those of an author's command. */
  private static final Set<String> OWN_TASKS =
      Arrays.stream(Plan.Kind.values())
          .filter(ExitCodeTracker::saysWhy)
          .map(Plan.Kind::task)
          .collect(Collectors.toUnmodifiableSet());

  private static final List<ExitCode> PRECISE =
      List.of(ExitCode.INPUT_WRONG, ExitCode.UNREACHABLE, ExitCode.CHAMPION_MOVED);

  private final Consumer<RunEvent> next;
  private final Map<StageName, Integer> last = new ConcurrentHashMap<>();

  /** A tracker that passes events on to {@code next}. */
  public ExitCodeTracker(Consumer<RunEvent> next) {
    this.next = next;
  }

  private static boolean saysWhy(Plan.Kind kind) {
    return switch (kind) {
      case RESOLVE, DRIFT, EVALUATE, GATE, REGISTER, PROMOTE -> true;
      // commands of authors, and of the authors of earlier versions
      case DATA, STAGE, TUNE, TRAIN, PREDICT -> false;
      // it follows every run, and a run has failed by its other stages
      case RECORD -> false;
    };
  }

  @Override
  public void accept(RunEvent event) {
    if (event instanceof RunEvent.StepFinished step) {
      step.exitCode().filter(c -> c != 0).ifPresent(c -> last.put(step.stage(), c));
    }
    next.accept(event);
  }

  /** The exit code of a command that started or followed the run to this outcome. */
  public ExitCode of(RunOutcome outcome) {
    return switch (outcome.status()) {
      case SUCCEEDED, SKIPPED -> ExitCode.DONE;
      case CANCELLED -> ExitCode.INTERRUPTED;
      case FAILED, TIMED_OUT ->
          outcome
              .failure()
              .filter(f -> f.task().filter(OWN_TASKS::contains).isPresent())
              .map(f -> precise(f.stage()))
              .orElse(ExitCode.RUN_FAILED);
    };
  }

  private ExitCode precise(StageName stage) {
    int code = last.getOrDefault(stage, 0);
    return PRECISE.stream()
        .filter(known -> known.code() == code)
        .findFirst()
        .orElse(ExitCode.RUN_FAILED);
  }
}
