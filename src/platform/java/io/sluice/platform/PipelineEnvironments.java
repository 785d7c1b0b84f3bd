package io.sluice.platform;

import io.sluice.app.Pipelines;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.local.Environment;
import io.sluice.local.environment.EnvironmentBuilder;
import io.sluice.local.environment.EnvironmentRequest;
import io.sluice.worker.command.RecordedEnvironment;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;

/** The environments that the stages of a pipeline run in on this machine. */
final class PipelineEnvironments {
  private final Pipelines.Opened pipeline;
  private final Plan plan;
  private final Clock clock;

  PipelineEnvironments(Pipelines.Opened pipeline, Plan plan, Clock clock) {
    this.pipeline = pipeline;
    this.plan = plan;
    this.clock = clock;
  }

  /** The name by which a run on this machine refers to an environment. */
  static String image(Plan.Environment environment) {
    return RecordedEnvironment.LOCAL + environment.name();
  }

  /** For each environment, by name, whether it is built and where. */
  Map<String, String> describe() {
    Function<EnvironmentRequest, String> state = state(OwnEnvironments.builder(clock));
    Map<String, String> out = new TreeMap<>();
    for (Plan.Environment e : plan.environments()) {
      out.put(e.name(), request(e).map(state).orElse("this machine's own programs"));
    }
    OwnEnvironments.of(plan).values().forEach(r -> out.putIfAbsent(r.name(), state.apply(r)));
    return out;
  }

  /** Says whether an environment is built and where. */
  static Function<EnvironmentRequest, String> state(EnvironmentBuilder builder) {
    return r -> builder.isBuilt(r) ? "built: " + builder.folder(r) : "built on the first run";
  }

  /**
   * Builds what is not built yet; returns the environments by image.
   *
   * @throws SluiceException when one cannot be built that the run needs
   */
  Map<String, Environment> build(Consumer<RunEvent> progress) throws InterruptedException {
    EnvironmentBuilder builder = OwnEnvironments.builder(clock);
    Map<String, Environment> out = new LinkedHashMap<>();
    for (Plan.Environment e : plan.environments()) {
      Optional<EnvironmentRequest> request = request(e);
      out.put(
          image(e),
          request.isPresent()
              ? venv(e, builder, request.get(), progress)
              : Environment.machine(e.name()));
    }
    for (var e : OwnEnvironments.of(plan).entrySet()) {
      EnvironmentRequest r = e.getValue();
      out.put(e.getKey(), Environment.venv(r.name(), builder.build(r, progress::accept)));
    }
    return out;
  }

  private Environment venv(
      Plan.Environment environment,
      EnvironmentBuilder builder,
      EnvironmentRequest request,
      Consumer<RunEvent> progress)
      throws InterruptedException {
    String name = environment.name();
    try {
      return Environment.venv(name, builder.build(request, progress::accept));
    } catch (SluiceException e) {
      if (!isOptional(environment)) {
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
              "failed, the run continues without it: " + why));
      return Environment.broken(name, why);
    }
  }

  /** Whether a run can continue although everything that runs in the environment failed. */
  private boolean isOptional(Plan.Environment environment) {
    return plan.stages().stream()
        .filter(s -> s.environment().equals(Optional.of(environment.name())))
        .allMatch(Plan.Stage::mayFail);
  }

  private Optional<EnvironmentRequest> request(Plan.Environment e) {
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
            e.sluiceMl() ? Optional.of(OwnEnvironments.wheel()) : Optional.empty()));
  }
}
