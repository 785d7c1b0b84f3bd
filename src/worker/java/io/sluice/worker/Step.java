package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.StageGraph;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a worker command finds when it stands in the {@code run} step: the contract of a user's
 * command, and the context file that fetch adds for it.
 */
record Step(Path inputs, Path outputs, Path results, JsonNode with, StepContext context) {

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
      return new Step(
          workspace.inputs(),
          workspace.outputs(),
          workspace.results(),
          Json.parse(Files.readAllBytes(workspace.params())),
          StepContext.parse(Json.parse(Files.readAllBytes(workspace.context()))));
    } catch (IllegalArgumentException e) {
      throw Arguments.wrong("the stage workspace is not as fetch leaves it: " + e.getMessage());
    }
  }

  Resolved resolved() {
    return context.resolved();
  }

  /** The run's stages so far. */
  StageGraph stages() {
    return new StageGraph(records());
  }

  /** The records of the run's stages so far. */
  List<StageRecord> records() {
    return context.records();
  }

  Instant asOf() {
    return context.asOf();
  }

  long seed() {
    return context.seed();
  }

  /** An input as the stage's record has it, whether it was there or not. */
  Optional<StageRecord.Input> input(String name) {
    return context.inputs().stream().filter(i -> i.name().equals(name)).findFirst();
  }

  /** The small values of this stage, which consumers and records read from the manifest. */
  void result(String name, String value) throws IOException {
    Files.writeString(results.resolve(name), value);
  }
}
