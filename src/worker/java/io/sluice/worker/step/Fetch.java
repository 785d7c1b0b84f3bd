package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.PredictCommand;
import io.sluice.core.record.StageRecord;
import io.sluice.store.Trees;
import io.sluice.worker.bundle.PredictWorkspace;
import io.sluice.worker.cache.KeyedStage;
import io.sluice.worker.cache.TaskArguments;
import io.sluice.worker.command.Arguments;
import io.sluice.worker.command.WorkerContext;
import io.sluice.worker.workspace.StepContext;
import io.sluice.worker.workspace.Workspace;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * {@code sluice-worker fetch}: decides whether the stage has to run at all, and if so lays out what
 * its command finds.
 */
public final class Fetch {
  private static final int MAX_PARALLEL = 64;

  private final WorkerContext context;
  private final TaskArguments arguments;
  private final List<String> argv;
  private final Path resultHit;
  private final Path resultCall;

  /** What fetch can say, as the step result spells it. */
  enum Hit {
    YES,
    NO,
    UPSTREAM_FAILED,
    /** There is no command: the bundle of a predict stage is a graph, or absent. */
    NOTHING;

    String word() {
      return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    static Hit parse(String word) {
      for (Hit hit : values()) {
        if (hit.word().equals(word)) {
          return hit;
        }
      }
      throw new IllegalArgumentException("neither yes, no, upstream-failed nor nothing: " + word);
    }
  }

  private Fetch(WorkerContext context, List<String> argv) {
    Arguments read = arguments(argv, context.cwd());
    this.context = context;
    this.argv = List.copyOf(argv);
    this.arguments = TaskArguments.of(read);
    this.resultHit = read.path("--result-hit");
    this.resultCall = read.path("--result-call");
  }

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    return new Fetch(context, argv).run();
  }

  private static Arguments arguments(List<String> argv, Path cwd) {
    var grammar = TaskArguments.grammar(Set.of("--result-hit", "--result-call"), Set.of());
    return Arguments.read(argv, grammar, cwd);
  }

  /**
   * What fetch was told in the same pod, by the file that it left.
   *
   * @param written the digest that fetch gave out as its result: the step between may have written
   *     to the workspace
   * @throws SluiceException {@code SLU-4026} when the file is not what fetch wrote
   */
  static TaskArguments told(Workspace workspace, Digest written, Path cwd) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(workspace.call());
    } catch (NoSuchFileException e) {
      throw changed("is gone");
    }
    if (!Digest.of(bytes).equals(written)) {
      throw changed("was changed");
    }
    List<String> argv = new ArrayList<>();
    Json.parse(bytes).forEach(word -> argv.add(word.textValue()));
    return TaskArguments.of(arguments(argv, cwd));
  }

  private static SluiceException changed(String how) {
    return new SluiceException(
        ExitCode.RUN_FAILED,
        Diagnostic.of(
            "SLU-4026",
            "the file call.json of the stage's workspace " + how + " since fetch wrote it",
            "the command may write to SLUICE_OUTPUTS, SLUICE_RESULTS and TMPDIR, and nowhere else"));
  }

  private int run() throws IOException {
    Instant started = context.clock().instant();
    ArtifactStore store = context.stores().open(arguments.store(), arguments.untrusted());
    KeyedStage stage = KeyedStage.of(store, arguments);
    for (TaskArguments.Input i : stage.missing()) {
      if (i.source() instanceof TaskArguments.Source.Failed failed) {
        context
            .out()
            .println(
                "input "
                    + i.name()
                    + ": its stage failed with exit code "
                    + failed.exitCode()
                    + (i.fanIn() ? "; going on without it" : ""));
      }
    }
    if (arguments.worker().isEmpty()) {
      store.putRecord(
          arguments.run(), arguments.stage(), arguments.attempt(), begun(stage, started).bytes());
    }
    Hit hit = decide(store, stage);
    if (hit == Hit.NO) {
      layOut(store, stage);
    }
    Files.writeString(resultCall, call().toString());
    Files.writeString(resultHit, hit.word());
    return ExitCode.DONE.code();
  }

  /** Leaves what this step was told, and says its digest. */
  private Digest call() throws IOException {
    Workspace workspace = new Workspace(arguments.workspace().toAbsolutePath().normalize());
    ArrayNode words = JsonNodeFactory.instance.arrayNode();
    argv.forEach(words::add);
    byte[] bytes = utf8(Json.write(words));
    Files.createDirectories(workspace.root());
    Files.write(workspace.call(), bytes);
    return Digest.of(bytes);
  }

  private Hit decide(ArtifactStore store, KeyedStage stage) throws IOException {
    if (stage.upstreamFailure().isPresent()) {
      return Hit.UPSTREAM_FAILED;
    }
    if (arguments.kind() == Plan.Kind.PREDICT && PredictWorkspace.command(store, stage).isEmpty()) {
      context.out().println("nothing to run: no bundle with a predict command");
      return Hit.NOTHING;
    }
    return switch (stage.earlier(store)) {
      case CacheLookup.Hit earlier -> {
        context
            .out()
            .println(
                "cache hit: key "
                    + stage.key().brief()
                    + " has outputs "
                    + earlier.manifest().brief());
        yield Hit.YES;
      }
      case CacheLookup.Miss miss -> Hit.NO;
      case CacheLookup.Damaged damaged -> {
        context
            .out()
            .println(
                "the cache entry of key "
                    + stage.key().brief()
                    + " is damaged ("
                    + damaged.why()
                    + "): the stage runs, and replaces it");
        yield Hit.NO;
      }
    };
  }

  private static StageRecord begun(KeyedStage stage, Instant started) {
    TaskArguments a = stage.arguments();
    return StageRecord.builder(a.run(), a.stage(), a.kind(), a.attempt(), started)
        .family(a.family())
        .key(stage.cacheable() ? Optional.of(stage.key()) : Optional.empty(), false)
        .environment(a.environment())
        .image(a.image().isEmpty() ? Optional.empty() : Optional.of(a.image()))
        .code(stage.codeDigest())
        .inputs(stage.recorded())
        .build();
  }

  private void layOut(ArtifactStore store, KeyedStage stage) throws IOException {
    Workspace workspace = new Workspace(arguments.workspace().toAbsolutePath().normalize());
    workspace.clear();
    if (arguments.kind() == Plan.Kind.PREDICT) {
      PredictCommand command =
          PredictWorkspace.command(store, stage)
              .orElseThrow(() -> new IllegalStateException("decided to run, without a command"));
      Map<String, String> variables = variables(workspace, stage);
      variables.putAll(new PredictWorkspace(store, stage, workspace).layOut(command));
      workspace.writeEnv(variables);
      return;
    }
    if (stage.code().isPresent()) {
      Trees.lay(store, stage.code().get(), workspace.code());
    }
    for (KeyedStage.Present p : stage.inputs()) {
      Path target = workspace.inputs().resolve(p.input().name());
      if (p.file()) {
        Trees.layFile(store, p.content().entries().getFirst(), target);
      } else {
        Trees.lay(store, p.content(), target);
      }
    }
    Files.writeString(workspace.params(), Json.pretty(params(store, stage)));
    Workspace.writeCommand(workspace.command(), arguments.command());
    if (stage.workerKind()) {
      Files.writeString(workspace.context(), Json.pretty(context(store, stage).json()));
    }
    workspace.writeEnv(variables(workspace, stage));
  }

  /** {@code with}, and over it the hyperparameters that tuning found. */
  private JsonNode params(ArtifactStore store, KeyedStage stage) throws IOException {
    ObjectNode merged = arguments.with().deepCopy();
    if (arguments.kind() != Plan.Kind.TRAIN) {
      return merged;
    }
    for (KeyedStage.Present p : stage.inputs()) {
      if (p.input().name().equals("params") && p.file()) {
        Manifest.Entry file = p.content().entries().getFirst();
        JsonNode best;
        try {
          best = Json.parse(store.read(p.content(), file.path())).path("params");
        } catch (IllegalArgumentException e) {
          throw badParams(String.valueOf(e.getMessage()));
        }
        if (!best.isObject()) {
          throw badParams("no object `params` in it");
        }
        merged.setAll((ObjectNode) best);
      }
    }
    return merged;
  }

  private static SluiceException badParams(String why) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4024",
            "the input params is not a file {\"params\": {..}}: " + why,
            "let the stage before write hyperparameters in this form, as tune@1 does"));
  }

  private StepContext context(ArtifactStore store, KeyedStage stage) throws IOException {
    return new StepContext(
        arguments.run(),
        arguments.stage(),
        stage.resolved().model(),
        stage.asOf(),
        stage.seed(),
        stage.resolved(),
        stage.recorded(),
        StageRecord.all(store, arguments.run()));
  }

  private Map<String, String> variables(Workspace workspace, KeyedStage stage) {
    Map<String, String> v = new LinkedHashMap<>();
    v.put("SLUICE_INPUTS", workspace.inputs().toString());
    v.put("SLUICE_OUTPUTS", workspace.outputs().toString());
    v.put("SLUICE_PARAMS", workspace.params().toString());
    v.put("SLUICE_RESULTS", workspace.results().toString());
    v.put("SLUICE_MODE", arguments.kind().mode());
    v.put("SLUICE_SEED", Long.toString(stage.seed()));
    v.put("SLUICE_AS_OF", stage.asOf().toString());
    v.put("SLUICE_STAGE", arguments.stage().value());
    v.put("SLUICE_RUN", arguments.run().value());
    v.put("SLUICE_FAMILY", arguments.family().orElse(""));
    if (arguments.kind() == Plan.Kind.TUNE) {
      v.put("SLUICE_PARALLEL", Integer.toString(parallel()));
    }
    v.put("TMPDIR", workspace.tmp().toString());
    v.put("HOME", workspace.tmp().toString());
    v.put("PYTHONDONTWRITEBYTECODE", "1");
    v.put("PYTHONUNBUFFERED", "1");
    return v;
  }

  /** How many loops the step of a tune stage has; the tuner reads the same value. */
  private int parallel() {
    JsonNode given = arguments.with().path("parallel");
    int parallel = given.isMissingNode() ? 1 : given.asInt();
    if (parallel < 1 || parallel > MAX_PARALLEL) {
      throw Arguments.wrong("--with: parallel is a number from 1 to " + MAX_PARALLEL);
    }
    boolean podsOfTheirOwn = !arguments.workers().isEmpty() || arguments.worker().isPresent();
    return podsOfTheirOwn ? 1 : parallel;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
