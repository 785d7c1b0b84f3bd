package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.drift.DriftResult;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Reported;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.lineage.RegistryPages;
import io.sluice.core.lineage.StageGraph;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.Delivery;
import io.sluice.core.record.PredictCommand;
import io.sluice.core.record.Registered;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import io.sluice.core.record.Study;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Dataset;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Registration;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.StageName;
import io.sluice.worker.bundle.ModelFiles;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommonOptions;
import io.sluice.worker.command.RegistrySecret;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.workspace.DriftInput;
import io.sluice.worker.workspace.FailedFamilies;
import io.sluice.worker.workspace.StepInput;
import io.sluice.worker.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * {@code sluice-worker register}: logs every candidate of the run, the held ones too, each with the
 * lineage that {@code trace} and the next resolve read. Idempotent: a candidate is keyed by run,
 * family and bundle, so a step that was killed half-way finds what it had done, and a stage that
 * ran again with another result gets a version of its own.
 */
public final class Register {
  static final String STUDY = "study.json";

  private static final String VERDICT = "verdict.json";

  /** Characters of a metric's name in MLflow; a limit's is shorter. */
  private static final int MAX_METRIC = 250;

  private final WorkerContext context;
  private final Optional<Path> registryFolder;
  private final StepInput step;
  private final Resolved resolved;
  private final StageGraph stages;
  private final Verdict verdict;
  private final EvaluationReport evaluation;
  private final Optional<DriftResult> drift;
  private final SortedMap<String, String> failed;

  private Register(WorkerContext context, List<String> argv) throws IOException {
    this.context = context;
    Arguments arguments = CommonOptions.inWorkspace(context, argv, Set.of(RegistrySecret.OPTION));
    this.registryFolder = arguments.optionalPath(RegistrySecret.OPTION);
    this.step = StepInput.of(arguments);
    this.resolved = step.resolved();
    this.stages = step.stages();
    this.verdict = Verdict.parse(JsonFile.read(step.inputs().resolve("verdict")));
    this.evaluation = HoldoutTable.report(step.inputs().resolve("rows"));
    this.drift = DriftInput.in(step);
    this.failed = FailedFamilies.byCause(step, evaluation);
  }

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    return new Register(context, argv).run();
  }

  private int run() throws IOException {
    Map<String, Path> candidates = Workspace.folders(step.inputs().resolve("candidates"));
    String chosen = verdict.family();
    if (!candidates.containsKey(chosen)) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          Diagnostic.of(
              "SLU-4045",
              "the verdict is about the family "
                  + chosen
                  + ", but the candidates are "
                  + String.join(", ", candidates.keySet()),
              "run again: the stages of this run do not belong together"));
    }
    ModelRegistry registry = context.registry(registryFolder);
    TreeMap<String, Integer> versions = new TreeMap<>();
    Optional<Digest> chosenBundle = Optional.empty();
    for (Map.Entry<String, Path> candidate : candidates.entrySet()) {
      String family = candidate.getKey();
      ModelFiles bundle = ModelFiles.ofFolder(candidate.getValue());
      Registration registration =
          registration(family, candidate.getValue(), bundle, chosen, candidates.keySet());
      Version version = registry.register(registration);
      update(registry, version, registration);
      versions.put(family, version.version());
      context
          .out()
          .println(
              family
                  + " is version "
                  + version.version()
                  + registry.page(version).map(p -> ": " + p).orElse(""));
      if (family.equals(chosen)) {
        chosenBundle = Optional.of(bundle.digest());
        step.result("version", Integer.toString(version.version()));
      }
    }
    Registered registered =
        new Registered(
            versions, chosen, versions.getOrDefault(chosen, 0), chosenBundle.orElseThrow());
    Files.writeString(step.outputs().resolve("registered"), Json.pretty(registered.json()));
    return ExitCode.DONE.code();
  }

  /**
   * What this attempt says of a version that an earlier one registered: the verdict may be another
   * by now. The champion may have moved in between, for example.
   */
  private static void update(ModelRegistry registry, Version version, Registration registration) {
    Map<String, String> changed = Lineage.changes(version.tags(), registration.tags());
    if (changed.isEmpty()) {
      return;
    }
    registration.extra().stream()
        .filter(f -> f.path().equals(VERDICT))
        .forEach(f -> registry.attach(version, f));
    changed.forEach((tag, value) -> registry.tag(version, tag, value));
  }

  private Registration registration(
      String family, Path folder, ModelFiles bundle, String chosen, Set<String> candidates)
      throws IOException {
    Optional<Path> study = study(family);
    List<FileContent> extra = new ArrayList<>();
    study.ifPresent(s -> extra.add(file(STUDY, s)));
    extra.add(file(VERDICT, step.inputs().resolve("verdict")));
    if (Files.isRegularFile(step.inputs().resolve(DriftInput.INPUT))) {
      extra.add(file("drift.json", step.inputs().resolve(DriftInput.INPUT)));
    }
    if (Files.isRegularFile(step.inputs().resolve(DriftInput.REPORT))) {
      extra.add(file("drift.html", step.inputs().resolve(DriftInput.REPORT)));
    }
    List<StageRecord> before =
        step.input("candidates/" + family)
            .flatMap(StageRecord.Input::manifest)
            .map(stages::before)
            .orElse(List.of());
    Map<String, String> params = params(family, folder);
    Optional<Study> search =
        study.isPresent() ? Optional.of(Study.of(JsonFile.read(study.get()))) : Optional.empty();
    return new Registration(
        resolved.model(),
        resolved.run() + "/" + family,
        resolved.run() + "/" + family + "/" + bundle.digest().hex(),
        params,
        metrics(family, search, reported(family, before, candidates)),
        lineage(family, bundle, chosen, before, predictCommand(folder)).tags(),
        dataset(before),
        ModelFiles.contents(folder),
        extra,
        search.map(s -> Map.of("trial_objective", s.objectives())).orElse(Map.of()),
        RegistryPages.candidate(resolved.run().value(), family, verdict, out(family)));
  }

  private static Optional<String> predictCommand(Path folder) throws IOException {
    Path file = folder.resolve(PredictCommand.FILE);
    return Files.isRegularFile(file)
        ? Optional.of(String.join(" ", PredictCommand.parse(Files.readAllBytes(file)).command()))
        : Optional.empty();
  }

  private Lineage lineage(
      String family,
      ModelFiles bundle,
      String chosen,
      List<StageRecord> before,
      Optional<String> predictCommand) {
    Optional<StageRecord> train =
        before.stream().filter(s -> s.kind() == Plan.Kind.TRAIN).reduce((first, last) -> last);
    return new Lineage(
        resolved.run(),
        family,
        family.equals(chosen),
        Optional.of(Lineage.GateVerdict.of(verdict)),
        new Lineage.Pinned(
            Optional.of(resolved.code()),
            resolved.commit(),
            Optional.of(step.asOf()),
            Optional.of(resolved.seed()),
            resolved.champion().map(Resolved.Champion::version)),
        new Lineage.Origin(
            Optional.of(bundle.digest()),
            StageGraph.snapshot(before),
            digests(before.stream().filter(s -> s.kind() == Plan.Kind.DATA), StageRecord::outputs),
            digests(before.stream(), StageRecord::environment),
            train.flatMap(StageRecord::image),
            train.flatMap(StageRecord::key),
            step.input("studies/" + family).flatMap(StageRecord.Input::artifact),
            holdout(),
            acceptedLess(before)),
        out(family),
        failed,
        drift.map(d ->
            new Lineage.Drift(
                d.status(),
                d.reason(),
                d.champion(),
                d.needsReview(verdict.policy().get(GatePolicy.ON_DRIFT)))),
        predictCommand,
        verdict.unauditedInWords());
  }

  private static SortedMap<StageName, String> acceptedLess(List<StageRecord> stages) {
    TreeMap<StageName, String> found = new TreeMap<>();
    stages.forEach(
        s -> s.delivery().flatMap(Delivery::accepted).ifPresent(why -> found.put(s.stage(), why)));
    return found;
  }

  private static SortedMap<StageName, Digest> digests(
      Stream<StageRecord> stages, Function<StageRecord, Optional<Digest>> digest) {
    TreeMap<StageName, Digest> found = new TreeMap<>();
    stages.forEach(s -> digest.apply(s).ifPresent(d -> found.put(s.stage(), d)));
    return found;
  }

  private Optional<Digest> holdout() {
    return step.input("rows")
        .flatMap(StageRecord.Input::manifest)
        .flatMap(stages::producer)
        .flatMap(evaluate ->
            evaluate.inputs().stream().filter(i -> i.name().equals("holdout")).findFirst())
        .flatMap(StageRecord.Input::artifact);
  }

  private static Optional<Dataset> dataset(List<StageRecord> stages) {
    return StageGraph.snapshot(stages)
        .map(digest -> {
          List<StageRecord> data = stages.stream().filter(s -> s.kind() == Plan.Kind.DATA).toList();
          String name = String.join("+", data.stream().map(s -> s.stage().value()).toList());
          // MLflow keeps 36 characters; the tag sluice.snapshot has them all.
          return new Dataset(name, digest.hex().substring(0, 36), "sluice:" + digest, rows(data));
        });
  }

  /** What the data sources gave as their result {@code rows}; unknown unless all of them did. */
  private static OptionalLong rows(List<StageRecord> data) {
    long sum = 0;
    for (StageRecord stage : data) {
      String rows = stage.results().getOrDefault("rows", "");
      if (!rows.matches("\\d{1,15}")) {
        return OptionalLong.empty();
      }
      sum += Long.parseLong(rows);
    }
    return OptionalLong.of(sum);
  }

  /** Why evaluate left a family out, if it did. */
  private Optional<String> out(String family) {
    return evaluation
        .family(family)
        .flatMap(EvaluationReport.Family::reason)
        .map(EvaluationReport.Ineligibility::sentence);
  }

  private Map<String, String> params(String family, Path folder) throws IOException {
    Path file = folder.resolve("params.json");
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    JsonNode root;
    try {
      root = JsonFile.read(file);
    } catch (SluiceException e) {
      if (out(family).isPresent()) {
        return Map.of(); // a bundle that is broken and out anyway is not worth the run
      }
      throw e;
    }
    JsonNode nested = root.get("params");
    JsonNode values = nested != null && nested.isObject() ? nested : root;
    Map<String, String> params = new TreeMap<>();
    values
        .properties()
        .forEach(e ->
            params.put(
                e.getKey(),
                e.getValue().isValueNode() ? e.getValue().asText() : Json.write(e.getValue())));
    return params;
  }

  /**
   * Numbers that stages reported of a family: those before its bundle, and those that the gate has
   * limits for, so that the next candidates can be compared with them.
   */
  private Map<String, Double> reported(
      String family, List<StageRecord> before, Set<String> families) {
    TreeMap<String, Double> numbers = new TreeMap<>();
    for (StageRecord record : StageRecord.last(step.records()).values()) {
      boolean ofFamily = record.family().map(family::equals).orElse(true);
      boolean reports =
          switch (record.kind()) {
            case STAGE, TRAIN -> ofFamily;
            case RESOLVE,
                DATA,
                SPLIT,
                TUNE,
                PREDICT,
                DRIFT,
                EVALUATE,
                GATE,
                REGISTER,
                PROMOTE,
                RECORD ->
                false;
          };
      String stage = record.stage().value();
      String name =
          record
              .family()
              .map(f -> stage.substring(0, stage.length() - f.length() - 1))
              .orElse(stage);
      boolean limited =
          verdict.policy().find(GatePolicy.RESULTS).orElse(List.of()).stream()
              .anyMatch(limit -> limit.stage().equals(name));
      if (reports && (limited || before.contains(record))) {
        Reported.numbers(record.results(), family, families)
            .forEach((result, number) -> {
              String metric = name + "." + result;
              if (metric.length() <= MAX_METRIC) {
                numbers.put(metric, number);
              }
            });
      }
    }
    return numbers;
  }

  private Map<String, Double> metrics(
      String family, Optional<Study> search, Map<String, Double> reported) {
    Map<String, Double> metrics = new TreeMap<>(reported);
    drift.ifPresent(d -> {
      d.share()
          .ifPresent(share -> {
            metrics.put("drift_share", share);
            metrics.put("drift_columns", (double) d.driftedColumns());
          });
    });
    String column = "candidate:" + family;
    for (Verdict.Model model : verdict.models()) {
      if (model.name().equals(column)) {
        model.value().ifPresent(v -> metrics.put("holdout_loss", v));
        model.bias().ifPresent(v -> metrics.put("holdout_bias", v));
      }
      if (model.name().equals(HoldoutRows.CHAMPION)) {
        model.value().ifPresent(v -> metrics.put("champion_holdout_loss", v));
      }
    }
    for (Verdict.Test test : verdict.tests()) {
      if (test.candidate().equals(column)) {
        test.improvement().ifPresent(v -> metrics.put("improvement", v));
      }
    }
    evaluation
        .family(family)
        .flatMap(EvaluationReport.Family::validationLoss)
        .ifPresent(loss -> metrics.put("validation_loss", loss));
    search.ifPresent(s -> {
      s.trials().ifPresent(n -> metrics.put("trials", (double) n));
      saving(s.againstCold(), "", metrics);
      saving(s.againstColdWithPatience(), "_with_patience", metrics);
    });
    return metrics;
  }

  /** Parts of what a cold search needs, 0 to 1; one that is not known becomes no metric. */
  private static void saving(Study.Saving saving, String suffix, Map<String, Double> into) {
    saving.trials().ifPresent(v -> into.put("saved_trials_share" + suffix, v));
    saving.cpuSeconds().ifPresent(v -> into.put("saved_cpu_share" + suffix, v));
  }

  /** The study of a family: a file, or a folder that holds it. */
  private Optional<Path> study(String family) {
    Path path = step.inputs().resolve("studies").resolve(family);
    for (Path candidate : List.of(path, path.resolve("study"), path.resolve(STUDY))) {
      if (Files.isRegularFile(candidate)) {
        return Optional.of(candidate);
      }
    }
    return Optional.empty();
  }

  private static FileContent file(String path, Path file) {
    try {
      return new FileContent(path, Files.size(file), () -> Files.newInputStream(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
