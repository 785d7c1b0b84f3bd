package io.sluice.mlflow;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.RegistryVariables;
import java.io.IOException;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.Certificate;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import javax.net.ssl.KeyManager;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLEngine;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509ExtendedTrustManager;

/**
 * Which certificates of a registry are trusted, and which one is shown to it: as MLflow's own
 * client reads it from the same variables.
 *
 * @param authorities the file or folder of the only authorities that are trusted; empty: those of
 *     the Java runtime
 * @param unchecked whether any certificate passes
 * @param client the file with the certificate to show and its key
 */
record TlsSettings(Optional<Named> authorities, boolean unchecked, Optional<Named> client) {
  static final TlsSettings DEFAULT = new TlsSettings(Optional.empty(), false, Optional.empty());

  /** What requests, the HTTP library of MLflow's client, looks for where MLflow says nothing. */
  private static final List<String> BUNDLES =
      List.of(RegistryVariables.REQUESTS_CA, RegistryVariables.CURL_CA);

  /** A path, and the variable that names it. */
  record Named(String variable, Path path) {}

  /**
   * @throws SluiceException SLU-5007 when the variables contradict each other; SLU-5009 when a path
   *     is not there
   */
  static TlsSettings of(Map<String, String> environment) {
    Optional<Named> given = named(environment, RegistryVariables.SERVER_CERT);
    boolean unchecked = flag(environment, RegistryVariables.INSECURE);
    if (unchecked && given.isPresent()) {
      throw MlflowConfig.refused(
          RegistryVariables.INSECURE
              + " is true while "
              + RegistryVariables.SERVER_CERT
              + " says whom to trust",
          "Unset one of them.");
    }
    Optional<Named> authorities =
        unchecked
            ? Optional.empty()
            : given.or(
                () -> BUNDLES.stream().flatMap(b -> named(environment, b).stream()).findFirst());
    return new TlsSettings(
        authorities, unchecked, named(environment, RegistryVariables.CLIENT_CERT));
  }

  private static Optional<Named> named(Map<String, String> environment, String variable) {
    String path = environment.getOrDefault(variable, "").strip();
    if (path.isEmpty()) {
      return Optional.empty();
    }
    Named named = new Named(variable, Path.of(path));
    if (!Files.exists(named.path())) {
      throw unusable(named, "which is not there", null);
    }
    return Optional.of(named);
  }

  /** A truth value as MLflow spells it. */
  static boolean flag(Map<String, String> environment, String variable) {
    String text = environment.getOrDefault(variable, "").strip().toLowerCase(Locale.ROOT);
    return switch (text) {
      case "", "false", "0" -> false;
      case "true", "1" -> true;
      default ->
          throw MlflowConfig.refused(variable + " is " + text, "Give true or false, or unset it.");
    };
  }

  /** Empty where the Java runtime's own will do. */
  Optional<SSLContext> context() {
    if (equals(DEFAULT)) {
      return Optional.empty();
    }
    try {
      SSLContext context = SSLContext.getInstance("TLS");
      context.init(
          client.isPresent() ? keys(client.get()) : null,
          unchecked
              ? new TrustManager[] {new Anyone()}
              : authorities.isPresent() ? trust(authorities.get()) : null,
          null);
      return Optional.of(context);
    } catch (GeneralSecurityException e) {
      throw new IllegalStateException("TLS is not to be had in this Java runtime", e);
    }
  }

  private static TrustManager[] trust(Named authorities) {
    try {
      List<X509Certificate> trusted = new ArrayList<>();
      for (Path file : files(authorities.path())) {
        trusted.addAll(PemFile.read(file).certificates());
      }
      if (trusted.isEmpty()) {
        throw unusable(authorities, "which holds no certificate in PEM", null);
      }
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      for (int i = 0; i < trusted.size(); i++) {
        store.setCertificateEntry("authority-" + i, trusted.get(i));
      }
      TrustManagerFactory factory =
          TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
      factory.init(store);
      return factory.getTrustManagers();
    } catch (IOException | GeneralSecurityException e) {
      throw unusable(authorities, "which cannot be used: " + e.getMessage(), e);
    }
  }

  /** The file, or the files of a folder that OpenSSL would read: those named by a hash. */
  private static List<Path> files(Path path) throws IOException {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> all = Files.list(path)) {
      return all.filter(f -> f.getFileName().toString().matches("[0-9a-f]{8}\\.\\d+"))
          .sorted()
          .toList();
    }
  }

  private static KeyManager[] keys(Named client) {
    try {
      PemFile pem = PemFile.read(client.path());
      List<X509Certificate> chain = pem.certificates();
      if (chain.isEmpty()) {
        throw unusable(client, "which holds no certificate in PEM", null);
      }
      char[] password = {};
      KeyStore store = KeyStore.getInstance(KeyStore.getDefaultType());
      store.load(null, null);
      store.setKeyEntry("client", pem.key(), password, chain.toArray(Certificate[]::new));
      KeyManagerFactory factory =
          KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
      factory.init(store, password);
      return factory.getKeyManagers();
    } catch (IOException | GeneralSecurityException e) {
      throw unusable(client, "which cannot be used: " + e.getMessage(), e);
    }
  }

  private static SluiceException unusable(
      Named named, String why, @org.jspecify.annotations.Nullable Throwable cause) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        List.of(
            Diagnostic.of(
                "SLU-5009",
                named.variable() + " names " + named.path() + ", " + why,
                named.variable().equals(RegistryVariables.CLIENT_CERT)
                    ? "Give a PEM file with the certificate and its private key, not encrypted."
                    : "Give a PEM file with the certificate of the authority.")),
        cause);
  }

  /** Takes every certificate: {@code MLFLOW_TRACKING_INSECURE_TLS}. */
  private static final class Anyone extends X509ExtendedTrustManager {
    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, Socket socket) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type, SSLEngine engine) {}

    @Override
    public void checkClientTrusted(X509Certificate[] chain, String type) {}

    @Override
    public void checkServerTrusted(X509Certificate[] chain, String type) {}

    @Override
    public X509Certificate[] getAcceptedIssuers() {
      return new X509Certificate[0];
    }
  }
}
