package io.sluice.mlflow;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.RegistryVariables;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Base64;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Which MLflow server, with which credentials, and how patiently. The credentials leave this object
 * in the Authorization header only: never in a message, a log or {@link #toString}.
 *
 * @param uri {@code http(s)://host[:port][/prefix]}, without user, query or fragment
 * @param authorization value of the Authorization header
 * @param callTimeout limit of one call, from connecting to the last byte; uploads and downloads get
 *     a second more for each MiB; {@code MLFLOW_HTTP_REQUEST_TIMEOUT} seconds, 20 by default
 * @param deadline limit of one call with all of its retries: time for two calls and the waits
 *     between them, see docs/adr/0100-patience-with-the-registry.md
 * @param route how the server is reached
 */
public record MlflowConfig(
    URI uri, Optional<Secret> authorization, Duration callTimeout, Duration deadline, Route route) {

  private static final Duration CALL = Duration.ofSeconds(20);
  private static final Duration WAITS = Duration.ofSeconds(5);

  /**
   * How a server is reached.
   *
   * @param named names of the variables that say so; hints name no other ones
   */
  record Route(TlsSettings tls, Optional<ProxySettings> proxy, Set<String> named) {
    static final Route DIRECT = new Route(TlsSettings.DEFAULT, Optional.empty(), Set.of());

    Route {
      named = Collections.unmodifiableSet(new TreeSet<>(named));
    }
  }

  /** A text that does not print itself. */
  public record Secret(String value) {
    public Secret {
      if (!value.chars().allMatch(c -> c >= ' ' && c != 0x7f && c <= 0xff)) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-5007",
                RegistryVariables.TOKEN + " holds characters that a header cannot carry",
                "Look for a line break at its end."));
      }
    }

    @Override
    public String toString() {
      return "(secret)";
    }
  }

  public MlflowConfig {
    if (callTimeout.isNegative() || callTimeout.isZero() || deadline.compareTo(callTimeout) < 0) {
      throw new IllegalArgumentException(
          "call time-out " + callTimeout + " with deadline " + deadline);
    }
  }

  /** A server without credentials, such as the embedded one, which is reached directly. */
  public static MlflowConfig of(URI uri) {
    return of(uri.toString(), Optional.empty());
  }

  /**
   * A server without credentials, reached by the certificates and the proxy that variables name.
   *
   * @throws SluiceException as {@link #fromEnvironment}
   */
  public static MlflowConfig of(URI uri, Map<String, String> environment) {
    return of(uri).routed(environment);
  }

  /**
   * What {@code MLFLOW_TRACKING_URI}, {@code _TOKEN}, {@code _USERNAME}, {@code _PASSWORD}, {@code
   * _SERVER_CERT_PATH}, {@code _INSECURE_TLS}, {@code _CLIENT_CERT_PATH}, {@code
   * MLFLOW_HTTP_REQUEST_TIMEOUT} and the variables of a proxy say; empty when no URI is set. A
   * token comes before user and password, as in MLflow's own client.
   *
   * @throws SluiceException SLU-5007 when a variable cannot be used or is one that Sluice does not
   *     have; SLU-5009 when a certificate cannot be used
   */
  public static Optional<MlflowConfig> fromEnvironment(Map<String, String> environment) {
    String uri = environment.getOrDefault(RegistryVariables.URI, "").strip();
    if (uri.isEmpty()) {
      return Optional.empty();
    }
    String token = environment.getOrDefault(RegistryVariables.TOKEN, "");
    String user = environment.getOrDefault(RegistryVariables.USERNAME, "");
    String password = environment.getOrDefault(RegistryVariables.PASSWORD, "");
    Optional<Secret> authorization =
        !token.isEmpty()
            ? Optional.of(new Secret("Bearer " + token))
            : !user.isEmpty() ? Optional.of(basic(user + ":" + password)) : Optional.empty();
    refuseUnsupported(uri, environment);
    MlflowConfig config = of(uri, authorization).routed(environment);
    String seconds = environment.getOrDefault(RegistryVariables.TIMEOUT, "").strip();
    return Optional.of(seconds.isEmpty() ? config : config.patience(call(seconds)));
  }

  private static void refuseUnsupported(String uri, Map<String, String> environment) {
    for (String name : RegistryVariables.UNSUPPORTED) {
      String value = environment.getOrDefault(name, "").strip();
      boolean harmless =
          value.isEmpty()
              || value.equals(uri)
              || value.equalsIgnoreCase("false")
              || value.equals("0");
      if (!harmless) {
        throw refused(
            name + " is set, which Sluice does not have: it would reach another registry, or none",
            "Unset it for Sluice.");
      }
    }
  }

  private MlflowConfig routed(Map<String, String> environment) {
    Set<String> named = new TreeSet<>();
    for (List<String> names : List.of(RegistryVariables.ALL, RegistryVariables.SHARED)) {
      names.stream()
          .filter(name -> !environment.getOrDefault(name, "").isBlank())
          .forEach(named::add);
    }
    TlsSettings tls =
        uri.getScheme().equals("https") ? TlsSettings.of(environment) : TlsSettings.DEFAULT;
    return new MlflowConfig(
        uri,
        authorization,
        callTimeout,
        deadline,
        new Route(tls, ProxySettings.of(uri, environment), named));
  }

  private static Duration call(String seconds) {
    if (!seconds.matches("[1-9][0-9]{0,3}")) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-5007",
              RegistryVariables.TIMEOUT + " is " + seconds,
              "Give whole seconds, 1 to 9999, or unset it: a call then has "
                  + CALL.toSeconds()
                  + " s."));
    }
    return Duration.ofSeconds(Long.parseLong(seconds));
  }

  private MlflowConfig patience(Duration call) {
    return patience(call, call.multipliedBy(2).plus(WAITS));
  }

  /** The same server with other limits. */
  public MlflowConfig patience(Duration call, Duration all) {
    return new MlflowConfig(uri, authorization, call, all, route);
  }

  private static MlflowConfig of(String text, Optional<Secret> given) {
    URI uri;
    try {
      uri = new URI(text);
    } catch (URISyntaxException e) {
      // Neither the text nor the cause: a password may stand in it.
      throw wrong("is not a URI (" + e.getReason() + ")");
    }
    String scheme = uri.getScheme() == null ? "" : uri.getScheme().toLowerCase(Locale.ROOT);
    if (!scheme.equals("http") && !scheme.equals("https")) {
      throw wrong("starts with " + (scheme.isEmpty() ? "no scheme" : scheme + ":"));
    }
    if (uri.getHost() == null) {
      throw wrong("names no host");
    }
    Optional<Secret> authorization =
        given.or(() -> Optional.ofNullable(uri.getUserInfo()).map(MlflowConfig::basic));
    String path = uri.getRawPath() == null ? "" : uri.getRawPath().replaceAll("/+$", "");
    String port = uri.getPort() < 0 ? "" : ":" + uri.getPort();
    URI clean = URI.create(scheme + "://" + uri.getHost() + port + path);
    return new MlflowConfig(
        clean, authorization, CALL, CALL.multipliedBy(2).plus(WAITS), Route.DIRECT);
  }

  private static Secret basic(String userAndPassword) {
    return new Secret(
        "Basic "
            + Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8)));
  }

  /** A variable that cannot be used. */
  static SluiceException refused(String what, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of("SLU-5007", what, hint));
  }

  private static SluiceException wrong(String what) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-5007",
            RegistryVariables.URI + " " + what,
            "Give the address of an MLflow server, https://host[:port]; file stores and databases"
                + " are not served. Unset it to use the embedded server."));
  }
}
