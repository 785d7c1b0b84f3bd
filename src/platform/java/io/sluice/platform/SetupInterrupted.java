package io.sluice.platform;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.util.List;

/** The error of a command that was interrupted before its run began. */
final class SetupInterrupted {
  private SetupInterrupted() {}

  /** Keeps the thread's interrupt flag and returns the error to throw. */
  static SluiceException by(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new SluiceException(
        ExitCode.INTERRUPTED,
        List.of(Diagnostic.of("SLU-9027", "interrupted while setting up", "run it again")),
        e);
  }
}
