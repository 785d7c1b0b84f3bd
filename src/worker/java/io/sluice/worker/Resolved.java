package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a run pinned before it did anything: {@code resolved.json}. Schema: {@code
 * resolved.schema.json}.
 *
 * @param code digest of the code tree, as {@link Manifest#artifact} gives it
 * @param commit of version control, if the client knew it; recorded only
 * @param seed of the spec
 */
record Resolved(
    String model,
    RunId run,
    Instant asOf,
    Digest code,
    Optional<String> commit,
    long seed,
    PromotionLog.Head head,
    Optional<Champion> champion) {
  static final String API_VERSION = "sluice.io/resolved/v1";
  static final String FILE = "resolved.json";
  static final String CODE = "code";
  static final String GATES = "gates.json";
  static final String SEARCH = "search.json";
  static final String CHAMPION_MODEL = "champion/model";
  static final String LINEAGE = "champion/lineage.json";
  static final String STUDIES = "champion/studies/";
  static final String SNAPSHOTS = "champion/snapshots/";

  /** The version that candidates meet. {@code run} is the Sluice run that made it. */
  record Champion(
      int version,
      String family,
      String run,
      Map<String, String> params,
      Map<String, String> tags) {
    Champion {
      params = Collections.unmodifiableMap(new TreeMap<>(params));
      tags = Collections.unmodifiableMap(new TreeMap<>(tags));
    }
  }

  ObjectNode json() {
    ObjectNode root = Json.object();
    root.put("apiVersion", API_VERSION);
    root.put("model", model);
    root.put("run", run.value());
    root.put("asOf", asOf.toString());
    root.put("code", code.toString());
    commit.ifPresent(c -> root.put("commit", c));
    root.put("seed", seed);
    root.put("head", head.toString());
    root.putNull("champion");
    champion.ifPresent(c -> {
      ObjectNode node = root.putObject("champion");
      node.put("version", c.version()).put("family", c.family()).put("run", c.run());
      ObjectNode params = node.putObject("params");
      c.params().forEach(params::put);
      ObjectNode tags = node.putObject("tags");
      c.tags().forEach(tags::put);
    });
    return root;
  }

  static Resolved parse(JsonNode root) {
    if (!API_VERSION.equals(root.path("apiVersion").asText())) {
      throw new IllegalArgumentException("not a " + API_VERSION);
    }
    JsonNode c = root.path("champion");
    return new Resolved(
        root.path("model").asText(),
        new RunId(root.path("run").asText()),
        Instant.parse(root.path("asOf").asText()),
        Digest.parse(root.path("code").asText()),
        Optional.ofNullable(root.get("commit")).map(JsonNode::asText),
        root.path("seed").asLong(),
        PromotionLog.Head.parse(root.path("head").asText()),
        c.isObject()
            ? Optional.of(
                new Champion(
                    c.path("version").asInt(),
                    c.path("family").asText(),
                    c.path("run").asText(),
                    texts(c.path("params")),
                    texts(c.path("tags"))))
            : Optional.empty());
  }

  /** Reads it from resolve's output manifest. */
  static Resolved from(ArtifactStore store, Manifest manifest) throws IOException {
    return parse(Json.parse(read(store, manifest, FILE)));
  }

  /** One small file of a manifest, verified. */
  static byte[] read(ArtifactStore store, Manifest manifest, String path) throws IOException {
    Manifest.Entry entry =
        manifest.entries().stream()
            .filter(e -> e.path().equals(path))
            .findFirst()
            .orElseThrow(() -> new IOException("no " + path + " in manifest " + manifest.digest()));
    try (InputStream in = store.open(entry.digest())) {
      return in.readAllBytes();
    }
  }

  byte[] bytes() {
    return Json.pretty(json()).getBytes(StandardCharsets.UTF_8);
  }

  private static Map<String, String> texts(JsonNode node) {
    Map<String, String> out = new TreeMap<>();
    node.properties().forEach(e -> out.put(e.getKey(), e.getValue().asText()));
    return out;
  }
}
