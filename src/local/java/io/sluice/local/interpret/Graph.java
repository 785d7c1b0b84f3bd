package io.sluice.local.interpret;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.StageName;
import io.sluice.tekton.v1.EnvVar;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamType;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Sidecar;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.StepTemplate;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TaskSpec;
import io.sluice.tekton.v1.When;
import io.sluice.tekton.v1.WorkspaceBinding;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.v1.WorkspaceReference;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * A pipeline run with everything looked up: which task a name means, who waits for whom. Made
 * before anything starts, so that what cannot run is refused whole, with every reason at once.
 */
final class Graph {
  /** One task of the pipeline; {@code after} holds all it waits for. */
  record Node(StageName name, PipelineTask use, TaskSpec task, String taskName, Set<String> after) {
    /** Names of the tasks whose results it takes, in parameters or conditions. */
    Set<String> producers() {
      Set<String> names = new LinkedHashSet<>();
      for (String text : textsOf(use)) {
        for (String reference : Variables.references(text)) {
          String[] parts = reference.split("\\.", 4);
          if (parts.length == 4 && parts[0].equals("tasks") && parts[2].equals("results")) {
            names.add(parts[1]);
          }
        }
      }
      return names;
    }
  }

  private final List<Node> tasks = new ArrayList<>();
  private final List<Node> last = new ArrayList<>();
  private final Variables variables = new Variables();
  private final List<Diagnostic> wrong = new ArrayList<>();
  private final PipelineSpec spec;
  private final PipelineRun run;

  /**
   * Looks everything up.
   *
   * @param bound names of workspaces that this machine supplies
   * @throws SluiceException with every reason why this cannot run here
   */
  Graph(
      PipelineRun run,
      Pipeline pipeline,
      List<Task> catalog,
      Predicate<String> bound,
      StepLauncher launcher) {
    this.run = run;
    this.spec = run.spec().pipelineSpec().orElse(pipeline.spec());
    run.spec()
        .pipelineRef()
        .filter(ref -> !pipeline.metadata().name().equals(Optional.of(ref.name())))
        .ifPresent(
            ref -> wrong("the run refers to pipeline " + ref.name() + ", which is not given"));
    String runName = run.metadata().name().orElse("");
    variables
        .put("context.pipelineRun.name", runName)
        .put("context.pipelineRun.namespace", run.metadata().namespace().orElse("default"))
        .put("context.pipelineRun.uid", uid(runName))
        .put("context.pipeline.name", pipeline.metadata().name().orElse(runName));
    params("pipeline", spec.params(), run.spec().params(), variables);
    Map<String, Task> byName = new HashMap<>();
    catalog.forEach(t -> t.metadata().name().ifPresent(n -> byName.put(n, t)));
    spec.tasks().forEach(t -> node(t, byName, tasks));
    spec.last().forEach(t -> node(t, byName, last));
    checkNames();
    if (wrong.isEmpty()) {
      checkOrder();
      checkReferences();
      checkWorkspaces(bound);
      checkMatrices();
      for (Node node : all()) {
        checkSteps(node, launcher);
      }
    }
    if (!wrong.isEmpty()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, wrong);
    }
  }

  List<Node> tasks() {
    return tasks;
  }

  List<Node> last() {
    return last;
  }

  List<Node> all() {
    List<Node> all = new ArrayList<>(tasks);
    all.addAll(last);
    return all;
  }

  PipelineSpec spec() {
    return spec;
  }

  PipelineRun run() {
    return run;
  }

  /** The pipeline's parameters and context. */
  Variables variables() {
    return variables;
  }

  /** A stable id in the form of Kubernetes' uids. */
  static String uid(String name) {
    return java.util
        .UUID
        .nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8))
        .toString();
  }

  private void node(PipelineTask use, Map<String, Task> catalog, List<Node> into) {
    Optional<TaskSpec> task = use.taskSpec();
    String taskName = use.name();
    if (use.taskRef().isPresent()) {
      taskName = use.taskRef().get().name();
      Task referred = catalog.get(taskName);
      if (referred == null) {
        wrong("task " + use.name() + " refers to " + taskName + ", which is not given");
        return;
      }
      task = Optional.of(referred.spec());
    }
    if (task.isEmpty()) {
      wrong("task " + use.name() + " has neither taskRef nor taskSpec");
      return;
    }
    StageName name;
    try {
      name = new StageName(use.name());
    } catch (IllegalArgumentException e) {
      wrong("task " + use.name() + ": " + e.getMessage());
      return;
    }
    Node bare = new Node(name, use, task.get(), taskName, Set.of());
    Set<String> after = new LinkedHashSet<>(use.runAfter());
    after.addAll(bare.producers());
    into.add(new Node(name, use, task.get(), taskName, after));
  }

  /** Values of declared parameters, given ones first, into {@code into}. */
  private void params(String owner, List<ParamSpec> declared, List<Param> given, Variables into) {
    Map<String, ParamValue> values = new HashMap<>();
    given.forEach(p -> values.put(p.name(), p.value()));
    for (ParamSpec spec : declared) {
      ParamValue value = values.getOrDefault(spec.name(), spec.fallback().orElse(null));
      if (value == null) {
        wrong(owner + " needs a value for parameter " + spec.name());
        continue;
      }
      if ((value instanceof ParamValue.Array) != (spec.effectiveType() == ParamType.ARRAY)) {
        wrong("parameter " + spec.name() + " of " + owner + " is not of its declared type");
        continue;
      }
      put(into, "params." + spec.name(), value);
    }
  }

  static void put(Variables into, String name, ParamValue value) {
    switch (value) {
      case ParamValue.Text text -> into.put(name, text.value());
      case ParamValue.Array array -> into.put(name, array.values());
    }
  }

  private void checkNames() {
    Set<String> names = new LinkedHashSet<>();
    for (Node node : all()) {
      if (!names.add(node.name().value())) {
        wrong("two tasks are named " + node.name());
      }
    }
    Set<String> ordinary = new LinkedHashSet<>();
    tasks.forEach(n -> ordinary.add(n.name().value()));
    for (Node node : all()) {
      for (String other : node.after()) {
        if (!ordinary.contains(other)) {
          wrong("task " + node.name() + " waits for " + other + ", which is no task here");
        }
      }
    }
    for (Node node : last) {
      if (!node.use().runAfter().isEmpty()) {
        wrong("task " + node.name() + " of finally has runAfter");
      }
    }
  }

  private void checkOrder() {
    Set<String> done = new LinkedHashSet<>();
    List<Node> left = new ArrayList<>(tasks);
    while (left.removeIf(n -> done.containsAll(n.after()) && done.add(n.name().value()))) {
      // Each round takes those whose predecessors were taken before.
    }
    if (!left.isEmpty()) {
      wrong(
          "tasks wait for each other in a circle: "
              + String.join(", ", left.stream().map(n -> n.name().value()).toList()));
    }
  }

  private void checkReferences() {
    Map<String, Node> byName = new HashMap<>();
    tasks.forEach(n -> byName.put(n.name().value(), n));
    for (Node node : all()) {
      String owner = "task " + node.name();
      for (String text : textsOf(node.use())) {
        for (String name : Variables.references(text)) {
          checkPipelineReference(owner, name, byName, last.contains(node));
        }
        for (String name : Variables.foreign(text)) {
          wrong(owner + " uses $(" + name + "), which Tekton refuses in a pipeline");
        }
      }
      Set<String> declared = new LinkedHashSet<>();
      node.task().params().forEach(p -> declared.add(p.name()));
      if (node.use().taskSpec().isPresent()) {
        spec.params().forEach(p -> declared.add(p.name()));
      }
      Set<String> given = new LinkedHashSet<>();
      node.use().params().forEach(p -> given.add(p.name()));
      node.use().matrix().ifPresent(m -> m.params().forEach(p -> given.add(p.name())));
      for (ParamSpec param : node.task().params()) {
        if (param.fallback().isEmpty() && !given.contains(param.name())) {
          wrong(owner + " needs a value for parameter " + param.name());
        }
      }
      for (Param param : node.use().params()) {
        node.task().params().stream()
            .filter(p -> p.name().equals(param.name()))
            .filter(p -> p.effectiveType() == ParamType.STRING)
            .filter(p -> param.value() instanceof ParamValue.Array)
            .forEach(p -> wrong("parameter " + p.name() + " of " + owner + " wants one string"));
      }
      for (String text : textsOf(node.task())) {
        for (String name : Variables.references(text)) {
          checkTaskReference(owner, name, declared, node.task());
        }
      }
    }
    last.forEach(n -> byName.put(n.name().value(), n));
    for (var result : spec.results()) {
      for (String text : textsOf(ofAnyTask(result.value()))) {
        for (String name : Variables.references(text)) {
          checkPipelineReference("result " + result.name(), name, byName, true);
        }
      }
    }
  }

  /** A result of the pipeline names its last tasks' results {@code finally.*}: they are tasks. */
  static ParamValue ofAnyTask(ParamValue value) {
    return switch (value) {
      case ParamValue.Text text -> ParamValue.of(ofAnyTask(text.value()));
      case ParamValue.Array array ->
          ParamValue.of(array.values().stream().map(Graph::ofAnyTask).toList());
    };
  }

  private static String ofAnyTask(String text) {
    return text.replace("$(finally.", "$(tasks.");
  }

  private void checkPipelineReference(
      String owner, String name, Map<String, Node> byName, boolean isLast) {
    String[] parts = name.split("\\.", 4);
    switch (parts[0]) {
      case "params" -> {
        String param = name.substring("params.".length());
        if (spec.params().stream().noneMatch(p -> p.name().equals(param))) {
          wrong(owner + " uses $(" + name + "), but the pipeline declares no such parameter");
        }
      }
      case "tasks" -> {
        if (name.equals("tasks.status")
            || (parts.length == 3 && List.of("status", "reason").contains(parts[2]))) {
          if (!isLast) {
            wrong(owner + " uses $(" + name + "), which only finally tasks may");
          } else if (parts.length == 3 && !byName.containsKey(parts[1])) {
            wrong(owner + " uses $(" + name + "), but there is no task " + parts[1]);
          }
          return;
        }
        Node producer = byName.get(parts[1]);
        boolean declared =
            parts.length == 4
                && parts[2].equals("results")
                && producer != null
                && producer.task().results().stream().anyMatch(r -> r.name().equals(parts[3]));
        if (!declared) {
          wrong(owner + " uses $(" + name + "), a result that no task of the pipeline declares");
        }
      }
      default -> {
        if (!known(name)) {
          wrong(owner + " uses $(" + name + "), which has no meaning in a pipeline");
        }
      }
    }
  }

  private static boolean known(String name) {
    return switch (name) {
      case "context.pipelineRun.name",
          "context.pipelineRun.namespace",
          "context.pipelineRun.uid",
          "context.pipeline.name",
          "context.pipelineTask.retries" ->
          true;
      default -> name.startsWith("workspaces.") && name.endsWith(".bound");
    };
  }

  private void checkTaskReference(String owner, String name, Set<String> declared, TaskSpec task) {
    String[] parts = name.split("\\.", 3);
    switch (parts[0]) {
      case "params" -> {
        if (!declared.contains(name.substring("params.".length()))) {
          wrong(owner + " uses $(" + name + "), but declares no such parameter");
        }
      }
      case "workspaces" -> {
        if (task.workspaces().stream().noneMatch(w -> w.name().equals(parts[1]))) {
          wrong(owner + " uses $(" + name + "), but declares no such workspace");
        }
      }
      case "results" -> {
        if (task.results().stream().noneMatch(r -> name.equals("results." + r.name() + ".path"))) {
          wrong(owner + " uses $(" + name + "), but declares no such result");
        }
      }
      case "tasks" -> wrong(owner + " uses $(" + name + ") inside a task");
      default -> {
        // Steps' results and contexts are looked up when the step begins.
      }
    }
  }

  /**
   * A matrix without values, or whose condition does not hold, is skipped; another is refused
   * before anything starts.
   */
  private void checkMatrices() {
    for (Node node : all()) {
      if (node.use().matrix().isPresent()
          && !isEmptyMatrix(node.use())
          && !isRuledOut(node.use())) {
        wrong.add(
            Diagnostic.of(
                "SLU-3004",
                "task " + node.name() + " has a matrix, which is not fanned out on this machine",
                "leave its values out here, or run on a cluster"));
      }
    }
  }

  /** Whether it is known that the conditions of a task do not hold. */
  private boolean isRuledOut(PipelineTask use) {
    try {
      return !Attempt.holds(use.when(), variables);
    } catch (Variables.UnresolvedException e) {
      return false; // they depend on a task's result
    }
  }

  /** Whether one of the parameters of a matrix is known to have no values. */
  private boolean isEmptyMatrix(PipelineTask use) {
    return use.matrix().stream()
        .flatMap(m -> m.params().stream())
        .anyMatch(p -> {
          try {
            return substitute(p.value(), variables) instanceof ParamValue.Array array
                && array.values().isEmpty();
          } catch (Variables.UnresolvedException e) {
            // it depends on a task's result
            return false;
          }
        });
  }

  private void checkWorkspaces(Predicate<String> bound) {
    Map<String, WorkspaceBinding> bindings = new LinkedHashMap<>();
    run.spec().workspaces().forEach(b -> bindings.put(b.name(), b));
    for (WorkspaceDeclaration declaration : spec.workspaces()) {
      WorkspaceBinding binding = bindings.get(declaration.name());
      boolean supplied =
          bound.test(declaration.name())
              || (binding != null && binding.emptyDir().isPresent())
              || declaration.optional().orElse(false);
      if (!supplied) {
        wrong.add(
            Diagnostic.of(
                "SLU-3005",
                "workspace " + declaration.name() + " has no folder on this machine",
                "bind it to an emptyDir in the run, or run on the cluster that has its claim"));
      }
    }
    for (Node node : all()) {
      for (WorkspaceReference reference : node.use().workspaces()) {
        String name = reference.workspace().orElse(reference.name());
        Optional<WorkspaceDeclaration> declared =
            spec.workspaces().stream().filter(w -> w.name().equals(name)).findFirst();
        if (declared.isEmpty()) {
          wrong("task " + node.name() + " is given workspace " + name + ", which is not declared");
        } else if (declared.get().optional().orElse(false)
            && node.task().workspaces().stream()
                .anyMatch(w -> w.name().equals(reference.name()) && !w.optional().orElse(false))) {
          wrong(
              "task "
                  + node.name()
                  + " needs workspace "
                  + reference.name()
                  + ", but "
                  + name
                  + " of the pipeline is optional");
        }
      }
      for (WorkspaceDeclaration declaration : node.task().workspaces()) {
        boolean given =
            node.use().workspaces().stream().anyMatch(w -> w.name().equals(declaration.name()));
        if (!given && !declaration.optional().orElse(false)) {
          wrong("task " + node.name() + " is not given its workspace " + declaration.name());
        }
      }
    }
  }

  private void checkSteps(Node node, StepLauncher launcher) {
    Variables known = new Variables();
    taskParams(node, known);
    Optional<StepTemplate> template = node.task().stepTemplate();
    for (int i = 0; i < node.task().steps().size(); i++) {
      Step step = node.task().steps().get(i);
      checkContainer(
          node,
          stepName(step, i),
          step.image().or(() -> template.flatMap(StepTemplate::image)),
          step.command().isEmpty()
              ? template.map(StepTemplate::command).orElse(List.of())
              : step.command(),
          step.script(),
          env(template, step.env()),
          known,
          step.when().isEmpty(),
          launcher);
    }
    for (Sidecar sidecar : node.task().sidecars()) {
      checkContainer(
          node,
          sidecar.name(),
          sidecar.image(),
          sidecar.command(),
          sidecar.script(),
          sidecar.env(),
          known,
          /* surely= */ true,
          launcher);
    }
  }

  private void checkContainer(
      Node node,
      String step,
      Optional<String> image,
      List<String> command,
      Optional<String> script,
      List<EnvVar> env,
      Variables known,
      boolean surely,
      StepLauncher launcher) {
    String where = "step " + step + " of task " + node.name();
    if (image.isEmpty()) {
      wrong(where + " names no image");
      return;
    }
    if (command.isEmpty() && script.isEmpty()) {
      wrong.add(
          Diagnostic.of(
              "SLU-3004",
              where + " has no command: it would run its image's own, which is not known here",
              "write the command out in the task"));
      return;
    }
    for (EnvVar variable : env) {
      variable
          .valueFrom()
          .flatMap(v -> v.secretKeyRef().or(v::configMapKeyRef))
          .filter(key -> !key.optional().orElse(false))
          .ifPresent(key ->
              wrong.add(
                  Diagnostic.of(
                      "SLU-3004",
                      where + " needs " + variable.name() + " from " + key.name() + " of a cluster",
                      "mark it optional, or run on the cluster that has it")));
    }
    try {
      String program =
          script.isPresent() ? Script.interpreter(script.get()).get(0) : known.text(command.get(0));
      launcher.refusal(where, known.text(image.get()), program, surely).ifPresent(wrong::add);
    } catch (Variables.UnresolvedException e) {
      // Depends on a task's result: the launcher is asked again when the step begins.
      return;
    }
  }

  /** Parameters of a task as far as they are known before the run. */
  private void taskParams(Node node, Variables into) {
    if (node.use().taskSpec().isPresent()) {
      params("task " + node.name(), List.of(), List.of(), into);
      for (ParamSpec p : spec.params()) {
        copyParam(p.name(), into);
      }
    }
    for (ParamSpec p : node.task().params()) {
      p.fallback().ifPresent(value -> put(into, "params." + p.name(), value));
    }
    for (Param p : node.use().params()) {
      try {
        put(into, "params." + p.name(), substitute(p.value(), variables));
      } catch (Variables.UnresolvedException e) {
        // A task's result. Not a default either: it will come from that task.
      }
    }
  }

  private void copyParam(String name, Variables into) {
    try {
      List<String> list = variables.whole("$(params." + name + "[*])");
      if (list != null) {
        into.put("params." + name, list);
      }
    } catch (Variables.UnresolvedException notAList) {
      try {
        into.put("params." + name, variables.text("$(params." + name + ")"));
      } catch (Variables.UnresolvedException e) {
        wrong("the pipeline has no value for parameter " + name);
      }
    }
  }

  /** Substitutes in a parameter's value; a text that is just {@code $(x[*])} becomes a list. */
  static ParamValue substitute(ParamValue value, Variables variables)
      throws Variables.UnresolvedException {
    return switch (value) {
      case ParamValue.Text text -> {
        List<String> whole = variables.whole(text.value());
        yield whole == null ? ParamValue.of(variables.text(text.value())) : ParamValue.of(whole);
      }
      case ParamValue.Array array -> ParamValue.of(variables.list(array.values()));
    };
  }

  /** The template's variables, each replaced by the step's of the same name, then the step's. */
  static List<EnvVar> env(Optional<StepTemplate> template, List<EnvVar> own) {
    Map<String, EnvVar> merged = new LinkedHashMap<>();
    template.ifPresent(t -> t.env().forEach(e -> merged.put(e.name(), e)));
    own.forEach(e -> merged.put(e.name(), e));
    return List.copyOf(merged.values());
  }

  static String stepName(Step step, int index) {
    return step.name().orElse("unnamed-" + index);
  }

  private static List<String> textsOf(PipelineTask use) {
    List<String> texts = new ArrayList<>();
    use.params().forEach(p -> texts.addAll(textsOf(p.value())));
    use.matrix().ifPresent(m -> m.params().forEach(p -> texts.addAll(textsOf(p.value()))));
    use.when().forEach(w -> texts.addAll(textsOf(w)));
    return texts;
  }

  private static List<String> textsOf(When when) {
    List<String> texts = new ArrayList<>(when.values());
    texts.add(when.input());
    return texts;
  }

  private static List<String> textsOf(ParamValue value) {
    return switch (value) {
      case ParamValue.Text text -> List.of(text.value());
      case ParamValue.Array array -> array.values();
    };
  }

  private static List<String> textsOf(TaskSpec task) {
    List<String> texts = new ArrayList<>();
    task.stepTemplate()
        .ifPresent(t -> {
          texts.addAll(t.command());
          texts.addAll(t.args());
          t.image().ifPresent(texts::add);
          t.workingDir().ifPresent(texts::add);
          t.env().forEach(e -> e.value().ifPresent(texts::add));
        });
    for (Step s : task.steps()) {
      texts.addAll(s.command());
      texts.addAll(s.args());
      s.image().ifPresent(texts::add);
      s.script().ifPresent(texts::add);
      s.workingDir().ifPresent(texts::add);
      s.env().forEach(e -> e.value().ifPresent(texts::add));
      s.when().forEach(w -> texts.addAll(textsOf(w)));
    }
    for (Sidecar s : task.sidecars()) {
      texts.addAll(s.command());
      texts.addAll(s.args());
      s.image().ifPresent(texts::add);
      s.script().ifPresent(texts::add);
      s.workingDir().ifPresent(texts::add);
      s.env().forEach(e -> e.value().ifPresent(texts::add));
    }
    return texts;
  }

  private void wrong(String message) {
    wrong.add(
        Diagnostic.of(
            "SLU-3002",
            message,
            "compile the pipeline anew, or correct the objects if you wrote them by hand"));
  }
}
