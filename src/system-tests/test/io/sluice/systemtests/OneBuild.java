package io.sluice.systemtests;

import io.sluice.app.SourceTree;
import io.sluice.app.staged.Driver;
import io.sluice.app.staged.Identity;
import io.sluice.app.staged.RunOrder;
import io.sluice.app.staged.RunState;
import io.sluice.app.staged.Seen;
import io.sluice.app.staged.StageCall;
import io.sluice.app.staged.StateFile;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;

/** Asks a driver for executions as the steps of one build do it. */
record OneBuild(Driver driver, Identity build, Driver.Connecting cluster) {
  /** Asks; returns at once. {@code node} tells one step from another. */
  Step drive(Home run, String node, StageCall call) {
    Step step = new Step();
    driver.drive(
        new Driver.Wanted(
            run.id(),
            build.execution(node),
            Optional.of(call),
            r -> List.of(),
            Optional.empty(),
            run,
            cluster,
            step));
    return step;
  }

  record Ended(String told, List<String> log) {
    String shown() {
      return told + "\n" + String.join("\n", log);
    }
  }

  /** A run's folder. */
  record Home(Path folder, RunId id, SourceTree snapshot) implements Driver.Home {
    private static final Map<RunId, String> SEEN = new ConcurrentHashMap<>();

    /** Opens the run, as somebody's, as of the tiny pipeline's day. */
    Home opened(String model, Digest code, String target) {
      keep(
          RunState.opened(
              new RunOrder(
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
    public void keep(RunState state) {
      new StateFile(folder.resolve("state.json")).write(state.json());
    }

    @Override
    public Seen seen(RunId execution) {
      return Optional.ofNullable(SEEN.get(execution)).map(Seen::parse).orElseGet(Seen::nothing);
    }

    @Override
    public void keepSeen(RunId execution, Seen seen) {
      SEEN.put(execution, seen.json());
    }
  }

  static final class Step implements Driver.Asker {
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
    public void nothing(RunState state, String why) {
      told.complete("nothing: " + why);
    }

    @Override
    public void failed(String text, boolean mayGoOn) {
      told.complete("failed: " + text);
    }

    @Override
    public void stopped(String text, boolean mayGoOn) {
      told.complete("stopped: " + text);
    }
  }
}
