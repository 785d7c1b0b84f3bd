package io.sluice.core.run;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Events as JSON objects, one a line: what {@code --json} prints. Schema: events.schema.json. */
public final class RunEventJson {
  private RunEventJson() {}

  /** The object of one event; {@code event} is the record's name in camel case. */
  public static ObjectNode write(RunEvent event) {
    ObjectNode o = Json.object();
    String kind = event.getClass().getSimpleName();
    o.put("event", kind.substring(0, 1).toLowerCase(Locale.ROOT) + kind.substring(1));
    o.put("at", event.at().toString());
    switch (event) {
      case RunEvent.SetUp e ->
          o.put("what", e.what()).put("phase", lower(e.phase())).put("detail", e.detail());
      case RunEvent.RunStarted e -> {
        o.put("run", e.run().value());
        var stages = o.putArray("stages");
        e.stages().forEach(s -> stages.add(s.value()));
      }
      case RunEvent.StageStarted e -> o.put("stage", e.stage().value()).put("attempt", e.attempt());
      case RunEvent.StepStarted e -> o.put("stage", e.stage().value()).put("step", e.step());
      case RunEvent.LogLine e ->
          o.put("stage", e.stage().value()).put("step", e.step()).put("text", e.text());
      case RunEvent.StepFinished e -> {
        o.put("stage", e.stage().value()).put("step", e.step());
        e.exitCode().ifPresentOrElse(c -> o.put("exitCode", c), () -> o.putNull("exitCode"));
      }
      case RunEvent.StageFinished e -> {
        o.put("stage", e.stage().value())
            .put("attempt", e.attempt())
            .put("status", lower(e.status()))
            .put("cached", e.cached())
            .put("seconds", e.took().toMillis() / 1000.0);
        putResults(o, e.results());
        putReason(o, e.reason());
      }
      case RunEvent.RunFinished e -> {
        o.put("run", e.run().value()).put("status", lower(e.status()));
        putResults(o, e.results());
        putReason(o, e.reason());
      }
    }
    return o;
  }

  private static void putResults(ObjectNode o, Map<String, String> results) {
    ObjectNode r = o.putObject("results");
    new TreeMap<>(results).forEach(r::put);
  }

  private static void putReason(ObjectNode o, String reason) {
    if (!reason.isEmpty()) {
      o.put("reason", reason);
    }
  }

  /** {@code TIMED_OUT} is {@code timedOut}. */
  private static String lower(Enum<?> value) {
    StringBuilder out = new StringBuilder();
    for (String word : value.name().toLowerCase(Locale.ROOT).split("_", -1)) {
      out.append(
          out.isEmpty() ? word : word.substring(0, 1).toUpperCase(Locale.ROOT) + word.substring(1));
    }
    return out.toString();
  }
}
