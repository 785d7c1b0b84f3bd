package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import org.jspecify.annotations.Nullable;

/** Why a person decided something: the promotion log keeps it, so it must say something. */
final class ReasonOption {
  private ReasonOption() {}

  /**
   * The reason as it is logged.
   *
   * @throws SluiceException SLU-9017 when there is none
   */
  static String given(@Nullable String text) {
    if (text == null || text.isBlank()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9017", "--reason is missing or empty", "say why, in your words: it is logged"));
    }
    return text.strip();
  }
}
