package io.sluice.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.app.Pipelines;
import io.sluice.app.Target;
import io.sluice.app.staged.StateFile;
import io.sluice.cluster.Checkup;
import io.sluice.cluster.Cluster;
import io.sluice.cluster.ClusterRunner;
import io.sluice.cluster.Leftovers;
import io.sluice.cluster.Upload;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetSpec;
import io.sluice.local.Environment;
import io.sluice.local.Environments;
import io.sluice.local.LocalRunner;
import io.sluice.local.environment.EnvironmentBuilder;
import io.sluice.local.environment.EnvironmentRequest;
import io.sluice.local.environment.WheelSource;
import io.sluice.ml.Wheel;
import io.sluice.mlflow.EmbeddedMlflow;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import io.sluice.store.Area;
import io.sluice.store.FolderStore;
import io.sluice.tekton.PipelineRunner;
import io.sluice.worker.Worker;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.FutureTask;
import java.util.function.Consumer;
import java.util.function.Function;

/** Picks adapters: the only class here that knows which store, registry and runner there are. */
public final class Wiring {
  private static final String WORKER_IMAGE = "sluice/worker";
  private static final String RECORDED = Worker.LOCAL + "recorded";
  private static final String TUNER_IMAGE = "sluice/tuner";

  /** By its content: what the drift stage finds is cached under the image that found it. */
  private static final String DRIFT_IMAGE =
      "sluice/drift@" + Digest.of(Wheel.driftLock() + Wheel.digest());

  /** Of the embedded server. */
  private static final EnvironmentRequest MLFLOW =
      new EnvironmentRequest(
          "mlflow", EmbeddedMlflow.PYTHON, "mlflow.lock", EmbeddedMlflow.lock(), Optional.empty());

  /** What a step gets between SIGTERM and SIGKILL. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  /** How long nothing was written to a temporary file of the store before it counts as left. */
  private static final Duration ABANDONED = Duration.ofHours(1);

  private Wiring() {}

  /** Digest of the {@code sluice_ml} wheel that this build carries. */
  public static Digest wheelDigest() {
    return Wheel.digest();
  }

  /** What this machine has of a pipeline's environments, in words, by name. */
  static Map<String, String> environments(Pipelines.Opened pipeline) {
    EnvironmentBuilder builder = builder(Clock.systemUTC());
    Function<EnvironmentRequest, String> state =
        r -> builder.isBuilt(r) ? "built: " + builder.folder(r) : "built on the first run";
    Plan plan = pipeline.base(wheelDigest());
    Map<String, String> out = new TreeMap<>();
    for (Plan.Environment e : plan.environments()) {
      out.put(e.name(), request(pipeline, e).map(state).orElse("this machine's own programs"));
    }
    own(plan).values().forEach(r -> out.putIfAbsent(r.name(), state.apply(r)));
    if (MlflowConfig.fromEnvironment(System.getenv()).isEmpty()) {
      out.putIfAbsent(MLFLOW.name(), state.apply(MLFLOW));
    }
    return out;
  }

  /** Whether the registry of a run on this machine is there when the command is over. */
  static boolean registryStays() {
    return MlflowConfig.fromEnvironment(System.getenv()).isPresent();
  }

  /** Opens the registry for the time of a command. */
  public static RegistrySession registry(Path state, Consumer<RunEvent> progress) {
    Clock clock = Clock.systemUTC();
    Map<String, String> caller = System.getenv();
    Consumer<String> says =
        detail ->
            progress.accept(
                new RunEvent.SetUp(
                    clock.instant(), "registry", RunEvent.SetUp.Phase.PROGRESS, detail));
    Optional<MlflowConfig> given = MlflowConfig.fromEnvironment(caller);
    if (given.isPresent()) {
      Map<String, String> variables = new TreeMap<>();
      caller.forEach((k, v) -> {
        if (k.startsWith("MLFLOW_TRACKING_") || k.equals("MLFLOW_HTTP_REQUEST_TIMEOUT")) {
          variables.put(k, v);
        }
      });
      return new Session(given.get(), variables, says, () -> {});
    }
    try {
      Path venv = builder(clock).build(MLFLOW, progress::accept);
      EmbeddedMlflow server =
          EmbeddedMlflow.start(
              state.resolve("mlflow"),
              venv,
              detail ->
                  progress.accept(
                      new RunEvent.SetUp(
                          clock.instant(), "mlflow", RunEvent.SetUp.Phase.PROGRESS, detail)));
      progress.accept(
          new RunEvent.SetUp(
              clock.instant(), "mlflow", RunEvent.SetUp.Phase.DONE, server.uri().toString()));
      return new Session(
          server.config(),
          Map.of("MLFLOW_TRACKING_URI", server.uri().toString()),
          says,
          server::close);
    } catch (InterruptedException e) {
      throw interrupted(e);
    }
  }

  private record Session(
      MlflowConfig config, Map<String, String> environment, Consumer<String> says, Runnable end)
      implements RegistrySession {
    @Override
    public ModelRegistry registry() {
      return MlflowRegistry.connect(config, says);
    }

    @Override
    public String address() {
      return config.uri().toString();
    }

    @Override
    public void close() {
      end.run();
    }
  }

  /** This machine, made ready for one run. */
  public interface LocalRun extends AutoCloseable {
    Target target();

    ModelRegistry registry();

    /** Of the registry. */
    String address();

    @Override
    void close();
  }

  /**
   * Sets up what a run on this machine needs. The registry starts while environments are built.
   *
   * @param progress must be thread-safe
   */
  public static LocalRun local(
      PipelineArgument.Located located,
      Pipelines.Opened pipeline,
      Clock clock,
      Consumer<RunEvent> progress) {
    Path state = located.state();
    FutureTask<RegistrySession> registry = new FutureTask<>(() -> registry(state, progress));
    Thread.ofVirtual().name("registry").start(registry);
    return new LocalRun() {
      private final Target target = new LocalTarget(state, pipeline, registry, clock, progress);

      @Override
      public Target target() {
        return target;
      }

      @Override
      public ModelRegistry registry() {
        return get(registry).registry();
      }

      @Override
      public String address() {
        return get(registry).address();
      }

      @Override
      public void close() {
        end(registry);
      }
    };
  }

  private static Map<String, Environment> environments(
      Pipelines.Opened pipeline, Plan plan, Clock clock, Consumer<RunEvent> progress)
      throws InterruptedException {
    EnvironmentBuilder builder = builder(clock);
    Map<String, Environment> out = new LinkedHashMap<>();
    for (Plan.Environment e : plan.environments()) {
      Optional<EnvironmentRequest> request = request(pipeline, e);
      out.put(
          image(e),
          request.isPresent()
              ? venv(e.name(), builder, request.get(), dispensable(plan, e), clock, progress)
              : Environment.machine(e.name()));
    }
    for (var e : own(plan).entrySet()) {
      EnvironmentRequest r = e.getValue();
      out.put(e.getKey(), Environment.venv(r.name(), builder.build(r, progress::accept)));
    }
    return out;
  }

  /** The environments of ours that stages of a plan run in, by image. */
  private static Map<String, EnvironmentRequest> own(Plan plan) {
    Map<String, EnvironmentRequest> out = new LinkedHashMap<>();
    if (plan.stages().stream().anyMatch(s -> s.kind() == Plan.Kind.TUNE)) {
      out.put(TUNER_IMAGE, own("tuner", Wheel.tunerLock()));
    }
    if (plan.stages().stream().anyMatch(s -> s.kind() == Plan.Kind.DRIFT)) {
      out.put(DRIFT_IMAGE, own("drift", Wheel.driftLock()));
    }
    return out;
  }

  private static EnvironmentRequest own(String name, String lock) {
    return new EnvironmentRequest(
        name, EmbeddedMlflow.PYTHON, name + ".lock", lock, Optional.of(wheel()));
  }

  /** Whether the run goes on without all that runs in an environment. */
  private static boolean dispensable(Plan plan, Plan.Environment environment) {
    return plan.stages().stream()
        .filter(s -> s.environment().equals(Optional.of(environment.name())))
        .allMatch(Plan.Stage::mayFail);
  }

  private static Environment venv(
      String name,
      EnvironmentBuilder builder,
      EnvironmentRequest request,
      boolean dispensable,
      Clock clock,
      Consumer<RunEvent> progress)
      throws InterruptedException {
    try {
      return Environment.venv(name, builder.build(request, progress::accept));
    } catch (SluiceException e) {
      if (!dispensable) {
        throw e;
      }
      String why =
          String.join(
              "; ", e.diagnostics().stream().map(d -> d.id() + ": " + d.message()).toList());
      progress.accept(
          new RunEvent.SetUp(
              clock.instant(),
              "environment " + name,
              RunEvent.SetUp.Phase.DONE,
              "failed, the run goes on without it: " + why));
      return Environment.broken(name, why);
    }
  }

  private static Optional<EnvironmentRequest> request(
      Pipelines.Opened pipeline, Plan.Environment e) {
    if (e.lock().isEmpty() || e.python().isEmpty()) {
      return Optional.empty();
    }
    String path = e.lock().get();
    String lock =
        new String(pipeline.tree().read(path).orElse(new byte[0]), StandardCharsets.UTF_8);
    return Optional.of(
        new EnvironmentRequest(
            e.name(),
            e.python().get(),
            path,
            lock,
            e.sluiceMl() ? Optional.of(wheel()) : Optional.empty()));
  }

  private static WheelSource wheel() {
    return new WheelSource(Wheel.fileName(), Wheel.digest(), Wheel::open);
  }

  private static String image(Plan.Environment environment) {
    return Worker.LOCAL + environment.name();
  }

  private static EnvironmentBuilder builder(Clock clock) {
    Map<String, String> caller = System.getenv();
    return new EnvironmentBuilder(EnvironmentBuilder.cacheFolder(caller), caller, clock);
  }

  /** Processes on this machine over the folder store. */
  private static final class LocalTarget implements Target {
    private final Path state;
    private final Pipelines.Opened pipeline;
    private final Future<RegistrySession> registry;
    private final Clock clock;
    private final Consumer<RunEvent> progress;
    private final FolderStore store;
    private final Environments environments = new Environments(this::remembered);

    LocalTarget(
        Path state,
        Pipelines.Opened pipeline,
        Future<RegistrySession> registry,
        Clock clock,
        Consumer<RunEvent> progress) {
      this.progress = progress;
      this.state = state;
      this.pipeline = pipeline;
      this.registry = registry;
      this.clock = clock;
      this.store = new FolderStore(state.resolve("store"));
    }

    @Override
    public Digest upload(List<CodeContent> code) {
      try {
        // What writers that were killed left; none that lives is that slow between two writes.
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
        environments(pipeline, plan, clock, progress).forEach(environments::bind);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
      Map<String, String> images = new TreeMap<>();
      plan.environments().forEach(e -> images.put(e.name(), image(e)));
      return new Images(WORKER_IMAGE, TUNER_IMAGE, DRIFT_IMAGE, images);
    }

    /** Builds what a version recorded from the lock that it took along. */
    private String recorded(Worker.RecordedEnvironment recorded, Consumer<String> says)
        throws InterruptedException {
      String name = "champion's " + recorded.name();
      if (recorded.lock().isEmpty() || recorded.python().isEmpty()) {
        environments.bind(RECORDED, Environment.machine(name));
        return RECORDED;
      }
      EnvironmentRequest request = recorded(name, recorded.python().get(), recorded.lock().get());
      String image = RECORDED + "@" + request.digest();
      new StateFile(remembrance(image))
          .write(
              Json.pretty(
                  Json.object()
                      .put("name", name)
                      .put("python", request.python())
                      .put("lock", request.lock())));
      Path folder = builder(clock).build(request, e -> says.accept(e.what() + ": " + e.detail()));
      environments.bind(image, Environment.venv(name, folder));
      return image;
    }

    private static EnvironmentRequest recorded(String name, String python, String lock) {
      return new EnvironmentRequest(
          name, python, "the lock of its version", lock, Optional.empty());
    }

    /** Where it is written down what an image of a recorded environment means. */
    private Path remembrance(String image) {
      return state
          .resolve("environments")
          .resolve(image.substring(image.lastIndexOf(':') + 1) + ".json");
    }

    /** What an earlier process of the same run resolved. */
    private Optional<Environment> remembered(String image) {
      if (image.equals(RECORDED)) {
        return Optional.of(Environment.machine("champion's"));
      }
      if (!image.startsWith(RECORDED + "@")) {
        return Optional.empty();
      }
      Optional<String> text = new StateFile(remembrance(image)).text();
      if (text.isEmpty()) {
        return Optional.empty();
      }
      JsonNode known = Json.parse(text.get());
      EnvironmentRequest request =
          recorded(
              known.path("name").asText(),
              known.path("python").asText(),
              known.path("lock").asText());
      try {
        Path folder = builder(clock).build(request, progress::accept);
        return Optional.of(Environment.venv(request.name(), folder));
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }

    @Override
    public PipelineRunner runner() {
      RegistrySession session = get(registry);
      Worker worker =
          new Worker(
              clock,
              (folder, untrusted) ->
                  new FolderStore(folder, untrusted ? Area.UNTRUSTED : Area.TRUSTED),
              (env, says) ->
                  MlflowRegistry.connect(
                      MlflowConfig.fromEnvironment(env)
                          .orElseGet(() -> MlflowConfig.of(URI.create(session.address()))),
                      says),
              this::recorded);
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

  private static RegistrySession get(Future<RegistrySession> registry) {
    try {
      return registry.get();
    } catch (InterruptedException e) {
      throw interrupted(e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Ends the registry's server whenever it is up, interrupted or not: it would be left behind. */
  private static void end(Future<RegistrySession> registry) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          registry.get().close();
          return;
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          return; // It did not start: whoever asked for it was told.
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  /**
   * Connects to a target's cluster.
   *
   * @param progress must be thread-safe
   */
  static ClusterSession cluster(TargetSpec file, Consumer<RunEvent> progress) {
    Clock clock = Clock.systemUTC();
    Cluster cluster = Cluster.connect(file.context(), file.namespace(), new JdkHttpClientFactory());
    return new OnCluster(
        cluster,
        new ClusterRunner(cluster, clock),
        file,
        detail ->
            progress.accept(
                new RunEvent.SetUp(
                    clock.instant(), "upload", RunEvent.SetUp.Phase.PROGRESS, detail)),
        clock);
  }

  /** A cluster: Tekton runs, a pod takes the code. */
  private record OnCluster(
      Cluster cluster, ClusterRunner runner, TargetSpec spec, Consumer<String> says, Clock clock)
      implements ClusterSession, Target {
    @Override
    public Target target() {
      return this;
    }

    @Override
    public Digest upload(List<CodeContent> code) {
      try {
        return new Upload(cluster, spec, says)
            .put(
                code.stream()
                    .map(c -> new Upload.File(c.path(), c.executable(), c.content()))
                    .toList());
      } catch (InterruptedException e) {
        throw Wiring.interrupted(e);
      }
    }

    @Override
    public Images prepare(Plan plan, Consumer<RunEvent> progress) {
      TargetSpec.Images images = spec.images();
      return new Images(
          images.worker(),
          images.tuner().orElse(""),
          images.drift().orElse(""),
          images.environments());
    }

    @Override
    public Optional<TargetSpec> file() {
      return Optional.of(spec);
    }

    @Override
    public PipelineRunner.Running attach(RunId run, Consumer<RunEvent> events) {
      return runner.attach(run, events);
    }

    @Override
    public void cancel(RunId run) {
      runner.cancel(run);
    }

    @Override
    public List<Finding> checkup() {
      return new Checkup(cluster, spec)
          .run().stream().map(f -> new Finding(f.what(), f.well(), f.detail())).toList();
    }

    @Override
    public List<Leftover> leftovers(Instant now) {
      Leftovers leftovers = new Leftovers(cluster);
      return leftovers.find(spec.keep(), now).stream()
          .map(l ->
              new Leftover(
                  l.kind().name().toLowerCase(Locale.ROOT),
                  l.name(),
                  l.why(),
                  () -> leftovers.remove(l)))
          .toList();
    }

    @Override
    public Optional<RegistrySession> registry() {
      return MlflowConfig.fromEnvironment(System.getenv())
          .or(() -> spec.registry().uri().map(URI::create).map(MlflowConfig::of))
          .map(config -> new Session(config, Map.of(), says, () -> {}));
    }

    @Override
    public void close() {
      runner.close();
      cluster.close();
    }
  }

  private static SluiceException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    return new SluiceException(
        ExitCode.INTERRUPTED,
        List.of(Diagnostic.of("SLU-9027", "interrupted while setting up", "run it again")),
        e);
  }
}
