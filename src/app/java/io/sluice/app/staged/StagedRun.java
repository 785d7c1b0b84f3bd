package io.sluice.app.staged;

import io.sluice.app.CodeSelection;
import io.sluice.app.Pipelines;
import io.sluice.app.Setting;
import io.sluice.app.SourceTree;
import io.sluice.app.Target;
import io.sluice.app.Target.CodeContent;
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
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.lower.Compiled;
import io.sluice.tekton.lower.Lowering;
import io.sluice.tekton.lower.PipelinePart;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * A run between its executions: what to submit for the whole, or for the next call. Made anew from
 * the run's state whenever it is needed, so that nothing hangs on a process that stays alive.
 */
public final class StagedRun {
  private final RunState state;
  private final Pipelines.Opened opened;
  private final Plan base;
  private final Compiled compiled;

  /** What a run is told of where it runs. */
  private final RunParameters place;

  private StagedRun(
      RunState state, Pipelines.Opened opened, Plan base, Compiled compiled, RunParameters place) {
    this.state = state;
    this.opened = opened;
    this.base = base;
    this.compiled = compiled;
    this.place = place;
  }

  /** What a call comes to. */
  public sealed interface Next {
    /**
     * Keep {@code state}, then submit and follow. The same again when the call is repeated.
     *
     * @param state with the execution in it
     */
    record Submit(RunState state, RunState.Execution execution, Submission submission)
        implements Next {}

    /** It reached the runner before: follow it. */
    record Attach(RunState.Execution execution) implements Next {}

    /** Ask again when these executions have ended: stages that are needed are theirs. */
    record Await(List<RunId> executions) implements Next {
      public Await {
        executions = List.copyOf(executions);
      }
    }

    /** It was done before; its outcome stands in the state. */
    record Over(RunState.Execution execution) implements Next {}

    /** There is nothing to do, for a reason that people want to hear. */
    record Nothing(String why) implements Next {}
  }

  /**
   * A run that goes on.
   *
   * @param snapshot the files that were asked for when the run was opened, at least
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public static StagedRun of(SourceTree snapshot, RunState state, Digest wheel) {
    return of(reopened(snapshot, state.order()), state, wheel);
  }

  /** The pipeline of a run that goes on; it was checked when the run was opened. */
  static Pipelines.Opened reopened(SourceTree snapshot, RunOrder order) {
    String file = order.specFile();
    byte[] bytes = snapshot.read(file).orElseThrow(() -> vanished(file));
    return new Pipelines.Opened(
        snapshot,
        SpecParser.parse(new SourceFile(file, new String(bytes, StandardCharsets.UTF_8)))
            .orThrow());
  }

  /**
   * A run of a pipeline that was just opened and checked.
   *
   * @throws SluiceException exit code 2 for a target, profile or setting that is wrong
   */
  public static StagedRun of(Pipelines.Opened opened, RunState state, Digest wheel) {
    RunOrder order = state.order();
    TargetSpec target = target(order.target());
    return order.fingerprint().isPresent()
        ? of(
            opened,
            state,
            FingerprintCheck.plan(opened, order, wheel),
            FingerprintCheck.parameters(order, target))
        : of(
            opened,
            state,
            opened.base(wheel),
            RunParameters.of(order.run(), order.code(), target.images().worker(), "").on(target));
  }

  /**
   * A run on this machine.
   *
   * @param images what the machine runs instead of images
   * @throws SluiceException exit code 2 for a profile or setting that is wrong
   */
  static StagedRun here(
      Pipelines.Opened opened, RunState state, Digest wheel, Target.Images images) {
    RunOrder order = state.order();
    return of(opened, state, opened.base(wheel), images.parameters(order.run(), order.code()));
  }

  private static StagedRun of(
      Pipelines.Opened opened, RunState state, Plan base, RunParameters place) {
    StagedRun run = new StagedRun(state, opened, base, Lowering.lower(base), place);
    run.parameters(
        state.settings(), Optional.empty()); // what is wrong with profile and settings is said now
    return run;
  }

  /** Reads the text of a target. */
  public static TargetSpec target(String text) {
    return TargetParser.parse(new SourceFile("target", text)).orThrow();
  }

  /** The files that {@code code.include} takes, sorted by path. */
  public static List<CodeContent> code(Pipelines.Opened opened, Digest wheel) {
    CodeSelection selection = new CodeSelection(opened.base(wheel).codeIncludes());
    List<CodeContent> out = new ArrayList<>();
    for (SourceTree.CodeFile file : opened.tree().files()) {
      if (selection.takes(file.path())) {
        out.add(
            new CodeContent(
                file.path(),
                file.executable(),
                opened.tree().read(file.path()).orElseThrow(() -> vanished(file.path()))));
      }
    }
    return out;
  }

  /** {@code PATH=VALUE} settings that give the stages of a call another value of {@code with}. */
  public List<String> settingsOf(StageCall call, String key, String value) {
    Set<String> names = new TreeSet<>();
    for (StageName stage : call.in(base)) {
      names.add(base.stage(stage).specName());
    }
    return names.stream().map(n -> "stages." + n + ".with." + key + "=" + value).toList();
  }

  /** The whole run as one execution, under the run's id. */
  public Next whole() {
    RunId id = state.order().run();
    Optional<RunState.Execution> known = state.execution(id);
    if (known.isPresent()) {
      return again(known.get(), this::wholeSubmission);
    }
    RunState.Execution execution =
        new RunState.Execution(
            id,
            "run",
            ordered(everything()),
            state.settings(),
            Optional.empty(),
            false,
            Optional.empty(),
            "");
    return new Next.Submit(state.begun(execution, Set.of()), execution, wholeSubmission(execution));
  }

  private Submission wholeSubmission(RunState.Execution execution) {
    return new Submission(wholeRun(execution), compiled.pipeline(), compiled.tasks());
  }

  private Next again(
      RunState.Execution execution, Function<RunState.Execution, Submission> submission) {
    if (!execution.isGoing()) {
      return new Next.Over(execution);
    }
    return execution.submitted()
        ? new Next.Attach(execution)
        : new Next.Submit(state, execution, submission.apply(execution));
  }

  /**
   * What a call comes to now.
   *
   * @param id of its execution
   * @param more settings of this call and those after it
   * @param who in whose name it promotes, where that is not the run's
   * @throws SluiceException exit code 2: {@code SLU-9601} for a stage that there is not, {@code
   *     SLU-9602} for a promotion before there is a verdict, else what is wrong with the settings
   */
  public Next next(RunId id, StageCall call, List<String> more, Optional<String> who) {
    Optional<RunState.Execution> known = state.execution(id);
    if (known.isPresent()) {
      return again(known.get(), e -> submission(state, e));
    }
    List<StageName> wanted = call.in(base);
    if (call.kind() == StageCall.Kind.PROMOTE) {
      Set<StageName> judging = new HashSet<>();
      wanted.forEach(s -> addProducers(s, p -> true, judging));
      List<RunId> going = goingOn(judging);
      if (!going.isEmpty()) {
        return new Next.Await(going); // the verdict may be theirs
      }
      Optional<String> why = whyNotPromote();
      if (why.isPresent()) {
        return new Next.Nothing(why.get());
      }
    }
    Set<StageName> stages = new TreeSet<>(wanted);
    wanted.forEach(s -> addProducers(s, p -> !state.isDone(p), stages));
    Set<StageName> voided = withDependents(stages);
    List<RunId> others = goingOn(voided);
    if (!others.isEmpty()) {
      return new Next.Await(others);
    }
    RunState with = state.with(more);
    RunState.Execution execution =
        new RunState.Execution(
            id, call.name(), ordered(stages), with.settings(), who, false, Optional.empty(), "");
    RunState begun = with.begun(execution, voided);
    return new Next.Submit(begun, execution, submission(begun, execution));
  }

  /** Executions that are at work on any of these stages. */
  private List<RunId> goingOn(Set<StageName> stages) {
    return state.executions().stream()
        .filter(RunState.Execution::isGoing)
        .filter(e -> e.stages().stream().anyMatch(stages::contains))
        .map(RunState.Execution::id)
        .toList();
  }

  private Optional<String> whyNotPromote() {
    if (state.order().untrusted()) {
      return Optional.of("a pull request promotes nothing: the champion stays");
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
        : Optional.of(verdict + ": the champion stays");
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
    Pipeline whole = compiled.pipeline();
    if (at.order().fingerprint().isPresent()) {
      whole = FingerprintCheck.withoutRecord(whole);
    }
    Pipeline pipeline = PipelinePart.pipeline(whole, execution.id(), part, done);
    return new Submission(
        PipelinePart.run(wholeRun(execution), pipeline), pipeline, compiled.tasks());
  }

  private PipelineRun wholeRun(RunState.Execution execution) {
    return Lowering.run(base, parameters(execution.settings(), execution.who()));
  }

  private RunParameters parameters(List<String> settings, Optional<String> who) {
    RunOrder order = state.order();
    if (order.fingerprint().isPresent()) {
      return place;
    }
    List<Overlay> overlays = settings.stream().map(s -> Setting.overlay(s, opened.spec())).toList();
    RunParameters parameters =
        place
            .withSettings(Planner.settings(opened.spec(), order.profile(), overlays))
            .withOrigin(order.commit(), who.or(order::who))
            .withAsOf(order.asOf());
    return order.untrusted() ? parameters.asUntrusted() : parameters;
  }

  private static SluiceException vanished(String file) {
    return wrong(
        "SLU-9603",
        file + " is no longer there: the run cannot go on from what was kept of it",
        "start the pipeline again");
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
