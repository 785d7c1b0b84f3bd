package io.sluice.local;

import io.sluice.tekton.v1.EmbeddedTask;
import io.sluice.tekton.v1.EnvVar;
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
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Quantity;
import io.sluice.tekton.v1.ResourceRequirements;
import io.sluice.tekton.v1.ResultSpec;
import io.sluice.tekton.v1.Sidecar;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.StepTemplate;
import io.sluice.tekton.v1.When;
import io.sluice.tekton.v1.WorkspaceBinding;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.v1.WorkspaceReference;
import io.sluice.tekton.v1.WorkspaceUsage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Tekton objects for tests, written short: mutable builders of the records. */
final class Objects {
  static final String IMAGE = "registry.example/tools@sha256:00";

  private Objects() {}

  /** A step that runs a script unless it has a command. */
  static final class StepOf {
    String name;
    Optional<String> image = Optional.of(IMAGE);
    List<When> when = List.of();
    Optional<OnError> onError = Optional.empty();
    Optional<Duration> timeout = Optional.empty();
    Optional<String> workingDir = Optional.empty();
    List<WorkspaceUsage> workspaces = List.of();
    List<ResultSpec> results = List.of();
    List<EnvVar> env = new ArrayList<>();
    List<String> command = List.of();
    List<String> args = List.of();
    Optional<String> script = Optional.empty();
    Optional<ResourceRequirements> resources = Optional.empty();

    StepOf(String name) {
      this.name = name;
    }

    StepOf script(String text) {
      script = Optional.of(text);
      return this;
    }

    StepOf command(String... argv) {
      command = List.of(argv);
      return this;
    }

    StepOf args(String... args) {
      this.args = List.of(args);
      return this;
    }

    StepOf env(String name, String value) {
      env.add(new EnvVar(name, Optional.of(value), Optional.empty()));
      return this;
    }

    StepOf image(String image) {
      this.image = Optional.of(image);
      return this;
    }

    StepOf mayFail() {
      onError = Optional.of(OnError.CONTINUE);
      return this;
    }

    StepOf when(String input, String... values) {
      when = List.of(new When(input, When.Operator.IN, List.of(values)));
      return this;
    }

    StepOf timeout(Duration d) {
      timeout = Optional.of(d);
      return this;
    }

    StepOf result(String result) {
      results = List.of(Objects.result(result));
      return this;
    }

    StepOf memory(String amount) {
      resources =
          Optional.of(new ResourceRequirements(Map.of(), Map.of("memory", new Quantity(amount))));
      return this;
    }

    StepOf uses(String workspace) {
      workspaces = List.of(new WorkspaceUsage(workspace, Optional.empty()));
      return this;
    }

    Step step() {
      return new Step(
          Optional.of(name),
          Optional.empty(),
          image,
          when,
          onError,
          timeout,
          workingDir,
          workspaces,
          results,
          env,
          command,
          args,
          script,
          resources,
          List.of(),
          Optional.empty());
    }

    Sidecar sidecar() {
      return new Sidecar(
          name,
          image,
          workingDir,
          workspaces,
          env,
          command,
          args,
          script,
          resources,
          List.of(),
          Optional.empty());
    }
  }

  static StepOf step(String name) {
    return new StepOf(name);
  }

  static ResultSpec result(String name) {
    return new ResultSpec(name, Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** A task of the pipeline with its spec embedded. */
  static final class TaskOf {
    final String name;
    List<Step> steps = new ArrayList<>();
    List<Sidecar> sidecars = new ArrayList<>();
    List<ResultSpec> results = new ArrayList<>();
    List<ParamSpec> declared = new ArrayList<>();
    List<Param> params = new ArrayList<>();
    List<String> after = List.of();
    List<When> when = List.of();
    List<WorkspaceDeclaration> workspaces = new ArrayList<>();
    List<WorkspaceReference> references = new ArrayList<>();
    Optional<Matrix> matrix = Optional.empty();
    Optional<OnError> onError = Optional.empty();
    Optional<Integer> retries = Optional.empty();
    Optional<Duration> timeout = Optional.empty();
    Optional<StepTemplate> template = Optional.empty();

    TaskOf(String name) {
      this.name = name;
    }

    TaskOf steps(StepOf... all) {
      for (StepOf s : all) {
        steps.add(s.step());
      }
      return this;
    }

    TaskOf sidecar(StepOf sidecar) {
      sidecars.add(sidecar.sidecar());
      return this;
    }

    TaskOf results(String... names) {
      for (String n : names) {
        results.add(result(n));
      }
      return this;
    }

    TaskOf param(String name, String value) {
      declared.add(
          new ParamSpec(name, Optional.of(ParamType.STRING), Optional.empty(), Optional.empty()));
      params.add(Param.of(name, value));
      return this;
    }

    TaskOf param(String name, List<String> value) {
      declared.add(
          new ParamSpec(name, Optional.of(ParamType.ARRAY), Optional.empty(), Optional.empty()));
      params.add(Param.of(name, value));
      return this;
    }

    TaskOf after(String... names) {
      after = List.of(names);
      return this;
    }

    TaskOf when(String input, String... values) {
      when = List.of(new When(input, When.Operator.IN, List.of(values)));
      return this;
    }

    TaskOf workspace(String workspace) {
      workspaces.add(
          new WorkspaceDeclaration(
              workspace, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()));
      references.add(new WorkspaceReference(workspace, Optional.empty(), Optional.empty()));
      return this;
    }

    TaskOf matrix(String param, String values) {
      matrix = Optional.of(new Matrix(List.of(Param.of(param, values))));
      return this;
    }

    TaskOf mayFail() {
      onError = Optional.of(OnError.CONTINUE);
      return this;
    }

    TaskOf retries(int n) {
      retries = Optional.of(n);
      return this;
    }

    TaskOf timeout(Duration d) {
      timeout = Optional.of(d);
      return this;
    }

    TaskOf templateEnv(String variable, String value) {
      template =
          Optional.of(
              new StepTemplate(
                  Optional.empty(),
                  List.of(),
                  List.of(),
                  Optional.empty(),
                  List.of(new EnvVar(variable, Optional.of(value), Optional.empty())),
                  Optional.empty(),
                  List.of(),
                  Optional.empty()));
      return this;
    }

    PipelineTask task() {
      return new PipelineTask(
          name,
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.of(
              new EmbeddedTask(
                  Optional.empty(),
                  Optional.empty(),
                  Optional.empty(),
                  declared,
                  workspaces,
                  results,
                  List.of(),
                  template,
                  sidecars,
                  steps)),
          after,
          when,
          onError,
          retries,
          timeout,
          params,
          matrix,
          references);
    }
  }

  static TaskOf task(String name) {
    return new TaskOf(name);
  }

  /** A pipeline and its run. */
  static final class RunOf {
    final List<PipelineTask> tasks = new ArrayList<>();
    final List<PipelineTask> last = new ArrayList<>();
    final List<PipelineResult> results = new ArrayList<>();
    final Map<String, ParamValue> params = new LinkedHashMap<>();
    final List<String> emptyDirs = new ArrayList<>();
    final List<String> claims = new ArrayList<>();
    Optional<PipelineRunSpec.Timeouts> timeouts = Optional.empty();
    final List<PipelineRunSpec.TaskRunSpec> taskRunSpecs = new ArrayList<>();
    String name = "r1";

    RunOf tasks(TaskOf... all) {
      for (TaskOf t : all) {
        tasks.add(t.task());
      }
      return this;
    }

    RunOf last(TaskOf... all) {
      for (TaskOf t : all) {
        last.add(t.task());
      }
      return this;
    }

    RunOf result(String result, String value) {
      results.add(
          new PipelineResult(result, Optional.empty(), Optional.empty(), ParamValue.of(value)));
      return this;
    }

    RunOf param(String param, String value) {
      params.put(param, ParamValue.of(value));
      return this;
    }

    RunOf param(String param, List<String> value) {
      params.put(param, ParamValue.of(value));
      return this;
    }

    RunOf emptyDir(String workspace) {
      emptyDirs.add(workspace);
      return this;
    }

    RunOf claim(String workspace) {
      claims.add(workspace);
      return this;
    }

    RunOf timeouts(Duration pipeline, Duration tasks) {
      timeouts =
          Optional.of(
              new PipelineRunSpec.Timeouts(
                  Optional.of(pipeline), Optional.of(tasks), Optional.empty()));
      return this;
    }

    RunOf memory(String task, String step, String amount) {
      taskRunSpecs.add(
          new PipelineRunSpec.TaskRunSpec(
              task,
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty(),
              List.of(
                  new PipelineRunSpec.StepSpec(
                      step,
                      new ResourceRequirements(Map.of(), Map.of("memory", new Quantity(amount))))),
              List.of()));
      return this;
    }

    Pipeline pipeline() {
      List<ParamSpec> specs = new ArrayList<>();
      params.forEach((n, v) ->
          specs.add(
              new ParamSpec(
                  n,
                  Optional.of(v instanceof ParamValue.Array ? ParamType.ARRAY : ParamType.STRING),
                  Optional.empty(),
                  Optional.empty())));
      List<WorkspaceDeclaration> workspaces = new ArrayList<>();
      for (List<String> names : List.of(emptyDirs, claims)) {
        for (String n : names) {
          workspaces.add(
              new WorkspaceDeclaration(
                  n, Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()));
        }
      }
      return new Pipeline(
          Metadata.named("p"),
          new PipelineSpec(
              Optional.empty(), Optional.empty(), specs, workspaces, results, tasks, last));
    }

    PipelineRun run() {
      List<Param> given = new ArrayList<>();
      params.forEach((n, v) -> given.add(new Param(n, v)));
      List<WorkspaceBinding> bindings = new ArrayList<>();
      for (String n : emptyDirs) {
        bindings.add(WorkspaceBinding.scratch(n));
      }
      return new PipelineRun(
          Metadata.named(name),
          new PipelineRunSpec(
              Optional.of(new PipelineRunSpec.PipelineRef("p")),
              Optional.empty(),
              given,
              bindings,
              timeouts,
              Optional.empty(),
              taskRunSpecs,
              Optional.empty()));
    }
  }

  static RunOf run(TaskOf... tasks) {
    return new RunOf().tasks(tasks);
  }
}
