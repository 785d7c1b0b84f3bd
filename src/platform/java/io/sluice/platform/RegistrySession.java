package io.sluice.platform;

import io.sluice.core.registry.ModelRegistry;
import java.util.Map;

/**
 * A registry for the time of a command: the one that {@code MLFLOW_TRACKING_URI} names, or the
 * embedded one, which ends with the session unless another process uses it.
 */
public interface RegistrySession extends AutoCloseable {
  ModelRegistry registry();

  /** The address of the server, for people; without credentials. */
  String address();

  /** The variables by which programs that speak MLflow find it. Some are secret. */
  Map<String, String> environment();

  @Override
  void close();
}
