package io.sluice.core.drift;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.GatePolicy.OnDrift;
import io.sluice.core.json.Json;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/**
 * The answer of a drift stage as the run acts on it: a status with its reason, and whether
 * forecasts made from today's data want a person's eye. Schema of what it is read from: {@code
 * drift.schema.json}.
 *
 * @param reason for people
 * @param share of the compared columns that have drifted; empty when nothing was compared
 * @param drifted how many columns have drifted
 * @param champion version whose snapshot was the reference; empty without a champion
 * @param document the whole {@code drift.json}, or empty when the stage left none
 */
public record DriftFinding(
    DriftStatus status,
    String reason,
    OptionalDouble share,
    int drifted,
    OptionalInt champion,
    Optional<JsonNode> document) {
  public static final String API_VERSION = "sluice.io/drift/v1";

  /** The columns that moved most are what a person wants to see of many. */
  private static final int MOST_COLUMNS = 10;

  /**
   * Reads {@code drift.json}.
   *
   * @throws IllegalArgumentException when it is none of this version
   */
  public static DriftFinding parse(JsonNode root) {
    if (!API_VERSION.equals(root.path("apiVersion").asText())) {
      throw new IllegalArgumentException("not a " + API_VERSION);
    }
    JsonNode share = root.path("share").path("drifted");
    JsonNode champion = root.path("champion").path("version");
    int drifted = 0;
    for (JsonNode column : root.path("columns")) {
      drifted += column.path("drifted").asBoolean() ? 1 : 0;
    }
    return new DriftFinding(
        DriftStatus.valueOf(root.path("status").asText().toUpperCase(Locale.ROOT)),
        root.path("reason").asText(),
        share.isNumber() ? OptionalDouble.of(share.asDouble()) : OptionalDouble.empty(),
        drifted,
        champion.isInt() ? OptionalInt.of(champion.asInt()) : OptionalInt.empty(),
        Optional.of(root));
  }

  /** What a run knows whose drift stage did not get as far. */
  public static DriftFinding failed(String cause) {
    return new DriftFinding(
        DriftStatus.UNKNOWN,
        "the drift stage failed" + (cause.isEmpty() ? "" : ": " + cause),
        OptionalDouble.empty(),
        0,
        OptionalInt.empty(),
        Optional.empty());
  }

  /** The status as tags and records write it. */
  public String word() {
    return status.name().toLowerCase(Locale.ROOT);
  }

  /**
   * Whether forecasts made from the data of this run go to the review queue. {@code unknown} does
   * not send them there: on a first run everything would be.
   */
  public boolean needsReview(OnDrift policy) {
    return status == DriftStatus.DRIFTED && policy != OnDrift.IGNORE;
  }

  /** One line for people. */
  public String sentence() {
    return "drift: " + word() + ": " + reason;
  }

  /** The block {@code drift} of a run record, without what only the run knows. */
  public ObjectNode summary(OnDrift policy) {
    ObjectNode out = Json.object();
    out.put("status", word());
    out.put("reason", reason);
    out.put("onDrift", policy.name().toLowerCase(Locale.ROOT));
    out.put("needsReview", needsReview(policy));
    champion.ifPresent(v -> out.put("champion", v));
    document.ifPresent(d -> {
      out.set("share", d.path("share"));
      ArrayNode columns = out.putArray("columns");
      for (JsonNode c : d.path("columns")) {
        if (columns.size() < MOST_COLUMNS) {
          columns.add(c);
        }
      }
    });
    return out;
  }
}
