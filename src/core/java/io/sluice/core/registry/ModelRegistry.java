package io.sluice.core.registry;

import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.run.StageStatus;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * A model registry as Sluice needs it. Every method throws {@link
 * io.sluice.core.diag.SluiceException} with exit code 3 when the server cannot be reached, is too
 * slow, or answers something that is not its protocol; never returns "none" in such a case.
 */
public interface ModelRegistry {

  /** A file of a bundle or another artifact. {@code path} is relative, slash-separated. */
  record FileContent(String path, long size, Source source) {
    /** Opens the content anew each time (uploads are retried). */
    public interface Source {
      InputStream open() throws IOException;
    }
  }

  /**
   * What is logged for a candidate.
   *
   * @param model registered model name
   * @param name name of the registry's run, for example {@code <run id>/<family>}
   * @param idempotencyKey the same key never registers twice, so that a retried step finds its
   *     version
   * @param params hyperparameters and settings; values cut to the server's limit by the adapter
   * @param metrics by name; NaN and infinities are left out by the adapter
   * @param tags on run and version: lineage
   * @param dataset name, digest (at most 36 characters used by MLflow), source uri
   * @param bundle files, uploaded below {@code model/}
   * @param extra files, uploaded as named (study.json, verdict.json, ..)
   * @param series metrics that have a value for each step, from 0 on: the trials of a search
   * @param description what a person who has only the registry's pages should know of the version
   */
  record Registration(
      String model,
      String name,
      String idempotencyKey,
      Map<String, String> params,
      Map<String, Double> metrics,
      Map<String, String> tags,
      Optional<Dataset> dataset,
      List<FileContent> bundle,
      List<FileContent> extra,
      Map<String, List<Double>> series,
      String description) {

    /** A candidate of which the pages say no more than its tags. */
    public Registration(
        String model,
        String name,
        String idempotencyKey,
        Map<String, String> params,
        Map<String, Double> metrics,
        Map<String, String> tags,
        Optional<Dataset> dataset,
        List<FileContent> bundle,
        List<FileContent> extra) {
      this(
          model, name, idempotencyKey, params, metrics, tags, dataset, bundle, extra, Map.of(), "");
    }
  }

  /**
   * A dataset input of a run.
   *
   * @param rows empty when nobody counted them
   */
  record Dataset(String name, String digest, String source, OptionalLong rows) {}

  /**
   * A registered version.
   *
   * @param version counts from 1
   * @param run the registry's own run id
   * @param tags lineage, as registered
   */
  record Version(
      String model, int version, String run, Instant created, Map<String, String> tags) {}

  /** Logs a candidate and creates its version. Idempotent by key. */
  Version register(Registration registration);

  Optional<Version> version(String model, int version);

  /** All versions, oldest first. */
  List<Version> versions(String model);

  Map<String, String> params(Version version);

  Map<String, Double> metrics(Version version);

  /**
   * Paths of all files logged with a version ({@code model/model.onnx}, {@code study.json}, ..),
   * sorted.
   */
  List<String> files(Version version);

  /** Reads one file of {@link #files}. */
  InputStream open(Version version, String path) throws IOException;

  /** Adds a file to an already registered version's run, replacing one of that path. */
  void attach(Version version, FileContent file);

  /** Sets a tag on the version (and nothing else). */
  void tag(Version version, String key, String value);

  /**
   * What is kept of a whole run.
   *
   * @param run its id
   * @param status how it ended, which the registry's own status of a run says too
   * @param description what a person who has only the registry's pages should know of it
   * @param files {@code run.json}
   */
  record Recording(
      String model,
      String run,
      StageStatus status,
      String description,
      Map<String, String> tags,
      List<FileContent> files) {}

  /**
   * Writes a record of a whole run under the model's experiment. Idempotent by run id. What the run
   * began to register and left half done is no longer shown as going.
   */
  void record(Recording recording);

  /** Reads run.json records of past runs of this model, newest first. */
  List<byte[]> recordedRuns(String model, int limit);

  PromotionLog promotions(String model);

  /** Where a person looks at this version; empty when the registry has no pages. */
  Optional<String> page(Version version);
}
