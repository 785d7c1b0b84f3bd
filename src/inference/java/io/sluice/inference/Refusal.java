package io.sluice.inference;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.util.List;

/** Makes the exceptions by which this room refuses an input: one form, exit code 2. */
final class Refusal {
  private Refusal() {}

  static SluiceException of(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }

  static SluiceException of(String id, String message, String hint, Throwable cause) {
    return new SluiceException(
        ExitCode.INPUT_WRONG, List.of(Diagnostic.of(id, message, hint)), cause);
  }

  /** A bundle that is whole, and does not go with the tables. */
  static SluiceException unfit(String name, String why) {
    return of(
        "SLU-6009",
        "bundle `%s` does not fit this evaluation: %s".formatted(name, why),
        "train it on tables of the same form as holdout and validation");
  }

  /** Text from outside, fit for one line of a message. */
  static String quoted(String text) {
    StringBuilder out = new StringBuilder("`");
    text.codePoints()
        .limit(60)
        .map(c -> Character.isISOControl(c) ? '?' : c)
        .forEach(out::appendCodePoint);
    if (text.codePointCount(0, text.length()) > 60) {
      out.append("..");
    }
    return out.append('`').toString();
  }
}
