package io.sluice.core.spec;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import java.util.List;
import java.util.Optional;

/**
 * What reading a source gave: a value, or everything that is wrong with it.
 *
 * @param value present exactly when there are no diagnostics
 * @param diagnostics in the order of the text
 */
public record Parsed<T>(
    SourceFile source, Optional<T> value, Spans spans, List<Diagnostic> diagnostics) {

  /**
   * The value.
   *
   * @throws SluiceException with all diagnostics and exit code 2 when there is none
   */
  public T orThrow() {
    return value.orElseThrow(() -> new SluiceException(ExitCode.INPUT_WRONG, diagnostics));
  }
}
