package io.sluice.local.interpret;

import io.sluice.core.diag.Diagnostic;
import io.sluice.local.interpret.Graph.Node;
import io.sluice.tekton.v1.EnvVar;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.ParamType;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Sidecar;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.StepTemplate;
import io.sluice.tekton.v1.TaskSpec;
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
 * Finds every reason why a {@link Graph} cannot run on this machine: what Tekton would refuse, and
 * what only a cluster has.
 */
final class GraphCheck {
  private final Graph graph;
  private final List<Diagnostic> wrong;

  /**
   * A check of {@code graph}, which has its tasks, parameters and context.
   *
   * @param wrong receives what is found
   */
  GraphCheck(Graph graph, List<Diagnostic> wrong) {
    this.graph = graph;
    this.wrong = wrong;
  }

  /** Checks all but the names, which must be right. */
  void uses(Predicate<String> bound, StepLauncher launcher) {
    checkOrder();
    checkReferences();
    checkWorkspaces(bound);
    checkMatrices();
    for (Node node : graph.all()) {
      checkSteps(node, launcher);
    }
  }

  /** Refuses names that are there twice, and tasks that wait for what is not there. */
  void names() {
    Set<String> names = new LinkedHashSet<>();
    for (Node node : graph.all()) {
      if (!names.add(node.name().value())) {
        wrong("two tasks are named " + node.name());
      }
    }
    Set<String> ordinary = new LinkedHashSet<>();
    graph.tasks().forEach(n -> ordinary.add(n.name().value()));
    for (Node node : graph.all()) {
      for (String other : node.after()) {
        if (!ordinary.contains(other)) {
          wrong("task " + node.name() + " waits for " + other + ", which is not a task here");
        }
      }
    }
    for (Node node : graph.last()) {
      if (!node.use().runAfter().isEmpty()) {
        wrong("task " + node.name() + " of finally has runAfter");
      }
    }
  }

  private void checkOrder() {
    Set<String> done = new LinkedHashSet<>();
    List<Node> left = new ArrayList<>(graph.tasks());
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
    graph.tasks().forEach(n -> byName.put(n.name().value(), n));
    for (Node node : graph.all()) {
      String owner = "task " + node.name();
      for (String text : Graph.textsOf(node.use())) {
        for (String name : Variables.references(text)) {
          checkPipelineReference(owner, name, byName, graph.last().contains(node));
        }
        for (String name : Variables.foreign(text)) {
          wrong(owner + " uses $(" + name + "), which Tekton refuses in a pipeline");
        }
      }
      Set<String> declared = new LinkedHashSet<>();
      node.task().params().forEach(p -> declared.add(p.name()));
      if (node.use().taskSpec().isPresent()) {
        graph.spec().params().forEach(p -> declared.add(p.name()));
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
    graph.last().forEach(n -> byName.put(n.name().value(), n));
    for (var result : graph.spec().results()) {
      for (String text : Graph.textsOf(Graph.ofAnyTask(result.value()))) {
        for (String name : Variables.references(text)) {
          checkPipelineReference("result " + result.name(), name, byName, true);
        }
      }
    }
  }

  private void checkPipelineReference(
      String owner, String name, Map<String, Node> byName, boolean isLast) {
    String[] parts = name.split("\\.", 4);
    switch (parts[0]) {
      case "params" -> {
        String param = name.substring("params.".length());
        if (graph.spec().params().stream().noneMatch(p -> p.name().equals(param))) {
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
    for (Node node : graph.all()) {
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
      return !Attempt.holds(use.when(), graph.variables());
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
            return Graph.substitute(p.value(), graph.variables()) instanceof ParamValue.Array array
                && array.values().isEmpty();
          } catch (Variables.UnresolvedException e) {
            // it depends on a task's result
            return false;
          }
        });
  }

  private void checkWorkspaces(Predicate<String> bound) {
    Map<String, WorkspaceBinding> bindings = new LinkedHashMap<>();
    graph.run().spec().workspaces().forEach(b -> bindings.put(b.name(), b));
    for (WorkspaceDeclaration declaration : graph.spec().workspaces()) {
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
    for (Node node : graph.all()) {
      for (WorkspaceReference reference : node.use().workspaces()) {
        String name = reference.workspace().orElse(reference.name());
        Optional<WorkspaceDeclaration> declared =
            graph.spec().workspaces().stream().filter(w -> w.name().equals(name)).findFirst();
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
          Graph.stepName(step, i),
          step.image().or(() -> template.flatMap(StepTemplate::image)),
          step.command().isEmpty()
              ? template.map(StepTemplate::command).orElse(List.of())
              : step.command(),
          step.script(),
          Graph.env(template, step.env()),
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
      for (ParamSpec p : graph.spec().params()) {
        copyParam(p.name(), into);
      }
    }
    for (ParamSpec p : node.task().params()) {
      p.fallback().ifPresent(value -> Graph.put(into, "params." + p.name(), value));
    }
    for (Param p : node.use().params()) {
      try {
        Graph.put(into, "params." + p.name(), Graph.substitute(p.value(), graph.variables()));
      } catch (Variables.UnresolvedException e) {
        // A task's result. Not a default either: it will come from that task.
      }
    }
  }

  private void copyParam(String name, Variables into) {
    try {
      List<String> list = graph.variables().whole("$(params." + name + "[*])");
      if (list != null) {
        into.put("params." + name, list);
      }
    } catch (Variables.UnresolvedException notAList) {
      try {
        into.put("params." + name, graph.variables().text("$(params." + name + ")"));
      } catch (Variables.UnresolvedException e) {
        wrong("the pipeline has no value for parameter " + name);
      }
    }
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
      s.when().forEach(w -> texts.addAll(Graph.textsOf(w)));
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
