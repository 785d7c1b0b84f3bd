package io.sluice.mlflow;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.core.WireMockConfiguration;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Real TLS servers with a private authority, a real proxy: who is trusted, and by which way. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RouteTest {
  private static final String CERT = "MLFLOW_TRACKING_SERVER_CERT_PATH";
  private static final String INSECURE = "MLFLOW_TRACKING_INSECURE_TLS";
  private static final String CLIENT = "MLFLOW_TRACKING_CLIENT_CERT_PATH";

  private final List<WireMockServer> servers = new ArrayList<>();
  private PrivateAuthority authority;
  private Path folder;
  private WireMockServer server;
  private WireMockServer elsewhere;
  private WireMockServer withClients;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    authority = new PrivateAuthority(Files.createDirectory(folder.resolve("ca")));
    server = started("server", "ip:127.0.0.1", options());
    elsewhere = started("elsewhere", "dns:mlflow.example", options());
    withClients =
        started(
            "strict",
            "ip:127.0.0.1",
            options()
                .needClientAuth(true)
                .trustStorePath(authority.trustStore().toString())
                .trustStorePassword(PrivateAuthority.PASSWORD)
                .trustStoreType("PKCS12"));
    authority.issue("client", "RSA", "dns:client");
  }

  private WireMockServer started(String name, String host, WireMockConfiguration options)
      throws Exception {
    WireMockServer started =
        new WireMockServer(
            options
                .bindAddress("127.0.0.1")
                .dynamicPort()
                .dynamicHttpsPort()
                .keystorePath(authority.issue(name, "EC", host).toString())
                .keystorePassword(PrivateAuthority.PASSWORD)
                .keyManagerPassword(PrivateAuthority.PASSWORD)
                .keystoreType("PKCS12"));
    started.stubFor(any(anyUrl()).willReturn(okJson("{}")));
    started.start();
    servers.add(started);
    return started;
  }

  @AfterAll
  void stop() {
    servers.forEach(WireMockServer::stop);
  }

  @Test
  void anAuthorityThatNobodyTrustsIsReportedAtOnceWithTheVariableThatHelps() {
    assertThat(failure(server, Map.of()))
        .matches(e -> e.exitCode() == ExitCode.UNREACHABLE)
        .hasMessageContaining("SLU-5015")
        .hasMessageContaining("is not trusted by the authorities of the Java runtime")
        .satisfies(e -> assertThat(hint(e)).contains("Set " + CERT));
    Path other = authority.certificate().resolveSibling("client.pem");
    assertThat(failure(server, Map.of(CERT, other + "")))
        .hasMessageContaining("the authorities in " + other + " (" + CERT + ")")
        .satisfies(e -> assertThat(hint(e)).contains("into the file that " + CERT + " names"));
  }

  @ParameterizedTest
  @ValueSource(strings = {CERT, "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"})
  void anAuthorityThatAVariableNamesIsTrusted(String variable) {
    answers(server, Map.of(variable, authority.certificate() + ""));
  }

  @Test
  void aFolderIsReadAsOpenSslReadsIt() throws Exception {
    Path folder = Files.createDirectory(this.folder.resolve("hashed"));
    Files.copy(authority.certificate(), folder.resolve("1a2b3c4d.0"));
    Files.writeString(folder.resolve("README"), "not a certificate");
    answers(server, Map.of(CERT, folder + ""));
  }

  @Test
  void mlflowsVariableComesBeforeThatOfRequests() throws Exception {
    Path other = Files.copy(authority.certificate(), folder.resolve("good.pem"));
    Path bad = authority.certificate().resolveSibling("client.pem");
    answers(server, Map.of(CERT, other + "", "REQUESTS_CA_BUNDLE", bad + ""));
  }

  @Test
  void nothingIsCheckedWhereThatIsAskedFor() {
    answers(server, Map.of(INSECURE, "True"));
    answers(elsewhere, Map.of(INSECURE, "1"));
    assertThat(failure(server, Map.of(INSECURE, "0"))).hasMessageContaining("SLU-5015");
    assertThat(failure(server, Map.of(INSECURE, "perhaps"))).hasMessageContaining("SLU-5007");
    assertThat(failure(server, Map.of(INSECURE, "true", CERT, authority.certificate() + "")))
        .hasMessageContaining("SLU-5007")
        .hasMessageContaining(CERT);
  }

  @Test
  void aCertificateOfAnotherHostIsRefused() {
    assertThat(failure(elsewhere, Map.of(CERT, authority.certificate() + "")))
        .hasMessageContaining("SLU-5015")
        .hasMessageContaining("is that of another host");
  }

  @Test
  void aServerThatAsksForACertificateGetsTheOneThatIsNamed() throws Exception {
    String ca = authority.certificate() + "";
    assertThat(failure(withClients, Map.of(CERT, ca)))
        .hasMessageContaining("SLU-5015")
        .satisfies(e -> assertThat(hint(e)).contains(CLIENT));
    answers(withClients, Map.of(CERT, ca, CLIENT, authority.pem("client", false) + ""));
    answers(withClients, Map.of(CERT, ca, CLIENT, authority.pem("client", true) + ""));
    assertThat(failure(withClients, Map.of(CERT, ca, CLIENT, ca)))
        .hasMessageContaining("SLU-5009")
        .hasMessageContaining("it has no private key");
  }

  @Test
  void aFileThatIsNotThereOrNoCertificateIsNamed() throws Exception {
    assertThat(failure(server, Map.of(CERT, "/nowhere/ca.pem")))
        .matches(e -> e.exitCode() == ExitCode.INPUT_WRONG)
        .hasMessageContaining("SLU-5009")
        .hasMessageContaining(CERT + " names /nowhere/ca.pem");
    Path text = Files.writeString(folder.resolve("text.pem"), "hello");
    assertThat(failure(server, Map.of(CERT, text + "")))
        .hasMessageContaining("which holds no certificate");
  }

  @Test
  void aServerWithoutTlsIsReportedAtOnce() {
    URI uri = URI.create("https://127.0.0.1:" + server.port());
    assertThat(failure(uri, Map.of()))
        .hasMessageContaining("SLU-5015")
        .hasMessageContaining("does not speak TLS");
  }

  /** In a process of its own: the JDK reads what it may tell a proxy once, as the program does. */
  @Test
  void aTunnelGoesThroughTheProxyWithItsPassword() throws Exception {
    String secret =
        "Basic " + Base64.getEncoder().encodeToString("svc:p@ss w:rd".getBytes("UTF-8"));
    try (ForwardProxy proxy = new ForwardProxy(secret)) {
      String right = "http://svc:p%40ss%20w:rd@127.0.0.1:" + proxy.port();
      assertThat(forked(Map.of("HTTPS_PROXY", right))).contains("versions: []");
      assertThat(proxy.asked()).containsExactly("CONNECT 127.0.0.1:" + server.httpsPort());

      assertThat(forked(Map.of("HTTPS_PROXY", right, "no_proxy", "example.org, 127.0.0.0/8")))
          .contains("versions: []");
      assertThat(proxy.asked()).hasSize(1);

      assertThat(forked(Map.of("HTTPS_PROXY", right.replace("p%40ss", "hunter2"))))
          .contains("SLU-5016", "that HTTPS_PROXY names")
          .doesNotContain("hunter2", "again");
    }
  }

  private String forked(Map<String, String> variables) throws Exception {
    List<String> command = new ArrayList<>(List.of("/usr/bin/env"));
    variables.forEach((name, value) -> command.add(name + "=" + value));
    command.add("MLFLOW_TRACKING_URI=https://127.0.0.1:" + server.httpsPort());
    command.add(CERT + "=" + authority.certificate());
    command.add(Path.of(System.getProperty("java.home"), "bin/java").toString());
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), AskVersions.class.getName()));
    return RealServer.run(command);
  }

  /** Asks the registry that its variables name, and prints what came of it. */
  static final class AskVersions {
    public static void main(String[] arguments) {
      try {
        MlflowRegistry registry =
            MlflowRegistry.connect(
                MlflowConfig.fromEnvironment(System.getenv()).orElseThrow(), System.out::println);
        System.out.println("versions: " + registry.versions("any"));
      } catch (SluiceException e) {
        System.out.println(e.getMessage());
      }
    }
  }

  @Test
  void aPlainServerIsReachedThroughTheProxyToo() throws Exception {
    URI uri = URI.create("http://127.0.0.1:" + server.port());
    try (ForwardProxy proxy = new ForwardProxy("")) {
      answers(uri, Map.of("http_proxy", "127.0.0.1:" + proxy.port()));
      assertThat(proxy.asked())
          .singleElement()
          .asString()
          .startsWith("GET " + uri + "/api/2.0/mlflow/model-versions/search");
      answers(uri, Map.of("ALL_PROXY", "127.0.0.1:" + proxy.port()));
      assertThat(proxy.asked()).hasSize(2);
      // An empty variable in lower case takes the one in upper case back, as for requests.
      answers(uri, Map.of("HTTP_PROXY", "127.0.0.1:" + proxy.port(), "http_proxy", ""));
      assertThat(proxy.asked()).hasSize(2);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "HTTPS_PROXY, socks5://127.0.0.1:1080",
    "HTTPS_PROXY, https://127.0.0.1:1080",
    "all_proxy, http://",
    "MLFLOW_TRACKING_AUTH, oidc",
    "MLFLOW_TRACKING_AWS_SIGV4, true",
    "MLFLOW_REGISTRY_URI, https://other.example",
    "MLFLOW_WORKSPACE, team"
  })
  void whatIsNotSupportedIsRefused(String variable, String value) {
    assertThat(failure(server, Map.of(variable, value)))
        .matches(e -> e.exitCode() == ExitCode.INPUT_WRONG)
        .hasMessageContaining("SLU-5007")
        .hasMessageContaining(variable);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mlflow.example.org | example.org         | true",
        "mlflow.example.org | .example.org        | true",
        "example.org        | .example.org        | true",
        "badexample.org     | .example.org        | false",
        "MLFLOW.example.org | mlflow.EXAMPLE.org  | true",
        "mlflow.example.org | example.com, *      | true",
        "mlflow.example.org | mlflow.example.org:8443 | true",
        "mlflow.example.org | mlflow.example.org:80   | false",
        "10.1.2.3           | 10.0.0.0/8          | true",
        "10.1.2.3           | 10.2.0.0/16         | false",
        "10.1.2.3           | 10.1.2.3            | true",
        "10.1.2.3           | 2.3                 | true",
        "mlflow             | ''                  | false"
      })
  void noProxyIsReadAsRequestsReadsIt(String host, String none, boolean bypassed) {
    assertThat(
            ProxySettings.bypassed(
                URI.create("https://" + host + ":8443"), Map.of("NO_PROXY", none)))
        .isEqualTo(bypassed);
  }

  private void answers(WireMockServer server, Map<String, String> variables) {
    answers(URI.create("https://127.0.0.1:" + server.httpsPort()), variables);
  }

  private static void answers(URI uri, Map<String, String> variables) {
    List<String> tries = new ArrayList<>();
    assertThat(registry(uri, variables, tries).versions("any")).isEmpty();
    assertThat(tries).isEmpty();
  }

  private SluiceException failure(WireMockServer server, Map<String, String> variables) {
    return failure(URI.create("https://127.0.0.1:" + server.httpsPort()), variables);
  }

  private static SluiceException failure(URI uri, Map<String, String> variables) {
    List<String> tries = new ArrayList<>();
    SluiceException failure =
        catchThrowableOfType(
            SluiceException.class, () -> registry(uri, variables, tries).versions("any"));
    assertThat(failure).as("nothing failed").isNotNull();
    assertThat(tries).as("tried again what fails for good").isEmpty();
    return failure;
  }

  private static MlflowRegistry registry(
      URI uri, Map<String, String> variables, List<String> tries) {
    Map<String, String> all = new TreeMap<>(variables);
    all.put("MLFLOW_TRACKING_URI", uri.toString());
    return MlflowRegistry.connect(MlflowConfig.fromEnvironment(all).orElseThrow(), tries::add);
  }

  private static String hint(SluiceException e) {
    return e.diagnostics().getFirst().hint().orElse("");
  }
}
