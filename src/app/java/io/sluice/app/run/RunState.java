package io.sluice.app.run;

import com.fasterxml.jackson.annotation.JsonAutoDetect;
import com.fasterxml.jackson.annotation.JsonAutoDetect.Visibility;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import com.fasterxml.jackson.annotation.JsonTypeInfo;
import com.fasterxml.jackson.annotation.JsonTypeName;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * How far a run is: a value, written down as JSON after each change.
 *
 * @param settings {@code PATH=VALUE} of the steps so far, in order: later ones win
 * @param stages how stages ended, of the last execution that ran each
 * @param executions by id, in the order of their start
 */
@JsonTypeInfo(use = JsonTypeInfo.Id.NAME, property = "format")
@JsonTypeName(RunState.FORMAT)
public record RunState(
    @JsonProperty("order") RunDefinition definition,
    List<String> settings,
    SortedMap<StageName, TaskOutcome> stages,
    List<Execution> executions) {
  static final String FORMAT = "sluice.io/staged-run/v1";

  /**
   * One submission within the run.
   *
   * @param call for people
   * @param stages that it runs
   * @param settings of the run at its start, so that a repeated start submits the same
   * @param who in whose name it promotes; empty: in the run's
   * @param submitted whether it is known to have reached the runner: then it is only followed, and
   *     never started again, even when the runner has forgotten it since
   * @param ended empty while it runs
   * @param reason why it did not succeed; empty when it did
   * @param exit what a command that followed it would have ended with; empty when it succeeded, was
   *     not followed to its end, or was kept by an earlier version
   * @param failed the first stage that failed although the run depends on it
   */
  // isRunning is a question and not a field
  @JsonAutoDetect(isGetterVisibility = Visibility.NONE)
  @JsonPropertyOrder({"id", "call", "submitted"})
  public record Execution(
      RunId id,
      String call,
      List<StageName> stages,
      List<String> settings,
      Optional<String> who,
      boolean submitted,
      Optional<StageStatus> ended,
      String reason,
      Optional<ExitCode> exit,
      Optional<StageName> failed) {
    public Execution {
      stages = List.copyOf(stages);
      settings = List.copyOf(settings);
    }

    /** One that is about to be submitted. */
    public static Execution begun(
        RunId id,
        String call,
        List<StageName> stages,
        List<String> settings,
        Optional<String> who) {
      return new Execution(
          id,
          call,
          stages,
          settings,
          who,
          false,
          Optional.empty(),
          "",
          Optional.empty(),
          Optional.empty());
    }

    /** Why it did not succeed. */
    RunFailure failure() {
      return new RunFailure(exit.orElse(ExitCode.RUN_FAILED), failed, reason);
    }

    /** Whether its end is not known. */
    public boolean isRunning() {
      return ended.isEmpty();
    }

    Execution reached() {
      return new Execution(id, call, stages, settings, who, true, ended, reason, exit, failed);
    }

    Execution over(StageStatus how, Optional<RunFailure> why) {
      return new Execution(
          id,
          call,
          stages,
          settings,
          who,
          submitted,
          Optional.of(how),
          why.map(RunFailure::text).orElse(""),
          why.map(RunFailure::code),
          why.flatMap(RunFailure::stage));
    }
  }

  public RunState {
    settings = List.copyOf(settings);
    stages = Collections.unmodifiableSortedMap(new TreeMap<>(stages));
    executions = List.copyOf(executions);
  }

  /** A run of which nothing has run. */
  public static RunState opened(RunDefinition definition, List<String> settings) {
    return new RunState(definition, settings, new TreeMap<>(), List.of());
  }

  /** The execution of this id, if it was begun. */
  public Optional<Execution> execution(RunId id) {
    return executions.stream().filter(e -> e.id().equals(id)).findFirst();
  }

  /** Whether a stage is there for others to go on from. */
  public boolean isDone(StageName stage) {
    TaskOutcome outcome = stages.get(stage);
    // a family that may fail leaves its results, and the run continues without it
    return outcome != null
        && (outcome.status() == StageStatus.SUCCEEDED || outcome.results().containsKey("outputs"));
  }

  /** The gate's verdict, {@code PROMOTE} or {@code HOLD}, once there is one. */
  public Optional<String> verdict() {
    // the one stage that gives a result of this name: see tekton-tasks/sluice-gate
    return stages.values().stream()
        .map(t -> t.results().get("verdict"))
        .filter(Objects::nonNull)
        .findFirst();
  }

  /** Whether it is a run whose stages were asked for one by one, of a spec of this file name. */
  public boolean isStaged(String specFile) {
    return definition.specFile().equals(specFile)
        && executions.stream().noneMatch(e -> e.id().equals(definition.run()));
  }

  /**
   * The same run as another build resumes it: what its stages gave is there, what was going on is
   * not followed.
   *
   * @param who in whose name it promotes from here on
   */
  public RunState adopted(Optional<String> who) {
    return new RunState(definition.by(who), settings, stages, List.of());
  }

  /** Settings of a step are the run's from here on. */
  RunState with(List<String> more) {
    List<String> all = new ArrayList<>(settings);
    all.addAll(more);
    return new RunState(definition, all, stages, executions);
  }

  /** An execution begins; what it runs again, and what came of that, is void. */
  public RunState begun(Execution execution, Set<StageName> voided) {
    TreeMap<StageName, TaskOutcome> left = new TreeMap<>(stages);
    left.keySet().removeAll(voided);
    List<Execution> all = new ArrayList<>(executions);
    all.add(execution);
    return new RunState(definition, settings, left, all);
  }

  /** An execution has reached the runner. */
  RunState submitted(RunId id) {
    return new RunState(
        definition,
        settings,
        stages,
        executions.stream().map(e -> e.id().equals(id) ? e.reached() : e).toList());
  }

  /**
   * An execution ended; one that had ended before stays as it was.
   *
   * @param outcome with the tasks that are known of
   * @param why it did not succeed; empty when it did
   */
  RunState ended(RunId id, RunOutcome outcome, Optional<RunFailure> why) {
    Optional<Execution> going = execution(id).filter(Execution::isRunning);
    if (going.isEmpty()) {
      return this;
    }
    TreeMap<StageName, TaskOutcome> all = new TreeMap<>(stages);
    for (StageName stage : going.get().stages()) {
      TaskOutcome task = outcome.tasks().get(stage);
      if (task != null) {
        all.put(stage, task);
      }
    }
    return new RunState(
        definition,
        settings,
        all,
        executions.stream()
            .map(e -> e.id().equals(id) ? e.over(outcome.status(), why) : e)
            .toList());
  }

  /** The whole as JSON, the same bytes for equal states. */
  public String json() {
    return Json.pretty(JsonCodec.write(this));
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException for anything else, such as the state of a newer version; the
   *     message names the field
   */
  public static RunState parse(String text) {
    return JsonCodec.read(Json.parse(text), RunState.class);
  }
}
