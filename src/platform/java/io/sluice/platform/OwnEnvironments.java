package io.sluice.platform;

import io.sluice.core.artifact.Digest;
import io.sluice.core.plan.Plan;
import io.sluice.core.spec.ImageRole;
import io.sluice.local.environment.EnvironmentBuilder;
import io.sluice.local.environment.EnvironmentRequest;
import io.sluice.local.environment.WheelSource;
import io.sluice.ml.Wheel;
import io.sluice.mlflow.EmbeddedMlflow;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/** The Python environments whose locks come with Sluice: MLflow, the tuner, the drift stage. */
final class OwnEnvironments {
  /** The environment of the embedded MLflow server. */
  static final EnvironmentRequest MLFLOW =
      new EnvironmentRequest(
          "mlflow", EmbeddedMlflow.PYTHON, "mlflow.lock", EmbeddedMlflow.lock(), Optional.empty());

  private OwnEnvironments() {}

  /** The environments of the stages of a plan that are Sluice's own, by image. */
  static Map<String, EnvironmentRequest> of(Plan plan) {
    Map<String, EnvironmentRequest> out = new LinkedHashMap<>();
    for (ImageRole role : plan.images()) {
      if (role != ImageRole.WORKER) { // the worker runs in this process
        out.put(image(role), request(role));
      }
    }
    return out;
  }

  /**
   * What the environment of a role is called as an image: by its content, because what a stage
   * found may be cached under its image.
   */
  static String image(ImageRole role) {
    String name = role.word();
    return "sluice/" + name + "@" + Digest.of(Wheel.lock(name) + Wheel.digest());
  }

  /** The {@code sluice_ml} wheel, which is installed beside the packages of a lock. */
  static WheelSource wheel() {
    return new WheelSource(Wheel.fileName(), Wheel.digest(), Wheel::open);
  }

  /** Builds environments in the cache folder of this machine's user. */
  static EnvironmentBuilder builder(Clock clock) {
    Map<String, String> caller = System.getenv();
    return new EnvironmentBuilder(EnvironmentBuilder.cacheFolder(caller), caller, clock);
  }

  private static EnvironmentRequest request(ImageRole role) {
    String name = role.word();
    return new EnvironmentRequest(
        name, Wheel.PYTHON, name + ".lock", Wheel.lock(name), Optional.of(wheel()));
  }
}
