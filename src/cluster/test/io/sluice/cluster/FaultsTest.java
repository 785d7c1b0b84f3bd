package io.sluice.cluster;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.http.Fault;
import io.fabric8.tekton.v1.PipelineRun;
import io.sluice.cluster.fold.ContainerId;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.time.Clock;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** An API server that is overloaded, slow, or breaks off in the middle of an answer. */
@Timeout(1800)
class FaultsTest {
  private static final String RUN =
      "{\"apiVersion\":\"tekton.dev/v1\",\"kind\":\"PipelineRun\",\"metadata\":{\"name\":\"r\"}}";
  private static final String LOG = "/api/v1/namespaces/n/pods/p/log";
  private static final ContainerId CONTAINER = new ContainerId("p", "u", "step-run");
  private final ApiServer server = new ApiServer();

  @AfterEach
  void stop() {
    server.close();
  }

  /** The answers one after another; the last one again and again. */
  private void answers(ResponseDefinitionBuilder... answers) {
    for (int i = 0; i < answers.length; i++) {
      server.stubFor(
          any(anyUrl())
              .inScenario("answers")
              .whenScenarioStateIs(i == 0 ? STARTED : "answer " + i)
              .willSetStateTo("answer " + Math.min(i + 1, answers.length - 1))
              .willReturn(answers[i]));
    }
  }

  @Test
  void a429AndA500AreAskedAgain() {
    answers(aResponse().withStatus(429), aResponse().withStatus(500), okJson(RUN));
    try (Cluster cluster = server.cluster(10)) {
      PipelineRun run = cluster.pipelineRuns().withName("r").get();
      assertThat(run.getMetadata().getName()).isEqualTo("r");
    }
    assertThat(server.count(anyRequestedFor(anyUrl()))).isEqualTo(3);
  }

  @Test
  void anAnswerThatTakesItsTimeIsWaitedFor() {
    answers(okJson(RUN).withChunkedDribbleDelay(5, 1500));
    try (Cluster cluster = server.cluster()) {
      assertThat(cluster.pipelineRuns().withName("r").get()).isNotNull();
    }
    assertThat(server.count(anyRequestedFor(anyUrl()))).isEqualTo(1);
  }

  @ParameterizedTest
  @EnumSource(Fault.class)
  void aServerThatBreaksOffIsOutOfReach(Fault fault) {
    server.stubFor(any(anyUrl()).willReturn(aResponse().withFault(fault)));
    try (Cluster cluster = server.cluster()) {
      SluiceException e =
          catchThrowableOfType(
              SluiceException.class,
              () -> cluster.call("get", "pipelineruns", () -> cluster.pipelineRuns().list()));
      assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-3703");
      assertThat(e.exitCode()).isEqualTo(ExitCode.UNREACHABLE);
    }
  }

  /**
   * An answer that is cut in the middle of a line is for the real cluster: the stub sends an answer
   * whole, or garbage in its place.
   */
  @Test
  void linesAreReadOnceTheServerAnswersAgain() {
    answers(
        aResponse().withFault(Fault.CONNECTION_RESET_BY_PEER),
        aResponse().withStatus(500),
        aResponse().withFault(Fault.MALFORMED_RESPONSE_CHUNK),
        aResponse()
            .withBody("2026-11-24T10:00:01.000000001Z one\n2026-11-24T10:00:02.000000001Z two\n"));
    Lines lines = new Lines();
    try (Cluster cluster = server.cluster()) {
      new LogReader(cluster, CONTAINER, lines, Clock.systemUTC()).run();
    }
    assertThat(lines.told).containsExactly("one", "two");
    assertThat(lines.drained).isCompleted();
    assertThat(
            server.count(
                getRequestedFor(urlPathEqualTo(LOG))
                    .withQueryParam("container", equalTo("step-run"))
                    .withQueryParam("follow", equalTo("true"))
                    .withQueryParam("timestamps", equalTo("true"))))
        .isEqualTo(4);
  }

  /** What a reader of lines tells; its container has ended. */
  private static final class Lines implements LogReader.Owner {
    final Queue<String> told = new ConcurrentLinkedQueue<>();
    final CompletableFuture<Void> drained = new CompletableFuture<>();

    @Override
    public void line(ContainerId from, String text) {
      told.add(text);
    }

    @Override
    public void drained(ContainerId container) {
      drained.complete(null);
    }

    @Override
    public boolean gone(ContainerId container) {
      return false;
    }

    @Override
    public boolean outOfReach(ContainerId container) {
      return false;
    }

    @Override
    public CompletableFuture<Void> ended(ContainerId container) {
      return CompletableFuture.completedFuture(null);
    }
  }
}
