package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.History;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.plan.Plan;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.record.BundleFiles;
import io.sluice.core.record.ChampionData;
import io.sluice.core.record.Deliveries;
import io.sluice.core.record.PastRun;
import io.sluice.core.record.PredictCommand;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.SearchRequest;
import io.sluice.core.record.StageRecord;
import io.sluice.core.registry.BundleEvidence;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.DateOrInstant;
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
import java.time.Instant;
import java.time.temporal.ChronoUnit;
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
 *
 * <p>What this run id did before comes first, and the promotion log says what that was. A run that
 * promoted is repeated against the champion of then; its own version never becomes the champion
 * that it meets. See docs/adr/0350-a-run-id-stands-for-one-run.md.
 */
public final class Resolve {
  private static final int PAST_RUNS = 200;

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

  /** The pipeline's code, which a client put into the store before the run. */
  private Manifest code(ArtifactStore store) throws IOException {
    try {
      return store.manifest(code);
    } catch (ArtifactStore.MissingBlobException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-4035",
                  "the code of this run is not there: " + e.getMessage(),
                  "`sluice run .. --on` puts it into the target's store before it starts the run;"
                      + " for a run that kubectl creates, docs/cluster.md says how. Is it the same"
                      + " store?")),
          e);
    }
  }

  private int run() throws IOException, InterruptedException {
    Instant started = context.clock().instant();
    ArtifactStore store = context.stores().open(storeFolder, untrusted);
    ModelRegistry registry = context.registry(registryFolder);
    PromotionLog log = registry.promotions(model);
    List<PromotionLog.Entry> valid =
        log.entries().stream().filter(PromotionLog.Entry::valid).toList();
    Optional<PromotionLog.Entry> own = valid.stream().filter(e -> e.isPromotionBy(run)).findFirst();
    Optional<Earlier> earlier = earlier(store);
    Instant pinned =
        asOf.map(Resolve::instant)
            .or(() -> earlier.map(e -> e.resolved().asOf()))
            .orElseGet(() -> started.truncatedTo(ChronoUnit.SECONDS));
    Manifest tree = code(store);
    Digest codeNow = new Manifest(Optional.empty(), Map.of(), tree.entries()).digest();
    own.ifPresent(
        entry -> earlier.ifPresent(before -> sameAsPromoted(entry, before, pinned, codeNow)));
    Optional<PromotionLog.Entry> top =
        own.isPresent()
            ? valid.stream().filter(e -> e.number() == own.get().from()).findFirst()
            : valid.stream().reduce((first, last) -> last);
    PromotionLog.Head head =
        top.map(e -> new PromotionLog.Head(e.number(), e.digest())).orElse(PromotionLog.Head.EMPTY);
    own.ifPresent(e ->
        context
            .out()
            .println(
                "this run promoted version "
                    + e.to()
                    + " before (entry "
                    + e.number()
                    + " of the promotion log): it meets the champion of then"));
    if (own.isPresent() && earlier.filter(e -> e.resolved().head().equals(head)).isPresent()) {
      return finish(store, earlier.get(), started);
    }
    List<Manifest.Entry> entries = new ArrayList<>();
    for (Manifest.Entry e : tree.entries()) {
      entries.add(
          new Manifest.Entry(Resolved.CODE + "/" + e.path(), e.executable(), e.size(), e.digest()));
    }
    Optional<GateContext.Hold> hold =
        own.isPresent() ? Optional.empty() : log.foreignProjections().map(Resolve::foreign);
    Optional<Version> version = Optional.empty();
    Optional<Lineage> lineage = Optional.empty();
    Map<String, String> params = Map.of();
    if (top.isPresent()) {
      version = Optional.of(champion(registry, top.get()));
      lineage = Lineage.of(version.get().tags());
      Bundle bundle = bundle(registry, version.get(), lineage.isPresent(), valid, store);
      entries.addAll(bundle.files());
      params = bundle.params();
      entries.add(
          put(
              store,
              Resolved.CHAMPION_NUMBERS,
              Json.pretty(JsonCodec.writeMap(new TreeMap<>(bundle.numbers())))));
      entries.addAll(snapshots(store, version.get(), lineage));
      hold = hold.or(bundle::hold);
    }
    entries.addAll(studies(registry, versionsBefore(registry.versions(model), own), store));
    List<PastRun> past = pastRuns(registry);
    History gates = gates(past, own);
    Deliveries deliveries =
        Deliveries.latest(past.stream().flatMap(p -> p.deliveries().stream()).toList(), pinned);
    entries.add(put(store, Deliveries.FILE, Json.pretty(deliveries.json())));
    entries.add(put(store, Resolved.GATES, Json.pretty(gates.toJson())));
    SearchRequest search = SearchRequest.after(gates);
    entries.add(put(store, Resolved.SEARCH, Json.pretty(search.json())));
    String family = version.flatMap(v -> Lineage.familyOf(v.tags())).orElse("");
    String from = lineage.map(l -> l.run().value()).orElse("");
    TreeMap<String, String> championParams = new TreeMap<>(params);
    Resolved resolved =
        new Resolved(
            model,
            run,
            pinned,
            codeNow,
            commit,
            seed,
            head,
            version.map(v ->
                new Resolved.Champion(
                    v.version(), family, from, championParams, new TreeMap<>(v.tags()))),
            hold);
    entries.add(put(store, Resolved.FILE, Json.pretty(resolved.json())));
    // No as-of of its own: what comes from here (a study, the champion) ages nobody's data.
    Manifest manifest = new Manifest(Optional.empty(), Map.of(), entries);
    store.put(new ByteArrayInputStream(manifest.bytes()));
    search.because().ifPresent(why -> context.out().println("a cold search: " + why));
    return finish(store, new Earlier(manifest, resolved), started);
  }

  /** What a resolve of this run pinned. */
  private record Earlier(Manifest manifest, Resolved resolved) {}

  /** What the last attempt at this step pinned, as far as the store still has all of it. */
  private Optional<Earlier> earlier(ArtifactStore store) throws IOException {
    Optional<Digest> outputs =
        StageRecord.all(store, run).stream()
            .filter(r -> r.kind() == Plan.Kind.RESOLVE)
            .reduce((first, last) -> last)
            .flatMap(StageRecord::outputs);
    if (outputs.isEmpty() || whole(store, outputs.get()).isEmpty()) {
      return Optional.empty();
    }
    Manifest manifest = store.manifest(outputs.get());
    return Optional.of(new Earlier(manifest, Resolved.from(store, manifest)));
  }

  /** A run id stands for one run: one that promoted is only ever repeated, never run anew. */
  private void sameAsPromoted(
      PromotionLog.Entry promotion, Earlier before, Instant now, Digest codeNow) {
    List<String> other = new ArrayList<>();
    if (!before.resolved().code().equals(codeNow)) {
      other.add("with other code");
    }
    if (!before.resolved().asOf().equals(now)) {
      other.add("as of " + now + " instead of " + before.resolved().asOf());
    }
    if (before.resolved().seed() != seed) {
      other.add("with another seed");
    }
    if (!other.isEmpty()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-4048",
              "run "
                  + run
                  + " promoted version "
                  + promotion.to()
                  + " of "
                  + model
                  + " before (entry "
                  + promotion.number()
                  + " of the promotion log), and is now wanted "
                  + String.join(", ", other),
              "a run id stands for one run: leave --run-id out, or give another one"));
    }
  }

  /** Writes down what was pinned, which may be what an earlier attempt pinned. */
  private int finish(ArtifactStore store, Earlier pinned, Instant started)
      throws IOException, InterruptedException {
    Digest digest = pinned.manifest().digest();
    store.putRecord(
        run, new StageName("resolve"), attempt, record(pinned.resolved(), digest, started).bytes());
    say(pinned.resolved());
    if (resultImage.isPresent()) {
      Files.writeString(resultImage.get(), championImage(store, pinned.manifest()));
    }
    Files.writeString(resultHead, pinned.resolved().head().toString());
    Files.writeString(resultOutputs, digest.toString());
    return ExitCode.DONE.code();
  }

  private static GateContext.Hold foreign(Projections found) {
    String version =
        found.versions().size() == 1 ? found.versions().getFirst().toString() : "VERSION";
    return new GateContext.Hold(
        "others set a champion that the promotion log does not know: " + found.sentence(),
        "`sluice adopt "
            + version
            + " --reason ..`, after which candidates meet that version, or `sluice override` with a"
            + " reason");
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

  private void say(Resolved resolved) {
    context
        .out()
        .println(
            resolved
                .champion()
                .map(c -> "champion: version " + c.version() + " (" + c.family() + ")")
                .orElse("no champion yet: a first run"));
    context.out().println("as of " + resolved.asOf());
    resolved.hold().ifPresent(h -> context.out().println("the gate will hold: " + h.because()));
  }

  private static Instant instant(String text) {
    return DateOrInstant.parse(text)
        .orElseThrow(() -> Arguments.wrong("--as-of is not an instant in ISO 8601: " + text));
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

  /**
   * What candidates meet.
   *
   * @param files the champion's bundle; none where it cannot be scored
   * @param params its hyperparameters
   * @param numbers its metrics, which those that stages reported are among
   * @param hold why the gate holds, where it cannot be scored
   */
  private record Bundle(
      List<Manifest.Entry> files,
      Map<String, String> params,
      Map<String, Double> numbers,
      Optional<GateContext.Hold> hold) {}

  /**
   * The champion's bundle. A version of Sluice that is not whole ends the run; of one that others
   * made, which a person adopted, nobody promised that it can be scored.
   *
   * @param log valid entries, which say what the files were when it became champion
   */
  private Bundle bundle(
      ModelRegistry registry,
      Version version,
      boolean ours,
      List<PromotionLog.Entry> log,
      ArtifactStore store)
      throws IOException {
    if (ours) {
      return new Bundle(
          model(registry, version, log, store),
          registry.params(version),
          registry.metrics(version),
          Optional.empty());
    }
    ModelFiles files;
    Map<String, String> params;
    Map<String, Double> numbers;
    try {
      params = registry.params(version);
      numbers = registry.metrics(version);
      files = ModelFiles.ofVersion(registry, version, store);
    } catch (SluiceException e) {
      if (e.exitCode() != ExitCode.INPUT_WRONG) {
        throw e;
      }
      // It has no run, or its files are where the registry does not serve them.
      return new Bundle(
          List.of(), Map.of(), Map.of(), Optional.of(unscorable(version, e.getMessage() + "")));
    }
    Set<String> missing = missing(files);
    if (!missing.isEmpty()) {
      return new Bundle(
          List.of(),
          params,
          numbers,
          Optional.of(unscorable(version, "the registry has no " + String.join(", ", missing))));
    }
    asRecorded(version, files, log);
    return new Bundle(entries(files), params, numbers, Optional.empty());
  }

  private static GateContext.Hold unscorable(Version version, String why) {
    return new GateContext.Hold(
        "the champion, version "
            + version.version()
            + ", was not made by Sluice and cannot be scored, so that no candidate can be compared"
            + " with it ("
            + why
            + ")",
        "a person who promotes a candidate with a reason: `sluice override VERSION --reason ..`");
  }

  private static Set<String> missing(ModelFiles bundle) {
    return BundleFiles.missing(bundle.files().stream().map(Manifest.Entry::path).toList());
  }

  private static List<Manifest.Entry> entries(ModelFiles bundle) {
    return bundle.files().stream()
        .map(f ->
            new Manifest.Entry(
                Resolved.CHAMPION_MODEL + "/" + f.path(), false, f.size(), f.digest()))
        .toList();
  }

  private List<Manifest.Entry> model(
      ModelRegistry registry, Version version, List<PromotionLog.Entry> log, ArtifactStore store)
      throws IOException {
    ModelFiles bundle = ModelFiles.ofVersion(registry, version, store);
    Set<String> missing = missing(bundle);
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
    BundleEvidence evidence = asRecorded(version, bundle, log);
    if (evidence.log().isEmpty() && evidence.tag().isEmpty()) {
      throw failed(
          "SLU-4052",
          "neither the promotion log nor the tag sluice.bundle says which files champion version "
              + version.version()
              + " had when it was promoted: whether it is still the same cannot be checked",
          "look at the version in the registry; `sluice doctor` shows the digest of its files and"
              + " how a person records it, or roll back");
    }
    return entries(bundle);
  }

  /**
   * Refuses files that are not those of the version; says where only the tag says which they are.
   */
  private BundleEvidence asRecorded(
      Version version, ModelFiles bundle, List<PromotionLog.Entry> log) {
    BundleEvidence evidence = BundleEvidence.of(version, bundle.digest(), log);
    evidence
        .contradiction()
        .ifPresent(against -> {
          throw failed(
              "SLU-4043",
              "champion version " + version.version() + " is not what it was: " + against,
              "somebody changed files or tags of this version in the registry: find out who, or"
                  + " roll back");
        });
    if (evidence.log().isEmpty()) {
      context
          .out()
          .println(
              "the promotion log does not say which files version "
                  + version.version()
                  + " has; the next promotion does, or `sluice doctor` now");
    }
    return evidence;
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
            case DATA, STAGE, SPLIT, DRIFT -> true;
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

  /**
   * The versions that there were before this run: what an earlier attempt at it registered must not
   * change what it searches from.
   */
  private List<Version> versionsBefore(List<Version> all, Optional<PromotionLog.Entry> own) {
    int first =
        all.stream()
            .filter(v -> own.isPresent() && Lineage.isOf(run.value(), v.tags()))
            .mapToInt(Version::version)
            .min()
            .orElse(Integer.MAX_VALUE);
    return all.stream()
        .filter(v -> v.version() < first && !Lineage.isOf(run.value(), v.tags()))
        .toList();
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

  /**
   * Earlier gates of this model, newest first, from the records of its runs; for a run that
   * promoted, those until then.
   */
  private static History gates(List<PastRun> past, Optional<PromotionLog.Entry> own) {
    return new History(
        past.stream()
            .flatMap(p -> p.gate().stream())
            .filter(g -> own.isEmpty() || g.at().isBefore(own.get().at()))
            .toList());
  }

  /** Earlier runs of this model, newest first. */
  private List<PastRun> pastRuns(ModelRegistry registry) {
    List<PastRun> runs = new ArrayList<>();
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
        runs.add(past);
      }
    }
    return runs;
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
