package io.sluice.local.environment;

import io.sluice.local.process.SupervisedProcess;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.regex.Pattern;

/**
 * Runs a set-up program (an interpreter, pip, uv) and keeps what it said, with credentials in
 * addresses blotted out.
 */
final class Tool {
  private static final Duration GRACE = Duration.ofSeconds(3);
  private static final Pattern CREDENTIALS = Pattern.compile("(?<=://)[^/@\\s]+@");

  /**
   * What lets pip and uv reach their index; nothing else of the caller's passes. A {@code
   * PIP_TARGET} or {@code UV_CONSTRAINT} would make two machines build two environments from one
   * lock, and a {@code PYTHONPATH} would put code into it that no lock names.
   */
  private static final Set<String> PASSED =
      Set.of(
          "PATH",
          "HOME",
          "USER",
          "LOGNAME",
          "LANG",
          "LC_ALL",
          "TMPDIR",
          "XDG_CACHE_HOME",
          "XDG_CONFIG_HOME",
          "PYENV_ROOT",
          "PYENV_VERSION",
          "NETRC",
          "SSL_CERT_FILE",
          "SSL_CERT_DIR",
          "REQUESTS_CA_BUNDLE",
          "CURL_CA_BUNDLE",
          "HTTP_PROXY",
          "HTTPS_PROXY",
          "ALL_PROXY",
          "NO_PROXY",
          "http_proxy",
          "https_proxy",
          "all_proxy",
          "no_proxy",
          "PIP_CACHE_DIR",
          "PIP_CERT",
          "PIP_CLIENT_CERT",
          "PIP_CONFIG_FILE",
          "PIP_DEFAULT_TIMEOUT",
          "PIP_EXTRA_INDEX_URL",
          "PIP_FIND_LINKS",
          "PIP_INDEX_URL",
          "PIP_KEYRING_PROVIDER",
          "PIP_NO_CACHE_DIR",
          "PIP_NO_INDEX",
          "PIP_PROXY",
          "PIP_RETRIES",
          "PIP_TIMEOUT",
          "PIP_TRUSTED_HOST",
          "PIP_USE_FEATURE",
          "UV_CACHE_DIR",
          "UV_CONFIG_FILE",
          "UV_CONCURRENT_BUILDS",
          "UV_CONCURRENT_DOWNLOADS",
          "UV_CONCURRENT_INSTALLS",
          "UV_CREDENTIALS_DIR",
          "UV_DEFAULT_INDEX",
          "UV_EXTRA_INDEX_URL",
          "UV_FIND_LINKS",
          "UV_HTTP_CONNECT_TIMEOUT",
          "UV_HTTP_RETRIES",
          "UV_HTTP_TIMEOUT",
          "UV_INDEX",
          "UV_INDEX_STRATEGY",
          "UV_INDEX_URL",
          "UV_INSECURE_HOST",
          "UV_KEYRING_PROVIDER",
          "UV_LINK_MODE",
          "UV_NATIVE_TLS",
          "UV_NO_CACHE",
          "UV_NO_CONFIG",
          "UV_NO_INDEX",
          "UV_OFFLINE",
          "UV_REQUEST_TIMEOUT",
          "UV_SYSTEM_CERTS");

  /** Credentials of an index that is named in uv's configuration. */
  private static final Pattern INDEX_CREDENTIALS =
      Pattern.compile("UV_INDEX_[A-Z0-9_]+_(USERNAME|PASSWORD)");

  /** How it ended, and every line that it wrote. */
  record Outcome(int exitCode, List<String> lines) {}

  private Tool() {}

  /** The part of the caller's variables that set-up programs see. */
  static Map<String, String> environment(Map<String, String> caller) {
    TreeMap<String, String> passed = new TreeMap<>();
    caller.forEach((name, value) -> {
      if (PASSED.contains(name) || INDEX_CREDENTIALS.matcher(name).matches()) {
        passed.put(name, value);
      }
    });
    return passed;
  }

  static Outcome run(
      List<String> argv,
      Map<String, String> environment,
      Path workingDirectory,
      Consumer<String> lines)
      throws IOException, InterruptedException {
    List<String> said = new ArrayList<>();
    SupervisedProcess process =
        SupervisedProcess.start(
            new SupervisedProcess.Command(argv, environment, workingDirectory),
            line -> {
              String safe = CREDENTIALS.matcher(line).replaceAll("***@");
              synchronized (said) {
                said.add(safe);
              }
              lines.accept(safe);
            });
    try {
      int code = process.await();
      synchronized (said) {
        return new Outcome(code, List.copyOf(said));
      }
    } catch (InterruptedException e) {
      process.stop(GRACE);
      throw e;
    }
  }
}
