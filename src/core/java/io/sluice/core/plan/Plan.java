package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.LowerCase;
import io.sluice.core.run.StageName;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

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

  /** What a stage is, which decides the catalog task that it becomes. */
  @EnumNaming(LowerCase.class)
  public enum Kind {
    /** Pins champion, as-of, code, seed. Worker. */
    RESOLVE,
    /** A {@code data.<name>} source; key includes as-of. User command (or {@code path:}). */
    DATA,
    /** A custom stage. User command. */
    STAGE,
    /** {@code tune@1}: user command under the tuner sidecar. */
    TUNE,
    /** {@code train@1}: user command in mode {@code refit}. */
    TRAIN,
    /**
     * A family's own predict command over validation and holdout: of a candidate, or, without an
     * environment of its own, of the champion in the environment that its version recorded.
     */
    PREDICT,
    /** {@code drift@1}: compares the champion's snapshot with today's data. Sluice's own image. */
    DRIFT,
    /** {@code evaluate@1}. Worker. */
    EVALUATE,
    /** The gate. Worker. */
    GATE,
    /** Logs candidates to MLflow. Worker. */
    REGISTER,
    /** Appends to the promotion log. Worker. */
    PROMOTE,
    /** {@code finally}: folds stage records into run.json. Worker. */
    RECORD
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
      boolean mayFail) {}

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

  /** The stage of this name; throws when there is none, which is a bug of the caller. */
  public Stage stage(StageName name) {
    return stages.stream()
        .filter(s -> s.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no stage " + name + " in the plan"));
  }
}
