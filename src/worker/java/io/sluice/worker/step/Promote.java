package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.record.Registered;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import io.sluice.core.registry.BundleEvidence;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.worker.bundle.ModelFiles;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.CommonOptions;
import io.sluice.worker.command.RegistrySecret;
import io.sluice.worker.command.WorkerContext;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code sluice-worker promote}: on PROMOTE, makes the registered candidate champion by one entry
 * of the promotion log, on top of the head that resolve pinned. It believes no argument that it can
 * check: verdict, registered version and the registry's own files must be about one bundle. What
 * the log says that this run did before is not done again, and not undone.
 */
public final class Promote {
  private final WorkerContext context;
  private final RunId run;
  private final Digest resolved;
  private final Digest registered;
  private final String verdict;
  private final Digest verdictManifest;
  private final PromotionLog.Head head;
  private final Path storeFolder;
  private final Optional<Path> registryFolder;
  private final int attempt;

  /** By which entry this run promoted: what its record says, also when something failed later. */
  private Optional<PromotionLog.Entry> promotion = Optional.empty();

  private Promote(WorkerContext context, Arguments arguments) {
    this.context = context;
    this.run = arguments.as("--run", RunId::new);
    this.resolved = arguments.digest("--resolved");
    this.registered = arguments.digest("--registered");
    this.verdict = arguments.text("--verdict");
    this.verdictManifest = arguments.digest("--verdict-manifest");
    this.head = arguments.as("--head", PromotionLog.Head::parse);
    this.storeFolder = arguments.path("--store");
    this.registryFolder = arguments.optionalPath(RegistrySecret.OPTION);
    this.attempt = CommonOptions.attempt(arguments);
  }

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    var grammar =
        new Arguments.Grammar(
            Set.of(
                "--run",
                "--resolved",
                "--registered",
                "--verdict",
                "--verdict-manifest",
                "--head",
                "--store"),
            Set.of("--attempt", RegistrySecret.OPTION),
            Set.of(),
            false);
    return new Promote(context, Arguments.read(argv, grammar, context.cwd())).run();
  }

  private int run() throws IOException {
    Instant started = context.clock().instant();
    ArtifactStore store = context.stores().open(storeFolder, false);
    Resolved pinned = Resolved.from(store, store.manifest(resolved));
    try {
      promote(store, pinned);
      store.putRecord(
          run,
          new StageName("promote"),
          attempt,
          record(pinned, started, StageStatus.SUCCEEDED, ExitCode.DONE, "").bytes());
      return ExitCode.DONE.code();
    } catch (SluiceException e) {
      store.putRecord(
          run,
          new StageName("promote"),
          attempt,
          record(pinned, started, StageStatus.FAILED, e.exitCode(), String.valueOf(e.getMessage()))
              .bytes());
      throw e;
    }
  }

  private void promote(ArtifactStore store, Resolved pinned) throws IOException {
    Manifest judged = store.manifest(verdictManifest);
    Verdict reasons = verdict(store, judged);
    if (!verdict.equals(reasons.decision().name())) {
      throw refused("the verdict given is " + verdict + ", but verdict.json says otherwise");
    }
    ModelRegistry registry = context.registry(registryFolder);
    PromotionLog log = registry.promotions(pinned.model());
    Optional<PromotionLog.Entry> before = log.promotionBy(run);
    if (!verdict.equals("PROMOTE")) {
      before.ifPresent(e -> {
        promotion = before;
        throw otherwise(e, "this time the gate says HOLD");
      });
      context.out().println("HOLD: nothing is promoted");
      return;
    }
    if (!head.equals(pinned.head())) {
      throw refused("the head given is not the one that resolve pinned");
    }
    Manifest made = store.manifest(registered);
    Registered versions = registered(store, made);
    int version = versions.version();
    String bundle = versions.bundle().toString();
    if (!bundle.equals(judged.results().getOrDefault("bundle", ""))) {
      throw refused("the bundle that was judged is not the one that was registered");
    }
    Version there =
        registry
            .version(pinned.model(), version)
            .orElseThrow(() -> refused("the registry has no version " + version));
    Digest found = ModelFiles.ofVersion(registry, there, store).digest();
    if (!found.toString().equals(bundle)) {
      throw refused(
          "the registry's files of version " + version + " are not the bundle that was judged");
    }
    BundleEvidence.of(there, found, log.entries())
        .contradiction()
        .ifPresent(against -> {
          throw refused("version " + version + " is not what it was: " + against);
        });
    if (before.isPresent()) {
      promotion = before;
      repeated(log, before.get(), version);
    } else {
      PromotionLog.Entry entry = append(log, version, found, reasons);
      context
          .out()
          .println(
              "PROMOTE: version "
                  + version
                  + " is champion (entry "
                  + entry.number()
                  + " of the promotion log)");
    }
  }

  /** What an earlier attempt at this run promoted; alias and tag are written where they lag. */
  private void repeated(PromotionLog log, PromotionLog.Entry entry, int version) {
    if (entry.to() != version) {
      throw otherwise(entry, "this time its candidate is version " + version);
    }
    log.repairProjections().forEach(context.out()::println);
    Optional<PromotionLog.Entry> champion = log.champion();
    context
        .out()
        .println(
            "PROMOTE: version "
                + version
                + (champion.equals(Optional.of(entry)) ? " is champion" : " became champion")
                + " (entry "
                + entry.number()
                + " of the promotion log, by an earlier attempt at this run)");
    champion
        .filter(c -> !c.equals(entry))
        .ifPresent(c ->
            context
                .out()
                .println(
                    "since then version "
                        + c.to()
                        + " is champion (entry "
                        + c.number()
                        + ", "
                        + c.kind().name().toLowerCase(Locale.ROOT)
                        + " by "
                        + c.who()
                        + ")"));
  }

  /** The log is the truth about what this run did; nothing is done on top of it. */
  private SluiceException otherwise(PromotionLog.Entry entry, String now) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4051",
            "run "
                + run
                + " promoted version "
                + entry.to()
                + " before (entry "
                + entry.number()
                + " of the promotion log); "
                + now
                + ": nothing was changed",
            "data, code or settings have changed since: start a run with another id"));
  }

  private static Verdict verdict(ArtifactStore store, Manifest judged) throws IOException {
    JsonNode json = Json.parse(store.read(judged, "verdict"));
    try {
      return Verdict.read(json);
    } catch (IllegalArgumentException e) {
      throw refused("verdict.json is not a verdict (" + e.getMessage() + ")");
    }
  }

  private static Registered registered(ArtifactStore store, Manifest made) throws IOException {
    JsonNode json = Json.parse(store.read(made, "registered"));
    try {
      return Registered.parse(json);
    } catch (IllegalArgumentException e) {
      throw refused("`registered` is not what register writes (" + e.getMessage() + ")");
    }
  }

  private PromotionLog.Entry append(PromotionLog log, int version, Digest bundle, Verdict reasons) {
    String who = context.env().getOrDefault("SLUICE_WHO", "");
    String why = String.join(" ", reasons.sentences());
    return log.append(
        new PromotionLog.Request(
            PromotionLog.Kind.PROMOTE,
            head,
            version,
            who.isEmpty() ? "sluice" : who,
            clipped(why.isEmpty() ? "the gate said PROMOTE" : why),
            run.value(),
            Optional.of(bundle)),
        entry -> promotion = Optional.of(entry));
  }

  /** The log takes a sentence or two, not the whole report. */
  private static String clipped(String why) {
    return Brief.sentences(why, 1000);
  }

  private static SluiceException refused(String what) {
    return new SluiceException(
        ExitCode.RUN_FAILED,
        Diagnostic.of(
            "SLU-4050",
            what + ": nothing was promoted",
            "run again; if it happens again, somebody changes artifacts or versions by hand"));
  }

  private StageRecord record(
      Resolved pinned, Instant started, StageStatus status, ExitCode code, String cause) {
    return StageRecord.builder(run, new StageName("promote"), Plan.Kind.PROMOTE, attempt, started)
        .code(pinned.code())
        .inputs(
            List.of(
                input("registered", registered, "registered"),
                input("verdict", verdictManifest, "verdict")))
        .results(
            promotion
                .map(e -> Map.of("promoted", Integer.toString(e.to()), "entry", "" + e.number()))
                .orElse(Map.of()))
        .ended(status, code.code(), context.clock().instant(), cause)
        .build();
  }

  private static StageRecord.Input input(String name, Digest manifest, String path) {
    return new StageRecord.Input(
        name, Optional.of(manifest), path, Optional.empty(), Optional.empty());
  }
}
