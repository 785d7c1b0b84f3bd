package io.sluice.platform;

import io.sluice.app.Pipelines;
import io.sluice.app.Target;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.run.RunEvent;
import io.sluice.local.environment.LockFile;
import io.sluice.ml.Wheel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;

/** This machine, made ready for one run: where the run happens, and its model registry. */
public final class LocalMachine implements AutoCloseable {
  private final Future<RegistrySession> registry;
  private final Thread starting;
  private final Target target;

  private LocalMachine(Future<RegistrySession> registry, Thread starting, Target target) {
    this.registry = registry;
    this.starting = starting;
    this.target = target;
  }

  /**
   * Sets up what a run on this machine needs. The registry starts while environments are built.
   *
   * @param state the folder in which this machine keeps store, registry and runs
   * @param progress must be thread-safe
   */
  public static LocalMachine open(
      Path state, Pipelines.Opened pipeline, Clock clock, Consumer<RunEvent> progress) {
    FutureTask<RegistrySession> registry =
        new FutureTask<>(() -> RegistrySessions.ofThisProcess().open(state, progress));
    Thread starting = Thread.ofVirtual().name("registry").start(registry);
    return new LocalMachine(
        registry, starting, new LocalTarget(state, pipeline, () -> get(registry), clock, progress));
  }

  /** For each environment of a pipeline, by name, whether this machine has it and where. */
  public static Map<String, String> environments(Pipelines.Opened pipeline) {
    Clock clock = Clock.systemUTC();
    Map<String, String> out =
        new PipelineEnvironments(pipeline, pipeline.base(Wheel.digest()), clock).describe();
    if (!RegistrySessions.ofThisProcess().isNamed()) {
      out.putIfAbsent(
          OwnEnvironments.MLFLOW.name(),
          PipelineEnvironments.state(OwnEnvironments.builder(clock)).apply(OwnEnvironments.MLFLOW));
    }
    return out;
  }

  /** What is wrong with the locks that a spec names and that are there. */
  public static List<Diagnostic> locks(Pipelines.Opened pipeline) {
    List<Diagnostic> wrong = new ArrayList<>();
    pipeline
        .spec()
        .environments()
        .forEach((name, environment) ->
            environment
                .lock()
                .flatMap(pipeline.tree()::read)
                .ifPresent(bytes ->
                    wrong.addAll(
                        LockFile.problems(
                            name,
                            environment.lock().get(),
                            new String(bytes, StandardCharsets.UTF_8)))));
    return wrong;
  }

  /** Where the run happens. */
  public Target target() {
    return target;
  }

  /** The model registry, as soon as it is up. */
  public ModelRegistry registry() {
    return get(registry).registry();
  }

  /** Where people find the registry later; empty when it ends with this machine's run. */
  public Optional<String> page() {
    return get(registry).page();
  }

  /**
   * Ends the registry's server, interrupted or not: it would be left behind. A start that is still
   * on its way is given up: nobody waits for it any more, and a first one takes minutes.
   */
  @Override
  public void close() {
    starting.interrupt();
    boolean interrupted = false;
    try {
      while (true) {
        try {
          registry.get().close();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return; // It did not start; get() has thrown why.
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private static RegistrySession get(Future<RegistrySession> registry) {
    try {
      return registry.get();
    } catch (InterruptedException e) {
      throw SetupInterrupted.by(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }
}
