package io.sluice.core.run;

import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What happens in a run, in the order in which it is seen. One stream feeds the console, the
 * Jenkins log and JSON lines ({@code events.schema.json}). {@code at} is from the runner's clock.
 */
public sealed interface RunEvent {
  Instant at();

  /**
   * Preparation on this machine: environments, the registry. {@code what} names the piece and is
   * the same from start to end.
   */
  record SetUp(Instant at, String what, Phase phase, String detail) implements RunEvent {
    public enum Phase {
      STARTED,
      PROGRESS,
      DONE
    }
  }

  /** A run begins; {@code stages} in the order of the plan, {@code finally} tasks last. */
  record RunStarted(Instant at, RunId run, List<StageName> stages) implements RunEvent {}

  /** {@code attempt} counts from 0, as Tekton's retry count does. */
  record StageStarted(Instant at, StageName stage, int attempt) implements RunEvent {}

  record StepStarted(Instant at, StageName stage, String step) implements RunEvent {}

  /**
   * One line that a step or sidecar wrote, without its line break; undecodable bytes replaced,
   * other control characters removed, at most 16 KiB (longer lines are split).
   */
  record LogLine(Instant at, StageName stage, String step, String text) implements RunEvent {}

  /** {@code exitCode} is absent when the step was skipped by its {@code when}. */
  record StepFinished(Instant at, StageName stage, String step, Optional<Integer> exitCode)
      implements RunEvent {}

  /**
   * A stage ended.
   *
   * @param cached whether the stage was a cache hit
   * @param results the task's results
   * @param reason why it did not succeed, for people; empty when it did
   */
  record StageFinished(
      Instant at,
      StageName stage,
      int attempt,
      StageStatus status,
      boolean cached,
      Duration took,
      Map<String, String> results,
      String reason)
      implements RunEvent {}

  /**
   * The run ended.
   *
   * @param results the pipeline's results, for example {@code verdict}
   * @param reason why it did not succeed, for people; empty when it did
   */
  record RunFinished(
      Instant at, RunId run, StageStatus status, Map<String, String> results, String reason)
      implements RunEvent {}
}
