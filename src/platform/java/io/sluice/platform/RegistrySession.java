package io.sluice.platform;

import io.sluice.core.registry.ModelRegistry;
import java.util.Map;
import java.util.Optional;

/**
 * A registry for the time of a command: the one that {@code MLFLOW_TRACKING_URI} names, or the
 * embedded one, which ends with the session unless another process uses it.
 */
public interface RegistrySession extends AutoCloseable {
  ModelRegistry registry();

  /** The address of the server while this session lasts; without credentials. */
  String address();

  /** Where people find it when this session is over; empty for a server that ends with it. */
  Optional<String> page();

  /** The variables by which programs that speak MLflow find it. Some are secret. */
  Map<String, String> environment();

  @Override
  void close();
}
