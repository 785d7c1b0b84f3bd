package io.sluice.cluster;

import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.jsonResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import io.sluice.cluster.fold.ObservedRun;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** A client that may not look any more, or that nobody answers, ends and says why. */
@Timeout(1800)
class SessionTest {
  private static final Session.Patience SHORT =
      new Session.Patience(Duration.ofMillis(50), Duration.ofMillis(300), Duration.ofMillis(300));
  private static final String RUNS = "/apis/tekton.dev/v1/namespaces/n/pipelineruns/r";
  private static final String TOKEN =
      """
      {"kind":"Status","apiVersion":"v1","metadata":{},"status":"Failure","reason":"Unauthorized",
       "message":"Unauthorized","code":401}\
      """;

  /** Follows a run whose own address answers like this, while all lists are empty and well. */
  private static SluiceException followed(ResponseDefinitionBuilder answer) {
    try (ApiServer server = new ApiServer();
        Cluster cluster = server.cluster();
        Informers informers = new Informers(cluster)) {
      server.stubFor(
          any(anyUrl())
              .atPriority(10)
              .willReturn(
                  okJson(
                      "{\"kind\":\"List\",\"apiVersion\":\"v1\",\"metadata\":"
                          + "{\"resourceVersion\":\"1\"},\"items\":[]}")));
      server.stubFor(get(urlPathEqualTo(RUNS)).willReturn(answer));
      RunId run = new RunId("r");
      Session session =
          new Session(cluster, informers, run, List.of(), Clock.systemUTC(), SHORT, e -> {});
      ObservedRun running =
          AsRead.run(
              "{metadata: {name: 'r'}, status: {conditions: [{type: 'Succeeded', status: 'Unknown',"
                  + " reason: 'Running'}], pipelineSpec: {tasks: [{name: 'a'}]}}}");
      session.follow(running);
      SluiceException end = catchThrowableOfType(SluiceException.class, session::await);
      session.leave();
      return end;
    }
  }

  @Test
  void aTokenThatIsRevokedEndsTheClient() {
    assertThat(followed(jsonResponse(TOKEN, 401)).diagnostics().getFirst().id())
        .isEqualTo("SLU-3704");
  }

  @Test
  void aRightThatIsLostEndsTheClient() {
    String lost = ApiErrorsTest.RBAC.replace("cannot list", "cannot get");
    assertThat(followed(jsonResponse(lost, 403)).diagnostics().getFirst().id())
        .isEqualTo("SLU-3705");
  }

  @Test
  void aClusterThatIsAwayEndsTheClient() {
    assertThat(followed(jsonResponse("{}", 503)).diagnostics().getFirst().id())
        .isEqualTo("SLU-3703");
  }
}
