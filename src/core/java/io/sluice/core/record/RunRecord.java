package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonSetter;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.annotation.Nulls;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.EnumNaming;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.drift.DriftFinding;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.LowerCase;
import io.sluice.core.json.Versioned;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What a whole run did, for reports, lineage and the gates of later runs: {@code run.json}. The
 * {@code finally} task derives it from the stage records and the statuses of tasks. Schema: {@code
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
@Versioned
@JsonTypeName(RunRecord.API_VERSION)
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
    Optional<PromotionLog.Head> head,
    Optional<Integer> champion,
    Optional<Verdict> verdict,
    Optional<DriftFinding> drift,
    SortedMap<String, Integer> versions,
    Optional<Integer> promoted,
    @JsonSetter(nulls = Nulls.AS_EMPTY) List<Family> families,
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
  @EnumNaming(LowerCase.class)
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
      SortedMap<String, String> search) {
    public Family {
      search = Collections.unmodifiableSortedMap(new TreeMap<>(search));
    }
  }

  public RunRecord {
    families = List.copyOf(families);
    versions = Collections.unmodifiableSortedMap(new TreeMap<>(versions));
    tasks = List.copyOf(tasks);
    stages = List.copyOf(stages);
  }

  /** Begins the record of a run; what is not set is empty. */
  public static Builder builder(
      RunId run, String model, StageStatus status, Instant started, Instant finished) {
    return new Builder(run, model, status, started, finished);
  }

  /** {@code run.json}, keys in a fixed order. */
  public ObjectNode json() {
    return JsonCodec.write(this);
  }

  /** UTF-8 bytes of {@link #json}, indented for people. */
  public byte[] bytes() {
    return Json.pretty(json()).getBytes(StandardCharsets.UTF_8);
  }

  /** Whether this JSON claims to be a run record of this version. */
  public static boolean is(JsonNode root) {
    return API_VERSION.equals(root.path("apiVersion").asText());
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is not a run record of this version
   */
  public static RunRecord parse(JsonNode root) {
    return JsonCodec.read(root, RunRecord.class);
  }

  /** The registered version of the family that the verdict is about. */
  public Optional<Integer> version() {
    return verdict.map(v -> versions.get(v.family()));
  }

  /** A run record under construction. */
  public static final class Builder {
    private final RunId run;
    private final String model;
    private final StageStatus status;
    private final Instant started;
    private final Instant finished;
    private Optional<Resolved> resolved = Optional.empty();
    private Optional<Verdict> verdict = Optional.empty();
    private Optional<DriftFinding> drift = Optional.empty();
    private SortedMap<String, Integer> versions = Collections.emptySortedMap();
    private Optional<Integer> promoted = Optional.empty();
    private List<Family> families = List.of();
    private List<Task> tasks = List.of();
    private List<StageRecord> stages = List.of();

    private Builder(
        RunId run, String model, StageStatus status, Instant started, Instant finished) {
      this.run = run;
      this.model = model;
      this.status = status;
      this.started = started;
      this.finished = finished;
    }

    /** What the run pinned. */
    public Builder resolved(Optional<Resolved> pinned) {
      this.resolved = pinned;
      return this;
    }

    public Builder verdict(Optional<Verdict> decided) {
      this.verdict = decided;
      return this;
    }

    public Builder drift(Optional<DriftFinding> found) {
      this.drift = found;
      return this;
    }

    /** The registered version of each family. */
    public Builder versions(SortedMap<String, Integer> byFamily) {
      this.versions = byFamily;
      return this;
    }

    public Builder promoted(Optional<Integer> version) {
      this.promoted = version;
      return this;
    }

    public Builder families(List<Family> all) {
      this.families = all;
      return this;
    }

    public Builder tasks(List<Task> all) {
      this.tasks = all;
      return this;
    }

    public Builder stages(List<StageRecord> all) {
      this.stages = all;
      return this;
    }

    public RunRecord build() {
      return new RunRecord(
          run,
          model,
          status,
          started,
          finished,
          resolved.map(Resolved::asOf),
          resolved.map(Resolved::code),
          resolved.flatMap(Resolved::commit),
          resolved.map(r -> Long.toString(r.seed())),
          resolved.map(Resolved::head),
          resolved.flatMap(Resolved::champion).map(Resolved.Champion::version),
          verdict,
          drift,
          versions,
          promoted,
          families,
          tasks,
          stages);
    }
  }
}
