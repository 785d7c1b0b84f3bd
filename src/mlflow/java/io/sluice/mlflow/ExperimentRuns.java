package io.sluice.mlflow;

import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry.Dataset;
import io.sluice.core.registry.ModelRegistry.Registration;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import org.mlflow.api.proto.Service;
import org.mlflow.api.proto.Service.CreateExperiment;
import org.mlflow.api.proto.Service.CreateRun;
import org.mlflow.api.proto.Service.DatasetInput;
import org.mlflow.api.proto.Service.Experiment;
import org.mlflow.api.proto.Service.InputTag;
import org.mlflow.api.proto.Service.LogInputs;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunInfo;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.RunsPage;

/** Experiments and their runs: MLflow's tracking, without the files of a run. */
final class ExperimentRuns {
  private static final int PAGE = 1000;
  private static final int PARAMS_PER_CALL = 100;
  private static final int METRICS_PER_CALL = 1000;
  private static final int MAX_PARAM = 6000;
  private static final int MAX_DATASET_DIGEST = 36;
  private static final int MAX_NOTE = 5000;

  /** The tag that MLflow's pages show as a run's description. */
  private static final String NOTE = "mlflow.note.content";

  private final Rest rest;
  private final BoundedMlflowClient client;
  private final Clock clock;

  ExperimentRuns(Rest rest, BoundedMlflowClient client, Clock clock) {
    this.rest = rest;
    this.client = client;
    this.clock = clock;
  }

  /** The id of an experiment. */
  Optional<String> findExperiment(String name) {
    Optional<Experiment> found = client.getExperimentByName(name);
    if (found.isPresent() && found.get().getLifecycleStage().equals("deleted")) {
      throw RegistryErrors.deletedExperiment(name);
    }
    return found.map(this::id);
  }

  /** The id of an experiment, which is created when it is not there. */
  String experiment(String name) {
    return rest.patiently(() ->
        findExperiment(name)
            .orElseGet(() -> {
              try {
                return rest.required(
                    client.createExperiment(CreateExperiment.newBuilder().setName(name).build()),
                    "experiment_id");
              } catch (ApiError e) {
                if (!e.is("RESOURCE_ALREADY_EXISTS")) {
                  throw e;
                }
                return findExperiment(name).orElseThrow(() -> e);
              }
            }));
  }

  /** The run with this value of a tag: an earlier attempt's, or a new one; with all tags. */
  RunInfo run(String experiment, String name, String key, Map<String, String> tags) {
    String value = tags.getOrDefault(key, "");
    return rest.patiently(() -> {
      List<Run> found =
          search(
              experiment, "tags.`" + key + "` = '" + value + "'", "attributes.start_time ASC", 1);
      if (!found.isEmpty()) {
        RunInfo run = found.getFirst().getInfo();
        // Of an earlier attempt, which may have come to something else.
        List<RunTag> changed =
            ProtoJson.list(tags, ExperimentRuns::tag).stream()
                .filter(tag -> !found.getFirst().getData().getTagsList().contains(tag))
                .toList();
        if (!changed.isEmpty()) {
          client.logBatch(id(run), List.of(), List.of(), changed);
        }
        return run;
      }
      return client.createRun(
          CreateRun.newBuilder()
              .setExperimentId(experiment)
              .setRunName(name)
              .setStartTime(clock.millis())
              .addAllTags(ProtoJson.list(tags, ExperimentRuns::tag))
              .build());
    });
  }

  private static RunTag tag(String key, String value) {
    return RunTag.newBuilder().setKey(key).setValue(value).build();
  }

  List<Run> search(String experiment, String filter, String order, int limit) {
    List<Run> found = new ArrayList<>();
    String token = "";
    do {
      RunsPage page =
          client.searchRuns(
              List.of(experiment),
              filter,
              ViewType.ACTIVE_ONLY,
              Math.min(PAGE, limit - found.size()),
              List.of(order),
              token);
      found.addAll(page.getItems());
      token = page.getNextPageToken().orElse("");
    } while (!token.isEmpty() && found.size() < limit);
    return found;
  }

  /** A run by its id; an empty id is that of a version which nobody's run made. */
  Run get(String id) {
    if (id.isEmpty()) {
      throw RegistryErrors.foreignArtifacts("");
    }
    return client.getRun(id);
  }

  String id(RunInfo run) {
    return rest.required(run.getRunId(), "run_id");
  }

  /** Logs what can be logged again without a change. */
  void log(RunInfo run, Registration r) {
    String id = id(run);
    List<Param> params = new ArrayList<>();
    new TreeMap<>(r.params())
        .forEach((key, value) ->
            params.add(
                Param.newBuilder()
                    .setKey(key)
                    .setValue(RegistryInput.cut(value, MAX_PARAM))
                    .build()));
    List<Metric> metrics = new ArrayList<>();
    new TreeMap<>(r.metrics())
        .forEach((key, value) -> {
          if (Double.isFinite(value)) {
            // One time and step for all attempts: logging again changes nothing.
            metrics.add(
                Metric.newBuilder()
                    .setKey(key)
                    .setValue(value)
                    .setTimestamp(run.getStartTime())
                    .setStep(0)
                    .build());
          }
        });
    r.series().forEach((key, values) -> metrics.addAll(series(key, values, run)));
    batches(params, PARAMS_PER_CALL, part -> client.logBatch(id, List.of(), part, List.of()));
    batches(metrics, METRICS_PER_CALL, part -> client.logBatch(id, part, List.of(), List.of()));
    r.dataset().ifPresent(d -> client.sendPost("runs/log-inputs", ProtoJson.write(inputs(id, d))));
  }

  private static List<Metric> series(String key, List<Double> values, RunInfo run) {
    List<Metric> metrics = new ArrayList<>();
    for (int step = 0; step < values.size(); step++) {
      double value = values.get(step);
      if (Double.isFinite(value)) {
        metrics.add(
            Metric.newBuilder()
                .setKey(key)
                .setValue(value)
                .setTimestamp(run.getStartTime())
                .setStep(step)
                .build());
      }
    }
    return metrics;
  }

  void finish(String run) {
    end(run, RunStatus.FINISHED);
  }

  void end(String run, RunStatus status) {
    client.setTerminated(run, status, clock.millis());
  }

  /** Gives a run the description that it should have. */
  void describe(String run, String description) {
    if (!description.isEmpty()) {
      client.logBatch(run, List.of(), List.of(), List.of(tag(NOTE, note(description))));
    }
  }

  /** These tags, and the description as the one that MLflow's pages show. */
  static Map<String, String> described(Map<String, String> tags, String description) {
    Map<String, String> all = new TreeMap<>(tags);
    if (!description.isEmpty()) {
      all.put(NOTE, note(description));
    }
    return all;
  }

  /** As much of a description as MLflow keeps of it. */
  static String note(String description) {
    return RegistryInput.cut(description, MAX_NOTE);
  }

  private String id(Experiment experiment) {
    return rest.required(experiment.getExperimentId(), "experiment_id");
  }

  private static <T> void batches(List<T> values, int size, Consumer<List<T>> send) {
    for (int i = 0; i < values.size(); i += size) {
      send.accept(values.subList(i, Math.min(i + size, values.size())));
    }
  }

  private static LogInputs inputs(String run, Dataset d) {
    Service.Dataset.Builder dataset =
        Service.Dataset.newBuilder()
            .setName(d.name())
            .setDigest(RegistryInput.cut(d.digest(), MAX_DATASET_DIGEST))
            .setSourceType("local")
            .setSource(Json.write(Json.object().put("uri", d.source())));
    d.rows().ifPresent(rows -> dataset.setProfile(Json.write(Json.object().put("num_rows", rows))));
    return LogInputs.newBuilder()
        .setRunId(run)
        .addDatasets(
            DatasetInput.newBuilder()
                .addTags(InputTag.newBuilder().setKey("mlflow.data.context").setValue("training"))
                .setDataset(dataset))
        .build();
  }
}
