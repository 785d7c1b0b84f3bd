package io.sluice.core.record;

import com.fasterxml.jackson.annotation.JsonInclude;
import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonTypeName;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.annotation.JsonDeserialize;
import com.fasterxml.jackson.databind.annotation.JsonSerialize;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.util.StdConverter;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.json.Versioned;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What one attempt at a stage did, written from inside the attempt: fetch writes the first form (no
 * {@link #status}), store replaces it. Lineage follows from these records. Schema: {@code
 * stage-record.schema.json}.
 *
 * @param attempt from 0, as Tekton's retry count
 * @param status empty while it runs; stays so when its pod was killed
 * @param cached whether the outputs are those of an earlier execution of the same key
 * @param key cache key; empty for kinds that are never cached
 * @param environment digest of the environment of the user's command
 * @param image reference of the image of the {@code run} step; may be empty
 * @param code digest of the code tree
 * @param inputs in the order of their names
 * @param outputs digest of the output manifest
 * @param artifacts digest of the content of each output, by name
 * @param results small named values
 * @param asOf what the outputs know up to
 * @param delivery what a labelled data source delivered
 * @param exitCode of the command
 * @param cause why it did not succeed, for people; empty when it did
 */
@Versioned
@JsonTypeName(StageRecord.API_VERSION)
public record StageRecord(
    RunId run,
    StageName stage,
    Plan.Kind kind,
    int attempt,
    Optional<String> family,
    @JsonProperty(required = true)
        @JsonInclude(JsonInclude.Include.ALWAYS)
        @JsonSerialize(converter = StatusWriter.class)
        @JsonDeserialize(converter = StatusReader.class)
        Optional<StageStatus> status,
    boolean cached,
    Optional<Digest> key,
    Optional<Digest> environment,
    Optional<String> image,
    Optional<Digest> code,
    List<Input> inputs,
    Optional<Digest> outputs,
    SortedMap<String, Digest> artifacts,
    SortedMap<String, String> results,
    Optional<Instant> asOf,
    Optional<Delivery> delivery,
    Optional<Integer> exitCode,
    Instant started,
    Optional<Instant> finished,
    String cause) {
  public static final String API_VERSION = "sluice.io/stage-record/v1";

  /** The status of a record that has none yet. */
  private static final String RUNNING = "running";

  /**
   * One input as it came.
   *
   * @param manifest digest of the producer's output manifest; empty when the producer failed
   * @param path inside that manifest
   * @param artifact digest of the content there; empty when there was none (an absent optional
   *     input)
   * @param failed exit code of a producer that was allowed to fail, and did
   */
  public record Input(
      String name,
      Optional<Digest> manifest,
      String path,
      Optional<Digest> artifact,
      Optional<Integer> failed) {}

  public StageRecord {
    inputs = List.copyOf(inputs);
    artifacts = Collections.unmodifiableSortedMap(new TreeMap<>(artifacts));
    results = Collections.unmodifiableSortedMap(new TreeMap<>(results));
  }

  /** Begins the record of an attempt; what is not set is empty. */
  public static Builder builder(
      RunId run, StageName stage, Plan.Kind kind, int attempt, Instant started) {
    return new Builder(run, stage, kind, attempt, started);
  }

  /** The record as JSON, keys in a fixed order. */
  public ObjectNode json() {
    return JsonCodec.write(this);
  }

  /** UTF-8 bytes of {@link #json}, indented for people. */
  public byte[] bytes() {
    return Json.pretty(json()).getBytes(StandardCharsets.UTF_8);
  }

  /** Whether this JSON claims to be a stage record of this version. */
  public static boolean is(JsonNode root) {
    return API_VERSION.equals(root.path("apiVersion").asText());
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when the JSON is not a stage record of this version
   */
  public static StageRecord parse(JsonNode root) {
    return JsonCodec.read(root, StageRecord.class);
  }

  /**
   * The stage records of a run, ordered by stage name and attempt; what else lies beside them is
   * left out.
   */
  public static List<StageRecord> all(ArtifactStore store, RunId run) throws IOException {
    List<StageRecord> all = new ArrayList<>();
    for (byte[] bytes : store.records(run)) {
      JsonNode json = Json.parse(bytes);
      if (is(json)) {
        all.add(parse(json));
      }
    }
    return List.copyOf(all);
  }

  /** The records of the last attempt at each stage, in the order of these records. */
  public static Map<StageName, StageRecord> last(List<StageRecord> records) {
    Map<StageName, StageRecord> last = new LinkedHashMap<>();
    records.forEach(r -> last.put(r.stage(), r));
    return last;
  }

  /** Writes a status that is still empty as {@code running}. */
  static final class StatusWriter extends StdConverter<Optional<StageStatus>, String> {
    @Override
    public String convert(Optional<StageStatus> status) {
      return status.map(s -> s.name().toLowerCase(Locale.ROOT)).orElse(RUNNING);
    }
  }

  /** Reads {@code running} as a status that is still empty. */
  static final class StatusReader extends StdConverter<String, Optional<StageStatus>> {
    @Override
    public Optional<StageStatus> convert(String word) {
      return word.equals(RUNNING)
          ? Optional.empty()
          : Optional.of(StageStatus.valueOf(word.toUpperCase(Locale.ROOT)));
    }
  }

  /** A stage record under construction. */
  public static final class Builder {
    private final RunId run;
    private final StageName stage;
    private final Plan.Kind kind;
    private final int attempt;
    private final Instant started;
    private Optional<String> family = Optional.empty();
    private Optional<StageStatus> status = Optional.empty();
    private boolean cached;
    private Optional<Digest> key = Optional.empty();
    private Optional<Digest> environment = Optional.empty();
    private Optional<String> image = Optional.empty();
    private Optional<Digest> code = Optional.empty();
    private List<Input> inputs = List.of();
    private Optional<Digest> outputs = Optional.empty();
    private SortedMap<String, Digest> artifacts = Collections.emptySortedMap();
    private SortedMap<String, String> results = Collections.emptySortedMap();
    private Optional<Instant> asOf = Optional.empty();
    private Optional<Delivery> delivery = Optional.empty();
    private Optional<Integer> exitCode = Optional.empty();
    private Optional<Instant> finished = Optional.empty();
    private String cause = "";

    private Builder(RunId run, StageName stage, Plan.Kind kind, int attempt, Instant started) {
      this.run = run;
      this.stage = stage;
      this.kind = kind;
      this.attempt = attempt;
      this.started = started;
    }

    public Builder family(Optional<String> name) {
      this.family = name;
      return this;
    }

    /** The cache key, and whether the outputs are those of an earlier execution of it. */
    public Builder key(Optional<Digest> digest, boolean hit) {
      this.key = digest;
      this.cached = hit;
      return this;
    }

    public Builder environment(Optional<Digest> digest) {
      this.environment = digest;
      return this;
    }

    public Builder image(Optional<String> reference) {
      this.image = reference;
      return this;
    }

    public Builder code(Digest digest) {
      this.code = Optional.of(digest);
      return this;
    }

    public Builder inputs(List<Input> all) {
      this.inputs = all;
      return this;
    }

    public Builder outputs(Optional<Digest> manifest) {
      this.outputs = manifest;
      return this;
    }

    public Builder artifacts(Map<String, Digest> byOutput) {
      this.artifacts = new TreeMap<>(byOutput);
      return this;
    }

    public Builder results(Map<String, String> byName) {
      this.results = new TreeMap<>(byName);
      return this;
    }

    public Builder asOf(Optional<Instant> instant) {
      this.asOf = instant;
      return this;
    }

    public Builder delivery(Optional<Delivery> counted) {
      this.delivery = counted;
      return this;
    }

    /** How the attempt ended; {@code why} is for people, and empty when it succeeded. */
    public Builder ended(StageStatus how, int code, Instant when, String why) {
      this.status = Optional.of(how);
      this.exitCode = Optional.of(code);
      this.finished = Optional.of(when);
      this.cause = why;
      return this;
    }

    public StageRecord build() {
      return new StageRecord(
          run,
          stage,
          kind,
          attempt,
          family,
          status,
          cached,
          key,
          environment,
          image,
          code,
          inputs,
          outputs,
          artifacts,
          results,
          asOf,
          delivery,
          exitCode,
          started,
          finished,
          cause);
    }
  }
}
