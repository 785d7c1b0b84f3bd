package io.sluice.platform;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.core.run.RunEvent;
import io.sluice.core.spec.TargetSpec;
import io.sluice.mlflow.EmbeddedMlflow;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import java.net.URI;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Opens the model registry: the MLflow server that {@code MLFLOW_TRACKING_URI} names, or else the
 * embedded one of a state folder, which processes that use the same folder share.
 */
public final class RegistrySessions {
  private final Map<String, String> variables;
  private final Clock clock;

  /**
   * @param variables the environment variables that may name a registry and its credentials
   */
  public RegistrySessions(Map<String, String> variables, Clock clock) {
    this.variables = Map.copyOf(variables);
    this.clock = clock;
  }

  /** The registry as the variables of this process name it. */
  public static RegistrySessions ofThisProcess() {
    return new RegistrySessions(System.getenv(), Clock.systemUTC());
  }

  /** Whether variables name a server, which then outlives every session. */
  public boolean isNamed() {
    return named().isPresent();
  }

  /**
   * Opens the registry; starts the embedded server where no variable names one.
   *
   * @param state the folder in which the embedded server keeps what it stores
   * @param progress receives what is being set up; must be thread-safe
   * @throws io.sluice.core.diag.SluiceException SLU-9027, exit code 130, when interrupted
   */
  public RegistrySession open(Path state, Consumer<RunEvent> progress) {
    Consumer<String> messages = setUp("registry", RunEvent.SetUp.Phase.PROGRESS, progress);
    Optional<MlflowConfig> named = named();
    return named.isPresent()
        ? new Session(named.get(), registryVariables(), messages, true, () -> {})
        : embedded(state, messages, progress);
  }

  /** The registry of a target, unless variables name another one; empty where neither does. */
  Optional<RegistrySession> open(TargetSpec target, Consumer<String> messages) {
    return named()
        .or(() ->
            target.registry().uri().map(URI::create).map(uri -> MlflowConfig.of(uri, variables)))
        .map(config -> new Session(config, Map.of(), messages, true, () -> {}));
  }

  /**
   * Starts the embedded server of a folder, unless it is up, and lets it stay.
   *
   * @return its address
   */
  public String keep(Path state, Consumer<RunEvent> progress) {
    refuseNamed();
    try (EmbeddedMlflow server = start(state, progress)) {
      server.keep();
      return server.uri().toString();
    }
  }

  /** Ends the embedded server of a folder. */
  public Stopped stop(Path state) {
    return switch (EmbeddedMlflow.stop(embeddedIn(state))) {
      case NONE -> Stopped.NONE;
      case GONE -> Stopped.GONE;
      case IN_USE -> Stopped.IN_USE;
    };
  }

  /** What came of {@link #stop}. */
  public enum Stopped {
    /** None was running. */
    NONE,
    /** It is gone. */
    GONE,
    /** Other commands use it still; it ends with the last of them. */
    IN_USE
  }

  /** What is known of the embedded server of a folder; starts none. */
  public Optional<Running> running(Path state) {
    return EmbeddedMlflow.running(embeddedIn(state))
        .map(uri -> new Running(uri.toString(), EmbeddedMlflow.isKept(embeddedIn(state))));
  }

  /**
   * An embedded server that is up.
   *
   * @param kept whether it stays when no command uses it
   */
  public record Running(String address, boolean kept) {}

  private void refuseNamed() {
    if (isNamed()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9038",
              RegistryVariables.URI + " names a registry: Sluice uses that one and starts none",
              "unset " + RegistryVariables.URI + " to have a registry of this project's own"));
    }
  }

  private static Path embeddedIn(Path state) {
    return state.resolve("mlflow");
  }

  private RegistrySession embedded(
      Path state, Consumer<String> messages, Consumer<RunEvent> progress) {
    EmbeddedMlflow server = start(state, progress);
    return new Session(
        server.config(),
        Map.of(RegistryVariables.URI, server.uri().toString()),
        messages,
        EmbeddedMlflow.isKept(embeddedIn(state)),
        server::close);
  }

  private EmbeddedMlflow start(Path state, Consumer<RunEvent> progress) {
    try {
      Path venv = OwnEnvironments.builder(clock).build(OwnEnvironments.MLFLOW, progress::accept);
      EmbeddedMlflow server =
          EmbeddedMlflow.start(
              embeddedIn(state), venv, setUp("mlflow", RunEvent.SetUp.Phase.PROGRESS, progress));
      try {
        setUp("mlflow", RunEvent.SetUp.Phase.DONE, progress)
            .accept(EmbeddedMlflow.isKept(embeddedIn(state)) ? server.uri().toString() : "");
        return server;
      } catch (RuntimeException e) {
        server.close();
        throw e;
      }
    } catch (InterruptedException e) {
      throw SetupInterrupted.by(e);
    }
  }

  private Optional<MlflowConfig> named() {
    return MlflowConfig.fromEnvironment(variables);
  }

  /** Those of MLflow's client too that Sluice does not read itself, for programs of users. */
  private Map<String, String> registryVariables() {
    Map<String, String> out = new TreeMap<>(variables);
    out.keySet()
        .removeIf(name ->
            !name.startsWith("MLFLOW_TRACKING_")
                && !name.equals(RegistryVariables.TIMEOUT)
                && !RegistryVariables.SHARED.contains(name));
    return out;
  }

  private Consumer<String> setUp(
      String what, RunEvent.SetUp.Phase phase, Consumer<RunEvent> progress) {
    return detail -> progress.accept(new RunEvent.SetUp(clock.instant(), what, phase, detail));
  }

  private record Session(
      MlflowConfig config,
      Map<String, String> environment,
      Consumer<String> messages,
      boolean stays,
      Runnable end)
      implements RegistrySession {
    @Override
    public ModelRegistry registry() {
      return MlflowRegistry.connect(config, messages);
    }

    @Override
    public String address() {
      return config.uri().toString();
    }

    @Override
    public Optional<String> page() {
      return stays ? Optional.of(address()) : Optional.empty();
    }

    @Override
    public void close() {
      end.run();
    }
  }
}
