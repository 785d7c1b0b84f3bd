package io.sluice.app.staged;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.Pipelines;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Spec;
import io.sluice.core.spec.TargetSpec;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.lower.RunParameters;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineSpec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The question whether a data source has something new, asked on the cluster: its {@code
 * fingerprint} command as a stage of its own, where its data command would run. Whoever asks gets a
 * digest that is the same as long as the command prints the same.
 *
 * <p>A check is no trusted run: what it writes lies in the store's untrusted area, and it writes to
 * no registry.
 */
public final class FingerprintCheck {
  private static final String OUTPUT = "fingerprint";
  private static final String SHOWN = "] " + OUTPUT + ": ";
  private static final int LONGEST_TEXT = 100;

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

  private FingerprintCheck() {}

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

  /** What asks a source of this name. */
  public static StageCall call(String source) {
    return StageCall.stage(source);
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
    String text = logLine.substring(at + SHOWN.length()).replaceAll("\\p{Cntrl}", " ").strip();
    return Optional.of(text.length() <= LONGEST_TEXT ? text : text.substring(0, LONGEST_TEXT))
        .filter(t -> !t.isEmpty());
  }

  private static final StageName RESOLVE = new StageName("resolve");

  /** The source's own stage with another command, and what every stage needs. */
  static Plan plan(Pipelines.Opened opened, RunOrder order, Digest wheel) {
    Spec spec = opened.spec();
    String source = source(spec, order.fingerprint().orElseThrow());
    List<String> command = new ArrayList<>(List.of("/bin/sh", "-eu", "-c", SCRIPT, "fingerprint"));
    command.addAll(
        Optional.ofNullable(spec.data().get(source))
            .orElseThrow()
            .fingerprint()
            .orElseThrow()
            .argv());
    Plan whole = opened.plan(order.profile(), List.of(), wheel);
    List<Plan.Stage> stages =
        whole.stages().stream()
            .filter(s ->
                s.kind() == Plan.Kind.RESOLVE
                    || (s.kind() == Plan.Kind.DATA && s.specName().equals(source)))
            .map(s -> s.kind() == Plan.Kind.RESOLVE ? s : asked(s, command, order))
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

  private static Plan.Stage asked(Plan.Stage source, List<String> command, RunOrder order) {
    ObjectNode with = source.with().deepCopy();
    with.put("checkedAt", order.asOf().toString()); // an answer of another time is none
    return new Plan.Stage(
        source.name(),
        source.specName(),
        // what it makes is no data: its manifest says nothing of when it was made
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
  static Pipeline withoutRecord(Pipeline whole) {
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

  static RunParameters parameters(RunOrder order, TargetSpec target) {
    return RunParameters.of(order.run(), order.code(), target.images().worker(), "")
        .on(target)
        .withOrigin(order.commit(), Optional.empty())
        .withAsOf(order.asOf())
        .asUntrusted();
  }

  private static SluiceException wrong(String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-9606", message, hint));
  }
}
