package io.sluice.cluster;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.jsonResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.post;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.CheckResult;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreflightTest {
  @ParameterizedTest
  @CsvSource({
    "v1.15.0, true",
    "v1.15.3, true",
    "v1.20.0, true",
    "v2.0.0, true",
    "v1.9.2, false",
    "v0.65.1, false",
    "devel, true"
  })
  void versionsAreComparedAsNumbers(String version, boolean newEnough) {
    assertThat(Preflight.isNoOlder(version, "v1.15.0")).isEqualTo(newEnough);
  }

  @Test
  void whatMayNotBeLookedAtIsNeitherWellNorWrong() {
    try (ApiServer server = new ApiServer();
        Cluster cluster = server.cluster()) {
      server.stubFor(any(anyUrl()).willReturn(jsonResponse(ApiErrorsTest.RBAC, 403)));
      server.stubFor(
          get(urlPathEqualTo("/version"))
              .willReturn(jsonResponse("{\"gitVersion\":\"v1.34.0\"}", 200)));
      server.stubFor(
          get(urlPathEqualTo("/apis/tekton.dev"))
              .willReturn(
                  jsonResponse(
                      """
                      {"kind":"APIGroup","apiVersion":"v1","name":"tekton.dev",
                       "versions":[{"groupVersion":"tekton.dev/v1","version":"v1"}]}
                      """,
                      200)));
      server.stubFor(
          post(urlPathEqualTo("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"))
              .willReturn(
                  jsonResponse(
                      """
                      {"kind":"SelfSubjectAccessReview","apiVersion":"authorization.k8s.io/v1",
                       "spec":{},"status":{"allowed":true}}
                      """,
                      201)));

      Map<String, CheckResult.Outcome> outcomes = new TreeMap<>();
      for (CheckResult found : new Preflight(cluster, ApiErrorsTest.target()).run()) {
        outcomes.put(found.what(), found.outcome());
      }

      assertThat(outcomes)
          .containsEntry("kubernetes", CheckResult.Outcome.PASSED)
          .containsEntry("rights", CheckResult.Outcome.PASSED)
          .containsEntry("tekton", CheckResult.Outcome.UNKNOWN)
          .containsEntry("tekton flags", CheckResult.Outcome.UNKNOWN)
          .containsEntry("namespace", CheckResult.Outcome.UNKNOWN)
          .containsEntry("store", CheckResult.Outcome.UNKNOWN)
          .containsEntry("admission", CheckResult.Outcome.FAILED);
    }
  }

  /** One hole hides no other: what cannot be asked becomes a finding, and the rest is looked at. */
  @Test
  void oneCheckThatCannotBeMadeStopsNoOther() {
    try (ApiServer server = new ApiServer();
        Cluster cluster = server.cluster()) {
      server.stubFor(any(anyUrl()).willReturn(jsonResponse("{}", 500)));
      server.stubFor(
          get(urlPathEqualTo("/version"))
              .willReturn(jsonResponse("{\"gitVersion\":\"v1.34.0\"}", 200)));
      server.stubFor(
          get(urlPathEqualTo("/api/v1/namespaces/n"))
              .willReturn(
                  jsonResponse(
                      "{\"kind\":\"Namespace\",\"apiVersion\":\"v1\",\"metadata\":{\"name\":\"n\"}}",
                      200)));

      assertThat(new Preflight(cluster, ApiErrorsTest.target()).run())
          .filteredOn(f -> f.outcome() == CheckResult.Outcome.UNKNOWN)
          .extracting(CheckResult::what)
          .contains("tekton", "rights", "store");
    }
  }

  @Test
  void imagesThatNoPodCanStartAreNotSaidToBeWell() throws InterruptedException {
    try (ApiServer server = new ApiServer();
        Cluster cluster = server.cluster()) {
      server.stubFor(any(anyUrl()).willReturn(jsonResponse(ApiErrorsTest.RBAC, 403)));

      assertThat(new Preflight(cluster, ApiErrorsTest.target()).images())
          .singleElement()
          .satisfies(f -> {
            assertThat(f.outcome()).isEqualTo(CheckResult.Outcome.UNKNOWN);
            assertThat(f.detail()).contains("no pod can be made");
          });
    }
  }

  @Test
  void withoutTheNamespaceTheRestIsNotSaidToBeWell() {
    try (ApiServer server = new ApiServer();
        Cluster cluster = server.cluster()) {
      server.stubFor(any(anyUrl()).willReturn(jsonResponse("{}", 404)));
      server.stubFor(
          get(urlPathEqualTo("/version"))
              .willReturn(jsonResponse("{\"gitVersion\":\"v1.34.0\"}", 200)));

      assertThat(new Preflight(cluster, ApiErrorsTest.target()).run())
          .filteredOn(f -> !f.passed())
          .extracting(CheckResult::what)
          .contains("tekton", "namespace", "rights", "store");
    }
  }
}
