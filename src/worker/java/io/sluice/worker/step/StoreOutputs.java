package io.sluice.worker.step;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.TableUse;
import io.sluice.core.record.Deliveries;
import io.sluice.core.record.Delivery;
import io.sluice.core.record.DeliveryFloor;
import io.sluice.core.record.SourceLabels;
import io.sluice.core.record.StageRecord;
import io.sluice.core.run.ExitWords;
import io.sluice.core.run.StageStatus;
import io.sluice.inference.Evaluation;
import io.sluice.store.Trees;
import io.sluice.worker.bundle.TrainedBundle;
import io.sluice.worker.cache.KeyedStage;
import io.sluice.worker.cache.TaskArguments;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.workspace.Workspace;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * {@code sluice-worker store}: turns what the command left into an output manifest, or passes on
 * why there is none. The task's result is written in every case, since a task without one fails the
 * whole run even where the stage is allowed to fail.
 */
public final class StoreOutputs {
  private static final int MAX_FAILURE_BYTES = 1000;
  private static final int MAX_POINTER_BYTES = 1024; // as git-lfs has it
  private static final String POINTER = "version https://git-lfs.github.com/spec/";

  /** How a command begins the reason with which it refuses what it was given. */
  private static final Pattern REFUSAL = Pattern.compile("SLU-[0-9]{4}: ");

  private final WorkerContext context;
  private final TaskArguments arguments;
  private final Fetch.Hit hit;
  private final Path exitCodeFile;
  private final Path resultOutputs;
  private final Optional<Path> resultVerdict;

  private StoreOutputs(WorkerContext context, Arguments arguments, TaskArguments told) {
    this.context = context;
    this.arguments = told;
    this.hit = arguments.as("--hit", Fetch.Hit::parse);
    this.exitCodeFile = arguments.path("--exit-code-file");
    this.resultOutputs = arguments.path("--result-outputs");
    this.resultVerdict = arguments.optionalPath("--result-verdict");
  }

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    var grammar =
        new Arguments.Grammar(
            Set.of("--hit", "--call", "--exit-code-file", "--result-outputs", "--workspace"),
            Set.of("--result-verdict"),
            Set.of(),
            /* command= */ false);
    Arguments read = Arguments.read(argv, grammar, context.cwd());
    TaskArguments told;
    try {
      Workspace workspace = new Workspace(read.path("--workspace"));
      told = Fetch.told(workspace, read.digest("--call"), context.cwd());
    } catch (SluiceException e) {
      // without a result of its task the whole run would fail, not this stage
      Files.writeString(read.path("--result-outputs"), "failed:" + e.exitCode().code());
      throw e;
    }
    return new StoreOutputs(context, read, told).run();
  }

  /** How the stage ended. */
  private sealed interface End {
    record Made(Digest digest, Manifest manifest, boolean cached, Optional<Delivery> delivery)
        implements End {}

    /**
     * There are no outputs.
     *
     * @param refused whether the command refused what it was given, and said so
     */
    record NotMade(StageStatus status, int exitCode, String cause, boolean refused) implements End {
      NotMade(StageStatus status, int exitCode, String cause) {
        this(status, exitCode, cause, false);
      }
    }
  }

  private int run() throws IOException {
    if (arguments.worker().isPresent()) {
      context.out().println("a worker of the search: what it found is with the search");
      return ExitCode.DONE.code();
    }
    try {
      return end();
    } catch (SluiceException e) {
      Files.writeString(resultOutputs, "failed:" + e.exitCode().code());
      throw e;
    } catch (IOException | RuntimeException e) {
      Files.writeString(resultOutputs, "failed:" + ExitCode.RUN_FAILED.code());
      throw e;
    }
  }

  private int end() throws IOException {
    ArtifactStore store = context.stores().open(arguments.store(), arguments.untrusted());
    KeyedStage stage = KeyedStage.of(store, arguments);
    try {
      End end =
          switch (hit) {
            case YES -> fromCache(store, stage);
            case UPSTREAM_FAILED -> passedOn(stage);
            case NO -> fromRun(store, stage);
            case NOTHING -> nothing(store);
          };
      finish(store, stage, end);
      return switch (end) {
        case End.Made made -> ExitCode.DONE.code();
        case End.NotMade not -> not.refused() ? ExitWords.REFUSED_BY_COMMAND : not.exitCode();
      };
    } catch (SluiceException e) {
      finish(store, stage, new End.NotMade(StageStatus.FAILED, e.exitCode().code(), cause(e)));
      throw e;
    }
  }

  private static String cause(SluiceException e) {
    return String.join(
        "; ", e.diagnostics().stream().map(d -> d.id() + ": " + d.message()).toList());
  }

  private End fromCache(ArtifactStore store, KeyedStage stage) throws IOException {
    Optional<Digest> digest = stage.earlier(store).found();
    if (digest.isEmpty()) {
      throw failed(
          "SLU-4023",
          "the cache entry that fetch saw is gone",
          "run again: the stage will run instead of being a cache hit");
    }
    Manifest manifest = store.manifest(digest.get());
    return new End.Made(digest.get(), manifest, true, delivery(store, stage, manifest.entries()));
  }

  private static End passedOn(KeyedStage stage) {
    int code = stage.upstreamFailure().orElse(ExitCode.RUN_FAILED.code());
    return new End.NotMade(
        StageStatus.SKIPPED, Math.max(code, 1), "not run: a stage before it failed");
  }

  /** An empty manifest: what consumers ask of it is absent, and none of them is skipped. */
  private static End nothing(ArtifactStore store) throws IOException {
    Manifest manifest = new Manifest(Optional.empty(), Map.of(), List.of());
    Digest digest = store.put(new ByteArrayInputStream(manifest.bytes()));
    return new End.Made(digest, manifest, false, Optional.empty());
  }

  private End fromRun(ArtifactStore store, KeyedStage stage) throws IOException {
    Workspace workspace = new Workspace(arguments.workspace());
    int exitCode = exitCode();
    if (exitCode != 0) {
      String why = failure(workspace.results());
      String cause =
          "the command ended with " + ExitWords.of(exitCode) + (why.isEmpty() ? "" : ": " + why);
      context.out().println(cause);
      boolean refused = exitCode == ExitCode.INPUT_WRONG.code() && REFUSAL.matcher(why).lookingAt();
      return new End.NotMade(StageStatus.FAILED, exitCode, cause, refused);
    }
    if (arguments.kind() == Plan.Kind.TRAIN) {
      List<String> added = new TrainedBundle(store, stage, workspace).finish();
      if (!added.isEmpty()) {
        context.out().println("added to the bundle: " + String.join(", ", added));
      }
    }
    StageResults results = StageResults.read(workspace.results());
    results.told().forEach(context.out()::println);
    if (arguments.kind() == Plan.Kind.DATA) {
      refusePointers(workspace.outputs());
    }
    if (arguments.evaluation().isPresent()) {
      new OwnRowsReport(store, stage, arguments.evaluation().get())
          .write(workspace.outputs(), workspace.tmp())
          .forEach(context.out()::println);
    }
    List<Manifest.Entry> entries = outputs(store, workspace.outputs());
    Optional<Delivery> delivery = delivery(store, stage, entries);
    Optional<Instant> asOf = asOf(stage, delivery);
    holdTables(workspace, asOf.orElse(stage.resolved().asOf()));
    Manifest manifest = new Manifest(asOf, results.values(), entries);
    Digest digest = store.put(new ByteArrayInputStream(manifest.bytes()));
    if (stage.cacheable()) {
      store.cache(stage.key(), digest);
    }
    return new End.Made(digest, manifest, false, delivery);
  }

  /**
   * Refuses tables that an evaluate stage would refuse, before a model learns from them. Evaluate
   * itself looks again, since the command could still write while this reads.
   */
  private void holdTables(Workspace workspace, Instant asOf) throws IOException {
    for (TableUse use : arguments.tables()) {
      SortedMap<String, Path> lie = new TreeMap<>();
      use.tables().forEach((name, place) -> lie.put(name, workspace.root().resolve(place)));
      List<String> looked = Evaluation.check(lie, use.with(), asOf);
      context
          .out()
          .println(
              "tables are as %s wants them: %s".formatted(use.stage(), String.join(", ", looked)));
    }
  }

  /**
   * The reason that the command itself gives for its failure: the result {@code failure}, in one
   * line.
   */
  private static String failure(Path results) throws IOException {
    Path file = results.resolve("failure");
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      return "";
    }
    try (InputStream in =
        Files.newInputStream(file, StandardOpenOption.READ, LinkOption.NOFOLLOW_LINKS)) {
      String text = new String(in.readNBytes(MAX_FAILURE_BYTES), StandardCharsets.UTF_8);
      return text.replaceAll("[\\s\\p{Cntrl}]+", " ").strip();
    }
  }

  private int exitCode() throws IOException {
    try {
      int code = Integer.parseInt(Files.readString(exitCodeFile).strip());
      // Tekton writes -1 for a program that a signal ended, and its container then ends with 255.
      return code < 0 ? ExitWords.BY_A_SIGNAL : code;
    } catch (NoSuchFileException | NumberFormatException e) {
      throw failed(
          "SLU-4025",
          "the step run left no exit code",
          "it was killed or never started: look at its log and at the pod's events");
    }
  }

  private List<Manifest.Entry> outputs(ArtifactStore store, Path folder) throws IOException {
    List<Manifest.Entry> entries = new ArrayList<>();
    List<String> missing = new ArrayList<>();
    for (String name : arguments.outputs()) {
      Path output = folder.resolve(name);
      List<Manifest.Entry> found =
          Files.exists(output, LinkOption.NOFOLLOW_LINKS)
              ? Trees.put(store, output, name)
              : List.of();
      if (found.isEmpty()) {
        missing.add(name);
      }
      entries.addAll(found);
    }
    List<String> there = names(folder);
    if (!missing.isEmpty()) {
      throw failed(
          "SLU-4010",
          "the command ended well but did not write "
              + String.join(", ", missing)
              + "; in SLUICE_OUTPUTS there is "
              + (there.isEmpty() ? "nothing" : String.join(", ", there)),
          "write every declared output as a file or a folder with at least one file below"
              + " SLUICE_OUTPUTS");
    }
    for (String name : there) {
      if (!arguments.outputs().contains(name)) {
        context.out().println(name + " is not a declared output and is not kept");
      }
    }
    return entries;
  }

  /**
   * Refuses a pointer of git-lfs, whatever kind of file it stands for: a source without labels is
   * opened by nobody else before it is trained on.
   */
  private void refusePointers(Path folder) throws IOException {
    for (String name : arguments.outputs()) {
      Path output = folder.resolve(name);
      if (!Files.exists(output, LinkOption.NOFOLLOW_LINKS)) {
        continue;
      }
      try (Stream<Path> files = Files.walk(output)) {
        for (Path file : files.filter(StoreOutputs::isPointer).toList()) {
          throw new SluiceException(
              ExitCode.INPUT_WRONG,
              Diagnostic.of(
                  "SLU-4034",
                  folder.relativize(file)
                      + " is a pointer of git-lfs and not the file that it points to",
                  "`git lfs pull` before the run; where a commit is fetched, fetch its large files"
                      + " too"));
        }
      }
    }
  }

  private static boolean isPointer(Path file) {
    try {
      return Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
          && Files.size(file) < MAX_POINTER_BYTES
          && new String(Files.readAllBytes(file), StandardCharsets.ISO_8859_1).startsWith(POINTER);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static List<String> names(Path folder) throws IOException {
    try (var list = Files.list(folder)) {
      return list.map(p -> String.valueOf(p.getFileName()).replaceAll("\\p{Cntrl}", "?"))
          .sorted()
          .toList();
    } catch (NoSuchFileException e) {
      return List.of();
    }
  }

  private static SluiceException failed(String id, String message, String hint) {
    return new SluiceException(ExitCode.RUN_FAILED, Diagnostic.of(id, message, hint));
  }

  private Optional<Instant> asOf(KeyedStage stage, Optional<Delivery> delivery) {
    return arguments.kind() == Plan.Kind.DATA
        ? Optional.of(delivery.map(Delivery::newest).orElse(stage.resolved().asOf()))
        : stage.inputsAsOf();
  }

  /**
   * What a labelled source delivered, held against its last delivery; empty for other stages.
   *
   * @throws SluiceException SLU-4033 when it holds less than the floor asks for, and nobody
   *     accepted that
   */
  private Optional<Delivery> delivery(
      ArtifactStore store, KeyedStage stage, List<Manifest.Entry> entries) throws IOException {
    Optional<SourceLabels> labels =
        arguments.kind() == Plan.Kind.DATA
            ? SourceLabels.of(arguments.with())
            : Optional.<SourceLabels>empty();
    if (labels.isEmpty()) {
      return Optional.empty();
    }
    ObjectNode values = arguments.with().deepCopy();
    values.remove(List.of("labels", "floor"));
    Digest digest = Digest.of(Json.canonical(values).getBytes(StandardCharsets.UTF_8));
    Instant asOf = stage.resolved().asOf();
    Delivery now = new DeliveryReader(store, labels.get(), digest, asOf).read(entries);
    context.out().println(counted(now.rows(), now.units()));
    Optional<Delivery.Last> last =
        Deliveries.in(store, store.manifest(arguments.resolved())).of(arguments.stage(), digest);
    if (last.isEmpty()) {
      context.out().println("no earlier delivery of these values to hold it against");
      return Optional.of(now);
    }
    DeliveryFloor floor = DeliveryFloor.of(arguments.with());
    Optional<String> less = floor.shortfall(now, last.get());
    if (less.isPresent() && floor.accepted().isEmpty()) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-4033",
              "%s delivered less than in run %s: %s"
                  .formatted(arguments.stage(), last.get().run(), less.get()),
              "is a part of the delivery missing? If less is right, say why: --set data.%s.acceptLess=\"..\", or lower `floor` in the spec; docs/tables.md"
                  .formatted(source())));
    }
    less.ifPresent(l -> context.out().println("less than in the last run was accepted: " + l));
    return Optional.of(
        now.heldAgainst(last, less.isPresent() ? floor.accepted() : Optional.empty()));
  }

  private String source() {
    return String.join(", ", arguments.outputs());
  }

  private static String counted(long rows, Optional<Long> units) {
    return rows
        + " rows"
        + units
            .map(u -> ", " + u + " units")
            .orElse("; units are not counted: no evaluate stage names columns of these tables");
  }

  private void finish(ArtifactStore store, KeyedStage stage, End end) throws IOException {
    store.putRecord(
        arguments.run(), arguments.stage(), arguments.attempt(), record(store, stage, end).bytes());
    switch (end) {
      case End.Made made -> {
        if (resultVerdict.isPresent()) {
          Files.writeString(
              resultVerdict.get(), made.manifest().results().getOrDefault("verdict", "HOLD"));
        }
        Files.writeString(resultOutputs, made.digest().toString());
      }
      case End.NotMade not -> Files.writeString(resultOutputs, "failed:" + not.exitCode());
    }
  }

  private StageRecord record(ArtifactStore store, KeyedStage stage, End end) throws IOException {
    Instant now = context.clock().instant();
    Optional<End.Made> made = end instanceof End.Made m ? Optional.of(m) : Optional.empty();
    Optional<End.NotMade> not = end instanceof End.NotMade n ? Optional.of(n) : Optional.empty();
    Map<String, Digest> artifacts = new TreeMap<>();
    made.ifPresent(m -> {
      for (String output : arguments.outputs()) {
        m.manifest().artifact(output).ifPresent(a -> artifacts.put(output, a.digest()));
      }
    });
    return StageRecord.builder(
            arguments.run(),
            arguments.stage(),
            arguments.kind(),
            arguments.attempt(),
            started(store).orElse(now))
        .family(arguments.family())
        .key(
            stage.cacheable() ? Optional.of(stage.key()) : Optional.empty(),
            made.map(End.Made::cached).orElse(false))
        .environment(arguments.environment())
        .image(arguments.image().isEmpty() ? Optional.empty() : Optional.of(arguments.image()))
        .code(stage.codeDigest())
        .inputs(stage.recorded())
        .outputs(made.map(End.Made::digest))
        .artifacts(artifacts)
        .delivery(made.flatMap(End.Made::delivery))
        .results(made.map(m -> m.manifest().results()).orElse(Map.of()))
        .asOf(made.flatMap(m -> m.manifest().asOf()))
        .ended(
            not.map(End.NotMade::status).orElse(StageStatus.SUCCEEDED),
            not.map(End.NotMade::exitCode).orElse(0),
            now,
            not.map(End.NotMade::cause).orElse(""))
        .build();
  }

  /** When fetch began, by its record of this attempt. */
  private Optional<Instant> started(ArtifactStore store) throws IOException {
    return StageRecord.all(store, arguments.run()).stream()
        .filter(r -> r.stage().equals(arguments.stage()) && r.attempt() == arguments.attempt())
        .map(StageRecord::started)
        .findFirst();
  }
}
