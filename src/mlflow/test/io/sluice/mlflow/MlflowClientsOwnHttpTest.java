package io.sluice.mlflow;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.postRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.serverError;
import static com.github.tomakehurst.wiremock.client.WireMock.temporaryRedirect;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.github.tomakehurst.wiremock.WireMockServer;
import java.net.URI;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.mlflow.tracking.MlflowClient;
import org.mlflow.tracking.MlflowHttpException;
import org.mlflow.tracking.creds.BasicMlflowHostCreds;

/**
 * What MLflow's client does with its own HTTP, and {@link BoundedMlflowClient} does not. When one
 * of these fails after an update of the client, docs/adr/0230-mlflow-client-over-our-http.md can be
 * revised.
 */
class MlflowClientsOwnHttpTest {
  private final WireMockServer server = started();
  private final WireMockServer elsewhere = started();

  private static WireMockServer started() {
    return new WireMockServer(options().bindAddress("127.0.0.1").dynamicPort());
  }

  @BeforeEach
  void start() {
    server.start();
    elsewhere.start();
  }

  @AfterEach
  void stop() {
    server.stop();
    elsewhere.stop();
  }

  @Test
  void repeatsACreationThatMayHaveTakenEffect() {
    server.stubFor(any(anyUrl()).willReturn(serverError()));
    MlflowClient own = new MlflowClient(server.baseUrl());
    assertThatExceptionOfType(MlflowHttpException.class).isThrownBy(() -> own.createRun("1"));
    server.verify(3, postRequestedFor(urlPathEqualTo("/api/2.0/mlflow/runs/create")));
    server.resetRequests();

    BoundedMlflowClient ours = bounded();
    assertThatExceptionOfType(RegistryUnavailable.class).isThrownBy(() -> ours.createRun("1"));
    server.verify(1, postRequestedFor(urlPathEqualTo("/api/2.0/mlflow/runs/create")));
  }

  @Test
  void sendsTheCredentialsWhereverARedirectPoints() {
    server.stubFor(
        any(anyUrl()).willReturn(temporaryRedirect("http://localhost:" + elsewhere.port() + "/")));
    elsewhere.stubFor(any(anyUrl()).willReturn(okJson("{}")));
    MlflowClient own = new MlflowClient(new BasicMlflowHostCreds(server.baseUrl(), "secret"));
    assertThat(own.getRun("1").hasInfo()).isFalse();
    elsewhere.verify(
        1, anyRequestedFor(anyUrl()).withHeader("Authorization", equalTo("Bearer secret")));
    elsewhere.resetRequests();

    BoundedMlflowClient ours = bounded();
    assertThatExceptionOfType(io.sluice.core.diag.SluiceException.class)
        .isThrownBy(() -> ours.getRun("1"))
        .withMessageContaining("SLU-5004");
    elsewhere.verify(0, anyRequestedFor(anyUrl()));
  }

  private BoundedMlflowClient bounded() {
    return new BoundedMlflowClient(
        new Rest(MlflowConfig.of(URI.create(server.baseUrl())), sentence -> {}));
  }
}
