package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.drift.DriftFinding;
import io.sluice.core.gate.GatePolicy.OnDrift;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.StageRecord;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Dataset;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Registration;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * {@code sluice-worker register}: logs every candidate of the run, the held ones too, each with the
 * lineage that {@code trace} and the next resolve read. Idempotent: a candidate is keyed by run and
 * family, so a step that was killed half-way finds what it had done.
 */
final class Register {
  static final String STUDY = "study.json";

  /** Tag of a version that evaluate left out: why. */
  static final String OUT = "sluice.out";

  /** Before the name of a family that the run lost; each of the run's versions says why. */
  static final String LOST = "sluice.lost.";

  private static final String VERDICT = "verdict.json";

  private final Worker.Context context;
  private final Optional<Path> registryFolder;
  private final Step step;
  private final Resolved resolved;
  private final Lineage lineage;
  private final JsonNode verdict;
  private final JsonNode evaluation;
  private final Optional<DriftFinding> drift;
  private final SortedMap<String, String> lost;

  private Register(Worker.Context context, List<String> argv) throws IOException {
    this.context = context;
    Arguments arguments = Step.arguments(context, argv, Set.of(RegistryVariables.OPTION));
    this.registryFolder = arguments.optionalPath(RegistryVariables.OPTION);
    this.step = Step.of(arguments);
    this.resolved = step.resolved();
    this.lineage = new Lineage(step.context().path("records"));
    this.verdict = json(step.inputs().resolve("verdict"));
    this.evaluation = json(step.inputs().resolve("rows").resolve("evaluation.json"));
    this.drift = Drifted.in(step);
    this.lost = LostFamilies.byCause(step, evaluation);
  }

  static int run(Worker.Context context, List<String> argv) throws IOException {
    return new Register(context, argv).run();
  }

  private int run() throws IOException {
    Map<String, Path> candidates = folders(step.inputs().resolve("candidates"));
    String chosen = family(verdict.path("candidate").asText());
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
    ObjectNode out = Json.object();
    ObjectNode versions = out.putObject("versions");
    for (Map.Entry<String, Path> candidate : candidates.entrySet()) {
      String family = candidate.getKey();
      Bundle bundle = Bundle.in(candidate.getValue());
      Version version =
          registry.register(registration(family, candidate.getValue(), bundle, chosen));
      versions.put(family, version.version());
      context
          .out()
          .println(
              family
                  + " is version "
                  + version.version()
                  + registry.page(version).map(p -> ": " + p).orElse(""));
      if (family.equals(chosen)) {
        out.put("chosen", family);
        out.put("version", version.version());
        out.put("bundle", bundle.digest().toString());
        step.result("version", Integer.toString(version.version()));
      }
    }
    Files.writeString(step.outputs().resolve("registered"), Json.pretty(out));
    return ExitCode.DONE.code();
  }

  private Registration registration(String family, Path folder, Bundle bundle, String chosen)
      throws IOException {
    Optional<Path> study = study(family);
    List<FileContent> extra = new ArrayList<>();
    study.ifPresent(s -> extra.add(file(STUDY, s)));
    extra.add(file(VERDICT, step.inputs().resolve("verdict")));
    if (Files.isRegularFile(step.inputs().resolve(Drifted.INPUT))) {
      extra.add(file("drift.json", step.inputs().resolve(Drifted.INPUT)));
    }
    if (Files.isRegularFile(step.inputs().resolve(Drifted.REPORT))) {
      extra.add(file("drift.html", step.inputs().resolve(Drifted.REPORT)));
    }
    List<StageRecord> stages =
        step.input("candidates/" + family)
            .flatMap(StageRecord.Input::manifest)
            .map(lineage::before)
            .orElse(List.of());
    Map<String, String> tags = tags(family, bundle, chosen, stages);
    Path command = folder.resolve(PredictCommand.FILE);
    if (Files.isRegularFile(command)) {
      tags.put(
          "sluice.predict",
          String.join(" ", PredictCommand.parse(Files.readAllBytes(command)).command()));
    }
    return new Registration(
        resolved.model(),
        resolved.run() + "/" + family,
        resolved.run() + "/" + family,
        params(family, folder),
        metrics(family, study),
        tags,
        dataset(stages),
        Bundle.contents(folder),
        extra);
  }

  private Map<String, String> tags(
      String family, Bundle bundle, String chosen, List<StageRecord> stages) {
    Map<String, String> tags = new TreeMap<>();
    tags.put("sluice.run", resolved.run().value());
    tags.put("sluice.family", family);
    tags.put("sluice.chosen", Boolean.toString(family.equals(chosen)));
    tags.put("sluice.verdict", verdict.path("decision").asText());
    if (verdict.path("reason").isTextual()) {
      tags.put("sluice.reason", verdict.path("reason").asText());
    }
    tags.put("sluice.bundle", bundle.digest().toString());
    tags.put("sluice.code", resolved.code().toString());
    resolved.commit().ifPresent(c -> tags.put("sluice.commit", c));
    tags.put("sluice.asOf", step.asOf().toString());
    tags.put("sluice.seed", Long.toString(resolved.seed()));
    resolved.champion().ifPresent(c -> tags.put("sluice.champion", "" + c.version()));
    out(family).ifPresent(why -> tags.put(OUT, why));
    lost.forEach((name, why) -> tags.put(LOST + name, why));
    for (StageRecord stage : stages) {
      stage
          .environment()
          .ifPresent(e -> tags.put("sluice.environment." + stage.stage(), e.toString()));
      if (stage.kind() == Plan.Kind.DATA) {
        stage.outputs().ifPresent(d -> tags.put("sluice.snapshot." + stage.stage(), d.toString()));
      }
      if (stage.kind() == Plan.Kind.TRAIN) {
        stage.image().ifPresent(i -> tags.put("sluice.image", i));
        stage.key().ifPresent(k -> tags.put("sluice.cacheKey", k.toString()));
      }
    }
    snapshot(stages).ifPresent(d -> tags.put("sluice.snapshot", d.toString()));
    step.input("studies/" + family)
        .flatMap(StageRecord.Input::artifact)
        .ifPresent(d -> tags.put("sluice.study", d.toString()));
    holdout().ifPresent(d -> tags.put("sluice.holdout", d.toString()));
    drift.ifPresent(d -> {
      tags.put("sluice.drift", d.word());
      tags.put("sluice.drift.reason", d.reason());
      d.champion().ifPresent(v -> tags.put("sluice.drift.champion", Integer.toString(v)));
      tags.put("sluice.needsReview", Boolean.toString(d.needsReview(onDrift(verdict))));
    });
    return tags;
  }

  /** Digest of the data that a candidate stems from; of the list of digests when it is several. */
  static Optional<Digest> snapshot(List<StageRecord> stages) {
    List<Digest> digests =
        stages.stream()
            .filter(s -> s.kind() == Plan.Kind.DATA)
            .flatMap(s -> s.outputs().stream())
            .toList();
    return switch (digests.size()) {
      case 0 -> Optional.empty();
      case 1 -> Optional.of(digests.getFirst());
      default ->
          Optional.of(
              Digest.of(String.join("\n", digests.stream().map(Digest::toString).toList())));
    };
  }

  private Optional<Digest> holdout() {
    return step.input("rows")
        .flatMap(StageRecord.Input::manifest)
        .flatMap(lineage::producer)
        .flatMap(evaluate ->
            evaluate.inputs().stream().filter(i -> i.name().equals("holdout")).findFirst())
        .flatMap(StageRecord.Input::artifact);
  }

  private static Optional<Dataset> dataset(List<StageRecord> stages) {
    return snapshot(stages)
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
    for (JsonNode f : evaluation.path("families")) {
      if (f.path("name").asText().equals(family) && f.at("/reason/message").isTextual()) {
        return Optional.of(f.at("/reason/id").asText() + ": " + f.at("/reason/message").asText());
      }
    }
    return Optional.empty();
  }

  private Map<String, String> params(String family, Path folder) throws IOException {
    Path file = folder.resolve("params.json");
    if (!Files.isRegularFile(file)) {
      return Map.of();
    }
    JsonNode root;
    try {
      root = json(file);
    } catch (SluiceException e) {
      if (out(family).isPresent()) {
        return Map.of(); // a bundle that is broken and out anyway is not worth the run
      }
      throw e;
    }
    JsonNode values = root.path("params").isObject() ? root.path("params") : root;
    Map<String, String> params = new TreeMap<>();
    values
        .properties()
        .forEach(e ->
            params.put(
                e.getKey(),
                e.getValue().isValueNode() ? e.getValue().asText() : Json.write(e.getValue())));
    return params;
  }

  /** What the policy that the gate went by says about drift. */
  static OnDrift onDrift(JsonNode verdict) {
    String word = verdict.path("policy").path("onDrift").asText("review");
    return OnDrift.valueOf(word.toUpperCase(Locale.ROOT));
  }

  private Map<String, Double> metrics(String family, Optional<Path> study) throws IOException {
    Map<String, Double> metrics = new TreeMap<>();
    drift.ifPresent(d -> {
      d.share()
          .ifPresent(share -> {
            metrics.put("drift_share", share);
            metrics.put("drift_columns", (double) d.drifted());
          });
    });
    String column = "candidate:" + family;
    for (JsonNode m : verdict.path("models")) {
      if (m.path("name").asText().equals(column)) {
        number(m.path("value"), "holdout_loss", metrics);
        number(m.path("bias"), "holdout_bias", metrics);
      }
      if (m.path("name").asText().equals("champion")) {
        number(m.path("value"), "champion_holdout_loss", metrics);
      }
    }
    for (JsonNode t : verdict.path("tests")) {
      if (t.path("candidate").asText().equals(column)) {
        number(t.path("improvement"), "improvement", metrics);
      }
    }
    for (JsonNode f : evaluation.path("families")) {
      if (f.path("family").asText(f.path("name").asText()).equals(family)) {
        number(f.path("validationLoss"), "validation_loss", metrics);
      }
    }
    if (study.isPresent()) {
      JsonNode s = json(study.get());
      if (s.path("trials").isArray()) {
        metrics.put("trials", (double) s.path("trials").size());
      }
      // a saving that is not known is the word "unknown" and becomes no metric
      JsonNode savings = s.path("savings");
      number(savings.at("/againstCold/trials"), "saved_trials", metrics);
      number(savings.at("/againstCold/cpuSeconds"), "saved_cpu_seconds", metrics);
      number(savings.at("/againstColdWithPatience/trials"), "saved_trials_with_patience", metrics);
      number(
          savings.at("/againstColdWithPatience/cpuSeconds"),
          "saved_cpu_seconds_with_patience",
          metrics);
    }
    return metrics;
  }

  private static void number(JsonNode value, String name, Map<String, Double> into) {
    if (value.isNumber()) {
      into.put(name, value.asDouble());
    }
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

  private static String family(String column) {
    return column.substring(column.indexOf(':') + 1);
  }

  private static FileContent file(String path, Path file) {
    try {
      return new FileContent(path, Files.size(file), () -> Files.newInputStream(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  static Map<String, Path> folders(Path parent) throws IOException {
    Map<String, Path> folders = new TreeMap<>();
    try (var list = Files.list(parent)) {
      list.filter(Files::isDirectory).forEach(p -> folders.put(String.valueOf(p.getFileName()), p));
    } catch (NoSuchFileException e) {
      return Map.of();
    }
    return folders;
  }

  static JsonNode json(Path file) throws IOException {
    try {
      return Json.parse(Files.readAllBytes(file));
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-4046",
                  file.getFileName() + " is not JSON: " + e.getMessage(),
                  "the stage that wrote it must write one JSON value")),
          e);
    }
  }
}
