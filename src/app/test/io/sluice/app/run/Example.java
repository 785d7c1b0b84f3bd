package io.sluice.app.run;

import io.sluice.app.Pipelines;
import io.sluice.app.SourceTree;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The example pipeline of this repository, opened as a controller would, and ends of executions.
 */
public final class Example {
  public static final Digest WHEEL = Digest.of("wheel");
  public static final String TARGET =
      """
      apiVersion: sluice.io/v1alpha1
      kind: Target
      namespace: models
      store: { claim: sluice-store }
      images:
        worker: registry.example/sluice-worker@sha256:1111111111111111111111111111111111111111111111111111111111111111
        tuner: registry.example/sluice-tuner@sha256:2222222222222222222222222222222222222222222222222222222222222222
        drift: registry.example/sluice-drift@sha256:3333333333333333333333333333333333333333333333333333333333333333
        environments:
          tabular: registry.example/tabular@sha256:4444444444444444444444444444444444444444444444444444444444444444
          deep: registry.example/deep@sha256:5555555555555555555555555555555555555555555555555555555555555555
      """;

  private Example() {}

  public static MemoryTree tree() throws IOException {
    Path root = Path.of(System.getProperty("sluice.root"), "pipelines", "rma-forecast");
    Map<String, MemoryTree.Entry> entries = new TreeMap<>();
    try (Stream<Path> files = Files.walk(root)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        entries.put(
            root.relativize(file).toString().replace('\\', '/'),
            new MemoryTree.Entry(Files.readAllBytes(file), Files.isExecutable(file)));
      }
    }
    return new MemoryTree("pipelines/rma-forecast", entries, Optional.empty());
  }

  /** The same with a data source that can be asked for its fingerprint. */
  public static MemoryTree watchedTree() throws IOException {
    MemoryTree plain = tree();
    Map<String, MemoryTree.Entry> entries = new TreeMap<>();
    for (SourceTree.CodeFile file : plain.files()) {
      byte[] content = plain.read(file.path()).orElseThrow();
      if (file.path().equals("sluice.yaml")) {
        content =
            new String(content, StandardCharsets.UTF_8)
                .replace(
                    "run: [python, -m, rma.simulate]",
                    "run: [python, -m, rma.simulate]\n"
                        + "    fingerprint: [python, -m, rma.latest, $x]")
                .getBytes(StandardCharsets.UTF_8);
      }
      entries.put(file.path(), new MemoryTree.Entry(content, file.executable()));
    }
    return new MemoryTree("pipelines/rma-forecast", entries, Optional.empty());
  }

  /** A check of {@code data.returns}. */
  public static RunDefinition check(RunId id, Instant at) {
    return new RunDefinition(
        id,
        "sluice.yaml",
        "rma-forecast",
        Optional.of("smoke"),
        at,
        Optional.empty(),
        Optional.empty(),
        true,
        Digest.of("code"),
        TARGET);
  }

  static RunDefinition definition(boolean untrusted) {
    return new RunDefinition(
        new RunId("j-0123456789abcdef0123"),
        "sluice.yaml",
        "rma-forecast",
        Optional.of("smoke"),
        Instant.parse("2026-06-01T00:00:00Z"),
        Optional.of("alex"),
        Optional.of("0123456789abcdef0123456789abcdef01234567"),
        untrusted,
        Digest.of("code"),
        TARGET);
  }

  static RunState opened() {
    return RunState.opened(definition(false), List.of());
  }

  static RunPlan run(RunState state) throws IOException {
    return RunPlan.of(Pipelines.open(tree(), "sluice.yaml"), state, WHEEL);
  }

  /** All stages of an execution succeeded, and each gave what it gives. */
  public static RunState succeeded(RunState.Execution execution, RunState state, String verdict) {
    Map<StageName, TaskOutcome> tasks = new LinkedHashMap<>();
    for (StageName stage : execution.stages()) {
      Map<String, String> results = new TreeMap<>();
      results.put("outputs", Digest.of(stage + " " + execution.id()).toString());
      switch (stage.value()) {
        case "resolve" -> {
          results.put("head", "3@" + Digest.of("head"));
          results.put("champion-image", "registry.example/tabular");
        }
        case "gate" -> results.put("verdict", verdict);
        default -> {}
      }
      tasks.put(stage, new TaskOutcome(StageStatus.SUCCEEDED, 1, false, results, ""));
    }
    return state.ended(
        execution.id(),
        new RunOutcome(
            StageStatus.SUCCEEDED, tasks, Map.of(), "", Optional.empty(), Optional.empty()),
        Optional.empty());
  }

  /** The first stage of an execution failed, the others were not reached. */
  static RunState failed(RunState.Execution execution, RunState state) {
    Map<StageName, TaskOutcome> tasks = new LinkedHashMap<>();
    for (StageName stage : execution.stages()) {
      boolean first = tasks.isEmpty();
      tasks.put(
          stage,
          new TaskOutcome(
              first ? StageStatus.FAILED : StageStatus.SKIPPED,
              first ? 1 : 0,
              false,
              Map.of(),
              first ? "exit code 1" : "not reached"));
    }
    return state.ended(
        execution.id(),
        new RunOutcome(
            StageStatus.FAILED, tasks, Map.of(), "it failed", Optional.empty(), Optional.empty()),
        Optional.of(RunFailure.of("it failed")));
  }
}
