package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.LowerCase;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.ImageRole;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The checked pipeline as a DAG: families fanned out, defaults applied, every edge resolved. What
 * {@code src/tekton} lowers. Order of {@link #stages} is topological and independent of the order
 * of keys in the spec.
 *
 * @param model registered model name in MLflow
 * @param codeIncludes globs of {@code code.include}, sorted, relative to the pipeline's folder
 * @param environments sorted by name
 * @param stages topological, ties by name; {@code resolve} first, {@code promote} last
 * @param seed of the spec; feeds {@code SLUICE_SEED}
 * @param gate the gate's policy, defaults filled in (what the {@code gate} stage gets as {@code
 *     with})
 * @param pipelineTimeout limit of the whole run
 */
public record Plan(
    String model,
    List<String> codeIncludes,
    List<Environment> environments,
    List<Stage> stages,
    long seed,
    JsonNode gate,
    Duration pipelineTimeout) {

  /**
   * An isolated environment.
   *
   * @param name as in the spec
   * @param image reference by digest, or empty: this machine only
   * @param python version of the interpreter, for example {@code 3.11}; empty when it is not Python
   * @param lock path of the lock file, relative to the pipeline's folder; empty when none
   * @param sluiceMl whether the {@code sluice_ml} wheel is installed into it
   * @param digest of python, the lock's content and the wheel's digest: part of cache keys
   */
  public record Environment(
      String name,
      Optional<String> image,
      Optional<String> python,
      Optional<String> lock,
      boolean sluiceMl,
      Digest digest) {}

  /**
   * What a stage is. The traits are all that other modules ask of a kind in general: a new kind is
   * declared here, and the compiler names the places that treat kinds one by one.
   */
  @EnumNaming(LowerCase.class)
  public enum Kind {
    /** Pins champion, as-of, code and seed. */
    RESOLVE("sluice-resolve", "stage", Trait.ONE_A_RUN, Trait.READS_REGISTRY),
    /** A {@code data.<name>} source: a command of the user, or {@code path:}. */
    DATA("sluice-stage", "stage", Trait.STAGED, Trait.CACHEABLE, Trait.HAS_VALUES, Trait.IN_SPEC),
    /** A custom stage: a command of the user. */
    STAGE("sluice-stage", "stage", Trait.STAGED, Trait.CACHEABLE, Trait.HAS_VALUES, Trait.IN_SPEC),
    /** {@code split@1}: table sets of one table. */
    SPLIT("sluice-split", "stage", Trait.STAGED, Trait.CACHEABLE, Trait.WORKER_STEP, Trait.IN_SPEC),
    /** {@code tune@1}: the family's command or function under the tuner. */
    TUNE(
        "sluice-tune",
        "trial",
        Optional.of(ImageRole.TUNER),
        Trait.STAGED,
        Trait.CACHEABLE,
        Trait.HAS_VALUES,
        Trait.IN_SPEC,
        Trait.SEARCHES),
    /** {@code train@1}: the family's command or function with its best parameters. */
    TRAIN("sluice-stage", "refit", Trait.STAGED, Trait.CACHEABLE, Trait.HAS_VALUES, Trait.IN_SPEC),
    /**
     * A family's own predict command over validation and holdout: of a candidate, or, without an
     * environment of its own, of the champion in the environment that its version recorded.
     */
    PREDICT("sluice-predict", "predict", Trait.STAGED, Trait.CACHEABLE, Trait.BRINGS_CODE),
    /** {@code drift@1}: compares the champion's snapshot with today's data. */
    DRIFT(
        "sluice-drift",
        "stage",
        Optional.of(ImageRole.DRIFT),
        Trait.STAGED,
        Trait.CACHEABLE,
        Trait.IN_SPEC,
        Trait.SIGNAL),
    /** {@code evaluate@1}. */
    EVALUATE("sluice-evaluate", "stage", Trait.STAGED, Trait.CACHEABLE, Trait.WORKER_STEP),
    GATE("sluice-gate", "stage", Trait.STAGED, Trait.CACHEABLE, Trait.WORKER_STEP, Trait.ONE_A_RUN),
    /** Logs candidates to MLflow. */
    REGISTER(
        "sluice-register",
        "stage",
        Trait.STAGED,
        Trait.WORKER_STEP,
        Trait.ONE_A_RUN,
        Trait.WRITES_REGISTRY,
        Trait.TRUSTED_ONLY),
    /** Appends to the promotion log. */
    PROMOTE("sluice-promote", "stage", Trait.ONE_A_RUN, Trait.WRITES_REGISTRY, Trait.TRUSTED_ONLY),
    /** Folds stage records into run.json, after all others, however they ended. */
    RECORD("sluice-record", "stage", Trait.ONE_A_RUN, Trait.WRITES_REGISTRY);

    private final String task;
    private final String mode;

    @SuppressWarnings("ImmutableEnumChecker") // an Optional of an enum never changes
    private final Optional<ImageRole> image;

    @SuppressWarnings("ImmutableEnumChecker") // Set.of() makes sets that never change
    private final Set<Trait> traits;

    Kind(String task, String mode, Trait... traits) {
      this(task, mode, Optional.empty(), traits);
    }

    Kind(String task, String mode, Optional<ImageRole> image, Trait... traits) {
      this.task = task;
      this.mode = mode;
      this.image = image;
      this.traits = Set.of(traits);
    }

    /** The task of the catalog that a stage of this kind becomes. */
    public String task() {
      return task;
    }

    /** Whose image a stage of this kind needs beside the worker's and that of its environment. */
    public Optional<ImageRole> image() {
      return image;
    }

    /** {@code SLUICE_MODE}, by which a command that serves several kinds tells them apart. */
    public String mode() {
      return mode;
    }

    public boolean has(Trait trait) {
      return traits.contains(trait);
    }

    /** The stage of this kind, for a kind that each run has once. */
    public StageName only() {
      if (!has(Trait.ONE_A_RUN)) {
        throw new IllegalStateException("a run may have several stages of kind " + this);
      }
      return new StageName(name().toLowerCase(Locale.ROOT));
    }

    /** The kinds that have a trait, in the order of a run. */
    public static List<Kind> all(Trait trait) {
      return Stream.of(values()).filter(k -> k.has(trait)).toList();
    }
  }

  /** What a whole run gives out, declared once with the kind of stage that it comes from. */
  public enum RunResult {
    VERDICT(Kind.GATE, "verdict", "PROMOTE or HOLD."),
    REGISTERED(
        Kind.REGISTER, "outputs", "Digest of the manifest that names the registered versions.");

    private final Kind from;
    private final String result;
    private final String description;

    RunResult(Kind from, String result, String description) {
      this.from = from;
      this.result = result;
      this.description = description;
    }

    public Kind from() {
      return from;
    }

    /** Its name among the results of that kind's task. */
    public String result() {
      return result;
    }

    public String description() {
      return description;
    }

    /** Its name among the results of the run. */
    public String word() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** What a kind gives. */
    public static List<RunResult> of(Kind kind) {
      return Stream.of(values()).filter(r -> r.from == kind).toList();
    }
  }

  /** What a kind of stage may be. */
  public enum Trait {
    /** Has scratch space, fetches its inputs and stores its outputs. */
    STAGED,
    /** An earlier execution with the same inputs may stand in for a new one. */
    CACHEABLE,
    /** Its step is a command of the worker rather than of the user. */
    WORKER_STEP,
    /** A profile or a run may change its values; what decides the gate's view may not change. */
    HAS_VALUES,
    /** The author names it in the spec, so that a run of one stage can ask for it by this name. */
    IN_SPEC,
    /** The planner adds one to each pipeline, named after the kind. */
    ONE_A_RUN,
    READS_REGISTRY,
    WRITES_REGISTRY,
    /** Is left out of a run that is not trusted. */
    TRUSTED_ONLY,
    /** Runs the code of a bundle, not that of the run. */
    BRINGS_CODE,
    /** Says something that is good to know: its failure never stops a run. */
    SIGNAL,
    /** Tries many settings; several pods may share its trials. */
    SEARCHES
  }

  /**
   * One node.
   *
   * @param name unique; {@code tune-xgboost} for a fanned-out one, {@code data-returns} for a
   *     source
   * @param specName key in the spec ({@code tune}, {@code returns}); names the {@code with} overlay
   * @param family for TUNE, TRAIN, and the PREDICT of a candidate
   * @param environment for user commands; the champion's PREDICT has none in the plan
   * @param command argv as the user wrote it (a string became {@code /bin/sh -eu -c}); empty for
   *     worker kinds
   * @param inputs sorted by name
   * @param outputs declared artifact names, sorted
   * @param with the stage's values, defaults filled in; an object
   * @param mayFail {@code onFailure: continue}
   */
  public record Stage(
      StageName name,
      String specName,
      Kind kind,
      Optional<String> family,
      Optional<String> environment,
      List<String> command,
      List<Input> inputs,
      List<String> outputs,
      JsonNode with,
      Duration timeout,
      int retries,
      Resources resources,
      boolean mayFail) {

    /** The same stage with other values. */
    Stage withValues(JsonNode values) {
      return new Stage(
          name,
          specName,
          kind,
          family,
          environment,
          command,
          inputs,
          outputs,
          values,
          timeout,
          retries,
          resources,
          mayFail);
    }
  }

  /**
   * An edge.
   *
   * @param name entry under {@code SLUICE_INPUTS}; may hold one slash ({@code candidates/xgboost})
   * @param from producing stage ({@code resolve} for {@code champion.*})
   * @param artifact path inside the producer's manifest ({@code model}; {@code champion/model})
   * @param optional whether absence is fine (first run: no champion)
   */
  public record Input(String name, StageName from, String artifact, boolean optional) {}

  /** Kubernetes quantities, as written. */
  public record Resources(Optional<String> cpu, Optional<String> memory, Optional<String> gpu) {
    public static final Resources NONE =
        new Resources(Optional.empty(), Optional.empty(), Optional.empty());
  }

  /** The parts of a run of this plan that need images of Sluice's, the worker first. */
  public List<ImageRole> images() {
    return Stream.concat(
            Stream.of(ImageRole.WORKER), stages.stream().flatMap(s -> s.kind().image().stream()))
        .distinct()
        .sorted()
        .toList();
  }

  /** The stage of this name; throws when there is none, which is a bug of the caller. */
  public Stage stage(StageName name) {
    return stages.stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no stage " + name + " in the plan"));
  }
}
