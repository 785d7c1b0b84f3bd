package io.sluice.tekton.lower;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Plan.Trait;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.v1.Matrix;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.OnError;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamType;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineResult;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TaskRef;
import io.sluice.tekton.v1.When;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.v1.WorkspaceReference;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Lowers a plan to a Tekton pipeline over the tasks of the catalog. The tasks are generic; the
 * pipeline says what each stage runs; what differs from run to run are parameters. Edges are
 * results only: a stage waits for the manifests that it reads, and for resolve.
 */
public final class Lowering {
  /** Limit of the task that writes the run's record, its wait for a node included. */
  static final Duration RECORD_TIMEOUT = Duration.ofMinutes(30);

  private static final List<String> FUNCTION_LOOP = List.of("python", "-m", "sluice_ml.family");

  private final Plan plan;
  private final Map<String, Task> tasks = new TreeMap<>();

  private Lowering(Plan plan) {
    this.plan = plan;
  }

  /**
   * The pipeline and the tasks that it refers to; equal plans give equal objects.
   *
   * @throws SluiceException {@code SLU-2012} when Tekton cannot do what the plan asks for
   */
  public static Compiled lower(Plan plan) {
    return new Lowering(plan).compiled();
  }

  /**
   * One run of the compiled plan.
   *
   * @param plan the one that was compiled: without the run's profile and overlays
   * @throws SluiceException exit code 2: {@code SLU-2010} an environment has no image for this run,
   *     {@code SLU-2011} settings for a stage that has none
   */
  public static PipelineRun run(Plan plan, RunParameters parameters) {
    return RunLowering.lower(plan, parameters);
  }

  /** The environments that stages run in, sorted by name. */
  static List<Plan.Environment> environments(Plan plan) {
    return plan.environments().stream()
        .filter(e ->
            plan.stages().stream().anyMatch(s -> s.environment().equals(Optional.of(e.name()))))
        .toList();
  }

  static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }

  private Compiled compiled() {
    Map<String, String> labels = new LinkedHashMap<>();
    labels.put("app.kubernetes.io/part-of", "sluice");
    labels.put(RunLabels.MODEL, Names.labelValue(plan.model()));
    Pipeline pipeline =
        new Pipeline(
            new Metadata(
                Optional.of(Names.pipeline(plan.model())),
                Optional.empty(),
                Optional.empty(),
                labels,
                Map.of()),
            new PipelineSpec(
                Optional.empty(),
                Optional.of("Builds, tests and promotes " + plan.model().replace("$", "") + "."),
                params(),
                workspaces(),
                results(),
                plan.stages().stream()
                    .flatMap(s -> Stream.concat(Stream.of(task(s)), workers(s).stream()))
                    .toList(),
                List.of(record())));
    List<String> tasks =
        Stream.concat(plan.stages().stream().map(Plan.Stage::kind), Stream.of(Plan.Kind.RECORD))
            .map(Plan.Kind::task)
            .distinct()
            .sorted()
            .toList();
    return new Compiled(pipeline, tasks);
  }

  private List<WorkspaceDeclaration> workspaces() {
    List<WorkspaceDeclaration> workspaces = new ArrayList<>();
    workspaces.add(workspace(Names.STAGE_WORKSPACE, "Scratch space; bind an emptyDir.", false));
    workspaces.add(
        workspace(
            Names.STORE_WORKSPACE,
            "The artifact store: a volume claim, or a Secret with s3.json.",
            false));
    workspaces.add(
        workspace(
            Names.REGISTRY_READ_WORKSPACE, "Address and read token of MLflow: a Secret.", true));
    workspaces.add(
        workspace(
            Names.REGISTRY_WRITE_WORKSPACE,
            "Address and write token of MLflow: a Secret; leave it out for a run that may write"
                + " nothing there.",
            true));
    if (plan.stages().stream().anyMatch(Lowering::hasWorkers)) {
      workspaces.add(
          workspace(
              Names.TUNING_WORKSPACE,
              "Address of Optuna's storage: a Secret; needed where tuning has workers.",
              true));
    }
    return workspaces;
  }

  private List<ParamSpec> params() {
    List<ParamSpec> params = new ArrayList<>();
    params.add(param(Names.RUN, "Id of the run.", Optional.empty()));
    params.add(
        param(
            Names.AS_OF, "Instant as of which data is looked at; empty for now.", Optional.of("")));
    params.add(param(Names.CODE, "Digest of the code tree in the store.", Optional.empty()));
    params.add(param(Names.COMMIT, "Commit of the code, for the record.", Optional.of("")));
    params.add(param(Names.WHO, "In whose name it promotes.", Optional.of("")));
    params.add(
        param(
            Names.UNTRUSTED,
            "yes keeps what the run writes apart from what trusted runs read.",
            Optional.of("no")));
    for (ImageRole role : plan.images()) {
      params.add(param(Names.image(role), "Image with " + role.content() + ".", Optional.empty()));
    }
    for (Plan.Environment e : environments(plan)) {
      params.add(param(Names.image(e.name()), "Image of environment " + e.name() + ".", e.image()));
    }
    for (Plan.Environment e : environments(plan)) {
      params.add(
          param(
              Names.environment(e.name()),
              "Digest of environment " + e.name() + ".",
              Optional.of(e.digest().toString())));
    }
    for (Plan.Stage s : plan.stages()) {
      if (s.kind().has(Trait.HAS_VALUES)) {
        params.add(
            param(
                Names.with(s.name().value()),
                "Values of " + s.name() + ", a JSON object.",
                Optional.of(Escapes.json(s.with()))));
      }
    }
    for (Plan.Stage s : plan.stages()) {
      if (endsItself(s)) {
        params.add(
            param(
                Names.limit(s.name().value()),
                "Seconds after which the command of " + s.name() + " is ended.",
                Optional.of(Long.toString(s.timeout().toSeconds()))));
      }
    }
    for (Plan.Stage s : plan.stages()) {
      if (hasWorkers(s)) {
        params.add(
            new ParamSpec(
                Names.workers(s.name().value()),
                Optional.of(ParamType.ARRAY),
                Optional.of("Names of the pods that help " + s.name() + "; none for one pod."),
                Optional.of(ParamValue.of(List.of()))));
        params.add(
            new ParamSpec(
                Names.workerPods(s.name().value()),
                Optional.of(ParamType.ARRAY),
                Optional.of(
                    "The same names, or "
                        + Names.NO_WORKERS
                        + " for no pod that helps "
                        + s.name()
                        + "."),
                Optional.of(ParamValue.of(List.of(Names.NO_WORKERS)))));
      }
    }
    return params;
  }

  /** Whether several pods may do the trials of a stage. */
  static boolean hasWorkers(Plan.Stage stage) {
    return stage.kind().has(Trait.SEARCHES) && parallel(stage.with()) > 1;
  }

  /** How many trials of a tune stage with these values run side by side. */
  static int parallel(JsonNode with) {
    return with.path("parallel").asInt(1);
  }

  /**
   * Whether a stage's own step ends its command when the stage's time is over: where the command is
   * not the worker's. So the time counts for the command, and the stage still says how it ended.
   */
  static boolean endsItself(Plan.Stage stage) {
    return stage.kind().has(Trait.STAGED) && !stage.kind().has(Trait.WORKER_STEP);
  }

  private static ParamSpec param(String name, String description, Optional<String> fallback) {
    return new ParamSpec(
        name, Optional.empty(), Optional.of(description), fallback.map(ParamValue::of));
  }

  private static WorkspaceDeclaration workspace(String name, String description, boolean optional) {
    return new WorkspaceDeclaration(
        name,
        Optional.of(description),
        Optional.empty(),
        Optional.empty(),
        optional ? Optional.of(true) : Optional.empty());
  }

  private List<PipelineResult> results() {
    List<PipelineResult> results = new ArrayList<>();
    for (Plan.Stage s : plan.stages()) {
      for (Plan.RunResult r : Plan.RunResult.of(s.kind())) {
        results.add(
            new PipelineResult(
                r.word(),
                Optional.empty(),
                Optional.of(r.description()),
                ParamValue.of(Names.result(s.name().value(), r.result()))));
      }
    }
    return results;
  }

  private PipelineTask task(Plan.Stage stage) {
    return new PipelineTask(
        stage.name().value(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(new TaskRef(stage.kind().task(), Optional.empty())),
        Optional.empty(),
        List.of(),
        stage.kind().has(Trait.TRUSTED_ONLY) ? List.of(trusted()) : List.of(),
        onError(stage),
        stage.retries() > 0 ? Optional.of(stage.retries()) : Optional.empty(),
        Optional.of(taskTimeout(stage.timeout())),
        hasWorkers(stage) ? with(params(stage), searching(stage)) : params(stage),
        Optional.empty(),
        workspaces(stage));
  }

  /**
   * The pods that do trials of a stage's search, where the run wants any. They leave nothing
   * behind, and the run continues without those that fail.
   *
   * <p>What says that it wants none is a condition, and not an empty matrix: Tekton 1.15 takes that
   * for done before the tasks that it waits for are, and does not go on with the run.
   */
  private Optional<PipelineTask> workers(Plan.Stage stage) {
    if (!hasWorkers(stage)) {
      return Optional.empty();
    }
    String name = Names.workersTask(stage.name().value());
    if (name.length() > StageName.MAX_LENGTH) {
      throw wrong(
          "SLU-2012",
          "the stage " + stage.name() + " has trials side by side, and " + name + " is too long",
          "give its family a shorter name, or remove parallel");
    }
    if (plan.stages().stream().anyMatch(s -> s.name().value().equals(name))) {
      throw wrong(
          "SLU-2012",
          "the stage " + stage.name() + " has trials side by side, and another is named " + name,
          "rename that one, or remove parallel");
    }
    String pods = Names.workerPods(stage.name().value());
    return Optional.of(
        new PipelineTask(
            name,
            Optional.empty(),
            Optional.empty(),
            Optional.of(new TaskRef(stage.kind().task(), Optional.empty())),
            Optional.empty(),
            List.of(),
            List.of(new When(Names.NO_WORKERS, When.Operator.NOT_IN, List.of(Names.all(pods)))),
            Optional.of(OnError.CONTINUE),
            Optional.empty(),
            Optional.of(taskTimeout(stage.timeout())),
            with(params(stage), List.of(search())),
            Optional.of(new Matrix(List.of(Param.of("worker", Names.all(pods))))),
            workspaces(stage)));
  }

  private static List<Param> searching(Plan.Stage stage) {
    return List.of(
        search(), Param.of("workers", List.of(Names.all(Names.workers(stage.name().value())))));
  }

  /** What names the search for its pods: no other run has it, wherever it is. */
  private static Param search() {
    return Param.of("search", "$(context.pipelineRun.uid)");
  }

  private static <T> List<T> with(List<T> list, List<T> more) {
    return Stream.concat(list.stream(), more.stream()).toList();
  }

  private static List<WorkspaceReference> workspaces(Plan.Stage stage) {
    return hasWorkers(stage)
        ? with(
            workspaces(stage.kind()),
            List.of(
                new WorkspaceReference(
                    Names.STORAGE_WORKSPACE,
                    Optional.of(Names.TUNING_WORKSPACE),
                    Optional.empty())))
        : workspaces(stage.kind());
  }

  private static When trusted() {
    return new When(Names.param(Names.UNTRUSTED), When.Operator.NOT_IN, List.of("yes"));
  }

  private static List<WorkspaceReference> workspaces(Plan.Kind kind) {
    List<WorkspaceReference> workspaces = new ArrayList<>();
    if (kind.has(Trait.STAGED)) {
      workspaces.add(bound(Names.STAGE_WORKSPACE));
    }
    workspaces.add(bound(Names.STORE_WORKSPACE));
    if (kind.has(Trait.READS_REGISTRY)) {
      workspaces.add(registry(Names.REGISTRY_READ_WORKSPACE));
    }
    if (kind.has(Trait.WRITES_REGISTRY)) {
      workspaces.add(registry(Names.REGISTRY_WRITE_WORKSPACE));
    }
    return List.copyOf(workspaces);
  }

  private static WorkspaceReference registry(String ofPipeline) {
    return new WorkspaceReference(
        Names.REGISTRY_WORKSPACE, Optional.of(ofPipeline), Optional.empty());
  }

  /**
   * How long a stage may take from its TaskRun's creation that is given so much time for its
   * command. Tekton counts the wait for a node, for images and for the other steps as well.
   */
  static Duration taskTimeout(Duration time, Duration wait) {
    return time.plus(wait);
  }

  /** As {@link #taskTimeout(Duration, Duration)}, where no target says how long a stage waits. */
  static Duration taskTimeout(Duration time) {
    return taskTimeout(time, TargetSpec.WAIT);
  }

  /** How the stage ended, for the run's record: one that may fail has a question mark. */
  private static String ending(Plan.Stage stage) {
    return "%2$s%1$s=$(tasks.%1$s.status):$(tasks.%1$s.reason)"
        .formatted(stage.name(), stage.mayFail() ? "?" : "");
  }

  private static Optional<OnError> onError(Plan.Stage stage) {
    if (!stage.mayFail()) {
      return Optional.empty();
    }
    if (stage.retries() > 0) {
      throw wrong(
          "SLU-2012",
          "the stage "
              + stage.name()
              + " may fail and has retries, which Tekton does not do together",
          "set retries: 0 for the stage, or remove onFailure: continue from its family");
    }
    return Optional.of(OnError.CONTINUE);
  }

  private static WorkspaceReference bound(String name) {
    return new WorkspaceReference(name, Optional.empty(), Optional.empty());
  }

  /** What the task of a stage asks for, of all that the pipeline can say about the stage. */
  private List<Param> params(Plan.Stage stage) {
    return asked(stage.kind(), offers(stage));
  }

  /** Those that the task of a kind declares. */
  private List<Param> asked(Plan.Kind kind, List<Param> offered) {
    Map<String, ParamSpec> declared = declared(kind);
    return offered.stream().filter(p -> declared.containsKey(p.name())).toList();
  }

  /** What the task of a kind takes for a parameter that is not passed. */
  private Optional<ParamValue> fallback(Plan.Kind kind, String param) {
    return Optional.ofNullable(declared(kind).get(param)).flatMap(ParamSpec::fallback);
  }

  private Map<String, ParamSpec> declared(Plan.Kind kind) {
    Map<String, ParamSpec> declared = new TreeMap<>();
    tasks
        .computeIfAbsent(kind.task(), Catalog::task)
        .spec()
        .params()
        .forEach(p -> declared.put(p.name(), p));
    return declared;
  }

  /** All that the pipeline can say about a stage, in the order in which it is passed. */
  private List<Param> offers(Plan.Stage stage) {
    String gate = Plan.Kind.GATE.only().value();
    List<Param> params = new ArrayList<>();
    params.add(passed(Names.RUN));
    params.add(Param.of("model", Escapes.argument(plan.model())));
    params.add(Param.of("stage", stage.name().value()));
    Param kind = Param.of("kind", stage.kind().name().toLowerCase(Locale.ROOT));
    if (!fallback(stage.kind(), kind.name()).equals(Optional.of(kind.value()))) {
      params.add(kind);
    }
    params.add(Param.of("resolved", Names.result(Plan.Kind.RESOLVE.only().value(), Names.OUTPUTS)));
    params.add(
        Param.of("registered", Names.result(Plan.Kind.REGISTER.only().value(), Names.OUTPUTS)));
    params.add(Param.of("verdict", Names.result(gate, "verdict")));
    params.add(Param.of("verdict-manifest", Names.result(gate, Names.OUTPUTS)));
    params.add(Param.of("head", Names.result(Plan.Kind.RESOLVE.only().value(), "head")));
    params.add(passed(Names.WHO));
    params.add(passed(Names.AS_OF));
    params.add(passed(Names.CODE));
    params.add(passed(Names.COMMIT));
    stage
        .environment()
        .ifPresent(e -> params.add(Param.of("environment", Names.param(Names.environment(e)))));
    // what brings its own code and has no environment runs in the one that its version recorded
    params.add(
        Param.of(
            "image",
            stage
                .environment()
                .map(e -> Names.param(Names.image(e)))
                .orElse(Names.result(Plan.Kind.RESOLVE.only().value(), Names.CHAMPION_IMAGE))));
    stage.family().ifPresent(f -> params.add(Param.of("family", Escapes.argument(f))));
    params.add(Param.of("seed", Long.toString(plan.seed())));
    predictor(stage).ifPresent(p -> params.add(Param.of("predict", predict(p))));
    params.add(
        Param.of(
            "with",
            stage.kind().has(Trait.HAS_VALUES)
                ? Names.param(Names.with(stage.name().value()))
                : Escapes.json(stage.with())));
    params.add(Param.of("loop", isFunction(stage.command()) ? "function" : "command"));
    if (!stage.inputs().isEmpty()) {
      params.add(Param.of("inputs", stage.inputs().stream().map(Lowering::input).toList()));
    }
    if (endsItself(stage)) {
      params.add(Param.of("limit", Names.param(Names.limit(stage.name().value()))));
    }
    params.add(Param.of("outputs", arguments(stage.outputs())));
    if (!stage.command().isEmpty()) {
      params.add(Param.of("command", stage.command().stream().map(Escapes::command).toList()));
    }
    params.addAll(ofEveryTask());
    return params;
  }

  /** What stages and the record are told alike, and last. */
  private List<Param> ofEveryTask() {
    List<Param> params = new ArrayList<>(List.of(passed(Names.UNTRUSTED)));
    plan.images().forEach(role -> params.add(passed(Names.image(role))));
    return params;
  }

  /** The stage where what this one trains forecasts by a command of its own. */
  private Optional<Plan.Stage> predictor(Plan.Stage train) {
    return plan.stages().stream()
        .filter(s -> s.kind().has(Trait.BRINGS_CODE) && s.family().isPresent())
        .filter(s -> s.family().equals(train.family()))
        .filter(s -> s.inputs().stream().anyMatch(i -> i.from().equals(train.name())))
        .findFirst();
  }

  /** What a bundle must record to forecast for as long as its version reigns. */
  private String predict(Plan.Stage predictor) {
    ObjectNode predict = Json.object();
    predictor.command().forEach(predict.putArray("command")::add);
    ObjectNode environment = predict.putObject("environment");
    plan.environments().stream()
        .filter(e -> predictor.environment().equals(Optional.of(e.name())))
        .forEach(e -> {
          environment.put("name", e.name());
          e.lock().ifPresent(lock -> environment.put("lock", lock));
          e.python().ifPresent(python -> environment.put("python", python));
        });
    return Escapes.json(predict);
  }

  /** Whether the command is the loop itself, in the process that calls the family's function. */
  private static boolean isFunction(List<String> command) {
    return command.size() > FUNCTION_LOOP.size()
        && command.subList(0, FUNCTION_LOOP.size()).equals(FUNCTION_LOOP);
  }

  /** {@code NAME=DIGEST#PATH}, where the digest is a result of the producer. */
  private static String input(Plan.Input input) {
    return (input.optional() ? "?" : "")
        + Escapes.argument(input.name())
        + "="
        + Names.result(input.from().value(), Names.OUTPUTS)
        + "#"
        + Escapes.argument(input.artifact());
  }

  private static List<String> arguments(List<String> texts) {
    return texts.stream().map(Escapes::argument).toList();
  }

  private static Param passed(String name) {
    return Param.of(name, Names.param(name));
  }

  private PipelineTask record() {
    return new PipelineTask(
        Names.RECORD,
        Optional.empty(),
        Optional.empty(),
        Optional.of(new TaskRef(Plan.Kind.RECORD.task(), Optional.empty())),
        Optional.empty(),
        List.of(),
        List.of(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(RECORD_TIMEOUT),
        asked(
            Plan.Kind.RECORD,
            with(
                List.of(
                    passed(Names.RUN),
                    Param.of("model", Escapes.argument(plan.model())),
                    Param.of("status", "$(tasks.status)"),
                    Param.of("tasks", plan.stages().stream().map(Lowering::ending).toList())),
                ofEveryTask())),
        Optional.empty(),
        workspaces(Plan.Kind.RECORD));
  }
}
