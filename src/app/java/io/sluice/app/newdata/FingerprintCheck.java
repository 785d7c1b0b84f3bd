package io.sluice.app.newdata;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.Pipelines;
import io.sluice.app.run.ExecutionPlanner;
import io.sluice.app.run.NextAction;
import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunPlan;
import io.sluice.app.run.RunState;
import io.sluice.app.run.Submission;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.TableUse;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.lower.Compiled;
import io.sluice.tekton.lower.Lowering;
import io.sluice.tekton.lower.PipelinePart;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Checks on the cluster whether a data source has something new: the {@code fingerprint} command of
 * the source is a stage of its own, and runs where the data command would. The result is a digest
 * that is the same as long as the command prints the same.
 *
 * <p>A check is an untrusted run: it writes to the store's untrusted area, and to no registry.
 */
public final class FingerprintCheck {
  private static final String OUTPUT = "fingerprint";
  private static final String SHOWN = "] " + OUTPUT + ": ";
  private static final int MAX_TEXT = 100;

  /** A poll is cheap, or the command is not what it should be. */
  private static final Duration LONGEST = Duration.ofMinutes(10);

  /** Pods may have to wait for a place. */
  private static final Duration WHOLE = Duration.ofMinutes(30);

  /** Also prints the first line, which is for people. */
  private static final String SCRIPT =
      """
      "$@" > "$SLUICE_OUTPUTS/fingerprint"
      [ -s "$SLUICE_OUTPUTS/fingerprint" ] || {
        echo 'the fingerprint command printed nothing' >&2
        exit 1
      }
      IFS= read -r line < "$SLUICE_OUTPUTS/fingerprint" || :
      printf 'fingerprint: %s\\n' "$line"
      """;

  private static final StageName RESOLVE = new StageName("resolve");

  private final RunDefinition definition;
  private final String source;
  private final Plan plan;
  private final Compiled compiled;

  private FingerprintCheck(RunDefinition definition, String source, Plan plan) {
    this.definition = definition;
    this.source = source;
    this.plan = plan;
    this.compiled = Lowering.lower(plan);
  }

  /**
   * A check of a data source.
   *
   * @param source as {@link #source} gave it
   * @param wheel digest of the {@code sluice_ml} wheel
   * @throws SluiceException exit code 2 for a target or a profile that is wrong
   */
  public static FingerprintCheck of(
      Pipelines.Opened opened, RunDefinition definition, String source, Digest wheel) {
    FingerprintCheck check =
        new FingerprintCheck(definition, source, plan(opened, definition, source, wheel));
    var unused = check.parameters(); // reports a wrong target now
    return check;
  }

  /** Plans a check of a run that was opened before. */
  public static ExecutionPlanner planner(String source, RunId execution, Digest wheel) {
    return (snapshot, state) -> {
      RunDefinition definition = state.definition();
      return of(RunPlan.reopened(snapshot, definition), definition, source, wheel)
          .next(state, execution);
    };
  }

  /** What is next for the check. */
  NextAction next(RunState state, RunId execution) {
    Optional<RunState.Execution> known = state.execution(execution);
    if (known.isPresent()) {
      return RunPlan.resume(state, known.get(), this::submission);
    }
    RunState.Execution begun =
        RunState.Execution.begun(
            execution,
            source,
            plan.stages().stream().map(Plan.Stage::name).toList(),
            List.of(),
            Optional.empty());
    return new NextAction.Submit(
        state.begun(begun, Set.copyOf(begun.stages())), begun, submission(begun));
  }

  private Submission submission(RunState.Execution execution) {
    Pipeline pipeline =
        PipelinePart.pipeline(
            withoutRecord(compiled.pipeline()),
            execution.id(),
            new TreeSet<>(execution.stages()),
            Map.of());
    return new Submission(
        PipelinePart.run(Lowering.run(plan, parameters()), pipeline), pipeline, compiled.tasks());
  }

  /**
   * The data source that is to be asked.
   *
   * @param wanted by name; empty: the one of {@code triggers.newData}, else the only one that has a
   *     fingerprint
   * @throws SluiceException exit code 2: {@code SLU-9606} when there is none to ask
   */
  public static String source(Spec spec, String wanted) {
    List<String> able =
        spec.data().entrySet().stream()
            .filter(e -> e.getValue().fingerprint().isPresent())
            .map(java.util.Map.Entry::getKey)
            .sorted()
            .toList();
    if (!wanted.isEmpty()) {
      if (able.contains(wanted)) {
        return wanted;
      }
      throw wrong(
          spec.data().containsKey(wanted)
              ? "data source " + wanted + " has no fingerprint"
              : "the pipeline " + spec.model() + " has no data source " + wanted,
          spec.data().containsKey(wanted)
              ? "give it fingerprint: [..], a command whose output changes with the data"
              : DidYouMean.hint(spec.data().keySet(), wanted));
    }
    Optional<String> named = spec.triggers().newData().map(Spec.NewData::source);
    if (named.isPresent()) {
      return named.get();
    }
    if (able.size() == 1) {
      return able.getFirst();
    }
    throw wrong(
        able.isEmpty()
            ? "no data source of " + spec.model() + " has a fingerprint"
            : "the data sources " + String.join(", ", able) + " have fingerprints",
        able.isEmpty()
            ? "give it fingerprint: [..], a command whose output changes with the data"
            : "say which one: triggers.newData.source in the spec, or the trigger's own source");
  }

  /** What was found, once the check has succeeded. */
  public static Optional<Digest> found(RunState state) {
    return state.stages().entrySet().stream()
        .filter(e -> !e.getKey().equals(RESOLVE))
        .map(e -> e.getValue())
        .map((TaskOutcome t) -> t.results().get("outputs"))
        .filter(d -> d != null && d.startsWith("sha256:"))
        .map(Digest::parse)
        .findFirst();
  }

  /**
   * The fingerprint in its own words, where a line of the check's log says it; for people, since
   * lines may be lost or come from anybody.
   */
  public static Optional<String> shown(String logLine) {
    int at = logLine.indexOf(SHOWN);
    if (at < 0 || !logLine.startsWith("[")) {
      return Optional.empty();
    }
    return Optional.of(Brief.line(logLine.substring(at + SHOWN.length()), MAX_TEXT))
        .filter(t -> !t.isEmpty());
  }

  /** The source's own stage with another command, and what every stage needs. */
  private static Plan plan(
      Pipelines.Opened opened, RunDefinition definition, String source, Digest wheel) {
    Spec spec = opened.spec();
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-eu", "-c", SCRIPT, "fingerprint"));
    command.addAll(
        Optional.ofNullable(spec.data().get(source))
            .orElseThrow()
            .fingerprint()
            .orElseThrow()
            .argv());
    Plan whole = opened.plan(definition.profile(), List.of(), wheel);
    List<Plan.Stage> stages =
        whole.stages().stream()
            .filter(s ->
                s.kind() == Plan.Kind.RESOLVE
                    || (s.kind() == Plan.Kind.DATA && s.specName().equals(source)))
            .map(s -> s.kind() == Plan.Kind.RESOLVE ? s : asking(s, command, definition))
            .toList();
    return new Plan(
        whole.model(),
        whole.codeIncludes(),
        whole.environments(),
        stages,
        whole.seed(),
        whole.gate(),
        WHOLE);
  }

  private static Plan.Stage asking(
      Plan.Stage source, List<String> command, RunDefinition definition) {
    ObjectNode with = source.with().deepCopy();
    with.remove(TableUse.KEY); // it writes a fingerprint, not the tables
    with.put("checkedAt", definition.asOf().toString()); // an answer of another time is none
    return new Plan.Stage(
        source.name(),
        source.specName(),
        // what it makes is not data: its manifest says nothing of when it was made
        Plan.Kind.STAGE,
        Optional.empty(),
        source.environment(),
        command,
        List.of(),
        List.of(OUTPUT),
        with,
        source.timeout().compareTo(LONGEST) < 0 ? source.timeout() : LONGEST,
        0,
        source.resources(),
        false);
  }

  /** Without the tasks that follow in any case: nobody keeps a record of a check. */
  private static Pipeline withoutRecord(Pipeline whole) {
    PipelineSpec spec = whole.spec();
    return new Pipeline(
        whole.metadata(),
        new PipelineSpec(
            spec.displayName(),
            spec.description(),
            spec.params(),
            spec.workspaces(),
            spec.results(),
            spec.tasks(),
            List.of()));
  }

  private RunParameters parameters() {
    TargetSpec target = definition.targetSpec();
    return RunParameters.of(definition.run(), definition.code(), target.images().roles())
        .on(target)
        .withOrigin(definition.commit(), Optional.empty())
        .withAsOf(definition.asOf())
        .asUntrusted();
  }

  private static SluiceException wrong(String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-9606", message, hint));
  }
}
