package io.sluice.cluster;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The form of a refusal shows who refuses. */
class ApiErrorsTest {
  static final String RBAC =
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
  void anApiServersRefusalIsAMissingRight() {
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
  void aWebhooksRefusalIsAPolicy() {
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
  void whatIsNoApiServersRefusalIsNoMissingRight(String body) {
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
  void theCheckupSaysThatItIsAnotherService(int code) {
    answering(
        code,
        "<html>please log in</html>",
        cluster -> {
          SluiceException e =
              catchThrowableOfType(
                  SluiceException.class, () -> new Preflight(cluster, target()).run());
          assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-3713");
        });
  }

  private static SluiceException listed(Cluster cluster) {
    return catchThrowableOfType(
        SluiceException.class,
        () -> cluster.call("list", "pipelineruns", () -> cluster.pipelineRuns().list()));
  }

  static TargetSpec target() {
    return TargetParser.parse(
            new SourceFile(
                "target",
                "apiVersion: sluice.io/v1alpha1\nkind: Target\nnamespace: n\nstore: { claim: c }\n"
                    + "images: { worker: \"example.test/worker@sha256:"
                    + "0".repeat(64)
                    + "\" }\n"))
        .orThrow();
  }

  private static void answering(int code, String body, Consumer<Cluster> test) {
    try (ApiServer server = new ApiServer();
        Cluster cluster = server.cluster()) {
      server.stubFor(any(anyUrl()).willReturn(aResponse().withStatus(code).withBody(body)));
      test.accept(cluster);
    }
  }
}
