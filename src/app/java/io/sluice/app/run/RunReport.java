package io.sluice.app.run;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.core.lineage.Lineage;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * What a run came to.
 *
 * @param verdict {@code PROMOTE} or {@code HOLD}; empty when the run did not get as far
 * @param version the version that the run registered for its chosen candidate
 * @param drift status of today's data against what the champion was trained on, and why; empty when
 *     the pipeline does not look or the run did not get as far
 * @param unaudited what the audit for leaks could not look at; empty when it saw all, or the run
 *     did not get as far
 * @param families what came of each, candidates first by version, then those that were lost; empty
 *     when the run registered none
 * @param unrecorded why its record could not be written, beside a verdict that stands
 * @param failed the stage that it failed by; empty when it did not, or no stage is to blame
 * @param reason why it failed, for people; empty when it did not
 * @param exitCode what the command ends with, {@code --fail-on-hold} aside
 */
public record RunReport(
    RunId run,
    String model,
    StageStatus status,
    Optional<String> verdict,
    Optional<Integer> version,
    Optional<Drift> drift,
    Optional<String> unaudited,
    Optional<String> unrecorded,
    List<Family> families,
    Optional<StageName> failed,
    String reason,
    ExitCode exitCode) {

  /**
   * A family of the run.
   *
   * @param picked whether the verdict is about it
   * @param figures metrics of its version: {@code validation_loss}, {@code holdout_loss}, {@code
   *     trials}, {@code saved_trials_share}, ..
   * @param trouble why it was lost or left out; empty when it was not
   */
  public record Family(
      String name,
      Optional<Integer> version,
      boolean picked,
      Map<String, Double> figures,
      Optional<String> trouble) {
    private static final List<String> FIGURES =
        List.of(
            "validation_loss", "holdout_loss", "trials", "saved_trials_share", "saved_cpu_share");

    public Family {
      figures = Collections.unmodifiableMap(new TreeMap<>(figures));
    }

    JsonNode json() {
      ObjectNode root = Json.object().put("family", name).put("picked", picked);
      version.ifPresent(v -> root.put("version", v));
      for (String figure : FIGURES) {
        Double value = figures.get(figure);
        if (value != null) {
          root.put(figure, value);
        }
      }
      trouble.ifPresent(t -> root.put("trouble", t));
      return root;
    }

    /** {@code xgboost: version 3, picked; validation 0.95, holdout 0.97; 13 trials, 67% saved}. */
    public String sentence() {
      StringBuilder text = new StringBuilder(name).append(": ");
      if (version.isEmpty()) {
        return text.append("lost, ").append(trouble.orElse("")).toString();
      }
      text.append("version ").append(version.get());
      if (picked) {
        text.append(", picked");
      }
      trouble.ifPresent(t -> text.append(", out: ").append(t));
      figure("validation_loss", "; validation %.4g", 1, text);
      figure("holdout_loss", "; holdout %.4g", 1, text);
      figure("trials", "; %.0f trials", 1, text);
      figure("saved_trials_share", " (%.0f%% saved)", 100, text);
      return text.toString();
    }

    private void figure(String name, String form, double scale, StringBuilder into) {
      Double value = figures.get(name);
      if (value != null) {
        into.append(String.format(Locale.ROOT, form, value * scale));
      }
    }
  }

  /**
   * What the registered version says about drift.
   *
   * @param status {@code stable}, {@code drifted} or {@code unknown}
   * @param needsReview whether forecasts made from this data go to the review queue
   */
  public record Drift(String status, String reason, boolean needsReview) {}

  /** The report of a run that ended, before the registry was asked about it. */
  public static RunReport of(RunId run, String model, RunOutcome outcome, ExitCode exitCode) {
    return of(run, model, outcome, Optional.ofNullable(outcome.results().get("verdict")), exitCode);
  }

  /** The report of a part of a run, whose verdict may come from an earlier part. */
  public static RunReport of(
      RunId run, String model, RunOutcome outcome, Optional<String> verdict, ExitCode exitCode) {
    return new RunReport(
        run,
        model,
        outcome.status(),
        verdict,
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        outcome.unrecorded(),
        List.of(),
        outcome.failure().map(RunOutcome.Failure::stage),
        outcome.reason(),
        exitCode);
  }

  /**
   * The same report with what the registry knows of the run: the version, the families, the drift.
   *
   * @param whole the run that registered them: for a part of a run, the whole run
   */
  public RunReport registeredIn(ModelRegistry registry, RunId whole) {
    RegisteredRun registered = RegisteredRun.in(registry, model, whole);
    return with(registered.version(), registered.families());
  }

  private RunReport with(Optional<Version> registered, List<Family> candidates) {
    return new RunReport(
        run,
        model,
        status,
        verdict,
        registered.map(Version::version),
        registered.flatMap(RunReport::drift),
        registered.flatMap(v -> Lineage.of(v.tags())).flatMap(Lineage::unaudited),
        unrecorded,
        candidates,
        failed,
        reason,
        exitCode);
  }

  private static Optional<Drift> drift(Version version) {
    return Lineage.of(version.tags())
        .flatMap(Lineage::drift)
        .map(d -> new Drift(d.status().word(), d.reason(), d.needsReview()));
  }

  public boolean held() {
    return verdict.equals(Optional.of("HOLD"));
  }

  public JsonNode json() {
    ObjectNode root =
        Json.object()
            .put("run", run.value())
            .put("model", model)
            .put("status", status.name().toLowerCase(Locale.ROOT))
            .put("exitCode", exitCode.code());
    verdict.ifPresent(v -> root.put("verdict", v));
    version.ifPresent(v -> root.put("version", v));
    drift.ifPresent(d ->
        root.putObject("drift")
            .put("status", d.status())
            .put("reason", d.reason())
            .put("needsReview", d.needsReview()));
    unaudited.ifPresent(u -> root.put("unaudited", u));
    unrecorded.ifPresent(u -> root.put("unrecorded", u));
    if (!families.isEmpty()) {
      var list = root.putArray("families");
      families.forEach(f -> list.add(f.json()));
    }
    if (!reason.isEmpty()) {
      root.put("reason", reason);
    }
    return root;
  }
}
