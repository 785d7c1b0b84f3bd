package io.sluice.core.diag;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The one exception that is meant for users: carries diagnostics and the exit code they lead to.
 * Anything else that escapes is a bug.
 */
public final class SluiceException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<Diagnostic> diagnostics;
  private final ExitCode exitCode;

  public SluiceException(ExitCode exitCode, List<Diagnostic> diagnostics) {
    this(exitCode, diagnostics, null);
  }

  public SluiceException(ExitCode exitCode, Diagnostic diagnostic) {
    this(exitCode, List.of(diagnostic), null);
  }

  public SluiceException(
      ExitCode exitCode, List<Diagnostic> diagnostics, @Nullable Throwable cause) {
    super(
        String.join("; ", diagnostics.stream().map(d -> d.id() + " " + d.message()).toList()),
        cause);
    this.diagnostics = List.copyOf(diagnostics);
    this.exitCode = exitCode;
  }

  public List<Diagnostic> diagnostics() {
    return diagnostics;
  }

  public ExitCode exitCode() {
    return exitCode;
  }
}
