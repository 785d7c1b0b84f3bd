package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** Reads JSON files that earlier stages left in a stage workspace. */
final class JsonFile {
  private JsonFile() {}

  /**
   * Reads one JSON value.
   *
   * @throws SluiceException SLU-4046 when the file does not contain exactly one
   */
  static JsonNode read(Path file) throws IOException {
    try {
      return Json.parse(Files.readAllBytes(file));
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-4046",
                  file.getFileName() + " is not JSON: " + e.getMessage(),
                  "the stage that wrote it must write one JSON value")),
          e);
    }
  }
}
