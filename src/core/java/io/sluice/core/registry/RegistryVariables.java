package io.sluice.core.registry;

import java.util.List;

/**
 * The variables that name a model registry and the credentials for it: environment variables of a
 * process, and keys of a Secret on a cluster. They are MLflow's own, so that programs that speak
 * MLflow find the same server.
 */
public final class RegistryVariables {
  /** What the names of all variables of MLflow begin with. */
  public static final String PREFIX = "MLFLOW_";

  /** Address of the server. */
  public static final String URI = "MLFLOW_TRACKING_URI";

  /** A bearer token; comes before user and password. */
  public static final String TOKEN = "MLFLOW_TRACKING_TOKEN";

  public static final String USERNAME = "MLFLOW_TRACKING_USERNAME";

  public static final String PASSWORD = "MLFLOW_TRACKING_PASSWORD";

  /** Limit of one call, in whole seconds. */
  public static final String TIMEOUT = "MLFLOW_HTTP_REQUEST_TIMEOUT";

  /** All of them. */
  public static final List<String> ALL = List.of(URI, TOKEN, USERNAME, PASSWORD, TIMEOUT);

  private RegistryVariables() {}
}
