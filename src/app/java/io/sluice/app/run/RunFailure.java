package io.sluice.app.run;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.StageName;
import java.util.Optional;

/**
 * Why an execution did not succeed, for people and for programs.
 *
 * @param code what a command that followed it would end with
 * @param stage the first one that failed although the run depends on it; empty when none did, or
 *     none is known
 * @param text stage, step, last lines
 */
public record RunFailure(ExitCode code, Optional<StageName> stage, String text) {
  /** A failure in which no stage is known to have failed. */
  static RunFailure of(String text) {
    return new RunFailure(ExitCode.RUN_FAILED, Optional.empty(), text);
  }

  /** A refusal, or a failure of no stage: every diagnostic of it. */
  public static RunFailure of(SluiceException e) {
    return new RunFailure(e.exitCode(), Optional.empty(), FailureText.of(e));
  }

  /** As {@code sluice run --record FILE} leaves it in {@code FILE.failure}. */
  public String json() {
    return Json.pretty(JsonCodec.write(this));
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException for anything else; the message names the field
   */
  public static RunFailure parse(String text) {
    return JsonCodec.read(Json.parse(text), RunFailure.class);
  }
}
