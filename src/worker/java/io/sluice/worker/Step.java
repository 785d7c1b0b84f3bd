package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;

/**
 * What a worker command finds when it stands in the {@code run} step: the contract of a user's
 * command, and the context file that fetch adds for it.
 */
record Step(
    Path inputs,
    Path outputs,
    Path results,
    JsonNode with,
    Instant asOf,
    long seed,
    JsonNode context) {

  static Step of(Worker.Context context) throws IOException {
    Path params = context.cwd().resolve(variable(context, "SLUICE_PARAMS"));
    try {
      return new Step(
          context.cwd().resolve(variable(context, "SLUICE_INPUTS")),
          context.cwd().resolve(variable(context, "SLUICE_OUTPUTS")),
          context.cwd().resolve(variable(context, "SLUICE_RESULTS")),
          Json.parse(Files.readAllBytes(params)),
          KnownUntil.parse(variable(context, "SLUICE_AS_OF")),
          Long.parseLong(variable(context, "SLUICE_SEED")),
          Json.parse(Files.readAllBytes(params.resolveSibling("context.json"))));
    } catch (IllegalArgumentException | java.time.DateTimeException e) {
      throw Arguments.wrong("the stage workspace is not as fetch leaves it: " + e.getMessage());
    }
  }

  Resolved resolved() {
    return Resolved.parse(context.path("resolved"));
  }

  /** The small values of this stage, which consumers and records read from the manifest. */
  void result(String name, String value) throws IOException {
    Files.writeString(results.resolve(name), value);
  }

  private static String variable(Worker.Context context, String name) {
    String value = context.env().get(name);
    if (value == null) {
      throw Arguments.wrong(
          name + " is not set: this command runs as the step `run` of a stage, after fetch");
    }
    return value;
  }
}
