package io.sluice.worker.step;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.drift.DriftFinding;
import io.sluice.core.drift.DriftResult;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.RegistryPages;
import io.sluice.core.lineage.RunTags;
import io.sluice.core.lineage.StageGraph;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.Registered;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.RunRecord;
import io.sluice.core.record.StageRecord;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Recording;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommonOptions;
import io.sluice.worker.command.RegistrySecret;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.workspace.DriftInput;
import io.sluice.worker.workspace.FailedFamilies;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * {@code sluice-worker record}: the {@code finally} task. Folds what the stages wrote down into
 * {@code run.json}, in the store first, then in the registry: a registry that is down costs the
 * copy there, never the record.
 */
public final class RecordStage {
  /** Why a task ended, in Tekton's words. */
  private static final String CANCELLED = "TaskRunCancelled";

  /** Of a task that an execution of a part of the run leaves out. */
  private static final String NOT_ASKED_FOR = "NotAskedFor";

  /** Tasks that an untrusted run leaves out. */
  private static final Set<String> TRUSTED_ONLY =
      Plan.Kind.all(Plan.Trait.TRUSTED_ONLY).stream()
          .map(k -> k.only().value())
          .collect(Collectors.toUnmodifiableSet());

  private final WorkerContext context;
  private final RunId run;
  private final String model;
  private final Path storeFolder;
  private final Optional<Path> registryFolder;
  private final boolean untrusted;
  private final String status;
  private final Map<StageName, Ending> tasks;
  private final int attempt;

  private RecordStage(WorkerContext context, Arguments arguments) {
    this.context = context;
    this.run = arguments.as("--run", RunId::new);
    this.model = arguments.text("--model");
    this.storeFolder = arguments.path("--store");
    this.registryFolder = arguments.optionalPath(RegistrySecret.OPTION);
    this.untrusted = CommonOptions.untrusted(arguments);
    this.status = arguments.text("--status");
    this.tasks = new TreeMap<>();
    this.attempt = CommonOptions.attempt(arguments);
    for (String task : arguments.list("--tasks")) {
      int equals = task.indexOf('=');
      if (equals < 1) {
        throw Arguments.wrong("a task is NAME=STATUS or NAME=STATUS:REASON, not " + task);
      }
      try {
        boolean mayFail = task.startsWith("?");
        StageName name = new StageName(task.substring(mayFail ? 1 : 0, equals));
        String[] words = task.substring(equals + 1).split(":", 2);
        tasks.put(name, new Ending(mayFail, words[0], words.length > 1 ? words[1] : ""));
      } catch (IllegalArgumentException e) {
        throw Arguments.wrong("--tasks: " + e.getMessage());
      }
    }
  }

  /** How a task ended, in Tekton's words; {@code mayFail}: the run continues without it. */
  private record Ending(boolean mayFail, String status, String reason) {}

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    var grammar =
        new Arguments.Grammar(
            Set.of("--run", "--model", "--store", "--status"),
            Set.of("--attempt", "--untrusted", RegistrySecret.OPTION),
            Set.of("--tasks"),
            false);
    return new RecordStage(context, Arguments.read(argv, grammar, context.cwd())).run();
  }

  private int run() throws IOException {
    ArtifactStore store = context.stores().open(storeFolder, untrusted);
    RunRecord record = fold(store);
    store.putRecord(run, new StageName("record"), attempt, record.bytes());
    if (untrusted) {
      context.out().println("an untrusted run: its record stays in the store");
      return ExitCode.DONE.code();
    }
    byte[] bytes = record.bytes();
    try {
      context
          .registry(registryFolder)
          .record(
              new Recording(
                  model,
                  run.value(),
                  record.status(),
                  RegistryPages.run(record),
                  tags(record),
                  List.of(
                      new FileContent(
                          "run.json", bytes.length, () -> new ByteArrayInputStream(bytes)))));
    } catch (SluiceException e) {
      context
          .out()
          .println("the record of the run is in the store, but the registry did not take it");
      throw e;
    }
    context.out().println("recorded: " + record.status().name().toLowerCase(java.util.Locale.ROOT));
    return ExitCode.DONE.code();
  }

  private static Map<String, String> tags(RunRecord record) {
    TreeMap<String, String> causes = new TreeMap<>();
    for (RunRecord.Family family : record.families()) {
      if (!family.cause().isEmpty()) {
        causes.put(family.name(), family.cause());
      }
    }
    return new RunTags(
            record.run(),
            record.status(),
            record.verdict().map(Verdict::decision),
            record.drift().map(d -> new RunTags.Drift(d.status(), d.needsReview())),
            record.promoted(),
            causes)
        .tags();
  }

  private RunRecord fold(ArtifactStore store) throws IOException {
    List<StageRecord> records = StageRecord.all(store, run);
    Instant now = context.clock().instant();
    Map<StageName, StageRecord> last = StageRecord.last(records);
    Optional<Resolved> resolved = Optional.empty();
    Optional<Verdict> verdict = Optional.empty();
    SortedMap<String, Integer> versions = new TreeMap<>();
    Optional<Integer> promoted = Optional.empty();
    for (StageRecord r : last.values()) {
      if (r.kind() == Plan.Kind.PROMOTE) {
        promoted = Optional.ofNullable(r.results().get("promoted")).map(Integer::valueOf);
      }
      if (r.outputs().isEmpty()) {
        continue;
      }
      Manifest outputs = store.manifest(r.outputs().get());
      switch (r.kind()) {
        case RESOLVE -> resolved = Optional.of(Resolved.from(store, outputs));
        case GATE ->
            verdict = Optional.of(Verdict.parse(Json.parse(store.read(outputs, "verdict"))));
        case REGISTER ->
            versions.putAll(
                Registered.parse(Json.parse(store.read(outputs, "registered"))).versions());
        case DATA, STAGE, SPLIT, PREDICT, DRIFT, TUNE, TRAIN, EVALUATE, PROMOTE, RECORD -> {}
      }
    }
    Optional<DriftFinding> drift = drift(store, records, last, verdict);
    List<RunRecord.Task> ended =
        tasks.entrySet().stream()
            .map(t -> task(t.getKey(), t.getValue(), Optional.ofNullable(last.get(t.getKey()))))
            .toList();
    Instant started =
        records.stream().map(StageRecord::started).min(Comparator.naturalOrder()).orElse(now);
    return RunRecord.builder(run, model, overall(), started, now)
        .resolved(resolved)
        .verdict(verdict)
        .drift(drift)
        .versions(versions)
        .promoted(promoted)
        .families(families(last, ended, verdict, versions))
        .tasks(ended)
        .stages(records)
        .build();
  }

  /** What came of each family that has a stage of its own. */
  private static List<RunRecord.Family> families(
      Map<StageName, StageRecord> last,
      List<RunRecord.Task> ended,
      Optional<Verdict> verdict,
      Map<String, Integer> versions) {
    SortedMap<String, List<StageRecord>> stages = new TreeMap<>();
    last.values()
        .forEach(r ->
            r.family().ifPresent(f -> stages.computeIfAbsent(f, k -> new ArrayList<>()).add(r)));
    List<RunRecord.Family> families = new ArrayList<>();
    stages.forEach((name, own) -> {
      Set<StageName> names = own.stream().map(StageRecord::stage).collect(Collectors.toSet());
      // the tasks come by name; the record that began first is the one that failed, not skipped
      Optional<String> lost =
          FailedFamilies.cause(own, name)
              .or(() ->
                  ended.stream()
                      .filter(t -> names.contains(t.name()) && t.status() == StageStatus.FAILED)
                      .map(t -> t.name() + ": " + t.cause())
                      .findFirst());
      Optional<Verdict.Family> judged = judged(verdict, name);
      Optional<String> trouble =
          judged.filter(j -> j.validationLoss().isEmpty()).flatMap(Verdict.Family::trouble);
      Optional<Integer> version = Optional.ofNullable(versions.get(name));
      families.add(
          new RunRecord.Family(
              name,
              lost.isPresent()
                  ? RunRecord.FamilyStatus.LOST
                  : trouble.isPresent()
                      ? RunRecord.FamilyStatus.OUT
                      : judged.isEmpty() && version.isEmpty()
                          ? RunRecord.FamilyStatus.UNJUDGED
                          : RunRecord.FamilyStatus.CANDIDATE,
              lost.or(() -> trouble).orElse(""),
              verdict.map(v -> v.family().equals(name)).orElse(false),
              version,
              judged.flatMap(Verdict.Family::validationLoss),
              own.stream()
                  .filter(r -> r.kind() == Plan.Kind.TUNE)
                  .findFirst()
                  .map(StageRecord::results)
                  .orElse(Collections.emptySortedMap())));
    });
    return families;
  }

  private static Optional<Verdict.Family> judged(Optional<Verdict> verdict, String family) {
    return verdict.stream()
        .flatMap(v -> v.families().stream())
        .filter(f -> f.name().equals(family))
        .findFirst();
  }

  /**
   * What a service needs to mark forecasts made from this run's data: the status, why, whether the
   * policy wants them reviewed, and which data that is.
   */
  private static Optional<DriftFinding> drift(
      ArtifactStore store,
      List<StageRecord> records,
      Map<StageName, StageRecord> last,
      Optional<Verdict> verdict)
      throws IOException {
    Optional<StageRecord> stage =
        last.values().stream().filter(r -> r.kind() == Plan.Kind.DRIFT).findFirst();
    if (stage.isEmpty()) {
      return Optional.empty();
    }
    DriftResult result =
        stage.get().outputs().isPresent()
            ? DriftInput.parse(store.read(store.manifest(stage.get().outputs().get()), "drift"))
            : DriftResult.failed(stage.get().cause());
    DriftFinding finding =
        result.finding(
            verdict
                .map(v -> v.policy().get(GatePolicy.ON_DRIFT))
                .orElse(GatePolicy.OnDrift.REVIEW));
    Optional<StageRecord.Input> current =
        stage.get().inputs().stream().filter(i -> i.name().equals("current")).findFirst();
    StageGraph stages = new StageGraph(records);
    return Optional.of(
        finding.about(
            current.flatMap(StageRecord.Input::artifact),
            current
                .flatMap(StageRecord.Input::manifest)
                .flatMap(m -> StageGraph.snapshot(stages.before(m))),
            stage.get().asOf()));
  }

  /**
   * Tekton says {@code Completed} when tasks were skipped: that is a success too. It says {@code
   * Failed} also when all that failed was a task that the run went on without.
   */
  private StageStatus overall() {
    List<Ending> failed =
        tasks.values().stream().filter(e -> e.status().equals("Failed") && !e.mayFail()).toList();
    if (failed.stream().anyMatch(e -> e.reason().equals(CANCELLED))) {
      return StageStatus.CANCELLED;
    }
    if (!failed.isEmpty()) {
      return StageStatus.FAILED;
    }
    if (tasks.entrySet().stream().anyMatch(t -> wasCutOff(t.getKey(), t.getValue()))) {
      // a family that may fail takes the run along when it leaves nothing to go on from
      return tasks.values().stream().anyMatch(e -> e.status().equals("Failed"))
          ? StageStatus.FAILED
          : StageStatus.CANCELLED;
    }
    return switch (status) {
      case "Succeeded", "Completed" -> StageStatus.SUCCEEDED;
      case "Failed" -> tasks.isEmpty() ? StageStatus.FAILED : StageStatus.SUCCEEDED;
      case "None" -> StageStatus.SKIPPED;
      default -> throw Arguments.wrong("--status is not a word of Tekton: " + status);
    };
  }

  /**
   * Whether a task should have run and was never begun although nothing had failed: the run was
   * ended between two tasks, and Tekton says of none of them that it was cancelled.
   */
  private boolean wasCutOff(StageName name, Ending end) {
    return end.status().equals("None")
        && !end.reason().equals(NOT_ASKED_FOR)
        && !end.mayFail()
        && !(untrusted && TRUSTED_ONLY.contains(name.value()));
  }

  private static RunRecord.Task task(StageName name, Ending end, Optional<StageRecord> record) {
    return switch (end.status()) {
      case "Succeeded" -> new RunRecord.Task(name, StageStatus.SUCCEEDED, "");
      case "None" -> new RunRecord.Task(name, StageStatus.SKIPPED, "");
      case "Failed" -> failed(name, end, record);
      default ->
          throw Arguments.wrong(
              "the status of " + name + " is not a word of Tekton: " + end.status());
    };
  }

  private static RunRecord.Task failed(StageName name, Ending end, Optional<StageRecord> record) {
    if (end.reason().equals(CANCELLED)) {
      return new RunRecord.Task(name, StageStatus.CANCELLED, "cancelled");
    }
    if (end.reason().equals("TaskRunTimeout")) {
      return new RunRecord.Task(name, StageStatus.TIMED_OUT, "the time for it was over");
    }
    if (record.isEmpty()) {
      return new RunRecord.Task(
          name,
          StageStatus.FAILED,
          "it left no record: its pod never got as far as its first step");
    }
    if (record.get().status().isEmpty()) {
      // It began and left no end. That a pod was evicted or its node lost is not Tekton's to know.
      return new RunRecord.Task(
          name,
          StageStatus.FAILED,
          "it was ended from outside: its pod was evicted, or its node was lost");
    }
    return new RunRecord.Task(
        name,
        record.get().status().get() == StageStatus.SKIPPED
            ? StageStatus.SKIPPED
            : StageStatus.FAILED,
        record.get().cause());
  }
}
