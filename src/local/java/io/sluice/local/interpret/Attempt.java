package io.sluice.local.interpret;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageStatus;
import io.sluice.core.run.StepEnd;
import io.sluice.tekton.v1.EnvVar;
import io.sluice.tekton.v1.OnError;
import io.sluice.tekton.v1.ParamType;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Quantity;
import io.sluice.tekton.v1.ResultSpec;
import io.sluice.tekton.v1.Sidecar;
import io.sluice.tekton.v1.Step;
import io.sluice.tekton.v1.StepTemplate;
import io.sluice.tekton.v1.TaskSpec;
import io.sluice.tekton.v1.When;
import io.sluice.tekton.v1.WorkspaceDeclaration;
import io.sluice.tekton.v1.WorkspaceUsage;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** One attempt at a task: what a TaskRun's pod does, from its workspaces to its results. */
final class Attempt {
  /**
   * Tekton's termination message would hold less; more than this is not a result but an artifact.
   */
  private static final int MAX_RESULT = 4096;

  /**
   * How it ended.
   *
   * @param results those that were written, arrays as lists
   */
  record Outcome(
      StageStatus status, boolean cached, Map<String, ParamValue> results, String reason) {}

  /** What all attempts of a run share. */
  record Surroundings(
      StepLauncher launcher,
      Consumer<RunEvent> events,
      Clock clock,
      Duration grace,
      UnlimitedMemory unlimited) {}

  /** Ends the attempt with a reason. */
  private static final class EndException extends Exception {
    private static final long serialVersionUID = 1L;
    private final StageStatus status;

    EndException(StageStatus status, String reason) {
      super(reason);
      this.status = status;
    }
  }

  private final Surroundings around;
  private final Graph.Node node;
  private final TaskSpec task;
  private final Path folder;
  private final Map<String, Path> workspaces;
  private final Variables variables;
  private final Deadline deadline;
  private final Map<String, Quantity> memory;
  private final Map<String, String> stepResults = new LinkedHashMap<>();
  private final List<StepEnd> ends = new ArrayList<>();
  private boolean hit;

  /**
   * An attempt to be run once.
   *
   * @param folder its own, empty
   * @param workspaces of the pipeline, by the task's names
   * @param variables the task's parameters and context
   * @param memory what its steps may hold, by their names, as the run says
   */
  Attempt(
      Surroundings around,
      Graph.Node node,
      Path folder,
      Map<String, Path> workspaces,
      Variables variables,
      Deadline deadline,
      Map<String, Quantity> memory) {
    this.around = around;
    this.node = node;
    this.task = node.task();
    this.folder = folder;
    this.workspaces = workspaces;
    this.variables = variables;
    this.deadline = deadline;
    this.memory = memory;
  }

  /** Runs it. An interrupt ends it as CANCELLED; everything that it started is gone on return. */
  Outcome run() {
    List<Companion> sidecars = new ArrayList<>();
    Outcome outcome;
    try {
      Files.createDirectories(folder.resolve("results"));
      Files.createDirectories(folder.resolve("home"));
      for (ResultSpec result : task.results()) {
        variables.put("results." + result.name() + ".path", resultFile(result).toString());
      }
      for (Sidecar sidecar : task.sidecars()) {
        sidecars.add(start(sidecar));
      }
      steps();
      outcome = end(StageStatus.SUCCEEDED, "");
    } catch (EndException e) {
      outcome = end(e.status, String.valueOf(e.getMessage()));
    } catch (Variables.UnresolvedException e) {
      outcome = end(StageStatus.FAILED, String.valueOf(e.getMessage()));
    } catch (IOException e) {
      outcome = end(StageStatus.FAILED, machineFailed(e));
    } catch (InterruptedException e) {
      outcome = end(StageStatus.CANCELLED, "cancelled");
    } finally {
      sidecars.forEach(Companion::stop);
    }
    return outcome;
  }

  /** Why an attempt ended whose files could not be read or written. */
  static String machineFailed(IOException e) {
    return "SLU-3302 this machine failed: "
        + e.getMessage()
        + "; is its disk full, or the folder of runs not writable?";
  }

  private void steps()
      throws EndException, IOException, InterruptedException, Variables.UnresolvedException {
    for (int i = 0; i < task.steps().size(); i++) {
      Step step = task.steps().get(i);
      String name = Graph.stepName(step, i);
      Path own = Files.createDirectories(folder.resolve("steps").resolve("step-" + name));
      Variables here = forContainer(step.workspaces());
      variables.put("steps.step-" + name + ".exitCode.path", own.resolve("exitCode").toString());
      here.put("steps.step-" + name + ".exitCode.path", own.resolve("exitCode").toString());
      Path results = Files.createDirectories(own.resolve("results"));
      for (ResultSpec result : step.results()) {
        here.put(
            "step.results." + result.name() + ".path", results.resolve(result.name()).toString());
      }
      if (!holds(step.when(), here)) {
        event(
            new RunEvent.StepFinished(
                around.clock().instant(), node.name(), name, Optional.empty()));
        continue;
      }
      event(new RunEvent.StepStarted(around.clock().instant(), node.name(), name));
      StepEnd end = run(step, name, here);
      int code = end.code();
      Files.writeString(own.resolve("exitCode"), Integer.toString(code));
      event(
          new RunEvent.StepFinished(
              around.clock().instant(), node.name(), name, Optional.of(code)));
      for (ResultSpec result : step.results()) {
        Path file = results.resolve(result.name());
        if (Files.isRegularFile(file)) {
          String value = bounded(result.name(), file);
          String variable = "steps." + name + ".results." + result.name();
          variables.put(variable, value);
          stepResults.put(variable, value);
          hit |= name.equals("fetch") && result.name().equals("hit") && value.equals("yes");
        }
      }
      ends.add(end);
      Optional<String> failure = StepEnd.failure(ends);
      if (failure.isPresent()) {
        throw new EndException(StepEnd.status(ends), failure.get());
      }
    }
  }

  private StepEnd run(Step step, String name, Variables here)
      throws EndException, IOException, InterruptedException, Variables.UnresolvedException {
    Optional<StepTemplate> template = task.stepTemplate();
    List<String> command =
        step.command().isEmpty() && step.script().isEmpty()
            ? template.map(StepTemplate::command).orElse(List.of())
            : step.command();
    List<String> args =
        step.args().isEmpty() ? template.map(StepTemplate::args).orElse(List.of()) : step.args();
    StepLauncher.RunningStep running =
        launch(
            name,
            step.image().or(() -> template.flatMap(StepTemplate::image)).orElseThrow(),
            command,
            args,
            step.script(),
            Graph.env(template, step.env()),
            step.workingDir().or(() -> template.flatMap(StepTemplate::workingDir)),
            here,
            limit(step, name));
    Deadline limit = step.timeout().map(Deadline::in).orElse(Deadline.NEVER).or(deadline);
    try {
      OptionalInt code = running.await(limit.left());
      if (code.isPresent()) {
        return new StepEnd(
            name,
            code.getAsInt(),
            step.onError().equals(Optional.of(OnError.CONTINUE)),
            running.isOutOfMemory(),
            limit(step, name).map(Quantity::text));
      }
    } catch (InterruptedException e) {
      running.stop(around.grace());
      finishedByForce(name);
      throw e;
    }
    running.stop(around.grace());
    finishedByForce(name);
    throw new EndException(
        StageStatus.TIMED_OUT,
        deadline.isOver()
            ? "step " + name + " was still running when the time for it was over"
            : "step " + name + " did not end within " + step.timeout().orElseThrow());
  }

  /** What a step may hold: as the run says, else as the task does. */
  private Optional<Quantity> limit(Step step, String name) {
    return Optional.ofNullable(memory.get(name))
        .or(() ->
            step.computeResources()
                .or(() -> task.stepTemplate().flatMap(StepTemplate::computeResources))
                .map(r -> r.limits().get("memory")));
  }

  /** The exit code of a step that was ended tells nothing about it; 143 is what shells say. */
  private void finishedByForce(String name) {
    event(new RunEvent.StepFinished(around.clock().instant(), node.name(), name, Optional.of(143)));
  }

  private StepLauncher.RunningStep launch(
      String name,
      String image,
      List<String> command,
      List<String> args,
      Optional<String> script,
      List<EnvVar> declared,
      Optional<String> workingDir,
      Variables here,
      Optional<Quantity> limit)
      throws EndException, IOException, Variables.UnresolvedException {
    Map<String, String> environment = new LinkedHashMap<>();
    for (EnvVar variable : declared) {
      if (variable.value().isPresent()) {
        environment.put(
            variable.name(), Expansion.expand(here.text(variable.value().get()), environment));
      }
    }
    List<String> argv = new ArrayList<>();
    if (script.isPresent()) {
      Path file = Files.createDirectories(folder.resolve("scripts")).resolve(name);
      Files.writeString(file, here.text(script.get()));
      argv.addAll(Script.interpreter(script.get()));
      argv.add(file.toString());
    } else {
      for (String word : here.list(command)) {
        argv.add(Expansion.expand(word, environment));
      }
    }
    for (String word : here.list(args)) {
      argv.add(Expansion.expand(word, environment));
    }
    if (argv.isEmpty()) {
      throw new EndException(StageStatus.FAILED, "step " + name + " has an empty command");
    }
    String fullImage = here.text(image);
    Optional<Diagnostic> refusal =
        around
            .launcher()
            .refusal(
                "step " + name + " of task " + node.name(),
                fullImage,
                argv.get(0),
                /* surely= */ true);
    if (refusal.isPresent()) {
      throw new EndException(
          StageStatus.FAILED, refusal.get().id() + " " + refusal.get().message());
    }
    if (limit.isPresent()) {
      around
          .launcher()
          .unlimited(fullImage)
          .ifPresent(why -> around.unlimited().tell(node.name(), why));
    }
    Path directory = folder.resolve("home");
    if (workingDir.isPresent()) {
      directory = folder.resolve(here.text(workingDir.get())).normalize();
      if (directory.startsWith(folder)) {
        // As a container runtime does for a working directory that its image lacks.
        Files.createDirectories(directory);
      } else if (!Files.isDirectory(directory)) {
        throw new EndException(
            StageStatus.FAILED,
            "the working directory " + directory + " of step " + name + " is not there");
      }
    }
    try {
      return around
          .launcher()
          .launch(
              new StepLauncher.Call(
                  fullImage,
                  argv,
                  environment,
                  folder.resolve("home"),
                  directory,
                  limit.map(Quantity::bytes).orElse(OptionalLong.empty())),
              line ->
                  event(new RunEvent.LogLine(around.clock().instant(), node.name(), name, line)));
    } catch (IllegalArgumentException | SluiceException e) {
      // ProcessBuilder refuses NUL characters, for example.
      throw new EndException(
          StageStatus.FAILED, "step " + name + " could not be started: " + e.getMessage());
    }
  }

  /** A sidecar that was started. */
  private final class Companion {
    private final String name;
    private final StepLauncher.RunningStep running;

    Companion(String name, StepLauncher.RunningStep running) {
      this.name = name;
      this.running = running;
    }

    void stop() {
      boolean interrupted = Thread.interrupted();
      try {
        OptionalInt code = running.await(Duration.ZERO);
        if (code.isPresent() && code.getAsInt() != 0) {
          event(
              new RunEvent.LogLine(
                  around.clock().instant(),
                  node.name(),
                  name,
                  "(the sidecar had ended by itself, with exit code " + code.getAsInt() + ")"));
        } else if (code.isEmpty()) {
          running.stop(around.grace());
        }
      } catch (InterruptedException e) {
        interrupted = true;
        running.stop(around.grace());
      }
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private Companion start(Sidecar sidecar)
      throws EndException, IOException, Variables.UnresolvedException {
    return new Companion(
        sidecar.name(),
        launch(
            sidecar.name(),
            sidecar.image().orElseThrow(),
            sidecar.command(),
            sidecar.args(),
            sidecar.script(),
            sidecar.env(),
            sidecar.workingDir(),
            forContainer(sidecar.workspaces()),
            // its limit is for a cluster's nodes: a spec cannot raise it, so it must not end a run
            // here
            Optional.empty()));
  }

  /**
   * The variables as one container sees them: it is given the path of a workspace unless others
   * asked for that workspace and it did not.
   */
  private Variables forContainer(List<WorkspaceUsage> used) {
    Variables here = new Variables(variables);
    for (WorkspaceDeclaration declaration : task.workspaces()) {
      String name = declaration.name();
      Path path = workspaces.get(name);
      boolean mine = used.stream().anyMatch(u -> u.name().equals(name));
      boolean isolated =
          task.steps().stream()
                  .anyMatch(s -> s.workspaces().stream().anyMatch(u -> u.name().equals(name)))
              || task.sidecars().stream()
                  .anyMatch(s -> s.workspaces().stream().anyMatch(u -> u.name().equals(name)));
      // Without the workspace Tekton still writes a path: one that does not exist in the container.
      String shown = path == null ? "" : mine || !isolated ? path.toString() : "/workspace/" + name;
      here.put("workspaces." + name + ".path", shown);
      here.put("workspaces." + name + ".bound", Boolean.toString(path != null));
      here.put("workspaces." + name + ".claim", "");
      here.put("workspaces." + name + ".volume", path == null ? "" : name);
    }
    return here;
  }

  /** Whether all conditions hold. */
  static boolean holds(List<When> conditions, Variables variables)
      throws Variables.UnresolvedException {
    for (When when : conditions) {
      boolean among = variables.list(when.values()).contains(variables.text(when.input()));
      boolean wanted =
          switch (when.operator()) {
            case IN -> true;
            case NOT_IN -> false;
          };
      if (among != wanted) {
        return false;
      }
    }
    return true;
  }

  /** Collects the results; a result that is too long or malformed fails the task. */
  private Outcome end(StageStatus status, String reason) {
    Map<String, ParamValue> results = new LinkedHashMap<>();
    try {
      for (ResultSpec result : task.results()) {
        Optional<ParamValue> value = result(result);
        value.ifPresent(v -> results.put(result.name(), v));
      }
    } catch (EndException | IOException e) {
      return status == StageStatus.SUCCEEDED
          ? new Outcome(StageStatus.FAILED, false, results, String.valueOf(e.getMessage()))
          : new Outcome(status, false, results, reason);
    }
    return new Outcome(status, hit && status == StageStatus.SUCCEEDED, results, reason);
  }

  private Optional<ParamValue> result(ResultSpec result) throws EndException, IOException {
    if (result.value().isPresent()) {
      try {
        return Optional.of(Graph.substitute(result.value().get(), variables));
      } catch (Variables.UnresolvedException e) {
        // The step that would have given it was skipped or failed.
        return Optional.empty();
      }
    }
    Path file = resultFile(result);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    String text = bounded(result.name(), file);
    if (!result.type().equals(Optional.of(ParamType.ARRAY))) {
      return Optional.of(ParamValue.of(text));
    }
    try {
      var array = Json.parse(text);
      List<String> values = new ArrayList<>();
      array.forEach(e -> values.add(e.asText()));
      if (array.isArray()) {
        return Optional.of(ParamValue.of(values));
      }
    } catch (IllegalArgumentException e) {
      throw new EndException(
          StageStatus.FAILED,
          "result " + result.name() + " is declared an array but holds no JSON: " + e.getMessage());
    }
    throw new EndException(
        StageStatus.FAILED, "result " + result.name() + " is declared an array but is none");
  }

  private Path resultFile(ResultSpec result) {
    return folder.resolve("results").resolve(result.name());
  }

  private static String bounded(String name, Path file) throws EndException, IOException {
    long size = Files.size(file);
    if (size > MAX_RESULT) {
      throw new EndException(
          StageStatus.FAILED,
          "result "
              + name
              + " has "
              + size
              + " bytes; results hold "
              + MAX_RESULT
              + " at most, larger things are artifacts");
    }
    return new String(Files.readAllBytes(file), StandardCharsets.UTF_8);
  }

  private void event(RunEvent event) {
    around.events().accept(event);
  }
}
