package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Who refuses is told: an API server by its rules, or something else in its place. */
@Timeout(60)
class RefusalsTest {
  private HttpServer server;
  private volatile String body = "";
  private volatile String type = "";

  @BeforeEach
  void start() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.getResponseHeaders().set("Content-Type", type);
          exchange.sendResponseHeaders(403, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private SluiceException refusal() {
    Config config =
        new ConfigBuilder(Config.empty())
            .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort())
            .withRequestRetryBackoffLimit(0)
            .build();
    try (Cluster cluster = Cluster.of(config, "models", new JdkHttpClientFactory())) {
      try {
        var unused = cluster.client().pods().inNamespace("models").list();
      } catch (KubernetesClientException e) {
        return Refusals.told(e, "list", "pods", cluster);
      }
    }
    throw new AssertionError("nothing refused");
  }

  @Test
  void aServerThatIsNotKubernetesIsNoMatterOfRights() {
    type = "text/html";
    body = "<html><body>Access denied by the proxy</body></html>";
    SluiceException told = refusal();
    assertThat(told.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    assertThat(told.getMessage()).contains("is no API server").doesNotContain("kind: Role");
  }

  @Test
  void neitherIsOneThatAnswersJsonOfItsOwn() {
    type = "application/json";
    body = "{\"message\": \"you cannot list this\"}";
    assertThat(refusal().getMessage()).contains("is no API server").doesNotContain("kind: Role");
  }

  @Test
  void anApiServerThatKnowsNoRoleSaysWhichIsMissing() {
    type = "application/json";
    body =
        """
        {"kind": "Status", "apiVersion": "v1", "status": "Failure", "reason": "Forbidden",
         "message": "pods is forbidden: User ci cannot list resource pods", "code": 403}
        """;
    SluiceException told = refusal();
    assertThat(told.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
    assertThat(told.getMessage()).contains("we may not list pods in namespace models");
  }
}
