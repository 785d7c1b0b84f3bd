package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.drift.DriftFinding;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.RunRecord;
import io.sluice.core.record.StageRecord;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
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
final class RecordStage {
  /** Why a task ended, in Tekton's words. */
  private static final String CANCELLED = "TaskRunCancelled";

  /** Of a task that an execution of a part of the run leaves out. */
  private static final String NOT_ASKED_FOR = "NotAskedFor";

  /** Tasks that an untrusted run leaves out. */
  private static final Set<String> TRUSTED_ONLY = Set.of("register", "promote");

  private final Worker.Context context;
  private final RunId run;
  private final String model;
  private final Path storeFolder;
  private final Optional<Path> registryFolder;
  private final boolean untrusted;
  private final String status;
  private final Map<StageName, Ending> tasks;
  private final int attempt;

  private RecordStage(Worker.Context context, Arguments arguments) {
    this.context = context;
    this.run = arguments.as("--run", RunId::new);
    this.model = arguments.text("--model");
    this.storeFolder = arguments.path("--store");
    this.registryFolder = arguments.optionalPath(RegistryVariables.OPTION);
    this.untrusted = StageArguments.untrusted(arguments);
    this.status = arguments.text("--status");
    this.tasks = new TreeMap<>();
    this.attempt = Resolve.attempt(arguments);
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

  /** How a task ended, in Tekton's words; {@code mayFail}: the run goes on without it. */
  private record Ending(boolean mayFail, String status, String reason) {}

  static int run(Worker.Context context, List<String> argv) throws IOException {
    var grammar =
        new Arguments.Grammar(
            Set.of("--run", "--model", "--store", "--status"),
            Set.of("--attempt", "--untrusted", RegistryVariables.OPTION),
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
              model,
              run.value(),
              tags(record),
              List.of(
                  new FileContent(
                      "run.json", bytes.length, () -> new ByteArrayInputStream(bytes))));
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
    Map<String, String> tags = new TreeMap<>();
    tags.put("sluice.run", record.run().value());
    tags.put("sluice.status", record.status().name());
    record.verdict().ifPresent(v -> tags.put("sluice.verdict", v.path("decision").asText()));
    record
        .drift()
        .ifPresent(d -> {
          tags.put("sluice.drift", d.path("status").asText());
          tags.put("sluice.needsReview", d.path("needsReview").asText());
        });
    record.promoted().ifPresent(v -> tags.put("sluice.promoted", Integer.toString(v)));
    for (RunRecord.Family family : record.families()) {
      if (!family.cause().isEmpty()) {
        tags.put(Register.LOST + family.name(), family.cause());
      }
    }
    return tags;
  }

  private RunRecord fold(ArtifactStore store) throws IOException {
    List<StageRecord> records = new ArrayList<>();
    for (byte[] bytes : store.records(run)) {
      JsonNode node = Json.parse(bytes);
      if (StageRecord.is(node)) {
        records.add(StageRecord.parse(node));
      }
    }
    Instant now = context.clock().instant();
    Map<StageName, StageRecord> last = new LinkedHashMap<>();
    records.forEach(r -> last.put(r.stage(), r));
    Optional<Resolved> resolved = Optional.empty();
    Optional<JsonNode> verdict = Optional.empty();
    Map<String, Integer> versions = new TreeMap<>();
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
        case GATE -> verdict = Optional.of(Json.parse(Resolved.read(store, outputs, "verdict")));
        case REGISTER ->
            Json.parse(Resolved.read(store, outputs, "registered"))
                .path("versions")
                .properties()
                .forEach(e -> versions.put(e.getKey(), e.getValue().asInt()));
        case DATA, STAGE, PREDICT, DRIFT, TUNE, TRAIN, EVALUATE, PROMOTE, RECORD -> {}
      }
    }
    Optional<JsonNode> drift = drift(store, records, last, verdict);
    List<RunRecord.Task> ended =
        tasks.entrySet().stream()
            .map(t -> task(t.getKey(), t.getValue(), Optional.ofNullable(last.get(t.getKey()))))
            .toList();
    return new RunRecord(
        run,
        model,
        overall(),
        records.stream().map(StageRecord::started).min(Comparator.naturalOrder()).orElse(now),
        now,
        resolved.map(Resolved::asOf),
        resolved.map(Resolved::code),
        resolved.flatMap(Resolved::commit),
        resolved.map(r -> Long.toString(r.seed())),
        resolved.map(r -> r.head().toString()),
        resolved.flatMap(Resolved::champion).map(Resolved.Champion::version),
        verdict,
        drift,
        versions,
        promoted,
        families(last, ended, verdict, versions),
        ended,
        records);
  }

  /** What came of each family that has a stage of its own. */
  private static List<RunRecord.Family> families(
      Map<StageName, StageRecord> last,
      List<RunRecord.Task> ended,
      Optional<JsonNode> verdict,
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
          LostFamilies.cause(own, name)
              .or(() ->
                  ended.stream()
                      .filter(t -> names.contains(t.name()) && t.status() == StageStatus.FAILED)
                      .map(t -> t.name() + ": " + t.cause())
                      .findFirst());
      JsonNode judged = judged(verdict, name);
      Optional<String> trouble =
          judged.path("trouble").isTextual() && judged.path("validationLoss").isMissingNode()
              ? Optional.of(judged.path("trouble").asText())
              : Optional.empty();
      Optional<Integer> version = Optional.ofNullable(versions.get(name));
      families.add(
          new RunRecord.Family(
              name,
              lost.isPresent()
                  ? RunRecord.FamilyStatus.LOST
                  : trouble.isPresent()
                      ? RunRecord.FamilyStatus.OUT
                      : judged.isMissingNode() && version.isEmpty()
                          ? RunRecord.FamilyStatus.UNJUDGED
                          : RunRecord.FamilyStatus.CANDIDATE,
              lost.or(() -> trouble).orElse(""),
              verdict
                  .map(v -> v.path("candidate").asText().equals("candidate:" + name))
                  .orElse(false),
              version,
              number(judged.path("validationLoss").asText()),
              own.stream()
                  .filter(r -> r.kind() == Plan.Kind.TUNE)
                  .findFirst()
                  .map(StageRecord::results)
                  .orElse(Map.of())));
    });
    return families;
  }

  private static JsonNode judged(Optional<JsonNode> verdict, String family) {
    for (JsonNode f : verdict.map(v -> v.path("families")).orElse(MissingNode.getInstance())) {
      if (f.path("name").asText().equals(family)) {
        return f;
      }
    }
    return MissingNode.getInstance();
  }

  private static Optional<Double> number(String text) {
    return text.isEmpty() ? Optional.empty() : Optional.of(Double.valueOf(text));
  }

  /**
   * What a service needs to mark forecasts made from this run's data: the status, why, whether the
   * policy wants them reviewed, and which data that is.
   */
  private static Optional<JsonNode> drift(
      ArtifactStore store,
      List<StageRecord> records,
      Map<StageName, StageRecord> last,
      Optional<JsonNode> verdict)
      throws IOException {
    Optional<StageRecord> stage =
        last.values().stream().filter(r -> r.kind() == Plan.Kind.DRIFT).findFirst();
    if (stage.isEmpty()) {
      return Optional.empty();
    }
    DriftFinding finding =
        stage.get().outputs().isPresent()
            ? Drifted.parse(
                Resolved.read(store, store.manifest(stage.get().outputs().get()), "drift"))
            : DriftFinding.failed(stage.get().cause());
    ObjectNode block =
        finding.summary(verdict.map(Register::onDrift).orElse(GatePolicy.OnDrift.REVIEW));
    Lineage lineage = new Lineage(records.stream().map(r -> (JsonNode) r.json()).toList());
    for (StageRecord.Input input : stage.get().inputs()) {
      if (input.name().equals("current")) {
        input.artifact().ifPresent(d -> block.put("current", d.toString()));
        input
            .manifest()
            .flatMap(m -> Register.snapshot(lineage.before(m)))
            .ifPresent(d -> block.put("snapshot", d.toString()));
      }
    }
    stage.get().asOf().ifPresent(t -> block.put("asOf", t.toString()));
    return Optional.of(block);
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
      default -> throw Arguments.wrong("--status is no word of Tekton's: " + status);
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
              "the status of " + name + " is no word of Tekton's: " + end.status());
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
