package io.sluice.core.run;

import java.util.List;
import java.util.Optional;

/**
 * How one step of a stage ended, and the words for why a stage failed; both runners use them.
 *
 * @param code exit code; negative where a signal ended the program and nobody says which
 * @param continued whether the stage went on to its next step although this one failed
 * @param outOfMemory whether it was killed because its memory ran out
 * @param memory what it may have; empty where that is not known or not limited
 */
public record StepEnd(
    String name, int code, boolean continued, boolean outOfMemory, Optional<String> memory) {

  /** The end of a step of which no more is known than its exit code. */
  public static StepEnd of(String name, int code, boolean continued) {
    return new StepEnd(name, code, continued, false, Optional.empty());
  }

  /**
   * Why a stage failed whose steps ended like this; empty when none of them failed it. The step
   * {@code store} repeats the exit code of the command that ran before it: the failure is that
   * command's.
   */
  public static Optional<String> failure(List<StepEnd> steps) {
    Optional<StepEnd> command = Optional.empty();
    for (StepEnd step : steps) {
      if (!step.failed()) {
        continue;
      }
      if (!step.continued) {
        return Optional.of(
            command
                .filter(step::repeats)
                .map(StepEnd::ofCommand)
                .orElseGet(() -> step.words("step " + step.name)));
      }
      command = Optional.of(step);
    }
    // Tekton fails a stage whose memory ran out before the step after the command has ended
    return command.filter(StepEnd::outOfMemory).map(StepEnd::ofCommand);
  }

  private String ofCommand() {
    return words("its command (step " + name + ")");
  }

  /** The status of a stage that failed as {@link #failure} says: out of time, or failed. */
  public static StageStatus status(List<StepEnd> steps) {
    boolean late = steps.stream().anyMatch(s -> s.continued && s.code == ExitWords.OUT_OF_TIME);
    return late ? StageStatus.TIMED_OUT : StageStatus.FAILED;
  }

  private boolean failed() {
    return code != 0;
  }

  private boolean repeats(StepEnd command) {
    return shown() == command.shown() || code == ExitWords.REFUSED_BY_COMMAND;
  }

  private int shown() {
    return code < 0 ? ExitWords.BY_A_SIGNAL : code;
  }

  private String words(String who) {
    return outOfMemory
        ? who
            + " was killed because its memory ran out"
            + memory.map(m -> " (it may have " + m + ")").orElse("")
            + ": give the stage more by resources.memory, in sluice.yaml or in the target"
        : who + " ended with " + ExitWords.of(shown());
  }
}
