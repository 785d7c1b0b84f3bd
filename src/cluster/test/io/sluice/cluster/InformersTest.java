package io.sluice.cluster;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.absent;
import static com.github.tomakehurst.wiremock.client.WireMock.equalTo;
import static com.github.tomakehurst.wiremock.client.WireMock.get;
import static com.github.tomakehurst.wiremock.client.WireMock.getRequestedFor;
import static com.github.tomakehurst.wiremock.client.WireMock.okJson;
import static com.github.tomakehurst.wiremock.client.WireMock.urlPathEqualTo;
import static com.github.tomakehurst.wiremock.stubbing.Scenario.STARTED;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.sluice.cluster.RunObjects.Kind;
import io.sluice.cluster.fold.Observation;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.time.Duration;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The watches by a recorded protocol: the list and the events of an API server. */
@Timeout(1800)
class InformersTest {
  private static final String PIPELINE_RUNS = "/apis/tekton.dev/v1/namespaces/n/pipelineruns";
  private static final String TASK_RUNS = "/apis/tekton.dev/v1/namespaces/n/taskruns";
  private static final String PODS = "/api/v1/namespaces/n/pods";
  private final ApiServer server = new ApiServer();
  private final Told told = new Told();

  @AfterEach
  void stop() {
    server.close();
  }

  /** What a listener was told. */
  private static final class Told implements Informers.Listener {
    final Queue<Observation> seen = new ConcurrentLinkedQueue<>();
    final Queue<Observation> deleted = new ConcurrentLinkedQueue<>();

    @Override
    public void seen(Observation now) {
      seen.add(now);
    }

    @Override
    public void deleted(Observation last) {
      deleted.add(last);
    }

    @Override
    public void vanished(Kind kind, String name) {
      throw new AssertionError(name);
    }

    @Override
    public void failed(SluiceException why) {
      throw new AssertionError(why);
    }
  }

  /** Answers the list and then each watch with its events; the last watch stays silent. */
  private void recorded(String path, String apiVersion, String kind, String... watches) {
    server.stubFor(
        get(urlPathEqualTo(path))
            .withQueryParam("watch", absent())
            .willReturn(
                okJson(
                    "{\"apiVersion\":\"%s\",\"kind\":\"%sList\",\"metadata\":{\"resourceVersion\":\"1\"},\"items\":[]}"
                        .formatted(apiVersion, kind))));
    for (int i = 0; i <= watches.length; i++) {
      server.stubFor(
          get(urlPathEqualTo(path))
              .withQueryParam("watch", equalTo("true"))
              .inScenario(path)
              .whenScenarioStateIs(i == 0 ? STARTED : "watch " + i)
              .willSetStateTo("watch " + Math.min(i + 1, watches.length))
              .willReturn(
                  i < watches.length
                      ? okJson(watches[i])
                      : aResponse().withFixedDelay(60_000).withBody("")));
    }
  }

  /**
   * As an API server sends it: with managed fields, over which 7.1 loses the watch of typed pods.
   */
  private static String event(String type, String apiVersion, String kind, int version) {
    return """
    {"type":"%s","object":{"apiVersion":"%s","kind":"%s","metadata":{"name":"o","namespace":"n","uid":"u",\
    "resourceVersion":"%d","labels":{"sluice.io/run":"r","tekton.dev/pipelineTask":"a"},\
    "managedFields":[{"manager":"tekton","operation":"Update","apiVersion":"v1","fieldsType":"FieldsV1",\
    "fieldsV1":{"f:status":{"f:conditions":{}}}}]},"spec":{"novelty":{"a":[1]}},"status":{"podName":"p%d",\
    "conditions":[{"type":"Succeeded","status":"Unknown","reason":"Running","message":"at %d"}]}}}
    """
        .formatted(type, apiVersion, kind, version, version, version);
  }

  @ParameterizedTest
  @CsvSource({
    "tekton.dev/v1,PipelineRun," + PIPELINE_RUNS,
    "tekton.dev/v1,TaskRun," + TASK_RUNS,
    "v1,Pod," + PODS
  })
  void oneListAndItsWatchOutliveTheEventsOfObjectsWithManagedFields(
      String apiVersion, String kind, String path) {
    recorded(PIPELINE_RUNS, "tekton.dev/v1", "PipelineRun");
    recorded(TASK_RUNS, "tekton.dev/v1", "TaskRun");
    recorded(PODS, "v1", "Pod");
    recorded(
        path,
        apiVersion,
        kind,
        event("ADDED", apiVersion, kind, 2)
            + event("MODIFIED", apiVersion, kind, 3)
            + event("MODIFIED", apiVersion, kind, 4),
        event("MODIFIED", apiVersion, kind, 5) + event("DELETED", apiVersion, kind, 6));
    try (Cluster cluster = server.cluster();
        Informers watches = new Informers(cluster)) {
      watches.add(new RunId("r"), told);
      await()
          .atMost(Duration.ofMinutes(5))
          .untilAsserted(() -> assertThat(told.deleted).hasSize(1));
      await()
          .atMost(Duration.ofMinutes(5))
          .untilAsserted(() -> assertThat(watchesOf(path, "6")).isPositive());
    }
    assertThat(told.seen).as("every event arrives").hasSize(4);
    assertThat(
            server.count(getRequestedFor(urlPathEqualTo(path)).withQueryParam("watch", absent())))
        .as("the objects are listed once")
        .isEqualTo(1);
  }

  /** How many watches began at a version. */
  private int watchesOf(String path, String version) {
    return server.count(
        getRequestedFor(urlPathEqualTo(path))
            .withQueryParam("watch", equalTo("true"))
            .withQueryParam("resourceVersion", equalTo(version)));
  }
}
