package io.sluice.systemtests;

import io.sluice.app.SourceTree;
import io.sluice.app.run.ClusterConnector;
import io.sluice.app.run.ExecutionListener;
import io.sluice.app.run.ExecutionPlanner;
import io.sluice.app.run.ExecutionRequest;
import io.sluice.app.run.ExecutionSupervisor;
import io.sluice.app.run.Identity;
import io.sluice.app.run.LogPosition;
import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunRepository;
import io.sluice.app.run.RunState;
import io.sluice.app.run.StageSelector;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import io.sluice.ml.Wheel;
import io.sluice.state.StateFile;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Asks a supervisor for executions as the steps of one build do it. */
record OneBuild(ExecutionSupervisor supervisor, Identity build, ClusterConnector cluster) {
  /** Asks; returns at once. {@code node} tells one step from another. */
  Step drive(Home run, String node, StageSelector call) {
    RunId execution = build.execution(node);
    return drive(
        run,
        node,
        ExecutionRequest.stage(
            Wheel.digest(), execution, call, plan -> List.of(), Optional.empty()));
  }

  /** The same for something else than a stage. */
  Step drive(Home run, String node, ExecutionPlanner planner) {
    Step step = new Step();
    supervisor.supervise(
        new ExecutionRequest(run.id(), build.execution(node), planner, run, cluster, step));
    return step;
  }

  record Ended(String told, List<String> log) {
    String shown() {
      return told + "\n" + String.join("\n", log);
    }
  }

  /** A run's folder. */
  record Home(Path folder, RunId id, SourceTree snapshot) implements RunRepository {
    private static final Map<RunId, String> SEEN = new ConcurrentHashMap<>();

    /** Opens the run, as somebody's, as of the tiny pipeline's day. */
    Home opened(String model, Digest code, String target) {
      save(
          RunState.opened(
              new RunDefinition(
                  id,
                  "sluice.yaml",
                  model,
                  Optional.empty(),
                  Instant.parse(TinyPipeline.AS_OF + "T00:00:00Z"),
                  Optional.of("alex"),
                  Optional.empty(),
                  /* untrusted= */ false,
                  code,
                  target),
              List.of()));
      return this;
    }

    @Override
    public Optional<RunState> state() {
      return new StateFile(folder.resolve("state.json")).text().map(RunState::parse);
    }

    @Override
    public void save(RunState state) {
      new StateFile(folder.resolve("state.json")).write(state.json());
    }

    @Override
    public LogPosition logPosition(RunId execution) {
      return Optional.ofNullable(SEEN.get(execution))
          .map(LogPosition::parse)
          .orElseGet(LogPosition::start);
    }

    @Override
    public void saveLogPosition(RunId execution, LogPosition seen) {
      SEEN.put(execution, seen.json());
    }
  }

  static final class Step implements ExecutionListener {
    final ConcurrentLinkedQueue<String> log = new ConcurrentLinkedQueue<>();
    private final CompletableFuture<String> told = new CompletableFuture<>();

    Ended ended() {
      return new Ended(told.join(), List.copyOf(log));
    }

    @Override
    public void line(String text) {
      log.add(text);
    }

    @Override
    public void flush() {}

    @Override
    public void succeeded(RunState state) {
      told.complete("succeeded");
    }

    @Override
    public void nothingToDo(RunState state, String why) {
      told.complete("nothing: " + why);
    }

    @Override
    public void failed(RunFailure failure, boolean mayStillRun) {
      told.complete("failed: " + failure.text());
    }

    @Override
    public void stopped(String text, boolean mayStillRun) {
      told.complete("stopped: " + text);
    }
  }
}
