package io.sluice.tekton.lower;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Settings;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.PipelineRunSpec.PodSecurityContext;
import io.sluice.tekton.v1.PipelineRunSpec.PodTemplate;
import io.sluice.tekton.v1.PipelineRunSpec.StepSpec;
import io.sluice.tekton.v1.PipelineRunSpec.TaskRunSpec;
import io.sluice.tekton.v1.PipelineRunSpec.TaskRunTemplate;
import io.sluice.tekton.v1.PipelineRunSpec.Timeouts;
import io.sluice.tekton.v1.Quantity;
import io.sluice.tekton.v1.ResourceRequirements;
import io.sluice.tekton.v1.WorkspaceBinding;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.IntStream;

/** Lowers one run: parameter values, workspaces, limits, resources. */
final class RunLowering {
  /** The user that every container runs as; the store's files belong to this group. */
  private static final long USER = 65532;

  private final Plan plan;
  private final RunParameters parameters;

  private RunLowering(Plan plan, RunParameters parameters) {
    this.plan = plan;
    this.parameters = parameters;
  }

  static PipelineRun lower(Plan plan, RunParameters parameters) {
    return new RunLowering(plan, parameters).run();
  }

  private PipelineRun run() {
    checkSettings();
    checkPods();
    Map<String, String> labels = new LinkedHashMap<>(parameters.labels());
    labels.put("app.kubernetes.io/part-of", "sluice");
    labels.put(RunLabels.MODEL, Names.labelValue(plan.model()));
    labels.put("sluice.io/run", parameters.run().value());
    return new PipelineRun(
        new Metadata(
            Optional.of(parameters.run().value()),
            Optional.empty(),
            parameters.pods().namespace(),
            labels,
            Map.of()),
        new PipelineRunSpec(
            Optional.of(new PipelineRunSpec.PipelineRef(Names.pipeline(plan.model()))),
            Optional.empty(),
            params(),
            workspaces(),
            Optional.of(timeouts()),
            Optional.of(
                new TaskRunTemplate(
                    parameters.pods().reader(), Optional.of(podTemplate(parameters.pods().all())))),
            taskRunSpecs(),
            Optional.empty()));
  }

  private void checkSettings() {
    parameters
        .settings()
        .forEach((name, settings) -> {
          Plan.Stage stage =
              plan.stages().stream()
                  .filter(s -> s.name().equals(name))
                  .findFirst()
                  .orElseThrow(() ->
                      Lowering.wrong(
                          "SLU-2011",
                          "settings for " + name + ", which is not a stage of the compiled plan",
                          "stages are "
                              + String.join(
                                  ", ",
                                  plan.stages().stream().map(s -> s.name().value()).toList())));
          if (!stage.kind().has(Plan.Trait.HAS_VALUES) && !settings.with().equals(stage.with())) {
            throw Lowering.wrong(
                "SLU-2011",
                "a run cannot change the values of " + name,
                "change them in sluice.yaml, where they are reviewed");
          }
        });
  }

  private List<Param> params() {
    List<Param> params = new ArrayList<>();
    params.add(Param.of(Names.RUN, parameters.run().value()));
    parameters.asOf().ifPresent(i -> params.add(Param.of(Names.AS_OF, i.toString())));
    params.add(Param.of(Names.CODE, parameters.code().toString()));
    parameters.commit().ifPresent(c -> params.add(Param.of(Names.COMMIT, Escapes.argument(c))));
    parameters.who().ifPresent(w -> params.add(Param.of(Names.WHO, Escapes.argument(w))));
    if (parameters.untrusted()) {
      params.add(Param.of(Names.UNTRUSTED, "yes"));
    }
    for (ImageRole role : plan.images()) {
      params.add(
          Param.of(
              Names.image(role),
              role.in(parameters.roles())
                  .orElseThrow(() ->
                      Lowering.wrong(
                          "SLU-2010",
                          role.who() + " has no image for this run",
                          "name one in the target"))));
    }
    for (Plan.Environment e : Lowering.environments(plan)) {
      String image = parameters.images().get(e.name());
      if (image != null) {
        params.add(Param.of(Names.image(e.name()), image));
      } else if (e.image().isEmpty()) {
        throw Lowering.wrong(
            "SLU-2010",
            "the environment " + e.name() + " has no image for this run",
            "give it an image in sluice.yaml, or in the target");
      }
    }
    for (Plan.Stage stage : plan.stages()) {
      Settings settings = parameters.settings().get(stage.name());
      if (settings != null && !settings.with().equals(stage.with())) {
        params.add(Param.of(Names.with(stage.name().value()), Escapes.json(settings.with())));
      }
      if (Lowering.endsItself(stage)
          && settings != null
          && !settings.timeout().equals(stage.timeout())) {
        params.add(
            Param.of(
                Names.limit(stage.name().value()), Long.toString(settings.timeout().toSeconds())));
      }
    }
    for (Plan.Stage stage : plan.stages()) {
      List<String> workers = workers(stage);
      if (!workers.isEmpty()) {
        params.add(Param.of(Names.workers(stage.name().value()), workers));
        params.add(Param.of(Names.workerPods(stage.name().value()), workers));
      }
    }
    return params;
  }

  /** The pods that help a stage: with a storage to meet in, all trials side by side but one. */
  private List<String> workers(Plan.Stage stage) {
    if (parameters.bindings().tuningStorage().isEmpty() || !Lowering.hasWorkers(stage)) {
      return List.of();
    }
    return IntStream.range(1, Lowering.parallel(settings(stage).with()))
        .mapToObj(Integer::toString)
        .toList();
  }

  private List<WorkspaceBinding> workspaces() {
    List<WorkspaceBinding> bindings = new ArrayList<>();
    bindings.add(WorkspaceBinding.scratch(Names.STAGE_WORKSPACE));
    bindings.add(
        switch (parameters.bindings().store()) {
          case RunBindings.Claim claim ->
              WorkspaceBinding.claim(Names.STORE_WORKSPACE, claim.name());
          case RunBindings.Bucket bucket ->
              WorkspaceBinding.secret(Names.STORE_WORKSPACE, bucket.secret());
        });
    parameters
        .bindings()
        .registryRead()
        .ifPresent(s -> bindings.add(WorkspaceBinding.secret(Names.REGISTRY_READ_WORKSPACE, s)));
    // Whatever its tasks would do: a run that may write nothing has nothing to write with.
    parameters
        .bindings()
        .registryWrite()
        .filter(s -> !parameters.untrusted())
        .ifPresent(s -> bindings.add(WorkspaceBinding.secret(Names.REGISTRY_WRITE_WORKSPACE, s)));
    parameters
        .bindings()
        .tuningStorage()
        .filter(s -> plan.stages().stream().anyMatch(stage -> !workers(stage).isEmpty()))
        .ifPresent(s -> bindings.add(WorkspaceBinding.secret(Names.TUNING_WORKSPACE, s)));
    return bindings;
  }

  /** Time for the run's record is set aside, because it is wanted most when time ran out. */
  private Timeouts timeouts() {
    Duration whole = plan.pipelineTimeout();
    Duration last = shorter(Lowering.RECORD_TIMEOUT, whole.dividedBy(10));
    return new Timeouts(Optional.of(whole), Optional.of(whole.minus(last)), Optional.of(last));
  }

  private static Duration shorter(Duration a, Duration b) {
    return a.compareTo(b) <= 0 ? a : b;
  }

  private List<TaskRunSpec> taskRunSpecs() {
    List<TaskRunSpec> specs = new ArrayList<>();
    for (Plan.Stage stage : plan.stages()) {
      Settings settings = settings(stage);
      Duration timeout =
          shorter(
              Lowering.taskTimeout(settings.timeout(), parameters.pods().waiting()),
              timeouts().tasks().orElseThrow());
      boolean sameTimeout = timeout.equals(Lowering.taskTimeout(stage.timeout()));
      boolean plainResources = settings.resources().equals(Plan.Resources.NONE);
      Optional<TaskRunSpec> own =
          taskRunSpec(
              stage.name(),
              stage.kind(),
              sameTimeout ? Optional.empty() : Optional.of(timeout),
              plainResources
                  ? List.of()
                  : List.of(
                      new StepSpec(workStep(stage.kind()), requirements(settings.resources()))));
      own.ifPresent(specs::add);
      if (!workers(stage).isEmpty()) {
        own.ifPresent(spec -> specs.add(spec.of(Names.workersTask(stage.name().value()))));
      }
    }
    StageName last = new StageName(Names.RECORD);
    taskRunSpec(
            last,
            Plan.Kind.RECORD,
            Optional.empty(),
            Optional.ofNullable(parameters.pods().resources().get(last)).stream()
                .map(r -> new StepSpec(workStep(Plan.Kind.RECORD), requirements(r)))
                .toList())
        .ifPresent(specs::add);
    return specs;
  }

  /** The step that does a stage's work, and gets its resources: the others only bring and take. */
  private static String workStep(Plan.Kind kind) {
    return kind.has(Plan.Trait.STAGED) ? "run" : kind.name().toLowerCase(Locale.ROOT);
  }

  /** What a task has of its own; empty when it is nothing. */
  private Optional<TaskRunSpec> taskRunSpec(
      StageName name, Plan.Kind kind, Optional<Duration> timeout, List<StepSpec> steps) {
    RunPods pods = parameters.pods();
    Optional<String> account =
        kind.has(Plan.Trait.WRITES_REGISTRY) ? pods.writer() : Optional.empty();
    Optional<PodTemplate> template =
        Optional.ofNullable(pods.stages().get(name)).map(RunLowering::podTemplate);
    return account.isEmpty() && template.isEmpty() && timeout.isEmpty() && steps.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new TaskRunSpec(
                name.value(), account, template, timeout, Optional.empty(), steps, List.of()));
  }

  /** The run's settings of a stage; what the target says of its resources goes before. */
  private Settings settings(Plan.Stage stage) {
    Settings settings =
        parameters
            .settings()
            .getOrDefault(
                stage.name(), new Settings(stage.with(), stage.timeout(), stage.resources()));
    Plan.Resources own = parameters.pods().resources().get(stage.name());
    if (own == null) {
      return settings;
    }
    Plan.Resources base = settings.resources();
    return new Settings(
        settings.with(),
        settings.timeout(),
        new Plan.Resources(
            own.cpu().or(base::cpu), own.memory().or(base::memory), own.gpu().or(base::gpu)));
  }

  private void checkPods() {
    List<String> known =
        new ArrayList<>(plan.stages().stream().map(s -> s.name().value()).toList());
    known.add(Names.RECORD);
    List<StageName> named = new ArrayList<>(parameters.pods().stages().keySet());
    named.addAll(parameters.pods().resources().keySet());
    for (StageName name : named) {
      if (!known.contains(name.value())) {
        throw Lowering.wrong(
            "SLU-2013",
            "the target has pods for a stage " + name + ", which the pipeline does not have",
            DidYouMean.hint(known, name.value()));
      }
    }
  }

  private static PodTemplate podTemplate(RunPods.Placement placement) {
    return new PodTemplate(
        placement.nodeSelector(),
        placement.tolerations().stream().map(RunLowering::toleration).toList(),
        Optional.of(
            new PodSecurityContext(
                Optional.of(USER), Optional.of(USER), Optional.of(true), Optional.of(USER))),
        // No stage has any business with the cluster's API.
        Optional.of(false),
        placement.priorityClass(),
        placement.pullSecrets().stream().map(PipelineRunSpec.ObjectReference::new).toList());
  }

  private static PipelineRunSpec.Toleration toleration(TargetSpec.Toleration t) {
    return new PipelineRunSpec.Toleration(
        t.key(),
        Optional.of(t.value().isPresent() ? "Equal" : "Exists"),
        t.value(),
        t.effect(),
        t.limit().map(Duration::toSeconds));
  }

  /**
   * Memory and GPUs are reserved and limited alike; CPU is only reserved, since a limit would
   * throttle where there is room.
   */
  private static ResourceRequirements requirements(Plan.Resources resources) {
    Map<String, Quantity> requests = new LinkedHashMap<>();
    Map<String, Quantity> limits = new LinkedHashMap<>();
    resources.cpu().ifPresent(c -> requests.put("cpu", new Quantity(c)));
    resources
        .memory()
        .ifPresent(m -> {
          requests.put("memory", new Quantity(m));
          limits.put("memory", new Quantity(m));
        });
    resources
        .gpu()
        .ifPresent(g -> {
          requests.put("nvidia.com/gpu", new Quantity(g));
          limits.put("nvidia.com/gpu", new Quantity(g));
        });
    return new ResourceRequirements(requests, limits);
  }
}
