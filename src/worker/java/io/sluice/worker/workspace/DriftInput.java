package io.sluice.worker.workspace;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.drift.DriftResult;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** The drift stage's result as a later stage of the run finds it: its file, or its failure. */
public final class DriftInput {
  public static final String INPUT = "drift";
  public static final String REPORT = "drift-report";

  private DriftInput() {}

  /** Empty when the pipeline has no drift stage. */
  public static Optional<DriftResult> in(StepInput step) throws IOException {
    Path file = step.inputs().resolve(INPUT);
    if (Files.isRegularFile(file)) {
      return Optional.of(parse(Files.readAllBytes(file)));
    }
    return step.input(INPUT)
        .map(i ->
            DriftResult.failed(
                i.failed().map(code -> "its command ended with exit code " + code).orElse("")));
  }

  /** Reads {@code drift.json}. */
  public static DriftResult parse(byte[] utf8) {
    try {
      return DriftResult.parse(Json.parse(utf8));
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-7319",
                  "the drift stage left something else than drift.json: " + e.getMessage(),
                  "run again; the stage's image may be of another version of Sluice")),
          e);
    }
  }
}
