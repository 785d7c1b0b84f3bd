package io.sluice.app.run;

import io.sluice.core.diag.DiagnosticRenderer;
import io.sluice.core.diag.SluiceException;

/** A failure as plain text. */
public final class FailureText {
  private FailureText() {}

  /** Describes what went wrong, where, and what to do about it. */
  public static String of(SluiceException e) {
    return DiagnosticRenderer.plain().render(e.diagnostics()).strip();
  }
}
