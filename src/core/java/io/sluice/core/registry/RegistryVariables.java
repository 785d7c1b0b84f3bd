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

  /** A PEM file or folder with the only authorities that may vouch for the server. */
  public static final String SERVER_CERT = "MLFLOW_TRACKING_SERVER_CERT_PATH";

  /** Whether any certificate of the server passes. */
  public static final String INSECURE = "MLFLOW_TRACKING_INSECURE_TLS";

  /** A PEM file with the certificate that is shown to the server, and its key. */
  public static final String CLIENT_CERT = "MLFLOW_TRACKING_CLIENT_CERT_PATH";

  /** As {@link #SERVER_CERT}, for programs that use Python's requests; looked at after it. */
  public static final String REQUESTS_CA = "REQUESTS_CA_BUNDLE";

  /** As {@link #REQUESTS_CA}; looked at after it. */
  public static final String CURL_CA = "CURL_CA_BUNDLE";

  /** Those whose value is a path. */
  public static final List<String> PATHS = List.of(SERVER_CERT, CLIENT_CERT);

  /** Those that other programs than MLflow's share, and a registry is reached by. */
  public static final List<String> SHARED =
      List.of(
          REQUESTS_CA,
          CURL_CA,
          "HTTPS_PROXY",
          "HTTP_PROXY",
          "ALL_PROXY",
          "NO_PROXY",
          "https_proxy",
          "http_proxy",
          "all_proxy",
          "no_proxy");

  /**
   * Those of MLflow's own client that change whom a call reaches, and that Sluice does not have.
   */
  public static final List<String> UNSUPPORTED =
      List.of(
          "MLFLOW_TRACKING_AUTH",
          "MLFLOW_TRACKING_AWS_SIGV4",
          "MLFLOW_REGISTRY_URI",
          "MLFLOW_WORKSPACE");

  /** All that a Secret may have. */
  public static final List<String> ALL =
      List.of(
          URI,
          TOKEN,
          USERNAME,
          PASSWORD,
          TIMEOUT,
          SERVER_CERT,
          INSECURE,
          CLIENT_CERT,
          "HTTPS_PROXY",
          "HTTP_PROXY",
          "NO_PROXY");

  private RegistryVariables() {}
}
