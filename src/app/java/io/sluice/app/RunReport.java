package io.sluice.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import java.util.Locale;
import java.util.Optional;

/**
 * What a run came to.
 *
 * @param verdict {@code PROMOTE} or {@code HOLD}; empty when the run did not get as far
 * @param version the version that the run registered for its chosen candidate
 * @param drift status of today's data against what the champion was trained on, and why; empty when
 *     the pipeline does not look or the run did not get as far
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
    String reason,
    ExitCode exitCode) {

  /**
   * What the registered version says about drift.
   *
   * @param status {@code stable}, {@code drifted} or {@code unknown}
   * @param needsReview whether forecasts made from this data go to the review queue
   */
  public record Drift(String status, String reason, boolean needsReview) {}

  /** The same, once the registry was asked what the run registered. */
  public RunReport with(Optional<Version> registered) {
    return new RunReport(
        run,
        model,
        status,
        verdict,
        registered.map(Version::version),
        registered.flatMap(RunReport::drift),
        reason,
        exitCode);
  }

  private static Optional<Drift> drift(Version version) {
    return Optional.ofNullable(version.tags().get("sluice.drift"))
        .map(status ->
            new Drift(
                status,
                version.tags().getOrDefault("sluice.drift.reason", ""),
                Boolean.parseBoolean(version.tags().getOrDefault("sluice.needsReview", "false"))));
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
    if (!reason.isEmpty()) {
      root.put("reason", reason);
    }
    return root;
  }
}
