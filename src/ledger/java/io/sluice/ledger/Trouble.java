package io.sluice.ledger;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.sql.SQLException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** Errors of a ledger, as people read them. */
final class Trouble {
  private Trouble() {}

  static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }

  /** The database does not do what was asked of it. */
  static SluiceException unreadable(LedgerPlace place, String words, Exception cause) {
    return new SluiceException(
        ExitCode.UNREACHABLE,
        List.of(
            Diagnostic.of(
                "SLU-9504",
                "the ledger " + place + " cannot be used: " + words,
                "does the database run, may this user write, and is the disk not full?")),
        cause);
  }

  /** The innermost message, in one line: those around it name classes of drivers. */
  static String words(Throwable failure) {
    Throwable root = failure;
    @Nullable Throwable cause = failure.getCause();
    while (cause != null && !(root instanceof SQLException && !(cause instanceof SQLException))) {
      root = cause;
      cause = cause.getCause();
    }
    String message =
        root.getMessage() == null ? root.getClass().getSimpleName() : root.getMessage();
    return message.lines().map(String::strip).filter(l -> !l.isEmpty()).findFirst().orElse("");
  }
}
