package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.record.StageRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

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

  static Step of(Worker.Context context, List<String> argv) throws IOException {
    return of(arguments(context, argv, Set.of()));
  }

  /** The arguments of a command in a stage workspace, with options of its own. */
  static Arguments arguments(Worker.Context context, List<String> argv, Set<String> own) {
    var grammar = new Arguments.Grammar(Set.of("--workspace"), own, Set.of(), false);
    return Arguments.read(argv, grammar, context.cwd());
  }

  static Step of(Arguments arguments) throws IOException {
    Workspace workspace = new Workspace(arguments.path("--workspace"));
    try {
      JsonNode told = Json.parse(Files.readAllBytes(workspace.context()));
      return new Step(
          workspace.inputs(),
          workspace.outputs(),
          workspace.results(),
          Json.parse(Files.readAllBytes(workspace.params())),
          Instant.parse(told.path("asOf").asText()),
          told.path("seed").asLong(),
          told);
    } catch (IllegalArgumentException | DateTimeException e) {
      throw Arguments.wrong("the stage workspace is not as fetch leaves it: " + e.getMessage());
    }
  }

  Resolved resolved() {
    return Resolved.parse(context.path("resolved"));
  }

  /** An input as the stage's record tells it, whether it was there or not. */
  Optional<StageRecord.Input> input(String name) {
    for (JsonNode i : context.path("inputs")) {
      if (i.path("name").asText().equals(name)) {
        return Optional.of(StageRecord.Input.parse(i));
      }
    }
    return Optional.empty();
  }

  /** The small values of this stage, which consumers and records read from the manifest. */
  void result(String name, String value) throws IOException {
    Files.writeString(results.resolve(name), value);
  }
}
