package io.sluice.worker.workspace;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.StageGraph;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommonOptions;
import io.sluice.worker.command.WorkerContext;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What a command of the worker reads when it is the {@code run} step of a stage: the folders and
 * parameters that a user's command has too, and the context file that fetch adds for it.
 */
public record StepInput(
    Path inputs, Path outputs, Path results, JsonNode with, StepContext context) {

  public static StepInput of(WorkerContext context, List<String> argv) throws IOException {
    return of(CommonOptions.inWorkspace(context, argv, Set.of()));
  }

  public static StepInput of(Arguments arguments) throws IOException {
    Workspace workspace = new Workspace(arguments.path("--workspace"));
    try {
      return new StepInput(
          workspace.inputs(),
          workspace.outputs(),
          workspace.results(),
          Json.parse(Files.readAllBytes(workspace.params())),
          StepContext.parse(Json.parse(Files.readAllBytes(workspace.context()))));
    } catch (IllegalArgumentException e) {
      throw Arguments.wrong("the stage workspace is not as fetch leaves it: " + e.getMessage());
    }
  }

  public Resolved resolved() {
    return context.resolved();
  }

  /** The run's stages so far. */
  public StageGraph stages() {
    return new StageGraph(records());
  }

  /** The records of the run's stages so far. */
  public List<StageRecord> records() {
    return context.records();
  }

  public Instant asOf() {
    return context.asOf();
  }

  public long seed() {
    return context.seed();
  }

  /** An input as the stage's record has it, whether it was there or not. */
  public Optional<StageRecord.Input> input(String name) {
    return context.inputs().stream().filter(i -> i.name().equals(name)).findFirst();
  }

  /** The small values of this stage, which consumers and records read from the manifest. */
  public void result(String name, String value) throws IOException {
    Files.writeString(results.resolve(name), value);
  }
}
