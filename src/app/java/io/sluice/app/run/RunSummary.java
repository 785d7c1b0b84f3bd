package io.sluice.app.run;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What of a run's record ({@code run.json}) is shown or handed to a script: texts, numbers, truth
 * values and lists of texts, nothing else.
 */
public final class RunSummary {
  private final JsonNode record;

  private RunSummary(JsonNode record) {
    this.record = record;
  }

  /**
   * Of a record.
   *
   * @throws IllegalArgumentException for what is no JSON
   */
  public static RunSummary of(byte[] runJson) {
    return new RunSummary(Json.parse(runJson));
  }

  /** Of a run without a record, such as a pull request's. */
  public static RunSummary empty() {
    return new RunSummary(Json.object());
  }

  /** A line of a table of models or slices. */
  public record Row(
      String name, Optional<Double> value, Optional<Double> improvement, boolean regression) {}

  /** A family that took part. */
  public record Family(
      String name,
      String status,
      boolean picked,
      Optional<Integer> version,
      Optional<Double> validationLoss,
      Optional<Integer> trials,
      Optional<Double> savedTrials,
      String cause) {}

  public String run() {
    return record.path("run").asText();
  }

  public String model() {
    return record.path("model").asText();
  }

  public String status() {
    return record.path("status").asText();
  }

  /** {@code PROMOTE} or {@code HOLD}. */
  public Optional<String> verdict() {
    return text(record.path("verdict").path("decision"));
  }

  /** Why it was held: {@code worse}, {@code inconclusive}, .. */
  public Optional<String> reason() {
    return text(record.path("verdict").path("reason"));
  }

  /** The verdict for people. */
  public List<String> sentences() {
    return RunDefinition.texts(record.path("verdict").path("sentences"));
  }

  public String metric() {
    return record.path("verdict").path("policy").path("metric").asText();
  }

  /** Of the metric, relative, positive where the candidate is better. */
  public Optional<Double> improvement() {
    String candidate = record.path("verdict").path("candidate").asText();
    for (JsonNode test : record.path("verdict").path("tests")) {
      if (test.path("candidate").asText().equals(candidate)) {
        return number(test.path("improvement"));
      }
    }
    return Optional.empty();
  }

  /** What the candidate has of the metric on the holdout. */
  public Optional<Double> candidateValue() {
    return value(record.path("verdict").path("candidate").asText());
  }

  /** What the champion that it met has of it on the same holdout. */
  public Optional<Double> championValue() {
    return value("champion");
  }

  private Optional<Double> value(String model) {
    return models().stream().filter(m -> m.name().equals(model)).findFirst().flatMap(Row::value);
  }

  /** The picked family. */
  public Optional<String> family() {
    return text(record.path("verdict").path("candidate"))
        .map(c -> c.startsWith("candidate:") ? c.substring("candidate:".length()) : c);
  }

  /** The version that the candidate was registered as. */
  public Optional<Integer> version() {
    return family().flatMap(f -> integer(record.path("versions").path(f)));
  }

  /** The version that this run made champion. */
  public Optional<Integer> promoted() {
    return integer(record.path("promoted"));
  }

  /** The champion that the candidate met. */
  public Optional<Integer> champion() {
    return integer(record.path("champion"));
  }

  /** {@code stable}, {@code drifted} or {@code unknown}. */
  public Optional<String> drift() {
    return text(record.path("drift").path("status"));
  }

  public String driftReason() {
    return record.path("drift").path("reason").asText();
  }

  public boolean needsReview() {
    return record.path("drift").path("needsReview").asBoolean();
  }

  /** The models on the holdout: candidate, champion, baselines. */
  public List<Row> models() {
    List<Row> rows = new ArrayList<>();
    for (JsonNode m : record.path("verdict").path("models")) {
      rows.add(new Row(m.path("name").asText(), number(m.path("value")), Optional.empty(), false));
    }
    return List.copyOf(rows);
  }

  /** The slices that were checked. */
  public List<Row> slices() {
    List<Row> rows = new ArrayList<>();
    for (JsonNode s : record.path("verdict").path("slices")) {
      rows.add(
          new Row(
              s.path("column").asText() + " = " + s.path("value").asText(),
              Optional.empty(),
              number(s.path("improvement")),
              s.path("regression").asBoolean()));
    }
    return List.copyOf(rows);
  }

  public List<Family> families() {
    List<Family> out = new ArrayList<>();
    for (JsonNode f : record.path("families")) {
      out.add(
          new Family(
              f.path("name").asText(),
              f.path("status").asText(),
              f.path("picked").asBoolean(),
              integer(f.path("version")),
              number(f.path("validationLoss")),
              parsed(f.path("search").path("trials").asText()).map(Double::intValue),
              parsed(f.path("search").path("savings").asText()),
              f.path("cause").asText()));
    }
    return List.copyOf(out);
  }

  /**
   * What a step returns to a script.
   *
   * @param run id, also when there is no record
   * @param verdict as the run's results have it, also when there is no record
   * @return of a class that goes into a build's saved state, as every value in it
   */
  public Map<String, Object> result(String run, Optional<String> verdict) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("run", run);
    verdict.or(this::verdict).ifPresent(v -> out.put("verdict", v));
    reason().ifPresent(v -> out.put("reason", v));
    improvement().ifPresent(v -> out.put("improvement", v));
    text(record.path("model")).ifPresent(v -> out.put("model", v));
    family().ifPresent(v -> out.put("candidate", v));
    version().ifPresent(v -> out.put("version", v));
    champion().ifPresent(v -> out.put("champion", v));
    promoted().ifPresent(v -> out.put("promoted", v));
    drift().ifPresent(v -> out.put("drift", v));
    if (drift().isPresent()) {
      out.put("needsReview", needsReview());
    }
    out.put("sentences", new ArrayList<>(sentences()));
    return out;
  }

  private static Optional<String> text(JsonNode node) {
    return node.isTextual() ? Optional.of(node.asText()) : Optional.empty();
  }

  private static Optional<Double> number(JsonNode node) {
    return node.isNumber() ? Optional.of(node.asDouble()) : Optional.empty();
  }

  private static Optional<Integer> integer(JsonNode node) {
    return node.isIntegralNumber() ? Optional.of(node.asInt()) : Optional.empty();
  }

  private static Optional<Double> parsed(String text) {
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(Double.valueOf(text));
    } catch (NumberFormatException e) {
      return Optional.empty(); // a result for people, such as `unknown`
    }
  }
}
