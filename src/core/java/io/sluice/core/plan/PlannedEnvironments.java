package io.sluice.core.plan;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.spec.Spec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;

/** The environments of a spec, each with the digest of all that makes it. */
final class PlannedEnvironments {
  private PlannedEnvironments() {}

  /**
   * The environments of a spec, sorted by name.
   *
   * @param wheel digest of the {@code sluice_ml} wheel
   * @throws SluiceException (exit code 2) when a lock file is not there
   */
  static List<Plan.Environment> of(Spec spec, LockContents locks, Digest wheel) {
    List<Plan.Environment> environments = new ArrayList<>();
    spec.environments()
        .forEach((name, e) -> {
          ObjectNode identity = Json.object();
          e.python().ifPresent(version -> identity.put("python", version));
          e.lock().ifPresent(path -> identity.put("lock", Digest.of(lock(locks, path)).toString()));
          if (e.sluiceMl()) {
            identity.put("sluiceMl", wheel.toString());
          }
          Digest digest = Digest.of(Json.canonical(identity).getBytes(StandardCharsets.UTF_8));
          environments.add(
              new Plan.Environment(name, e.image(), e.python(), e.lock(), e.sluiceMl(), digest));
        });
    return List.copyOf(environments);
  }

  private static byte[] lock(LockContents locks, String path) {
    return locks
        .read(path)
        .orElseThrow(() ->
            Planner.wrong(
                "SLU-1032",
                "no file \"" + path + "\", which an environment names as its lock",
                "paths are relative to the folder of sluice.yaml"));
  }
}
