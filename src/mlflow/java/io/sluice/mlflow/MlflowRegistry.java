package io.sluice.mlflow;

import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.run.StageStatus;
import java.io.IOException;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;
import org.mlflow.api.proto.ModelRegistry.CreateModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;

/**
 * The registry on a real MLflow server. A registration is visible as a whole or not at all: the
 * version is created last but for the run's status, with all of its tags, when its files are there;
 * a retry with the same key continues where an earlier attempt stopped.
 */
public final class MlflowRegistry implements ModelRegistry {
  /** Tag by which a retry finds what it registered before, on run and version. */
  static final String KEY = "sluice.key";

  static final String KIND = "sluice.kind";
  private static final String BUNDLE = "model";
  private static final int MAX_RECORD = 32 << 20;

  /** Candidates that a run began to register and never finished. */
  private static final int MAX_LEFT = 100;

  private final Rest rest;
  private final ExperimentRuns runs;
  private final ModelVersions versions;
  private final Clock clock;
  private final Supplier<String> nonces;
  private volatile @Nullable Located located;

  /**
   * A registry on the server that {@code config} names. Nothing is sent before the first call.
   *
   * @param nonces gives a text that was never given before, for keys of log entries
   * @param progress called with a sentence before each wait for another attempt
   */
  public MlflowRegistry(
      MlflowConfig config, Clock clock, Supplier<String> nonces, Consumer<String> progress) {
    this.rest = new Rest(config, progress);
    BoundedMlflowClient client = new BoundedMlflowClient(rest);
    this.runs = new ExperimentRuns(rest, client, clock);
    this.versions = new ModelVersions(rest, client);
    this.clock = clock;
    this.nonces = nonces;
  }

  /** A registry with this machine's clock and random nonces. */
  public static MlflowRegistry connect(MlflowConfig config, Consumer<String> progress) {
    return new MlflowRegistry(
        config, Clock.systemUTC(), () -> UUID.randomUUID().toString().replace("-", ""), progress);
  }

  /** As {@link #connect(MlflowConfig, Consumer)}, for callers that wait in silence. */
  public static MlflowRegistry connect(MlflowConfig config) {
    return connect(config, sentence -> {});
  }

  @Override
  public Version register(Registration r) {
    return rest.reporting(() -> {
      String model = RegistryInput.modelName(r.model());
      String key = RegistryInput.key(r.idempotencyKey());
      RegistryInput.checkFiles(r, BUNDLE);
      Map<String, String> tags = new TreeMap<>(r.tags());
      tags.put(KEY, key);
      tags.forEach(RegistryInput::checkTag);
      Optional<ModelVersion> earlier = versions.byTag(model, KEY, key);
      if (earlier.isPresent()) {
        Version found = version(earlier.get());
        String description = ExperimentRuns.note(r.description());
        if (!description.isEmpty() && !earlier.get().getDescription().equals(description)) {
          versions.describe(model, found.version(), description);
          runs.describe(found.run(), description);
        }
        runs.finish(found.run());
        return found;
      }
      String experiment = runs.experiment(model);
      if (versions.model(model).isEmpty()) {
        versions.createModel(
            model,
            Map.of(),
            "Versions that Sluice built and judged. The alias "
                + ChampionProjections.ALIAS
                + " names the champion; who made which version champion, and why, are the versions"
                + " of "
                + model
                + MlflowPromotionLog.SUFFIX
                + ".");
      }
      Map<String, String> runTags = ExperimentRuns.described(tags, r.description());
      runTags.put(KIND, "candidate");
      RunInfo run = runs.run(experiment, r.name(), KEY, runTags);
      runs.log(run, r);
      RunFiles files = new RunFiles(rest, run);
      for (FileContent file : r.extra()) {
        files.put(file.path(), file);
      }
      for (FileContent file : r.bundle()) {
        files.put(BUNDLE + "/" + file.path(), file);
      }
      CreateModelVersion asked =
          CreateModelVersion.newBuilder()
              .setName(model)
              .setSource(run.getArtifactUri() + "/" + BUNDLE)
              .setRunId(runs.id(run))
              .setDescription(ExperimentRuns.note(r.description()))
              .addAllTags(ModelVersions.tags(tags))
              .build();
      ModelVersion created =
          rest.patiently(
              () -> versions.byTag(model, KEY, key).orElseGet(() -> versions.create(asked)));
      runs.finish(runs.id(run));
      // Two attempts side by side may both have created one; both then agree on the older.
      return version(versions.byTag(model, KEY, key).orElse(created));
    });
  }

  @Override
  public Optional<Version> version(String model, int version) {
    return rest.reporting(
        () -> versions.find(RegistryInput.modelName(model), version).map(this::version));
  }

  @Override
  public List<Version> versions(String model) {
    return rest.reporting(() -> {
      String name = RegistryInput.modelName(model);
      List<Version> all = new ArrayList<>();
      int last = 0;
      while (true) {
        // By number: offsets of pages shift while others write.
        List<ModelVersion> page =
            versions.search("name = '" + name + "' and version_number > " + last);
        for (ModelVersion v : page) {
          all.add(version(v));
          last = all.getLast().version();
        }
        if (page.size() < ModelVersions.PAGE) {
          return List.copyOf(all);
        }
      }
    });
  }

  @Override
  public Map<String, String> params(Version version) {
    return rest.reporting(() -> {
      TreeMap<String, String> params = new TreeMap<>();
      for (Param p : run(version).getData().getParamsList()) {
        params.put(rest.required(p.getKey(), "key"), p.getValue());
      }
      return Collections.unmodifiableMap(params);
    });
  }

  @Override
  public Map<String, Double> metrics(Version version) {
    return rest.reporting(() -> {
      TreeMap<String, Double> metrics = new TreeMap<>();
      for (Metric m : run(version).getData().getMetricsList()) {
        if (m.hasValue() && Double.isFinite(m.getValue())) {
          metrics.put(rest.required(m.getKey(), "key"), m.getValue());
        }
      }
      return Collections.unmodifiableMap(metrics);
    });
  }

  @Override
  public List<String> files(Version version) {
    return rest.reporting(() -> filesOf(version).list());
  }

  @Override
  public InputStream open(Version version, String path) {
    return rest.reporting(() -> {
      RegistryInput.checkPath(path);
      return filesOf(version).open(path);
    });
  }

  @Override
  public void attach(Version version, FileContent file) {
    rest.reporting(() -> {
      RegistryInput.checkPath(file.path());
      filesOf(version).put(file.path(), file);
      return true;
    });
  }

  @Override
  public void tag(Version version, String key, String value) {
    rest.reporting(() -> {
      RegistryInput.checkTag(key, value);
      versions.setTag(version.model(), version.version(), key, value);
      return true;
    });
  }

  @Override
  public void record(Recording r) {
    rest.reporting(() -> {
      String name = RegistryInput.modelName(r.model());
      String key = RegistryInput.key(r.run());
      Map<String, String> all = ExperimentRuns.described(r.tags(), r.description());
      all.put(KEY, "record/" + key);
      all.put(KIND, "record");
      all.forEach(RegistryInput::checkTag);
      r.files().forEach(f -> RegistryInput.checkPath(f.path()));
      String experiment = runs.experiment(name);
      RunInfo run = runs.run(experiment, r.run(), KEY, all);
      RunFiles written = new RunFiles(rest, run);
      for (FileContent file : r.files()) {
        written.put(file.path(), file);
      }
      runs.end(runs.id(run), ended(r.status()));
      for (Run left :
          runs.search(
              experiment,
              "tags.`" + KEY + "` LIKE '" + key + "/%' and attributes.status = 'RUNNING'",
              "attributes.start_time ASC",
              MAX_LEFT)) {
        boolean stopped = r.status() == StageStatus.CANCELLED;
        runs.end(runs.id(left.getInfo()), stopped ? RunStatus.KILLED : RunStatus.FAILED);
      }
      return true;
    });
  }

  /** MLflow's word for how a run ended. */
  private static RunStatus ended(StageStatus status) {
    return switch (status) {
      case SUCCEEDED -> RunStatus.FINISHED;
      case FAILED, TIMED_OUT -> RunStatus.FAILED;
      case CANCELLED, SKIPPED -> RunStatus.KILLED;
    };
  }

  @Override
  public List<byte[]> recordedRuns(String model, int limit) {
    return rest.reporting(() -> {
      Optional<String> experiment = runs.findExperiment(RegistryInput.modelName(model));
      if (experiment.isEmpty() || limit < 1) {
        return List.of();
      }
      List<byte[]> records = new ArrayList<>();
      for (Run run :
          runs.search(
              experiment.get(),
              "tags.`" + KIND + "` = 'record' and attributes.status != 'RUNNING'",
              "attributes.start_time DESC",
              limit)) {
        try (InputStream in = new RunFiles(rest, run.getInfo()).open("run.json")) {
          records.add(in.readNBytes(MAX_RECORD));
        } catch (ApiError e) {
          if (!e.absent()) {
            throw e;
          }
        } catch (IOException e) {
          if (Thread.currentThread().isInterrupted()) {
            throw RegistryErrors.interrupted("reading a file from " + rest.uri(), e);
          }
          throw RegistryErrors.broken(rest.uri(), e);
        }
      }
      return List.copyOf(records);
    });
  }

  @Override
  public PromotionLog promotions(String model) {
    return new MlflowPromotionLog(rest, versions, RegistryInput.modelName(model), clock, nonces);
  }

  @Override
  public Optional<String> page(Version version) {
    if (EmbeddedMlflow.isPassing(rest.uri())) {
      return Optional.empty();
    }
    return Optional.of(
        rest.uri()
            + "/#/models/"
            + URLEncoder.encode(version.model(), StandardCharsets.UTF_8).replace("+", "%20")
            + "/versions/"
            + version.version());
  }

  Rest rest() {
    return rest;
  }

  ModelVersions modelVersions() {
    return versions;
  }

  private Run run(Version version) {
    return runs.get(version.run());
  }

  /** The place of a run's files never changes, so that many files of one run ask for it once. */
  private RunFiles filesOf(Version version) {
    Located last = located;
    if (last == null || !last.run().equals(version.run())) {
      last = new Located(version.run(), new RunFiles(rest, run(version).getInfo()));
      located = last;
    }
    return last.files();
  }

  /** Where the files of a run are. */
  private record Located(String run, RunFiles files) {}

  private Version version(ModelVersion v) {
    return new Version(
        rest.required(v.getName(), "name"),
        versions.number(v),
        v.getRunId(),
        Instant.ofEpochMilli(v.getCreationTimestamp()),
        Collections.unmodifiableMap(ModelVersions.tags(v)));
  }
}
