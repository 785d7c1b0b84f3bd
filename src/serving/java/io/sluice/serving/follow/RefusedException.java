package io.sluice.serving.follow;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.SluiceException;

/** A version cannot be served until something about it changes. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  RefusedException(String id, String why) {
    super(id + " " + why);
  }

  /** Because of something that a user would see as an error. */
  RefusedException(SluiceException cause) {
    super(said(cause.diagnostics().getFirst()), cause);
  }

  private static String said(Diagnostic first) {
    return first.id() + " " + first.message();
  }

  /** The id of the error, and what is wrong. */
  String why() {
    return String.valueOf(getMessage());
  }
}
