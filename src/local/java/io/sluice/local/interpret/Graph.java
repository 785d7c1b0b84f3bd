package io.sluice.local.interpret;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.StageName;
import io.sluice.tekton.v1.EmbeddedTask;
import io.sluice.tekton.v1.EnvVar;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamType;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.StepTemplate;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TaskSpec;
import io.sluice.tekton.v1.When;
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
    GraphCheck check = new GraphCheck(this, wrong);
    check.names();
    if (wrong.isEmpty()) {
      check.uses(bound, launcher);
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
    Optional<TaskSpec> task = use.taskSpec().map(EmbeddedTask::spec);
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

  static List<String> textsOf(PipelineTask use) {
    List<String> texts = new ArrayList<>();
    use.params().forEach(p -> texts.addAll(textsOf(p.value())));
    use.matrix().ifPresent(m -> m.params().forEach(p -> texts.addAll(textsOf(p.value()))));
    use.when().forEach(w -> texts.addAll(textsOf(w)));
    return texts;
  }

  static List<String> textsOf(When when) {
    List<String> texts = new ArrayList<>(when.values());
    texts.add(when.input());
    return texts;
  }

  static List<String> textsOf(ParamValue value) {
    return switch (value) {
      case ParamValue.Text text -> List.of(text.value());
      case ParamValue.Array array -> array.values();
    };
  }

  private void wrong(String message) {
    wrong.add(
        Diagnostic.of(
            "SLU-3002",
            message,
            "compile the pipeline anew, or correct the objects if you wrote them by hand"));
  }
}
