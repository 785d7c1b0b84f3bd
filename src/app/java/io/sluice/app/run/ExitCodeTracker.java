package io.sluice.app.run;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.ExitWords;
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
 * <p>A failed run ends with 1. It ends with a more precise code when a program of Sluice said why:
 * the input is wrong, a service is unreachable, the champion moved. Of a stage that runs such a
 * program every step counts; of a stage with a command of its author the steps fetch and store do,
 * which are Sluice's, unless store only repeats the code of the command. What a stage runs follows
 * from the {@code Task} that it refers to, because every client of a run knows that reference. The
 * name of the stage does not decide: the author of a pipeline may call a stage {@code evaluate}.
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
  private final Map<StageName, Ends> ends = new ConcurrentHashMap<>();

  /**
   * How the steps of a stage's last attempt ended.
   *
   * @param last code that is not 0, of any step
   * @param command code of the step {@code run}; 0 when it did not run
   * @param own code of fetch or store that is not 0
   */
  private record Ends(int last, int command, int own) {
    static final Ends NONE = new Ends(0, 0, 0);

    Ends then(String step, int code) {
      return switch (step) {
        // an attempt begins
        case "fetch" -> new Ends(code == 0 ? last : code, 0, code);
        case "store" -> new Ends(code == 0 ? last : code, command, code);
        case "run" -> new Ends(code == 0 ? last : code, code, own);
        default -> new Ends(code == 0 ? last : code, command, own);
      };
    }

    /** What Sluice itself said of a stage whose command is its author's; 0 for nothing. */
    int ofAuthorsStage() {
      if (own == ExitWords.REFUSED_BY_COMMAND && command == ExitCode.INPUT_WRONG.code()) {
        return command;
      }
      return command == 0 ? own : 0;
    }
  }

  /** A tracker that passes events on to {@code next}. */
  public ExitCodeTracker(Consumer<RunEvent> next) {
    this.next = next;
  }

  private static boolean saysWhy(Plan.Kind kind) {
    return switch (kind) {
      case RESOLVE, SPLIT, DRIFT, EVALUATE, GATE, REGISTER, PROMOTE -> true;
      // commands of authors, and of the authors of earlier versions
      case DATA, STAGE, TUNE, TRAIN, PREDICT -> false;
      // it follows every run, and a run has failed by its other stages
      case RECORD -> false;
    };
  }

  @Override
  public void accept(RunEvent event) {
    if (event instanceof RunEvent.StepFinished step) {
      step.exitCode()
          .ifPresent(code ->
              ends.merge(
                  step.stage(),
                  Ends.NONE.then(step.step(), code),
                  (before, first) -> before.then(step.step(), code)));
    }
    next.accept(event);
  }

  /** The exit code of a command that started or followed the run to this outcome. */
  public ExitCode of(RunOutcome outcome) {
    return switch (outcome.status()) {
      case SUCCEEDED, SKIPPED -> ExitCode.DONE;
      case CANCELLED -> ExitCode.INTERRUPTED;
      case FAILED, TIMED_OUT ->
          outcome.failure().map(f -> precise(said(f))).orElse(ExitCode.RUN_FAILED);
    };
  }

  private int said(RunOutcome.Failure failure) {
    Ends of = ends.getOrDefault(failure.stage(), Ends.NONE);
    return failure.task().filter(OWN_TASKS::contains).isPresent() ? of.last() : of.ofAuthorsStage();
  }

  private static ExitCode precise(int code) {
    return PRECISE.stream()
        .filter(known -> known.code() == code)
        .findFirst()
        .orElse(ExitCode.RUN_FAILED);
  }
}
