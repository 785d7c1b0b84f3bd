package io.sluice.tekton.lower;

import io.sluice.tekton.v1.EmbeddedTask;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.ParamSpec;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.ResultSpec;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.Task;
import io.sluice.tekton.v1.TaskSpec;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A PipelineRun that carries its pipeline and its tasks within itself. Kubernetes does not let
 * anybody change the spec of a PipelineRun, so whatever is applied in its namespace later, under
 * whatever name, the run stays what it was when it began (ADR 0360).
 */
public final class SelfContained {
  /** Says of which task of the catalog an embedded one is a copy; its TaskRuns inherit it. */
  public static final String TASK_LABEL = "app.kubernetes.io/name";

  private SelfContained() {}

  /**
   * The run with all that it refers to by name.
   *
   * @param pipeline what it runs
   * @param tasks those that the pipeline refers to; what it refers to beside them stays a reference
   */
  public static PipelineRun of(PipelineRun run, Pipeline pipeline, List<Task> tasks) {
    Map<String, Task> byName = new TreeMap<>();
    tasks.forEach(t -> byName.put(t.metadata().name().orElseThrow(), t));
    PipelineRunSpec spec = run.spec();
    PipelineSpec whole = spec.pipelineSpec().orElse(pipeline.spec());
    return new PipelineRun(
        run.metadata(),
        new PipelineRunSpec(
            Optional.empty(),
            Optional.of(
                new PipelineSpec(
                    whole.displayName(),
                    whole.description(),
                    whole.params().stream().map(SelfContained::brief).toList(),
                    whole.workspaces().stream().map(SelfContained::brief).toList(),
                    whole.results(),
                    whole.tasks().stream().map(t -> embedded(t, byName)).toList(),
                    whole.last().stream().map(t -> embedded(t, byName)).toList())),
            spec.params(),
            spec.workspaces(),
            spec.timeouts(),
            spec.taskRunTemplate(),
            spec.taskRunSpecs(),
            spec.status()));
  }

  /** The name of the task that a task of a pipeline is, or is a copy of; empty for any other. */
  public static Optional<String> taskName(PipelineTask task) {
    return task.taskRef()
        .map(r -> r.name())
        .or(() ->
            task.taskSpec()
                .flatMap(EmbeddedTask::metadata)
                .flatMap(m -> Optional.ofNullable(m.labels().get(TASK_LABEL))));
  }

  private static PipelineTask embedded(PipelineTask use, Map<String, Task> tasks) {
    Optional<Task> task = use.taskRef().flatMap(r -> Optional.ofNullable(tasks.get(r.name())));
    return task.isEmpty()
        ? use
        : new PipelineTask(
            use.name(),
            use.displayName(),
            use.description(),
            Optional.empty(),
            task.map(SelfContained::embedded),
            use.runAfter(),
            use.when(),
            use.onError(),
            use.retries(),
            use.timeout(),
            use.params(),
            use.matrix(),
            use.workspaces());
  }

  /** A task without its descriptions: each stage has a copy, and etcd keeps all of them. */
  private static EmbeddedTask embedded(Task task) {
    TaskSpec spec = task.spec();
    return new EmbeddedTask(
        Optional.of(
            new Metadata(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                task.metadata().labels(),
                Map.of())),
        spec.displayName(),
        Optional.empty(),
        spec.params().stream().map(SelfContained::brief).toList(),
        spec.workspaces().stream().map(SelfContained::brief).toList(),
        spec.results().stream().map(SelfContained::brief).toList(),
        spec.volumes(),
        spec.stepTemplate(),
        spec.sidecars(),
        spec.steps().stream().map(SelfContained::brief).toList());
  }

  private static ParamSpec brief(ParamSpec p) {
    return new ParamSpec(p.name(), p.type(), Optional.empty(), p.fallback());
  }

  private static WorkspaceDeclaration brief(WorkspaceDeclaration w) {
    return new WorkspaceDeclaration(
        w.name(), Optional.empty(), w.mountPath(), w.readOnly(), w.optional());
  }

  private static ResultSpec brief(ResultSpec r) {
    return new ResultSpec(r.name(), r.type(), Optional.empty(), r.value());
  }

  private static Step brief(Step s) {
    return new Step(
        s.name(),
        s.displayName(),
        s.image(),
        s.when(),
        s.onError(),
        s.timeout(),
        s.workingDir(),
        s.workspaces(),
        s.results().stream().map(SelfContained::brief).toList(),
        s.env(),
        s.command(),
        s.args(),
        s.script(),
        s.computeResources(),
        s.volumeMounts(),
        s.securityContext());
  }
}
