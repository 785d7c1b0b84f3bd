package io.sluice.platform;

import io.sluice.core.artifact.Digest;
import io.sluice.core.plan.Plan;
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
  static final String TUNER_IMAGE = "sluice/tuner";

  /** Named by its content: the finding of the drift stage is cached under its image. */
  static final String DRIFT_IMAGE = "sluice/drift@" + Digest.of(Wheel.driftLock() + Wheel.digest());

  /** The environment of the embedded MLflow server. */
  static final EnvironmentRequest MLFLOW =
      new EnvironmentRequest(
          "mlflow", EmbeddedMlflow.PYTHON, "mlflow.lock", EmbeddedMlflow.lock(), Optional.empty());

  private OwnEnvironments() {}

  /** The environments of the stages of a plan that are Sluice's own, by image. */
  static Map<String, EnvironmentRequest> of(Plan plan) {
    Map<String, EnvironmentRequest> out = new LinkedHashMap<>();
    if (plan.has(Plan.Trait.TUNER_IMAGE)) {
      out.put(TUNER_IMAGE, request("tuner", Wheel.tunerLock()));
    }
    if (plan.has(Plan.Trait.DRIFT_IMAGE)) {
      out.put(DRIFT_IMAGE, request("drift", Wheel.driftLock()));
    }
    return out;
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

  private static EnvironmentRequest request(String name, String lock) {
    return new EnvironmentRequest(name, Wheel.PYTHON, name + ".lock", lock, Optional.of(wheel()));
  }
}
