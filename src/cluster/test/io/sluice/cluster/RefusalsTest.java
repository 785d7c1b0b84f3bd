package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.sun.net.httpserver.HttpServer;
import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.ConfigBuilder;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who refuses is told by how they say it. */
class RefusalsTest {
  private static final String RBAC =
      """
      {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Forbidden",
       "message":"pipelineruns.tekton.dev is forbidden: User 'u' cannot list resource 'pipelineruns'",
       "details":{"group":"tekton.dev","kind":"pipelineruns"},"code":403}\
      """;
  private static final String WEBHOOK =
      """
      {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Forbidden",
       "message":"admission webhook 'w.example' denied the request: not today","code":403}\
      """;

  @Test
  void anApiServersRefusalIsAMissingRight() throws Exception {
    answering(
        403,
        RBAC,
        cluster -> {
          SluiceException e = listed(cluster);
          assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-3705");
          assertThat(e.diagnostics().getFirst().hint().orElse("")).contains("kind: Role");
        });
  }

  @Test
  void aWebhooksRefusalIsAPolicy() throws Exception {
    answering(
        403,
        WEBHOOK,
        cluster -> assertThat(listed(cluster).diagnostics().getFirst().id()).isEqualTo("SLU-3708"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "<html><head><title>403 Forbidden</title></head><body>nginx: you cannot list</body></html>",
        "{\"message\":\"Forbidden: you cannot list this\"}",
        "{\"error\":403}",
        "Forbidden"
      })
  void whatIsNoApiServersRefusalIsNoMissingRight(String body) throws Exception {
    answering(
        403,
        body,
        cluster -> {
          SluiceException e = listed(cluster);
          assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-3713");
          assertThat(e.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
          assertThat(e.diagnostics().getFirst().message()).contains("127.0.0.1").contains("403");
          assertThat(e.getMessage()).doesNotContain("kind: Role");
        });
  }

  @ParameterizedTest
  @ValueSource(ints = {200, 403})
  void theCheckupSaysThatItIsAnotherService(int code) throws Exception {
    answering(
        code,
        "<html>please log in</html>",
        cluster -> {
          SluiceException e =
              catchThrowableOfType(
                  SluiceException.class, () -> new Checkup(cluster, target()).run());
          assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-3713");
        });
  }

  private static SluiceException listed(Cluster cluster) {
    return catchThrowableOfType(
        SluiceException.class,
        () ->
            cluster.asking(
                "list", "pipelineruns", () -> cluster.objects(Cluster.PIPELINE_RUNS).list()));
  }

  private static TargetSpec target() {
    return TargetParser.parse(
            new SourceFile(
                "target",
                "apiVersion: sluice.io/v1alpha1\nkind: Target\nnamespace: n\nstore: { claim: c }\n"
                    + "images: { worker: \"example.test/worker@sha256:"
                    + "0".repeat(64)
                    + "\" }\n"))
        .orThrow();
  }

  private static void answering(int code, String body, Consumer<Cluster> test) throws IOException {
    HttpServer server =
        HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext(
        "/",
        exchange -> {
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(code, bytes.length == 0 ? -1 : bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    server.start();
    try (Cluster cluster =
        Cluster.of(
            new ConfigBuilder(Config.empty())
                .withMasterUrl("http://127.0.0.1:" + server.getAddress().getPort() + "/")
                .withRequestRetryBackoffLimit(0)
                .build(),
            "n",
            new JdkHttpClientFactory())) {
      test.accept(cluster);
    } finally {
      server.stop(0);
    }
  }
}
