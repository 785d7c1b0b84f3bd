package io.sluice.app.run;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import io.sluice.core.drift.DriftFinding;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Reason;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.record.RunRecord;
import io.sluice.core.run.RunId;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * What of a run's record is shown or handed to a script: texts, numbers, truth values and lists of
 * texts, nothing else. A run without a record, such as a pull request's, has an empty summary.
 */
public final class RunSummary {
  private final Optional<RunRecord> record;
  private final Optional<Verdict> verdict;
  private final Optional<DriftFinding> drift;

  private RunSummary(Optional<RunRecord> record) {
    this.record = record;
    this.verdict = record.flatMap(RunRecord::verdict);
    this.drift = record.flatMap(RunRecord::drift);
  }

  /**
   * Reads {@code run.json}.
   *
   * @throws IllegalArgumentException when it is not a run record
   */
  public static RunSummary of(byte[] runJson) {
    return new RunSummary(Optional.of(RunRecord.parse(Json.parse(runJson))));
  }

  /**
   * Whether a {@code run.json} is the record of a run. It need not be one that {@link #of} reads: a
   * registry also has records of other versions of Sluice.
   */
  public static boolean isOf(byte[] runJson, RunId run) {
    try {
      return JsonCodec.read(Json.parse(runJson), Owner.class).run().equals(run.value());
    } catch (IllegalArgumentException e) {
      return false; // it does not say whose record it is
    }
  }

  /** The run that a record is of. */
  @JsonIgnoreProperties(ignoreUnknown = true)
  record Owner(String run) {}

  /** The summary of a run without a record. */
  public static RunSummary empty() {
    return new RunSummary(Optional.empty());
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
    return record.map(r -> r.run().value()).orElse("");
  }

  public String model() {
    return record.map(RunRecord::model).orElse("");
  }

  public String status() {
    return record.map(r -> r.status().name().toLowerCase(Locale.ROOT)).orElse("");
  }

  /** {@code PROMOTE} or {@code HOLD}. */
  public Optional<String> verdict() {
    return verdict.map(Verdict::decision).map(Decision::name);
  }

  /** Why it was held: {@code worse}, {@code inconclusive}, and so on. */
  public Optional<String> reason() {
    return verdict.flatMap(Verdict::reason).map(Reason::word);
  }

  /** The verdict for people. */
  public List<String> sentences() {
    return verdict.map(Verdict::sentences).orElse(List.of());
  }

  /** What people call the metric; empty without a verdict. */
  public String metric() {
    return verdict.map(v -> v.policy().get(GatePolicy.METRIC).title()).orElse("");
  }

  /** Of the metric, relative, positive where the candidate is better. */
  public Optional<Double> improvement() {
    return verdict.stream()
        .flatMap(v -> v.tests().stream().filter(t -> t.candidate().equals(v.candidate())))
        .findFirst()
        .flatMap(Verdict.Test::improvement);
  }

  /** What the candidate has of the metric on the holdout. */
  public Optional<Double> candidateValue() {
    return verdict.flatMap(v -> value(v.candidate()));
  }

  /** What the champion that it met has of it on the same holdout. */
  public Optional<Double> championValue() {
    return value(HoldoutRows.CHAMPION);
  }

  private Optional<Double> value(String model) {
    return models().stream().filter(m -> m.name().equals(model)).findFirst().flatMap(Row::value);
  }

  /** The family that the verdict is about. */
  public Optional<String> family() {
    return verdict.map(Verdict::family);
  }

  /** The version that the candidate was registered as. */
  public Optional<Integer> version() {
    return record.flatMap(RunRecord::version);
  }

  /** The version that this run made champion. */
  public Optional<Integer> promoted() {
    return record.flatMap(RunRecord::promoted);
  }

  /** The champion that the candidate met. */
  public Optional<Integer> champion() {
    return record.flatMap(RunRecord::champion);
  }

  /** {@code stable}, {@code drifted} or {@code unknown}. */
  public Optional<String> drift() {
    return drift.map(d -> d.status().word());
  }

  public String driftReason() {
    return drift.map(DriftFinding::reason).orElse("");
  }

  public boolean needsReview() {
    return drift.map(DriftFinding::needsReview).orElse(false);
  }

  /** The models on the holdout: candidate, champion, baselines. */
  public List<Row> models() {
    return verdict.stream()
        .flatMap(v -> v.models().stream())
        .map(m -> new Row(m.name(), m.value(), Optional.empty(), false))
        .toList();
  }

  /** The slices that were checked. */
  public List<Row> slices() {
    return verdict.stream()
        .flatMap(v -> v.slices().stream())
        .map(s ->
            new Row(
                s.column() + " = " + s.value(), Optional.empty(), s.improvement(), s.regression()))
        .toList();
  }

  public List<Family> families() {
    return record.stream()
        .flatMap(r -> r.families().stream())
        .map(f ->
            new Family(
                f.name(),
                f.status().name().toLowerCase(Locale.ROOT),
                f.picked(),
                f.version(),
                f.validationLoss(),
                number(f.search().get("trials")).map(Double::intValue),
                number(f.search().get("savings")),
                f.cause()))
        .toList();
  }

  /**
   * What a step returns to a script.
   *
   * @param run id, also when there is no record
   * @param fromRun the verdict as the run's results have it, also when there is no record
   * @return of a class that goes into a build's saved state, as every value in it
   */
  public Map<String, Object> result(String run, Optional<String> fromRun) {
    Map<String, Object> out = new LinkedHashMap<>();
    out.put("run", run);
    fromRun.or(this::verdict).ifPresent(v -> out.put("verdict", v));
    reason().ifPresent(v -> out.put("reason", v));
    improvement().ifPresent(v -> out.put("improvement", v));
    record.map(RunRecord::model).ifPresent(v -> out.put("model", v));
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

  private static Optional<Double> number(@Nullable String text) {
    try {
      return text == null || text.isEmpty() ? Optional.empty() : Optional.of(Double.valueOf(text));
    } catch (NumberFormatException e) {
      return Optional.empty(); // a result for people, such as `unknown`
    }
  }
}
