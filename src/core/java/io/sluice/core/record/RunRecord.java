package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a whole run did, for reports, lineage and the gates of later runs: {@code run.json}. Folded
 * by the {@code finally} task from the stage records and the statuses of tasks. Schema: {@code
 * run-record.schema.json}.
 *
 * @param status of the run without its {@code finally} task
 * @param asOf pinned by resolve; this and the next five are empty when resolve did not succeed
 * @param head of the promotion log as pinned by resolve
 * @param champion version that the candidates met; empty on a first run
 * @param verdict the gate's whole {@code verdict.json}; empty when it did not get that far
 * @param drift what the drift stage found and what follows for forecasts (docs/drift.md); empty
 *     when the pipeline has none
 * @param versions registered version of each family
 * @param promoted version that this run made champion
 * @param families what came of each, by name; empty when the run did not get to them
 * @param tasks every task of the pipeline in the order of their names, with how it ended
 * @param stages the records of all attempts, by stage name and attempt
 */
public record RunRecord(
    RunId run,
    String model,
    StageStatus status,
    Instant started,
    Instant finished,
    Optional<Instant> asOf,
    Optional<Digest> code,
    Optional<String> commit,
    Optional<String> seed,
    Optional<String> head,
    Optional<Integer> champion,
    Optional<JsonNode> verdict,
    Optional<JsonNode> drift,
    Map<String, Integer> versions,
    Optional<Integer> promoted,
    List<Family> families,
    List<Task> tasks,
    List<StageRecord> stages) {
  public static final String API_VERSION = "sluice.io/run-record/v1";

  /**
   * How a task of the pipeline ended.
   *
   * @param cause for people; empty when it succeeded or was never started
   */
  public record Task(StageName name, StageStatus status, String cause) {}

  /** What came of a family. */
  public enum FamilyStatus {
    /** It made a model that was compared. */
    CANDIDATE,
    /** It made a model that evaluate left out. */
    OUT,
    /** One of its stages failed. */
    LOST,
    /** The run was over before. */
    UNJUDGED
  }

  /**
   * A family of the run.
   *
   * @param cause why it is out or lost, for people; empty when it is not
   * @param picked whether the verdict is about it
   * @param version as registered
   * @param validationLoss by which families are picked
   * @param search results of its tune stage: trials, savings, ..; empty without one
   */
  public record Family(
      String name,
      FamilyStatus status,
      String cause,
      boolean picked,
      Optional<Integer> version,
      Optional<Double> validationLoss,
      Map<String, String> search) {
    public Family {
      search = Collections.unmodifiableMap(new TreeMap<>(search));
    }

    ObjectNode json() {
      ObjectNode root =
          Json.object()
              .put("name", name)
              .put("status", status.name().toLowerCase(Locale.ROOT))
              .put("cause", cause)
              .put("picked", picked);
      version.ifPresent(v -> root.put("version", v));
      validationLoss.ifPresent(l -> root.put("validationLoss", l));
      ObjectNode results = root.putObject("search");
      search.forEach(results::put);
      return root;
    }

    static Family parse(JsonNode node) {
      Map<String, String> search = new TreeMap<>();
      node.path("search").properties().forEach(e -> search.put(e.getKey(), e.getValue().asText()));
      JsonNode loss = node.path("validationLoss");
      return new Family(
          Fields.text(node, "name"),
          FamilyStatus.valueOf(Fields.text(node, "status").toUpperCase(Locale.ROOT)),
          Fields.text(node, "cause"),
          node.path("picked").asBoolean(),
          Fields.integer(node, "version"),
          loss.isNumber() ? Optional.of(loss.asDouble()) : Optional.empty(),
          search);
    }
  }

  public RunRecord {
    families = List.copyOf(families);
    versions = Collections.unmodifiableMap(new TreeMap<>(versions));
    tasks = List.copyOf(tasks);
    stages = List.copyOf(stages);
  }

  public ObjectNode json() {
    ObjectNode root = Json.object();
    root.put("apiVersion", API_VERSION);
    root.put("run", run.value());
    root.put("model", model);
    root.put("status", lower(status));
    root.put("started", started.toString());
    root.put("finished", finished.toString());
    asOf.ifPresent(t -> root.put("asOf", t.toString()));
    code.ifPresent(d -> root.put("code", d.toString()));
    commit.ifPresent(c -> root.put("commit", c));
    seed.ifPresent(s -> root.put("seed", s));
    head.ifPresent(h -> root.put("head", h));
    champion.ifPresent(v -> root.put("champion", v));
    verdict.ifPresent(v -> root.set("verdict", v));
    drift.ifPresent(d -> root.set("drift", d));
    ObjectNode byFamily = root.putObject("versions");
    versions.forEach(byFamily::put);
    promoted.ifPresent(v -> root.put("promoted", v));
    ArrayNode byName = root.putArray("families");
    families.forEach(f -> byName.add(f.json()));
    ArrayNode list = root.putArray("tasks");
    for (Task t : tasks) {
      list.addObject()
          .put("name", t.name().value())
          .put("status", lower(t.status()))
          .put("cause", t.cause());
    }
    ArrayNode records = root.putArray("stages");
    stages.forEach(s -> records.add(s.json()));
    return root;
  }

  /** UTF-8 bytes of {@link #json}, indented for people. */
  public byte[] bytes() {
    return Json.pretty(json()).getBytes(StandardCharsets.UTF_8);
  }

  public static boolean is(JsonNode root) {
    return API_VERSION.equals(root.path("apiVersion").asText());
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when it is no run record of this version
   */
  public static RunRecord parse(JsonNode root) {
    if (!is(root)) {
      throw new IllegalArgumentException("not a " + API_VERSION);
    }
    Map<String, Integer> versions = new TreeMap<>();
    root.path("versions")
        .properties()
        .forEach(e ->
            Fields.integer(root.path("versions"), e.getKey())
                .ifPresent(v -> versions.put(e.getKey(), v)));
    List<Task> tasks = new ArrayList<>();
    for (JsonNode t : root.path("tasks")) {
      tasks.add(
          new Task(
              new StageName(Fields.text(t, "name")),
              status(Fields.text(t, "status")),
              Fields.text(t, "cause")));
    }
    List<Family> families = new ArrayList<>();
    root.path("families").forEach(f -> families.add(Family.parse(f)));
    List<StageRecord> stages = new ArrayList<>();
    root.path("stages").forEach(s -> stages.add(StageRecord.parse(s)));
    return new RunRecord(
        new RunId(Fields.text(root, "run")),
        Fields.text(root, "model"),
        status(Fields.text(root, "status")),
        Instant.parse(Fields.text(root, "started")),
        Instant.parse(Fields.text(root, "finished")),
        Fields.instant(root, "asOf"),
        Fields.digest(root, "code"),
        Fields.optional(root, "commit"),
        Fields.optional(root, "seed"),
        Fields.optional(root, "head"),
        Fields.integer(root, "champion"),
        root.path("verdict").isObject() ? Optional.of(root.get("verdict")) : Optional.empty(),
        root.path("drift").isObject() ? Optional.of(root.get("drift")) : Optional.empty(),
        versions,
        Fields.integer(root, "promoted"),
        families,
        tasks,
        stages);
  }

  private static String lower(StageStatus status) {
    return status.name().toLowerCase(Locale.ROOT);
  }

  private static StageStatus status(String text) {
    return StageStatus.valueOf(text.toUpperCase(Locale.ROOT));
  }
}
