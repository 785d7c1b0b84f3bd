package io.sluice.tekton.lower;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import io.sluice.tekton.TaskWords;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineResult;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.When;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Some stages of a pipeline as an execution of their own: what earlier executions of the same run
 * gave is written in where the whole pipeline refers to it. The tasks stay the catalog's, the run
 * stays the run: only its PipelineRun has a name of its own.
 */
public final class PipelinePart {
  /** On the PipelineRun of an execution: the run that it belongs to. */
  public static final String WHOLE_RUN_LABEL = "sluice.io/whole-run";

  private static final String RUN_LABEL = "sluice.io/run";
  private static final Pattern RESULT =
      Pattern.compile("\\$\\(tasks\\.([a-z0-9-]+)\\.results\\.([A-Za-z0-9_-]+)\\)");
  private static final Pattern ENDING =
      Pattern.compile("\\$\\(tasks\\.([a-z0-9-]+)\\.(status|reason)\\)");

  private PipelinePart() {}

  /** The stages whose results one stage of a pipeline uses, itself left out. */
  public static SortedSet<StageName> producers(Pipeline whole, StageName stage) {
    SortedSet<StageName> out = new TreeSet<>();
    for (PipelineTask task : whole.spec().tasks()) {
      if (task.name().equals(stage.value())) {
        texts(task)
            .forEach(text -> {
              Matcher m = RESULT.matcher(text);
              while (m.find()) {
                out.add(new StageName(m.group(1)));
              }
            });
      }
    }
    return out;
  }

  /**
   * The pipeline of some stages.
   *
   * @param id of the execution
   * @param part stages to run; whatever they use is among them or in {@code done}
   * @param done how the stages of earlier executions ended
   * @throws SluiceException exit code 2: {@code SLU-2020} when a stage needs a result that is in
   *     neither
   */
  public static Pipeline pipeline(
      Pipeline whole, RunId id, Set<StageName> part, Map<StageName, TaskOutcome> done) {
    PipelineSpec spec = whole.spec();
    List<PipelineTask> tasks =
        spec.tasks().stream()
            .filter(t -> part.contains(new StageName(t.name())) || isHelper(t, part))
            .map(t -> filled(t, part, done))
            .toList();
    List<PipelineResult> results =
        spec.results().stream().filter(r -> refersInto(r.value(), part)).toList();
    return new Pipeline(
        new Metadata(
            Optional.of(id.value()),
            Optional.empty(),
            whole.metadata().namespace(),
            whole.metadata().labels(),
            whole.metadata().annotations()),
        new PipelineSpec(
            spec.displayName(),
            spec.description(),
            spec.params(),
            spec.workspaces(),
            results,
            tasks,
            spec.last().stream().map(t -> filled(t, part, done)).toList()));
  }

  /**
   * The PipelineRun of an execution; it carries the pipeline within itself, so that the committed
   * one stays as it is.
   *
   * @param whole the run's own, which gives values, workspaces, accounts
   * @param part as {@link #pipeline} made it
   */
  public static PipelineRun run(PipelineRun whole, Pipeline part) {
    Metadata m = whole.metadata();
    RunId id = new RunId(part.metadata().name().orElseThrow());
    Map<String, String> labels = new LinkedHashMap<>(m.labels());
    labels.put(RUN_LABEL, id.value());
    labels.put(WHOLE_RUN_LABEL, m.name().orElseThrow());
    Set<String> names =
        Stream.concat(part.spec().tasks().stream(), part.spec().last().stream())
            .map(PipelineTask::name)
            .collect(Collectors.toSet());
    PipelineRunSpec spec = whole.spec();
    return new PipelineRun(
        new Metadata(
            Optional.of(id.value()), Optional.empty(), m.namespace(), labels, m.annotations()),
        new PipelineRunSpec(
            Optional.empty(),
            Optional.of(part.spec()),
            spec.params(),
            spec.workspaces(),
            spec.timeouts(),
            spec.taskRunTemplate(),
            spec.taskRunSpecs().stream().filter(s -> names.contains(s.pipelineTaskName())).toList(),
            spec.status()));
  }

  /** Whether a task only helps one of the stages; what a matrix takes are parameters of the run. */
  private static boolean isHelper(PipelineTask task, Set<StageName> part) {
    return part.stream().anyMatch(s -> task.name().equals(Names.workersTask(s.value())));
  }

  private static Stream<String> texts(PipelineTask task) {
    return Stream.concat(
        task.params().stream().flatMap(p -> texts(p.value())),
        task.when().stream()
            .flatMap(w -> Stream.concat(Stream.of(w.input()), w.values().stream())));
  }

  private static Stream<String> texts(ParamValue value) {
    return switch (value) {
      case ParamValue.Text text -> Stream.of(text.value());
      case ParamValue.Array array -> array.values().stream();
    };
  }

  private static boolean refersInto(ParamValue value, Set<StageName> part) {
    return texts(value)
        .flatMap(t -> RESULT.matcher(t).results())
        .allMatch(m -> part.contains(new StageName(m.group(1))));
  }

  private static PipelineTask filled(
      PipelineTask task, Set<StageName> part, Map<StageName, TaskOutcome> done) {
    List<Param> params = new ArrayList<>();
    for (Param p : task.params()) {
      params.add(
          new Param(
              p.name(),
              switch (p.value()) {
                case ParamValue.Text text ->
                    ParamValue.of(filled(task.name(), text.value(), part, done));
                case ParamValue.Array array ->
                    ParamValue.of(
                        array.values().stream()
                            .map(v -> filled(task.name(), v, part, done))
                            .toList());
              }));
    }
    List<When> when =
        task.when().stream()
            .map(
                w -> new When(filled(task.name(), w.input(), part, done), w.operator(), w.values()))
            .toList();
    return new PipelineTask(
        task.name(),
        task.displayName(),
        task.description(),
        task.taskRef(),
        task.taskSpec(),
        task.runAfter(),
        when,
        task.onError(),
        task.retries(),
        task.timeout(),
        params,
        task.matrix(),
        task.workspaces());
  }

  private static String filled(
      String task, String text, Set<StageName> part, Map<StageName, TaskOutcome> done) {
    String results =
        RESULT.matcher(text).replaceAll(m -> Matcher.quoteReplacement(result(task, m, part, done)));
    return ENDING
        .matcher(results)
        .replaceAll(m -> {
          StageName stage = new StageName(m.group(1));
          TaskOutcome outcome = done.get(stage);
          StageStatus status = outcome == null ? StageStatus.SKIPPED : outcome.status();
          String reason =
              status == StageStatus.SKIPPED ? TaskWords.NOT_ASKED_FOR : TaskWords.reason(status);
          return Matcher.quoteReplacement(
              part.contains(stage)
                  ? m.group()
                  : m.group(2).equals("status") ? TaskWords.status(status) : reason);
        });
  }

  private static String result(
      String task, MatchResult m, Set<StageName> part, Map<StageName, TaskOutcome> done) {
    StageName producer = new StageName(m.group(1));
    if (part.contains(producer)) {
      return m.group();
    }
    TaskOutcome outcome = done.get(producer);
    String value = outcome == null ? null : outcome.results().get(m.group(2));
    if (value == null) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-2020",
              "stage "
                  + task
                  + " needs the result "
                  + m.group(2)
                  + " of "
                  + producer
                  + (outcome == null ? ", which has not run" : ", which did not give it"),
              "run " + producer + " first"));
    }
    return Escapes.argument(value);
  }
}
