package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
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
import java.nio.file.Path;
import java.time.Instant;
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
  private final Path resultHit;

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

  private Fetch(WorkerContext context, Arguments arguments) {
    this.context = context;
    this.arguments = TaskArguments.of(arguments);
    this.resultHit = arguments.path("--result-hit");
  }

  public static int run(WorkerContext context, List<String> argv) throws IOException {
    var grammar = TaskArguments.grammar(Set.of("--result-hit"), Set.of());
    return new Fetch(context, Arguments.read(argv, grammar, context.cwd())).run();
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
    Files.writeString(resultHit, hit.word());
    return ExitCode.DONE.code();
  }

  private Hit decide(ArtifactStore store, KeyedStage stage) throws IOException {
    if (stage.upstreamFailure().isPresent()) {
      return Hit.UPSTREAM_FAILED;
    }
    if (arguments.kind() == Plan.Kind.PREDICT && PredictWorkspace.command(store, stage).isEmpty()) {
      context.out().println("nothing to run: no bundle with a predict command");
      return Hit.NOTHING;
    }
    if (!stage.cacheable()) {
      return Hit.NO;
    }
    Optional<Digest> outputs = store.cached(stage.key());
    outputs.ifPresent(digest ->
        context
            .out()
            .println("cache hit: key " + stage.key().brief() + " has outputs " + digest.brief()));
    return outputs.isPresent() ? Hit.YES : Hit.NO;
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
