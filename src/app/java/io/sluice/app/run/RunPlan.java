package io.sluice.app.run;

import io.sluice.app.Pipelines;
import io.sluice.app.Setting;
import io.sluice.app.SourceTree;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.SpecParser;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.lower.Compiled;
import io.sluice.tekton.lower.Lowering;
import io.sluice.tekton.lower.PipelinePart;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * Decides what is next for a run: what to submit for the whole, or for a stage of it. It is made
 * anew from the state of the run whenever it is needed, so that nothing depends on a process that
 * stays alive.
 */
public final class RunPlan {
  private final RunState state;
  private final Pipelines.Opened opened;
  private final Plan base;
  private final Compiled compiled;

  /** What a run gets from the place where it runs. */
  private final RunParameters place;

  /** What the data may know; empty where resolve says, which knows what the run pinned before. */
  private final Optional<Instant> asOf;

  private RunPlan(
      RunState state,
      Pipelines.Opened opened,
      Plan base,
      Compiled compiled,
      RunParameters place,
      Optional<Instant> asOf) {
    this.state = state;
    this.opened = opened;
    this.base = base;
    this.compiled = compiled;
    this.place = place;
    this.asOf = asOf;
  }

  /**
   * The plan of a run that was opened before.
   *
   * @param snapshot the files of the pipeline that were read when the run was opened, at least
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public static RunPlan of(SourceTree snapshot, RunState state, Digest wheel) {
    return of(reopened(snapshot, state.definition()), state, wheel);
  }

  /** The pipeline of a run that was opened before; it was checked then. */
  public static Pipelines.Opened reopened(SourceTree snapshot, RunDefinition definition) {
    String file = definition.specFile();
    byte[] bytes =
        snapshot
            .read(file)
            .orElseThrow(() ->
                wrong(
                    "SLU-9603",
                    file + " is no longer there: the run cannot go on from what was kept of it",
                    "start the pipeline again"));
    return new Pipelines.Opened(
        snapshot,
        SpecParser.parse(new SourceFile(file, new String(bytes, StandardCharsets.UTF_8)))
            .orThrow());
  }

  /**
   * The plan of a run, on its target, of a pipeline that was just opened and checked.
   *
   * @throws SluiceException exit code 2 for a target, profile or setting that is wrong
   */
  public static RunPlan of(Pipelines.Opened opened, RunState state, Digest wheel) {
    RunDefinition definition = state.definition();
    TargetSpec target = definition.targetSpec();
    return with(
        opened,
        state,
        wheel,
        RunParameters.of(definition.run(), definition.code(), target.images().roles()).on(target),
        Optional.of(definition.asOf()));
  }

  /**
   * The plan of a run with what the place says where it runs.
   *
   * @param asOf what the data may know; empty: what an earlier attempt at this run pinned, else now
   * @throws SluiceException exit code 2 for a profile or setting that is wrong
   */
  static RunPlan with(
      Pipelines.Opened opened,
      RunState state,
      Digest wheel,
      RunParameters place,
      Optional<Instant> asOf) {
    Plan base = opened.base(wheel);
    RunPlan plan = new RunPlan(state, opened, base, Lowering.lower(base), place, asOf);
    plan.parameters(state.settings(), Optional.empty()); // reports wrong profiles and settings now
    return plan;
  }

  /** {@code PATH=VALUE} settings that give the stages of a call another value of {@code with}. */
  public List<String> settingsOf(StageSelector call, String key, String value) {
    Set<String> names = new TreeSet<>();
    for (StageName stage : call.in(base)) {
      names.add(base.stage(stage).specName());
    }
    return names.stream().map(n -> "stages." + n + ".with." + key + "=" + value).toList();
  }

  /** The whole run as one execution, under the run's id. */
  public NextAction whole() {
    RunId id = state.definition().run();
    Optional<RunState.Execution> known = state.execution(id);
    if (known.isPresent()) {
      return resume(state, known.get(), this::submission);
    }
    RunState.Execution execution = wholeExecution();
    return new NextAction.Submit(
        state.begun(execution, Set.of()), execution, submission(execution));
  }

  /** The objects of the whole run as one execution. */
  Submission wholeSubmission() {
    return submission(wholeExecution());
  }

  private RunState.Execution wholeExecution() {
    return RunState.Execution.begun(
        state.definition().run(), "run", ordered(everything()), state.settings(), Optional.empty());
  }

  private Submission submission(RunState.Execution execution) {
    return new Submission(wholeRun(execution), compiled.pipeline(), compiled.tasks());
  }

  /**
   * What is next for an execution that the state knows.
   *
   * @param submission makes the objects of it, the same each time
   */
  public static NextAction resume(
      RunState state,
      RunState.Execution execution,
      Function<RunState.Execution, Submission> submission) {
    if (!execution.isRunning()) {
      return new NextAction.Finished(execution);
    }
    return execution.submitted()
        ? new NextAction.Attach(execution)
        : new NextAction.Submit(state, execution, submission.apply(execution));
  }

  /**
   * What a request for a stage comes to now.
   *
   * @param id of its execution
   * @param more settings of this call and those after it
   * @param who in whose name it promotes, where that is not the run's
   * @throws SluiceException exit code 2: {@code SLU-9601} for a stage that there is not, {@code
   *     SLU-9602} for a promotion before there is a verdict, else what is wrong with the settings
   */
  public NextAction next(RunId id, StageSelector call, List<String> more, Optional<String> who) {
    Optional<RunState.Execution> known = state.execution(id);
    if (known.isPresent()) {
      return resume(state, known.get(), e -> submission(state, e));
    }
    List<StageName> wanted = call.in(base);
    if (call.kind() == StageSelector.Kind.PROMOTE) {
      Set<StageName> judging = new HashSet<>();
      wanted.forEach(s -> addProducers(s, p -> true, judging));
      List<RunId> running = runningOn(judging);
      if (!running.isEmpty()) {
        return new NextAction.WaitFor(running); // the verdict may be theirs
      }
      Optional<String> why = whyNotPromote();
      if (why.isPresent()) {
        return new NextAction.NoOp(why.get());
      }
    }
    Set<StageName> stages = new TreeSet<>(wanted);
    wanted.forEach(s -> addProducers(s, p -> !state.isDone(p), stages));
    Set<StageName> voided = withDependents(stages);
    List<RunId> others = runningOn(voided);
    if (!others.isEmpty()) {
      return new NextAction.WaitFor(others);
    }
    RunState with = state.with(more);
    RunState.Execution execution =
        RunState.Execution.begun(id, call.name(), ordered(stages), with.settings(), who);
    RunState begun = with.begun(execution, voided);
    return new NextAction.Submit(begun, execution, submission(begun, execution));
  }

  /** Executions that are at work on any of these stages. */
  private List<RunId> runningOn(Set<StageName> stages) {
    return state.executions().stream()
        .filter(RunState.Execution::isRunning)
        .filter(e -> e.stages().stream().anyMatch(stages::contains))
        .map(RunState.Execution::id)
        .toList();
  }

  private Optional<String> whyNotPromote() {
    if (state.definition().untrusted()) {
      return Optional.of("a pull request promotes nothing");
    }
    String verdict =
        state
            .verdict()
            .orElseThrow(() ->
                wrong(
                    "SLU-9602",
                    "there is no verdict to promote by: nothing was evaluated in this run, or not"
                        + " since a stage before it ran again",
                    "evaluate first: mlEvaluate() in a Jenkinsfile, --stage evaluate here"));
    return verdict.equals("PROMOTE")
        ? Optional.empty()
        : Optional.of(verdict + ": nothing is promoted");
  }

  /** Whatever a stage needs, and what that needs in turn, as far as it is wanted. */
  private void addProducers(StageName stage, Predicate<StageName> wanted, Set<StageName> into) {
    for (StageName producer : PipelinePart.producers(compiled.pipeline(), stage)) {
      if (wanted.test(producer) && into.add(producer)) {
        addProducers(producer, wanted, into);
      }
    }
  }

  /** These stages and those that would read what they give anew. */
  private Set<StageName> withDependents(Set<StageName> stages) {
    Set<StageName> out = new HashSet<>(stages);
    for (StageName stage : ordered(everything())) {
      for (StageName producer : PipelinePart.producers(compiled.pipeline(), stage)) {
        if (out.contains(producer)) {
          out.add(stage);
        }
      }
    }
    return out;
  }

  private Set<StageName> everything() {
    Set<StageName> all = new TreeSet<>();
    base.stages().forEach(s -> all.add(s.name()));
    return all;
  }

  /** In the plan's order, which is topological. */
  private List<StageName> ordered(Set<StageName> stages) {
    return base.stages().stream().map(Plan.Stage::name).filter(stages::contains).toList();
  }

  private Submission submission(RunState at, RunState.Execution execution) {
    Set<StageName> part = new TreeSet<>(execution.stages());
    Map<StageName, TaskOutcome> done = at.stages();
    Pipeline pipeline = PipelinePart.pipeline(compiled.pipeline(), execution.id(), part, done);
    return new Submission(
        PipelinePart.run(wholeRun(execution), pipeline), pipeline, compiled.tasks());
  }

  private PipelineRun wholeRun(RunState.Execution execution) {
    return Lowering.run(base, parameters(execution.settings(), execution.who()));
  }

  private RunParameters parameters(List<String> settings, Optional<String> who) {
    RunDefinition definition = state.definition();
    List<Overlay> overlays = settings.stream().map(s -> Setting.overlay(s, opened.spec())).toList();
    RunParameters parameters =
        place
            .withSettings(Planner.settings(opened.spec(), definition.profile(), overlays))
            .withOrigin(definition.commit(), who.or(definition::who));
    RunParameters timed = asOf.map(parameters::withAsOf).orElse(parameters);
    return definition.untrusted() ? timed.asUntrusted() : timed;
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
