package io.sluice.core.record;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.plan.Plan;
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
 * What one attempt at a stage did, written from inside it as it goes: fetch writes the first form
 * (no {@link #status}), store replaces it. Lineage is read off these. Schema: {@code
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
 * @param exitCode of the command
 * @param cause why it did not succeed, for people; empty when it did
 */
public record StageRecord(
    RunId run,
    StageName stage,
    Plan.Kind kind,
    int attempt,
    Optional<String> family,
    Optional<StageStatus> status,
    boolean cached,
    Optional<Digest> key,
    Optional<Digest> environment,
    Optional<String> image,
    Optional<Digest> code,
    List<Input> inputs,
    Optional<Digest> outputs,
    Map<String, Digest> artifacts,
    Map<String, String> results,
    Optional<Instant> asOf,
    Optional<Integer> exitCode,
    Instant started,
    Optional<Instant> finished,
    String cause) {
  public static final String API_VERSION = "sluice.io/stage-record/v1";

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
      Optional<Integer> failed) {

    /**
     * Reads an element of {@code inputs}.
     *
     * @throws IllegalArgumentException when it is none
     */
    public static Input parse(JsonNode node) {
      return new Input(
          Fields.text(node, "name"),
          Fields.digest(node, "manifest"),
          Fields.text(node, "path"),
          Fields.digest(node, "artifact"),
          Fields.integer(node, "failed"));
    }
  }

  public StageRecord {
    inputs = List.copyOf(inputs);
    artifacts = Collections.unmodifiableMap(new TreeMap<>(artifacts));
    results = Collections.unmodifiableMap(new TreeMap<>(results));
  }

  /** The record as JSON, keys in a fixed order. */
  public ObjectNode json() {
    ObjectNode root = Json.object();
    root.put("apiVersion", API_VERSION);
    root.put("run", run.value());
    root.put("stage", stage.value());
    root.put("kind", kind.name().toLowerCase(Locale.ROOT));
    root.put("attempt", attempt);
    family.ifPresent(f -> root.put("family", f));
    root.put("status", status.map(s -> s.name().toLowerCase(Locale.ROOT)).orElse("running"));
    root.put("cached", cached);
    key.ifPresent(d -> root.put("key", d.toString()));
    environment.ifPresent(d -> root.put("environment", d.toString()));
    image.ifPresent(i -> root.put("image", i));
    code.ifPresent(d -> root.put("code", d.toString()));
    ArrayNode list = root.putArray("inputs");
    for (Input i : inputs) {
      ObjectNode o = list.addObject().put("name", i.name());
      i.manifest().ifPresent(d -> o.put("manifest", d.toString()));
      o.put("path", i.path());
      i.artifact().ifPresent(d -> o.put("artifact", d.toString()));
      i.failed().ifPresent(c -> o.put("failed", c));
    }
    outputs.ifPresent(d -> root.put("outputs", d.toString()));
    ObjectNode byName = root.putObject("artifacts");
    artifacts.forEach((name, digest) -> byName.put(name, digest.toString()));
    ObjectNode values = root.putObject("results");
    results.forEach(values::put);
    asOf.ifPresent(t -> root.put("asOf", t.toString()));
    exitCode.ifPresent(c -> root.put("exitCode", c));
    root.put("started", started.toString());
    finished.ifPresent(t -> root.put("finished", t.toString()));
    root.put("cause", cause);
    return root;
  }

  /** UTF-8 bytes of {@link #json}, indented for people. */
  public byte[] bytes() {
    return Json.pretty(json()).getBytes(StandardCharsets.UTF_8);
  }

  /** Whether these bytes claim to be a stage record of this version. */
  public static boolean is(JsonNode root) {
    return API_VERSION.equals(root.path("apiVersion").asText());
  }

  /**
   * Reads what {@link #json} wrote.
   *
   * @throws IllegalArgumentException when it is no stage record of this version
   */
  public static StageRecord parse(JsonNode root) {
    if (!is(root)) {
      throw new IllegalArgumentException("not a " + API_VERSION);
    }
    List<Input> inputs = new ArrayList<>();
    for (JsonNode i : root.path("inputs")) {
      inputs.add(Input.parse(i));
    }
    Map<String, Digest> artifacts = new TreeMap<>();
    root.path("artifacts")
        .properties()
        .forEach(e -> artifacts.put(e.getKey(), Digest.parse(e.getValue().asText())));
    Map<String, String> results = new TreeMap<>();
    root.path("results").properties().forEach(e -> results.put(e.getKey(), e.getValue().asText()));
    String status = Fields.text(root, "status");
    return new StageRecord(
        new RunId(Fields.text(root, "run")),
        new StageName(Fields.text(root, "stage")),
        Plan.Kind.valueOf(Fields.text(root, "kind").toUpperCase(Locale.ROOT)),
        Fields.integer(root, "attempt").orElse(0),
        Fields.optional(root, "family"),
        status.equals("running")
            ? Optional.empty()
            : Optional.of(StageStatus.valueOf(status.toUpperCase(Locale.ROOT))),
        root.path("cached").asBoolean(),
        Fields.digest(root, "key"),
        Fields.digest(root, "environment"),
        Fields.optional(root, "image"),
        Fields.digest(root, "code"),
        inputs,
        Fields.digest(root, "outputs"),
        artifacts,
        results,
        Fields.instant(root, "asOf"),
        Fields.integer(root, "exitCode"),
        Instant.parse(Fields.text(root, "started")),
        Fields.instant(root, "finished"),
        Fields.optional(root, "cause").orElse(""));
  }
}
