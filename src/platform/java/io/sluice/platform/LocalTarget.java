package io.sluice.platform;

import io.sluice.app.Pipelines;
import io.sluice.app.Target;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.spec.ImageRole;
import io.sluice.local.Environments;
import io.sluice.local.LocalRunner;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import io.sluice.tekton.PipelineRunner;
import io.sluice.worker.Worker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Supplier;

/** Runs on this machine: processes over the folder store, each in an environment built here. */
final class LocalTarget implements Target {
  private static final String WORKER_IMAGE = "sluice/worker";

  /** How long a step has between SIGTERM and SIGKILL. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** A temporary file of the store that nobody wrote to for this long was abandoned. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private final Path state;
  private final Pipelines.Opened pipeline;
  private final Supplier<RegistrySession> registry;
  private final Clock clock;
  private final FolderStore store;
  private final RecordedEnvironments recorded;
  private final Environments environments;

  /**
   * @param registry blocks until the registry is up; throws what kept it from starting
   */
  LocalTarget(
      Path state,
      Pipelines.Opened pipeline,
      Supplier<RegistrySession> registry,
      Clock clock,
      Consumer<RunEvent> progress) {
    this.state = state;
    this.pipeline = pipeline;
    this.registry = registry;
    this.clock = clock;
    this.store = new FolderStore(state.resolve("store"));
    this.recorded = new RecordedEnvironments(state, clock, progress);
    this.environments = new Environments(recorded::find);
  }

  @Override
  public Digest upload(List<CodeContent> code) {
    try {
      // What killed writers left: a living one never pauses that long between two writes.
      store.sweep(clock.instant().minus(ABANDONED));
      List<Manifest.Entry> entries = new ArrayList<>();
      for (CodeContent file : code) {
        Digest blob = store.put(new ByteArrayInputStream(file.content()));
        entries.add(
            new Manifest.Entry(file.path(), file.executable(), file.content().length, blob));
      }
      Manifest manifest = new Manifest(Optional.empty(), Map.of(), entries);
      return store.put(new ByteArrayInputStream(manifest.bytes()));
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-9026",
                  "the code cannot be stored: " + e.getMessage(),
                  "is " + state + " writable, and the disk not full?")),
          e);
    }
  }

  @Override
  public Images prepare(Plan plan, Consumer<RunEvent> progress) {
    try {
      new PipelineEnvironments(pipeline, plan, clock).build(progress).forEach(environments::bind);
    } catch (InterruptedException e) {
      throw SetupInterrupted.by(e);
    }
    Map<String, String> images = new TreeMap<>();
    plan.environments().forEach(e -> images.put(e.name(), PipelineEnvironments.image(e)));
    Map<ImageRole, String> roles = new TreeMap<>();
    for (ImageRole role : plan.images()) {
      roles.put(role, role == ImageRole.WORKER ? WORKER_IMAGE : OwnEnvironments.image(role));
    }
    return new Images(roles, images);
  }

  @Override
  public PipelineRunner runner() {
    RegistrySession session = registry.get();
    Worker worker =
        new Worker(
            clock,
            (folder, untrusted) ->
                new FolderStore(folder, untrusted ? Area.UNTRUSTED : Area.TRUSTED),
            (env, messages) ->
                MlflowRegistry.connect(
                    MlflowConfig.fromEnvironment(env)
                        .orElseGet(() -> MlflowConfig.of(URI.create(session.address()))),
                    messages),
            (wanted, messages) -> recorded.build(wanted, messages, environments::bind));
    Map<String, String> variables = new TreeMap<>(session.environment());
    return new LocalRunner(
        new LocalRunner.Setting(
            environments,
            Set.of(WORKER_IMAGE),
            worker::run,
            variables,
            Map.of("store", state.resolve("store")),
            state.resolve("runs"),
            Math.max(2, Runtime.getRuntime().availableProcessors()),
            GRACE,
            clock));
  }
}
