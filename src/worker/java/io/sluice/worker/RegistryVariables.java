package io.sluice.worker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;

/**
 * Address and credentials of the registry: from the Secret that {@code --registry} names, or where
 * it is empty from the variables of the process, as on a laptop. Never from both: one server's
 * token must not reach another's address.
 */
final class RegistryVariables {
  static final String OPTION = "--registry";

  private static final String PREFIX = "MLFLOW_";
  private static final Set<String> KNOWN =
      Set.of(
          "MLFLOW_TRACKING_URI",
          "MLFLOW_TRACKING_TOKEN",
          "MLFLOW_TRACKING_USERNAME",
          "MLFLOW_TRACKING_PASSWORD",
          "MLFLOW_HTTP_REQUEST_TIMEOUT");

  private RegistryVariables() {}

  static Map<String, String> of(Optional<Path> secret, Map<String, String> process)
      throws IOException {
    if (secret.isEmpty()) {
      return process;
    }
    Map<String, String> variables = new TreeMap<>(process);
    variables.keySet().removeIf(name -> name.startsWith(PREFIX));
    variables.putAll(MountedSecret.read(secret.get(), KNOWN));
    return variables;
  }
}
