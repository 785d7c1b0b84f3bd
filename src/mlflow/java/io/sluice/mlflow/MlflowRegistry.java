package io.sluice.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.registry.ModelRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.regex.Pattern;

/**
 * The registry on a real MLflow server, by REST. A registration is visible as a whole or not at
 * all: the version comes last but for the run's status, with all of its tags, when its files are
 * there; a retry with the same key goes on where an earlier attempt died.
 */
public final class MlflowRegistry implements ModelRegistry {
  /** Tag by which a retry finds what it registered before, on run and version. */
  static final String KEY = "sluice.key";

  private static final String KIND = "sluice.kind";
  private static final String BUNDLE = "model";

  private static final int MAX_PARAM = 6000;
  private static final int MAX_RUN_TAG = 8000;
  private static final int MAX_DATASET_DIGEST = 36;
  private static final int PARAMS_A_CALL = 100;
  private static final int METRICS_A_CALL = 1000;
  private static final int MAX_DEPTH = 20;
  private static final int MAX_FILES = 100_000;
  private static final int MAX_RECORD = 32 << 20;
  private static final int PAGE = 1000;

  private static final Pattern MODEL_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9._ -]{0,199}");
  private static final Pattern SEGMENT = Pattern.compile("[^/\\\\\\p{Cntrl}]{1,255}");

  private final Rest rest;
  private final Clock clock;
  private final Supplier<String> nonces;

  /**
   * A registry on the server that {@code config} names; calls it when asked to do something.
   *
   * @param nonces gives a text that nobody gave before, for keys of log entries
   * @param says told in words whenever an answer is waited for again
   */
  public MlflowRegistry(
      MlflowConfig config, Clock clock, Supplier<String> nonces, Consumer<String> says) {
    this.rest = new Rest(config, says);
    this.clock = clock;
    this.nonces = nonces;
  }

  /** A registry with this machine's clock and random nonces. */
  public static MlflowRegistry connect(MlflowConfig config, Consumer<String> says) {
    return new MlflowRegistry(
        config, Clock.systemUTC(), () -> UUID.randomUUID().toString().replace("-", ""), says);
  }

  /** As {@link #connect(MlflowConfig, Consumer)}, for callers that wait in silence. */
  public static MlflowRegistry connect(MlflowConfig config) {
    return connect(config, says -> {});
  }

  @Override
  public Version register(Registration r) {
    return told(() -> {
      String model = modelName(r.model());
      String key = keyOf(r.idempotencyKey());
      checkFiles(r);
      Map<String, String> tags = new TreeMap<>(r.tags());
      tags.put(KEY, key);
      tags.forEach(MlflowRegistry::checkTag);
      Optional<JsonNode> earlier = versionByKey(model, key);
      if (earlier.isPresent()) {
        Version found = version(earlier.get());
        finish(found.run());
        return found;
      }
      String experiment = experiment(model);
      ensureModel(model);
      Map<String, String> runTags = new TreeMap<>(tags);
      runTags.put(KIND, "candidate");
      JsonNode run = run(experiment, r.name(), KEY, key, runTags);
      String id = text(run.path("info"), "run_id");
      log(id, run.path("info").path("start_time").asLong(), r);
      String root = artifactRoot(run);
      for (FileContent file : r.extra()) {
        put(root, file.path(), file);
      }
      for (FileContent file : r.bundle()) {
        put(root, BUNDLE + "/" + file.path(), file);
      }
      Version version =
          version(
              rest.patiently(() ->
                  versionByKey(model, key)
                      .orElseGet(() ->
                          rest.once("model-versions/create", newVersion(model, run, tags))
                              .path("model_version"))));
      finish(id);
      // Two attempts side by side may both have created one; both then agree on the older.
      return versionByKey(model, key).map(this::version).orElse(version);
    });
  }

  @Override
  public Optional<Version> version(String model, int version) {
    return told(() -> rawVersion(modelName(model), version).map(this::version));
  }

  @Override
  public List<Version> versions(String model) {
    return told(() -> {
      List<Version> all = new ArrayList<>();
      int last = 0;
      while (true) {
        // By number: offsets of pages shift while others write.
        List<JsonNode> page =
            searchVersions("name = '" + modelName(model) + "' and version_number > " + last);
        for (JsonNode v : page) {
          all.add(version(v));
          last = all.getLast().version();
        }
        if (page.size() < PAGE) {
          return List.copyOf(all);
        }
      }
    });
  }

  @Override
  public Map<String, String> params(Version version) {
    return told(() -> {
      TreeMap<String, String> params = new TreeMap<>();
      for (JsonNode p : rawRun(version.run()).path("data").path("params")) {
        params.put(text(p, "key"), p.path("value").asText(""));
      }
      return Collections.unmodifiableMap(params);
    });
  }

  @Override
  public Map<String, Double> metrics(Version version) {
    return told(() -> {
      TreeMap<String, Double> metrics = new TreeMap<>();
      for (JsonNode m : rawRun(version.run()).path("data").path("metrics")) {
        if (m.path("value").isNumber()) {
          metrics.put(text(m, "key"), m.path("value").asDouble());
        }
      }
      return Collections.unmodifiableMap(metrics);
    });
  }

  @Override
  public List<String> files(Version version) {
    return told(() -> {
      List<String> found = new ArrayList<>();
      walk(artifactRoot(rawRun(version.run())), "", 0, found);
      Collections.sort(found);
      return List.copyOf(found);
    });
  }

  @Override
  public InputStream open(Version version, String path) {
    return told(() -> {
      checkPath(path);
      return rest.download(artifactRoot(rawRun(version.run())) + "/" + path);
    });
  }

  @Override
  public void attach(Version version, FileContent file) {
    told(() -> {
      checkPath(file.path());
      put(artifactRoot(rawRun(version.run())), file.path(), file);
      return true;
    });
  }

  @Override
  public void tag(Version version, String key, String value) {
    told(() -> {
      checkTag(key, value);
      setVersionTag(version.model(), version.version(), key, value);
      return true;
    });
  }

  @Override
  public void record(
      String model, String runId, Map<String, String> tags, List<FileContent> files) {
    told(() -> {
      String name = modelName(model);
      String key = "record/" + keyOf(runId);
      Map<String, String> all = new TreeMap<>(tags);
      all.put(KEY, key);
      all.put(KIND, "record");
      all.forEach(MlflowRegistry::checkTag);
      files.forEach(f -> checkPath(f.path()));
      JsonNode run = run(experiment(name), runId, KEY, key, all);
      String root = artifactRoot(run);
      for (FileContent file : files) {
        put(root, file.path(), file);
      }
      finish(text(run.path("info"), "run_id"));
      return true;
    });
  }

  @Override
  public List<byte[]> recordedRuns(String model, int limit) {
    return told(() -> {
      Optional<String> experiment = findExperiment(modelName(model));
      if (experiment.isEmpty() || limit < 1) {
        return List.of();
      }
      List<byte[]> records = new ArrayList<>();
      for (JsonNode run :
          searchRuns(
              experiment.get(),
              "tags.`" + KIND + "` = 'record' and attributes.status = 'FINISHED'",
              "attributes.start_time DESC",
              limit)) {
        try (InputStream in = rest.download(artifactRoot(run) + "/run.json")) {
          records.add(in.readNBytes(MAX_RECORD));
        } catch (Rest.Refused e) {
          if (!e.absent()) {
            throw e;
          }
        } catch (IOException e) {
          if (Thread.currentThread().isInterrupted()) {
            throw Problems.interrupted("reading a file from " + rest.uri(), e);
          }
          throw Problems.broken(rest.uri(), e);
        }
      }
      return List.copyOf(records);
    });
  }

  @Override
  public PromotionLog promotions(String model) {
    return new MlflowPromotionLog(this, modelName(model), clock, nonces);
  }

  @Override
  public Optional<String> page(Version version) {
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

  /** Runs a call, and gives a refusal that nobody expected its id. */
  static <T> T told(Supplier<T> call) {
    try {
      return call.get();
    } catch (Rest.Refused e) {
      throw Problems.refused(e);
    } catch (Rest.Unanswered e) {
      throw e.toSluice();
    }
  }

  /** A version as MLflow describes it. */
  Optional<JsonNode> rawVersion(String model, int version) {
    try {
      return Optional.of(
          rest.get("model-versions/get", "name", model, "version", Integer.toString(version))
              .path("model_version"));
    } catch (Rest.Refused e) {
      if (e.absent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** A page of at most 1,000 versions by ascending number. */
  List<JsonNode> searchVersions(String filter) {
    JsonNode answer =
        rest.get(
            "model-versions/search",
            "filter",
            filter,
            "order_by",
            "version_number ASC",
            "max_results",
            Integer.toString(PAGE));
    List<JsonNode> found = new ArrayList<>();
    answer.path("model_versions").forEach(found::add);
    return found;
  }

  Optional<JsonNode> rawModel(String model) {
    try {
      return Optional.of(rest.get("registered-models/get", "name", model).path("registered_model"));
    } catch (Rest.Refused e) {
      if (e.absent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  void setVersionTag(String model, int version, String key, String value) {
    rest.post(
        "model-versions/set-tag",
        Json.object()
            .put("name", model)
            .put("version", Integer.toString(version))
            .put("key", key)
            .put("value", value));
  }

  static Map<String, String> tagsOf(JsonNode owner) {
    TreeMap<String, String> tags = new TreeMap<>();
    for (JsonNode tag : owner.path("tags")) {
      tags.put(tag.path("key").asText(""), tag.path("value").asText(""));
    }
    return tags;
  }

  int number(JsonNode version) {
    try {
      return Integer.parseInt(text(version, "version"));
    } catch (NumberFormatException e) {
      throw Problems.unexpected(rest.uri(), "a version that is no number");
    }
  }

  /** A field that MLflow's protocol promises. */
  String text(JsonNode node, String field) {
    String value = node.path(field).asText("");
    if (value.isEmpty()) {
      throw Problems.unexpected(rest.uri(), "an answer without " + field);
    }
    return value;
  }

  private Version version(JsonNode v) {
    return new Version(
        text(v, "name"),
        number(v),
        v.path("run_id").asText(""),
        Instant.ofEpochMilli(v.path("creation_timestamp").asLong()),
        Collections.unmodifiableMap(tagsOf(v)));
  }

  private Optional<JsonNode> versionByKey(String model, String key) {
    return searchVersions("name = '" + model + "' and tags.`" + KEY + "` = '" + key + "'").stream()
        .findFirst();
  }

  private ObjectNode newVersion(String model, JsonNode run, Map<String, String> tags) {
    ObjectNode body =
        Json.object()
            .put("name", model)
            .put("source", text(run.path("info"), "artifact_uri") + "/" + BUNDLE)
            .put("run_id", text(run.path("info"), "run_id"));
    body.set("tags", Rest.tags(tags));
    return body;
  }

  private Optional<String> findExperiment(String name) {
    try {
      JsonNode found =
          rest.get("experiments/get-by-name", "experiment_name", name).path("experiment");
      if (found.path("lifecycle_stage").asText("").equals("deleted")) {
        throw Problems.deletedExperiment(name);
      }
      return Optional.of(text(found, "experiment_id"));
    } catch (Rest.Refused e) {
      if (e.absent()) {
        return Optional.empty();
      }
      throw e;
    }
  }

  private String experiment(String name) {
    return rest.patiently(() ->
        findExperiment(name)
            .orElseGet(() -> {
              try {
                return text(
                    rest.once("experiments/create", Json.object().put("name", name)),
                    "experiment_id");
              } catch (Rest.Refused e) {
                if (!e.is("RESOURCE_ALREADY_EXISTS")) {
                  throw e;
                }
                return findExperiment(name).orElseThrow(() -> e);
              }
            }));
  }

  private void ensureModel(String model) {
    if (rawModel(model).isPresent()) {
      return;
    }
    createModel(model, Map.of());
  }

  /** Creates a registered model with its tags, or leaves the one that is there. */
  void createModel(String model, Map<String, String> tags) {
    ObjectNode body = Json.object().put("name", model);
    body.set("tags", Rest.tags(tags));
    try {
      rest.post("registered-models/create", body);
    } catch (Rest.Refused e) {
      if (!e.is("RESOURCE_ALREADY_EXISTS")) {
        throw e;
      }
    }
  }

  /** The run with this key: an earlier attempt's, else a new one. */
  private JsonNode run(
      String experiment, String name, String keyTag, String key, Map<String, String> tags) {
    return rest.patiently(() -> {
      List<JsonNode> found =
          searchRuns(
              experiment, "tags.`" + keyTag + "` = '" + key + "'", "attributes.start_time ASC", 1);
      if (!found.isEmpty()) {
        return found.getFirst();
      }
      ObjectNode body =
          Json.object()
              .put("experiment_id", experiment)
              .put("run_name", name)
              .put("start_time", clock.millis());
      body.set("tags", Rest.tags(tags));
      return rest.once("runs/create", body).path("run");
    });
  }

  private List<JsonNode> searchRuns(String experiment, String filter, String order, int limit) {
    List<JsonNode> found = new ArrayList<>();
    String token = "";
    do {
      ObjectNode body = Json.object();
      body.putArray("experiment_ids").add(experiment);
      body.put("filter", filter).put("max_results", Math.min(PAGE, limit - found.size()));
      body.putArray("order_by").add(order);
      if (!token.isEmpty()) {
        body.put("page_token", token);
      }
      JsonNode answer = rest.post("runs/search", body);
      answer.path("runs").forEach(found::add);
      token = answer.path("next_page_token").asText("");
    } while (!token.isEmpty() && found.size() < limit);
    return found;
  }

  private JsonNode rawRun(String run) {
    if (run.isEmpty()) {
      throw Problems.foreignArtifacts("");
    }
    return rest.get("runs/get", "run_id", run).path("run");
  }

  private void log(String run, long time, Registration r) {
    List<ObjectNode> params = new ArrayList<>();
    new TreeMap<>(r.params())
        .forEach((key, value) ->
            params.add(Json.object().put("key", key).put("value", cut(value, MAX_PARAM))));
    List<ObjectNode> metrics = new ArrayList<>();
    new TreeMap<>(r.metrics())
        .forEach((key, value) -> {
          if (Double.isFinite(value)) {
            // One time and step for all attempts: logging again changes nothing.
            metrics.add(
                Json.object()
                    .put("key", key)
                    .put("value", value)
                    .put("timestamp", time)
                    .put("step", 0));
          }
        });
    batches(run, "params", params, PARAMS_A_CALL);
    batches(run, "metrics", metrics, METRICS_A_CALL);
    r.dataset().ifPresent(d -> rest.post("runs/log-inputs", inputs(run, d)));
  }

  private void batches(String run, String field, List<ObjectNode> values, int size) {
    for (int i = 0; i < values.size(); i += size) {
      ObjectNode body = Json.object().put("run_id", run);
      body.putArray(field).addAll(values.subList(i, Math.min(i + size, values.size())));
      rest.post("runs/log-batch", body);
    }
  }

  private static ObjectNode inputs(String run, Dataset d) {
    ObjectNode body = Json.object().put("run_id", run);
    ObjectNode input = body.putArray("datasets").addObject();
    input.putArray("tags").addObject().put("key", "mlflow.data.context").put("value", "training");
    ObjectNode dataset =
        input
            .putObject("dataset")
            .put("name", d.name())
            .put("digest", cut(d.digest(), MAX_DATASET_DIGEST))
            .put("source_type", "local")
            .put("source", Json.write(Json.object().put("uri", d.source())));
    d.rows()
        .ifPresent(rows -> dataset.put("profile", Json.write(Json.object().put("num_rows", rows))));
    return body;
  }

  private void finish(String run) {
    rest.post(
        "runs/update",
        Json.object().put("run_id", run).put("status", "FINISHED").put("end_time", clock.millis()));
  }

  /** Where the server keeps a run's files, as a path of its file service. */
  private String artifactRoot(JsonNode run) {
    String uri = text(run.path("info"), "artifact_uri");
    if (!uri.startsWith("mlflow-artifacts:/")) {
      throw Problems.foreignArtifacts(uri);
    }
    String path = uri.substring("mlflow-artifacts:".length());
    if (path.startsWith("//")) {
      int slash = path.indexOf('/', 2);
      path = slash < 0 ? "/" : path.substring(slash);
    }
    return path.substring(1);
  }

  private void put(String root, String path, FileContent file) {
    rest.upload(
        root + "/" + path,
        file.size(),
        () -> {
          try {
            return file.source().open();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private void walk(String root, String folder, int depth, List<String> found) {
    if (depth > MAX_DEPTH) {
      throw Problems.unexpected(rest.uri(), "folders deeper than " + MAX_DEPTH);
    }
    Map<String, Boolean> names = new LinkedHashMap<>();
    for (JsonNode file : rest.list(folder.isEmpty() ? root : root + "/" + folder).path("files")) {
      String name = text(file, "path");
      name = name.substring(name.lastIndexOf('/') + 1);
      if (!SEGMENT.matcher(name).matches() || name.equals("..") || name.equals(".")) {
        throw Problems.unexpected(rest.uri(), "a file without a sound name");
      }
      names.put(name, file.path("is_dir").asBoolean());
    }
    names.forEach((name, isFolder) -> {
      String path = folder.isEmpty() ? name : folder + "/" + name;
      if (isFolder) {
        walk(root, path, depth + 1, found);
      } else if (found.size() >= MAX_FILES) {
        throw Problems.unexpected(rest.uri(), "more than " + MAX_FILES + " files");
      } else {
        found.add(path);
      }
    });
  }

  private static void checkFiles(Registration r) {
    r.bundle().forEach(f -> checkPath(f.path()));
    for (FileContent f : r.extra()) {
      checkPath(f.path());
      if (f.path().equals(BUNDLE) || f.path().startsWith(BUNDLE + "/")) {
        throw Problems.wrongInput("the file " + f.path() + " would change the bundle");
      }
    }
    if (r.bundle().isEmpty()) {
      throw Problems.wrongInput("a version of " + r.model() + " without a bundle");
    }
  }

  private static void checkPath(String path) {
    for (String segment : List.of(path.split("/", -1))) {
      if (!SEGMENT.matcher(segment).matches() || segment.equals(".") || segment.equals("..")) {
        throw Problems.wrongInput("not a safe relative path: " + cut(path, 100));
      }
    }
  }

  private static void checkTag(String key, String value) {
    if (key.isEmpty() || key.length() > 250 || value.length() > MAX_RUN_TAG) {
      throw Problems.wrongInput(
          "the tag "
              + cut(key, 100)
              + ": names hold 250 and values "
              + MAX_RUN_TAG
              + " characters at most");
    }
  }

  private static String modelName(String model) {
    if (!MODEL_NAME.matcher(model).matches() || model.endsWith(MlflowPromotionLog.SUFFIX)) {
      throw Problems.wrongInput(
          "the model name '"
              + cut(model, 100)
              + "' (letters, digits, '.', '_', '-' and spaces, not ending in "
              + MlflowPromotionLog.SUFFIX
              + ")");
    }
    return model;
  }

  /** Keys stand in search filters, quoted: whatever could end the quotes is hashed away. */
  private static String keyOf(String key) {
    return Pattern.matches("[A-Za-z0-9._:/@-]{1,200}", key) ? key : Digest.of(key).toString();
  }

  private static String cut(String text, int length) {
    if (text.length() <= length) {
      return text;
    }
    int end = Character.isHighSurrogate(text.charAt(length - 1)) ? length - 1 : length;
    return text.substring(0, end);
  }
}
