package io.sluice.worker.cache;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.plan.Plan;
import io.sluice.core.record.Resolved;
import io.sluice.core.record.StageRecord;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * A stage with its inputs looked up in the store, and its cache key. Fetch and store compute it
 * alike from the same arguments.
 *
 * @param code the code tree; empty when the pipeline includes none
 * @param inputs those that are there, sorted by name
 * @param missing those that are not (optional ones, failed members of a fan-in)
 * @param upstreamFailure the exit code to pass on, when an input that must be there failed
 */
public record KeyedStage(
    TaskArguments arguments,
    Resolved resolved,
    Optional<Manifest> code,
    List<Present> inputs,
    List<TaskArguments.Input> missing,
    Optional<Integer> upstreamFailure) {

  /**
   * Part of every cache key: raised whenever a task of the catalog or a worker command comes to
   * mean something else for the same inputs.
   */
  private static final String TASK_VERSION = "1";

  /**
   * An input with its content.
   *
   * @param asOf of the manifest that it is a part of
   * @param content relative to the input; one entry when it is a file
   */
  public record Present(
      TaskArguments.Input input,
      Digest manifest,
      Optional<Instant> asOf,
      boolean file,
      Manifest content) {}

  /**
   * @throws SluiceException {@code SLU-4021} when a producer did not leave what an input names,
   *     {@code SLU-4022} when every member of a fan-in failed
   */
  public static KeyedStage of(ArtifactStore store, TaskArguments arguments) throws IOException {
    Manifest pinned = store.manifest(arguments.resolved());
    Resolved resolved = Resolved.from(store, pinned);
    Map<Digest, Manifest> manifests = new TreeMap<>();
    List<Present> present = new ArrayList<>();
    List<TaskArguments.Input> missing = new ArrayList<>();
    Optional<Integer> failure = Optional.empty();
    for (TaskArguments.Input input : arguments.inputs()) {
      switch (input.source()) {
        case TaskArguments.Source.Failed failed -> {
          missing.add(input);
          if (!input.fanIn() && !input.optional() && failure.isEmpty()) {
            failure = Optional.of(failed.exitCode());
          }
        }
        case TaskArguments.Source.Produced produced -> {
          Manifest manifest = manifests.get(produced.manifest());
          if (manifest == null) {
            manifest = store.manifest(produced.manifest());
            manifests.put(produced.manifest(), manifest);
          }
          boolean results = input.path().equals(Manifest.RESULTS);
          Optional<Manifest> content =
              results
                  ? Optional.of(results(store, manifest))
                  : input.path().isEmpty()
                      ? Optional.of(manifest)
                      : manifest.artifact(input.path());
          if (content.isPresent()) {
            present.add(
                new Present(
                    input,
                    produced.manifest(),
                    manifest.asOf(),
                    results || manifest.isFile(input.path()),
                    content.get()));
          } else if (input.optional()) {
            missing.add(input);
          } else {
            throw absent(input, manifest);
          }
        }
      }
    }
    everyGroupHasOne(present, missing);
    return new KeyedStage(
        arguments, resolved, pinned.artifact(Resolved.CODE), present, missing, failure);
  }

  /** The named values of a stage as a file: a manifest says them itself. */
  private static Manifest results(ArtifactStore store, Manifest manifest) throws IOException {
    byte[] json =
        Json.canonical(JsonCodec.writeMap(new TreeMap<>(manifest.results())))
            .getBytes(StandardCharsets.UTF_8);
    Digest digest = store.put(new ByteArrayInputStream(json));
    return new Manifest(
        Optional.empty(),
        Map.of(),
        List.of(new Manifest.Entry("results", false, json.length, digest)));
  }

  private static void everyGroupHasOne(List<Present> present, List<TaskArguments.Input> missing) {
    var alive = new TreeSet<String>();
    present.stream()
        .map(Present::input)
        .filter(TaskArguments.Input::fanIn)
        .forEach(i -> alive.add(i.group()));
    for (TaskArguments.Input i : missing) {
      if (i.fanIn()
          && !i.optional()
          && i.source() instanceof TaskArguments.Source.Failed
          && !alive.contains(i.group())) {
        throw new SluiceException(
            ExitCode.RUN_FAILED,
            Diagnostic.of(
                "SLU-4022",
                "nothing is left of the input " + i.group() + ": every stage that makes it failed",
                "look at the logs of these stages; at least one family must succeed"));
      }
    }
  }

  private static SluiceException absent(TaskArguments.Input input, Manifest manifest) {
    return new SluiceException(
        ExitCode.RUN_FAILED,
        Diagnostic.of(
            "SLU-4021",
            "the input "
                + input.name()
                + " should be "
                + input.path()
                + ", but the stage before left only "
                + String.join(", ", manifest.names()),
            "compile again if the spec has changed, and run once more"));
  }

  /** Whether an earlier execution may stand in for this one. */
  public boolean cacheable() {
    return arguments.kind().has(Plan.Trait.CACHEABLE);
  }

  /** What the store has of an earlier execution that left all that this one declares. */
  public CacheLookup earlier(ArtifactStore store) throws IOException {
    return cacheable() ? store.lookup(key(), arguments.outputs()) : new CacheLookup.Miss();
  }

  /** Whether the {@code run} step is a command of the worker rather than of the user. */
  public boolean workerKind() {
    return arguments.kind().has(Plan.Trait.WORKER_STEP);
  }

  /**
   * {@code SLUICE_SEED}: the first 31 bits of SHA-256 of {@code <seed of the spec>/<stage>}, so
   * that stages draw differently and every common generator takes it. A bundle forecasts with the
   * same seed as candidate and as champion.
   */
  public long seed() {
    boolean predicts = arguments.kind() == Plan.Kind.PREDICT;
    String text = arguments.seed() + "/" + (predicts ? "predict" : arguments.stage().value());
    return new BigInteger(Digest.of(text).hex().substring(0, 8), 16).longValueExact() >>> 1;
  }

  /** What the stage may know: of the run for data stages, of its inputs for all others. */
  public Instant asOf() {
    return arguments.kind() == Plan.Kind.DATA
        ? resolved.asOf()
        : inputsAsOf().orElse(resolved.asOf());
  }

  /** The latest as-of among the inputs; empty when none carries one. */
  public Optional<Instant> inputsAsOf() {
    return inputs.stream().flatMap(i -> i.asOf().stream()).max(Instant::compareTo);
  }

  /** Digest of the code tree. */
  public Digest codeDigest() {
    return resolved.code();
  }

  /**
   * Digest of everything that the outputs are a function of. Family, stage name and mode are in it
   * through the seed, the kind and {@code family}, since commands see them.
   */
  public Digest key() {
    ObjectNode root = Json.object();
    root.put("apiVersion", "sluice.io/cache-key/v1");
    root.put("kind", arguments.kind().name());
    root.put("taskVersion", TASK_VERSION);
    var command = root.putArray("command");
    arguments.command().forEach(command::add);
    var outputs = root.putArray("outputs");
    arguments.outputs().forEach(outputs::add);
    ObjectNode contents = root.putObject("inputs");
    for (Present p : inputs) {
      // a file and a folder that holds just this file look different to the command
      contents.put(p.input().name(), (p.file() ? "file:" : "tree:") + p.content().digest());
    }
    for (TaskArguments.Input i : missing) {
      if (i.source() instanceof TaskArguments.Source.Failed failed) {
        // a fan-in includes its failed members, and how they ended
        contents.put(i.name(), "failed:" + failed.exitCode());
      }
    }
    // a bundle that predicts brings its code along
    root.put("code", arguments.kind().has(Plan.Trait.BRINGS_CODE) ? "" : codeDigest().toString());
    arguments.predict().ifPresent(p -> root.set("predict", p));
    root.set("with", arguments.with());
    if (!arguments.tables().isEmpty()) {
      // store held the outputs to it: held to something else they are not a hit
      root.set("tables", JsonCodec.writeList(arguments.tables()));
    }
    // so it did with the rows of an evaluation, and with models that may be any files
    arguments.evaluation().ifPresent(own -> root.set("evaluation", own.json()));
    if (arguments.ownModels()) {
      root.put("ownModels", true);
    }
    root.put("environment", arguments.environment().map(Digest::toString).orElse(""));
    root.put("image", arguments.image());
    root.put("family", arguments.family().orElse(""));
    root.put("seed", seed());
    if (arguments.kind() == Plan.Kind.DATA) {
      root.put("asOf", resolved.asOf().toString());
    }
    if (arguments.kind() == Plan.Kind.GATE) {
      // the one thing that a gate takes from the run and not from an input
      resolved.hold().ifPresent(h -> root.put("hold", h.because()));
    }
    return Digest.of(Json.canonical(root));
  }

  /** The inputs as stage records tell them. */
  public List<StageRecord.Input> recorded() {
    Map<String, StageRecord.Input> byName = new TreeMap<>();
    for (Present p : inputs) {
      byName.put(
          p.input().name(),
          new StageRecord.Input(
              p.input().name(),
              Optional.of(p.manifest()),
              p.input().path(),
              Optional.of(p.content().digest()),
              Optional.empty()));
    }
    for (TaskArguments.Input i : missing) {
      byName.put(
          i.name(),
          switch (i.source()) {
            case TaskArguments.Source.Produced produced ->
                new StageRecord.Input(
                    i.name(),
                    Optional.of(produced.manifest()),
                    i.path(),
                    Optional.empty(),
                    Optional.empty());
            case TaskArguments.Source.Failed failed ->
                new StageRecord.Input(
                    i.name(),
                    Optional.empty(),
                    i.path(),
                    Optional.empty(),
                    Optional.of(failed.exitCode()));
          });
    }
    return List.copyOf(byName.values());
  }
}
