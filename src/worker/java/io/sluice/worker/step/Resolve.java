package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.History;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.plan.Plan;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.record.ChampionData;
import io.sluice.core.record.PastRun;
import io.sluice.core.record.PredictCommand;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.SearchRequest;
import io.sluice.core.record.StageRecord;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.worker.bundle.ModelFiles;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommonOptions;
import io.sluice.worker.command.RecordedEnvironment;
import io.sluice.worker.command.RegistrySecret;
import io.sluice.worker.command.WorkerContext;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * {@code sluice-worker resolve}: pins what the whole run depends on, champion and log head above
 * all, and brings the champion's bundle, the studies to start from and the record of earlier gates
 * into the store. A registry that does not answer ends the run here: only its explicit "none" means
 * a first run.
 */
public final class Resolve {
  private static final int PAST_RUNS = 200;
  private static final Set<String> BUNDLE_FILES = Set.of("MLmodel", "signature.json");

  private final WorkerContext context;
  private final RunId run;
  private final String model;
  private final Optional<String> asOf;
  private final Digest code;
  private final long seed;
  private final Optional<String> commit;
  private final int attempt;
  private final Path storeFolder;
  private final Optional<Path> registryFolder;
  private final boolean untrusted;
  private final Path resultOutputs;
  private final Path resultHead;
  private final Optional<Path> resultImage;
  private final Optional<String> workerImage;

  private Resolve(WorkerContext context, Arguments arguments) {
    this.context = context;
    this.run = arguments.as("--run", RunId::new);
    this.model = arguments.text("--model");
    this.asOf = arguments.nonEmpty("--as-of");
    this.code = arguments.digest("--code");
    this.seed = arguments.number("--seed");
    this.commit = arguments.nonEmpty("--commit");
    this.attempt = CommonOptions.attempt(arguments);
    this.storeFolder = arguments.path("--store");
    this.registryFolder = arguments.optionalPath(RegistrySecret.OPTION);
    this.untrusted = CommonOptions.untrusted(arguments);
    this.resultOutputs = arguments.path("--result-outputs");
    this.resultHead = arguments.path("--result-head");
    this.resultImage = arguments.optionalPath("--result-image");
    this.workerImage = arguments.nonEmpty("--worker-image");
  }

  public static int run(WorkerContext context, List<String> argv)
      throws IOException, InterruptedException {
    var grammar =
        new Arguments.Grammar(
            Set.of(
                "--run",
                "--model",
                "--as-of",
                "--code",
                "--seed",
                "--store",
                "--result-outputs",
                "--result-head"),
            Set.of(
                "--commit",
                "--attempt",
                "--untrusted",
                "--result-image",
                "--worker-image",
                RegistrySecret.OPTION),
            Set.of(),
            false);
    return new Resolve(context, Arguments.read(argv, grammar, context.cwd())).run();
  }

  private int run() throws IOException, InterruptedException {
    Instant started = context.clock().instant();
    Instant pinned = asOf.map(Resolve::instant).orElse(started);
    ArtifactStore store = context.stores().open(storeFolder, untrusted);
    ModelRegistry registry = context.registry(registryFolder);
    Manifest tree = store.manifest(code);

    List<Manifest.Entry> entries = new ArrayList<>();
    for (Manifest.Entry e : tree.entries()) {
      entries.add(
          new Manifest.Entry(Resolved.CODE + "/" + e.path(), e.executable(), e.size(), e.digest()));
    }
    Optional<PromotionLog.Entry> top = registry.promotions(model).champion();
    Optional<Version> version = Optional.empty();
    Optional<Lineage> lineage = Optional.empty();
    if (top.isPresent()) {
      version = Optional.of(champion(registry, top.get()));
      lineage = Lineage.of(version.get().tags());
      entries.addAll(model(registry, version.get(), store));
      entries.addAll(snapshots(store, version.get(), lineage));
    }
    List<Version> versions = registry.versions(model);
    entries.addAll(studies(registry, versions, store));
    History gates = gates(registry);
    entries.add(put(store, Resolved.GATES, Json.pretty(gates.toJson())));
    SearchRequest search = SearchRequest.after(gates);
    entries.add(put(store, Resolved.SEARCH, Json.pretty(search.json())));
    String family = version.flatMap(v -> Lineage.familyOf(v.tags())).orElse("");
    String from = lineage.map(l -> l.run().value()).orElse("");
    Resolved resolved =
        new Resolved(
            model,
            run,
            pinned,
            new Manifest(Optional.empty(), Map.of(), tree.entries()).digest(),
            commit,
            seed,
            top.map(e -> new PromotionLog.Head(e.number(), e.digest()))
                .orElse(PromotionLog.Head.EMPTY),
            version.map(v ->
                new Resolved.Champion(
                    v.version(),
                    family,
                    from,
                    new TreeMap<>(registry.params(v)),
                    new TreeMap<>(v.tags()))));
    entries.add(put(store, Resolved.FILE, Json.pretty(resolved.json())));
    // No as-of of its own: what comes from here (a study, the champion) ages nobody's data.
    Manifest manifest = new Manifest(Optional.empty(), Map.of(), entries);
    Digest digest = store.put(new ByteArrayInputStream(manifest.bytes()));
    store.putRecord(
        run, new StageName("resolve"), attempt, record(resolved, digest, started).bytes());
    say(resolved, pinned);
    search.because().ifPresent(why -> context.out().println("a cold search: " + why));
    if (resultImage.isPresent()) {
      Files.writeString(resultImage.get(), championImage(store, manifest));
    }
    Files.writeString(resultHead, resolved.head().toString());
    Files.writeString(resultOutputs, digest.toString());
    return ExitCode.DONE.code();
  }

  /**
   * Where the champion's own predict command runs, as its version recorded it. Without such a
   * command nothing runs there, and any image will do that every node has.
   */
  private String championImage(ArtifactStore store, Manifest manifest)
      throws IOException, InterruptedException {
    Optional<Manifest> bundle = manifest.artifact(Resolved.CHAMPION_MODEL);
    if (bundle.isEmpty()
        || bundle.get().entries().stream().noneMatch(e -> e.path().equals(PredictCommand.FILE))) {
      return workerImage.orElse("");
    }
    PredictCommand command = PredictCommand.parse(store.read(bundle.get(), PredictCommand.FILE));
    Optional<String> lock =
        command.hasLock()
            ? Optional.of(
                new String(store.read(bundle.get(), PredictCommand.LOCK), StandardCharsets.UTF_8))
            : Optional.empty();
    String image =
        context
            .environments()
            .image(
                new RecordedEnvironment(
                    command.environment().name(),
                    command.environment().image(),
                    command.environment().python(),
                    lock),
                context.out()::println);
    context.out().println("the champion predicts in " + image);
    return image;
  }

  private void say(Resolved resolved, Instant pinned) {
    context
        .out()
        .println(
            resolved
                .champion()
                .map(c -> "champion: version " + c.version() + " (" + c.family() + ")")
                .orElse("no champion yet: a first run"));
    context.out().println("as of " + pinned);
  }

  private static Instant instant(String text) {
    try {
      return LatestKnownAt.parse(text);
    } catch (DateTimeException e) {
      throw Arguments.wrong("--as-of is not an instant in ISO 8601: " + text);
    }
  }

  private Version champion(ModelRegistry registry, PromotionLog.Entry entry) {
    return registry
        .version(model, entry.to())
        .orElseThrow(() ->
            failed(
                "SLU-4041",
                "the promotion log says that version "
                    + entry.to()
                    + " of "
                    + model
                    + " is champion, but the registry has no such version",
                "restore the version, or roll back to one that is there: `sluice rollback`"));
  }

  private List<Manifest.Entry> model(ModelRegistry registry, Version version, ArtifactStore store)
      throws IOException {
    ModelFiles bundle = ModelFiles.ofVersion(registry, version, store);
    Set<String> missing = new TreeSet<>(BUNDLE_FILES);
    boolean command = bundle.files().stream().anyMatch(f -> f.path().equals(PredictCommand.FILE));
    if (!command) {
      missing.add("model.onnx");
    }
    bundle.files().forEach(f -> missing.remove(f.path()));
    if (!missing.isEmpty()) {
      throw failed(
          "SLU-4042",
          "the bundle of champion version "
              + version.version()
              + " is not whole: "
              + String.join(", ", missing)
              + " missing in the registry",
          "without it nothing can be compared: restore its files, or roll back");
    }
    Optional<Digest> known = Lineage.bundleOf(version.tags());
    if (known.isPresent() && !known.get().equals(bundle.digest())) {
      throw failed(
          "SLU-4043",
          "the bundle of champion version "
              + version.version()
              + " is not the one that was registered: "
              + bundle.digest()
              + " instead of "
              + known.get(),
          "somebody changed files of this version in the registry: find out who, or roll back");
    }
    return bundle.files().stream()
        .map(f ->
            new Manifest.Entry(
                Resolved.CHAMPION_MODEL + "/" + f.path(), false, f.size(), f.digest()))
        .toList();
  }

  /**
   * What the stages of the champion's run left, as far as this store still has it: references to
   * blobs, nothing is copied. A snapshot that is gone is an absent input of the stage that names
   * it, and {@code champion/lineage.json} says that there was one.
   */
  private List<Manifest.Entry> snapshots(
      ArtifactStore store, Version version, Optional<Lineage> lineage) throws IOException {
    Optional<RunId> from = lineage.map(Lineage::run);
    List<StageRecord> records = from.isPresent() ? StageRecord.all(store, from.get()) : List.of();
    TreeMap<StageName, ChampionData.Left> stages = new TreeMap<>();
    List<Manifest.Entry> entries = new ArrayList<>();
    Map<StageName, StageRecord> last = new TreeMap<>(StageRecord.last(records));
    for (StageRecord record : last.values()) {
      boolean users =
          switch (record.kind()) {
            case DATA, STAGE, DRIFT -> true;
            case PREDICT, TUNE, TRAIN, EVALUATE, GATE, REGISTER, RESOLVE, PROMOTE, RECORD -> false;
          };
      if (!users || record.outputs().isEmpty()) {
        continue;
      }
      Optional<List<Manifest.Entry>> left = whole(store, record.outputs().get());
      stages.put(record.stage(), new ChampionData.Left(record.outputs().get(), left.isPresent()));
      for (Manifest.Entry e : left.orElse(List.of())) {
        entries.add(
            new Manifest.Entry(
                Resolved.SNAPSHOTS + record.stage() + "/" + e.path(),
                e.executable(),
                e.size(),
                e.digest()));
      }
    }
    ChampionData data =
        new ChampionData(version.version(), from.map(RunId::value).orElse(""), stages);
    entries.add(put(store, Resolved.LINEAGE, Json.pretty(data.json())));
    return entries;
  }

  /** What a manifest lists, if the store still has all of it. */
  private static Optional<List<Manifest.Entry>> whole(ArtifactStore store, Digest manifest)
      throws IOException {
    if (!store.has(manifest)) {
      return Optional.empty();
    }
    List<Manifest.Entry> left = store.manifest(manifest).entries();
    for (Manifest.Entry e : left) {
      if (!store.has(e.digest())) {
        return Optional.empty();
      }
    }
    return Optional.of(left);
  }

  /** The latest registered study of each family. */
  private static List<Manifest.Entry> studies(
      ModelRegistry registry, List<Version> versions, ArtifactStore store) throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    Set<String> done = new TreeSet<>();
    for (Version v : versions.reversed()) {
      String family = Lineage.familyOf(v.tags()).orElse("");
      if (family.isEmpty() || done.contains(family)) {
        continue;
      }
      if (registry.files(v).contains(Register.STUDY)) {
        String path = Resolved.STUDIES + family + "/" + Register.STUDY;
        entries.add(ModelFiles.copy(registry, v, Register.STUDY, store, path));
        done.add(family);
      }
    }
    return entries;
  }

  /** Earlier gates of this model, newest first, from the records of its runs. */
  private History gates(ModelRegistry registry) {
    List<History.PastGate> gates = new ArrayList<>();
    for (byte[] bytes : registry.recordedRuns(model, PAST_RUNS)) {
      JsonNode record;
      try {
        record = Json.parse(bytes);
      } catch (IllegalArgumentException e) {
        // Leaving it out would let the gate look at rows that it may have seen.
        throw new SluiceException(
            ExitCode.UNREACHABLE,
            List.of(
                Diagnostic.of(
                    "SLU-4044",
                    "the registry holds a run record that cannot be read: " + e.getMessage(),
                    "look at the file run.json of this model's latest runs in the registry")),
            e);
      }
      PastRun past = PastRun.parse(record);
      if (!past.run().equals(Optional.of(run.value()))) {
        past.gate().ifPresent(gates::add);
      }
    }
    return new History(gates);
  }

  private static Manifest.Entry put(ArtifactStore store, String path, String text)
      throws IOException {
    byte[] bytes = Fetch.utf8(text);
    return new Manifest.Entry(
        path, false, bytes.length, store.put(new ByteArrayInputStream(bytes)));
  }

  private StageRecord record(Resolved resolved, Digest outputs, Instant started) {
    return StageRecord.builder(run, new StageName("resolve"), Plan.Kind.RESOLVE, attempt, started)
        .code(resolved.code())
        .outputs(Optional.of(outputs))
        .results(Map.of("head", resolved.head().toString()))
        .ended(StageStatus.SUCCEEDED, 0, context.clock().instant(), "")
        .build();
  }

  private static SluiceException failed(String id, String message, String hint) {
    return new SluiceException(ExitCode.RUN_FAILED, Diagnostic.of(id, message, hint));
  }
}
