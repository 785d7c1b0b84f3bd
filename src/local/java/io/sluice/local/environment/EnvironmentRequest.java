package io.sluice.local.environment;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import java.util.Optional;

/**
 * Which Python environment somebody needs.
 *
 * @param name what people call it ({@code tabular}, {@code mlflow}); messages only, not identity
 * @param python version of the interpreter, {@code 3.11} or {@code 3.11.7}
 * @param lockName what people call the lock file; messages only, not identity
 * @param lock text of a requirements file in which every requirement is pinned by {@code ==} and
 *     carries hashes, as {@code uv pip compile --generate-hashes} writes
 * @param wheel one more wheel, installed after the lock without its dependencies
 */
public record EnvironmentRequest(
    String name, String python, String lockName, String lock, Optional<WheelSource> wheel) {
  /** Counts changes in how environments are built that make earlier ones unfit. */
  private static final int FORM = 1;

  public EnvironmentRequest {
    if (!python.matches("[0-9]+(\\.[0-9]+){1,2}")) {
      throw new IllegalArgumentException("not a Python version: " + python);
    }
  }

  /** What the environment is known by: equal requests share one folder. */
  public Digest digest() {
    ObjectNode identity = Json.object();
    identity.put("form", FORM);
    identity.put("python", python);
    identity.put("lock", Digest.of(lock).toString());
    wheel.ifPresent(w -> identity.put("wheel", w.digest().toString()));
    return Digest.of(Json.canonical(identity));
  }
}
