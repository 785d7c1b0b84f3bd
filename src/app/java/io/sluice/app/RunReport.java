package io.sluice.app;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import java.util.Locale;
import java.util.Optional;

/**
 * What a run came to.
 *
 * @param verdict {@code PROMOTE} or {@code HOLD}; empty when the run did not get as far
 * @param version the version that the run registered for its chosen candidate
 * @param reason why it failed, for people; empty when it did not
 * @param exitCode what the command ends with, {@code --fail-on-hold} aside
 */
public record RunReport(
    RunId run,
    String model,
    StageStatus status,
    Optional<String> verdict,
    Optional<Integer> version,
    String reason,
    ExitCode exitCode) {

  /** The same, once the registry was asked which version the run registered. */
  public RunReport withVersion(Optional<Integer> registered) {
    return new RunReport(run, model, status, verdict, registered, reason, exitCode);
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
    if (!reason.isEmpty()) {
      root.put("reason", reason);
    }
    return root;
  }
}
