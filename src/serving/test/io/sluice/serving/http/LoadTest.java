package io.sluice.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.serving.Ledger;
import java.net.Socket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** What happens when more is asked than can be answered, or nothing can be, or the end comes. */
class LoadTest {
  private static final String INFER = "/v2/models/rma-forecast/infer";
  private static final String GOOD = Rig.infer("[1,2,3,4,5,6,7,8,9,10,11,12]");

  private static CompletableFuture<HttpResponse<byte[]>> later(Rig rig, String... headers) {
    return rig.client.sendAsync(
        rig.to(INFER)
            .header("Content-Type", "application/json")
            .headers(headers.length == 0 ? new String[] {"X-None", "1"} : headers)
            .POST(java.net.http.HttpRequest.BodyPublishers.ofString(GOOD))
            .build(),
        HttpResponse.BodyHandlers.ofByteArray());
  }

  @Test
  void whatCannotWaitIsTurnedAwayAtOnceAndWhatWaitsIsAnswered() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      rig.versions.gate = new CountDownLatch(1);
      rig.versions.inside = new CountDownLatch(2);
      List<CompletableFuture<HttpResponse<byte[]>>> accepted = new ArrayList<>();
      accepted.add(later(rig));
      accepted.add(later(rig));
      assertThat(rig.versions.inside.await(5, TimeUnit.MINUTES)).isTrue();
      // two are computed and two can wait: of three more, one is turned away
      List<CompletableFuture<HttpResponse<byte[]>>> more =
          List.of(later(rig), later(rig), later(rig));
      HttpResponse<byte[]> first =
          (HttpResponse<byte[]>)
              CompletableFuture.anyOf(more.toArray(CompletableFuture[]::new))
                  .get(5, TimeUnit.MINUTES);
      assertThat(first.statusCode()).isEqualTo(429);
      assertThat(first.headers().firstValue("Retry-After")).contains("1");
      assertThat(Rig.json(first).get("id").asText()).isEqualTo("SLU-9220");
      assertThat(text(rig.get("/metrics"))).contains("sluice_serving_running 2.0");
      rig.versions.gate.countDown();
      accepted.addAll(more);
      long answered = 0;
      for (CompletableFuture<HttpResponse<byte[]>> each : accepted) {
        answered += each.get(5, TimeUnit.MINUTES).statusCode() == 200 ? 1 : 0;
      }
      assertThat(answered).isEqualTo(4);
      assertThat(rig.versions.leases).hasValue(0);
    }
  }

  @Test
  void aDeadlineThatIsOverIsHonouredBeforeTheModelRuns() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      rig.versions.gate = new CountDownLatch(1);
      rig.versions.inside = new CountDownLatch(2);
      var first = later(rig);
      var second = later(rig);
      assertThat(rig.versions.inside.await(5, TimeUnit.MINUTES)).isTrue();
      CountDownLatch third = new CountDownLatch(1);
      rig.versions.inside = third;
      var late = later(rig, "Sluice-Timeout", "1");
      HttpResponse<byte[]> metrics;
      do {
        metrics = rig.get("/metrics");
        assertThat(metrics.statusCode()).isEqualTo(200);
      } while (!text(metrics).contains("sluice_serving_waiting 1.0"));
      long since = System.nanoTime();
      while (System.nanoTime() - since < 2_000_000) {
        Thread.onSpinWait();
      }
      rig.versions.gate.countDown();
      HttpResponse<byte[]> response = late.get(5, TimeUnit.MINUTES);
      assertThat(response.statusCode()).isEqualTo(429);
      assertThat(Rig.json(response).get("id").asText()).isEqualTo("SLU-9218");
      assertThat(third.getCount()).as("the model was not asked").isEqualTo(1);
      assertThat(first.get(5, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
      assertThat(second.get(5, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
    }
  }

  @Test
  void withoutAVersionItIsLiveAndNotReadyAndSaysWhy() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      rig.versions.there = false;
      assertThat(rig.get("/v2/health/live").statusCode()).isEqualTo(200);
      HttpResponse<byte[]> ready = rig.get("/v2/health/ready");
      assertThat(ready.statusCode()).isEqualTo(503);
      assertThat(text(ready)).contains("the registry cannot be reached");
      HttpResponse<byte[]> infer = rig.post(INFER, GOOD);
      assertThat(infer.statusCode()).isEqualTo(503);
      assertThat(Rig.json(infer).get("id").asText()).isEqualTo("SLU-9224");
    }
  }

  @Test
  void theEndAnswersWhatWasAccepted() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      assertThat(rig.get("/v2/health/ready").statusCode()).isEqualTo(200);
      rig.versions.gate = new CountDownLatch(1);
      rig.versions.inside = new CountDownLatch(2);
      var first = later(rig);
      var second = later(rig);
      assertThat(rig.versions.inside.await(5, TimeUnit.MINUTES)).isTrue();
      CompletableFuture<Void> end =
          CompletableFuture.runAsync(() -> {
            try {
              rig.server.drain(Duration.ofMinutes(5), Duration.ofMinutes(5));
            } catch (InterruptedException e) {
              throw new IllegalStateException(e);
            }
          });
      HttpResponse<byte[]> ready;
      do {
        ready = rig.get("/v2/health/ready");
        assertThat(ready.statusCode()).isIn(200, 503);
      } while (ready.statusCode() == 200);
      assertThat(text(ready)).contains("the service is ending");
      assertThat(ready.headers().firstValue("Connection")).contains("close");
      rig.versions.gate.countDown();
      assertThat(first.get(5, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
      assertThat(second.get(5, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
      rig.client.close(); // with the last connection gone nobody needs notice
      end.get(5, TimeUnit.MINUTES);
    }
  }

  @Test
  void aRequestThatOutlastsTheGraceDoesNotBreakTheEnd() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      rig.versions.gate = new CountDownLatch(1);
      rig.versions.inside = new CountDownLatch(1);
      var endless = later(rig);
      assertThat(rig.versions.inside.await(5, TimeUnit.MINUTES)).isTrue();
      rig.server.drain(Duration.ofMillis(1), Duration.ofMillis(1));
      assertThat(rig.errors.toString(StandardCharsets.UTF_8)).contains("cut off");
      rig.versions.gate.countDown();
      assertThat(endless.handle((response, failure) -> failure).get(5, TimeUnit.MINUTES))
          .isNotNull();
    }
  }

  @Test
  void bodiesAndHeadersHaveLimits() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String head =
          "POST " + INFER + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n";
      assertThat(rig.raw(head + "Content-Length: 104857600\r\n\r\n{}"))
          .startsWith("HTTP/1.1 413 ")
          .contains("SLU-9215", "Connection: close");
      assertThat(
              rig.raw(
                  head
                      + "Transfer-Encoding: chunked\r\n\r\n"
                      + ("10000\r\n" + " ".repeat(1 << 16) + "\r\n").repeat(17)))
          .startsWith("HTTP/1.1 413 ");
      assertThat(rig.raw(head + "X-Bomb: " + "a".repeat(10_000) + "\r\n\r\n"))
          .startsWith("HTTP/1.1 431 ")
          .contains("SLU-9216");
      // request smuggling: two lengths, a length beside chunks, a broken chunk, a bare line feed
      for (String lengths :
          List.of(
              "Content-Length: 2\r\nContent-Length: 3\r\n",
              "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
              "Transfer-Encoding: chunked, identity\r\n",
              "Content-Length: +2\r\n",
              "Content-Length : 2\r\n")) {
        assertThat(rig.raw(head + lengths + "\r\n{}"))
            .as(lengths)
            .startsWith("HTTP/1.1 400 ")
            .contains("SLU-9216");
      }
      assertThat(rig.raw(head + "Transfer-Encoding: chunked\r\n\r\nzz\r\n"))
          .startsWith("HTTP/1.1 400 ");
      assertThat(
              rig.raw(
                  "GET /v2/../metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"))
          .doesNotContain("HTTP/1.1 5");
      assertThat(rig.raw("GET /%2e%2e/metrics HTTP/1.1\r\nHost: localhost\r\n\r\n"))
          .startsWith("HTTP/1.1 400 ");
      assertThat(rig.get("/v2/health/ready").statusCode()).isEqualTo(200);
      assertThat(rig.errors.toString(StandardCharsets.UTF_8)).isEmpty();
    }
  }

  @Test
  void aBodyThatArrivesTooSlowlyHoldsNoWorker() throws Exception {
    Limits limits = Rig.LIMITS;
    Limits quick =
        new Limits(
            limits.bodyBytes(),
            limits.headerBytes(),
            limits.rows(),
            limits.workers(),
            limits.waiting(),
            limits.waitingBytes(),
            limits.connections(),
            limits.idle(),
            Duration.ofMillis(1),
            limits.deadline());
    try (Rig rig = new Rig("bundles/linear", quick, Access.open(), Ledger.off(), Map.of());
        Socket slow = new Socket("127.0.0.1", rig.server.port())) {
      slow.getOutputStream()
          .write(
              ("POST "
                      + INFER
                      + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                      + "Content-Length: 1000\r\n\r\n{")
                  .getBytes(StandardCharsets.US_ASCII));
      assertThat(rig.get("/v2/health/ready").statusCode()).isEqualTo(200);
      long since = System.nanoTime();
      while (System.nanoTime() - since < 5_000_000) {
        Thread.onSpinWait();
      }
      slow.getOutputStream().write(' ');
      assertThat(new String(slow.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
          .startsWith("HTTP/1.1 408 ")
          .contains("SLU-9216");
    }
  }

  @Test
  void headersAndBodiesThatStopHoldNoConnection() throws Exception {
    Limits limits = Rig.LIMITS;
    Limits quick =
        new Limits(
            limits.bodyBytes(),
            limits.headerBytes(),
            limits.rows(),
            limits.workers(),
            limits.waiting(),
            limits.waitingBytes(),
            limits.connections(),
            limits.idle(),
            Duration.ofMillis(1),
            limits.deadline());
    try (Rig rig = new Rig("bundles/linear", quick, Access.open(), Ledger.off(), Map.of());
        Socket slow = new Socket("127.0.0.1", rig.server.port())) {
      slow.getOutputStream().write("GET /v2/hea".getBytes(StandardCharsets.US_ASCII));
      assertThat(slow.getInputStream().read()).as("the server ends it").isEqualTo(-1);
      try (Socket silent = new Socket("127.0.0.1", rig.server.port())) {
        silent
            .getOutputStream()
            .write(
                ("POST "
                        + INFER
                        + " HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"
                        + "Content-Length: 1000\r\n\r\n{")
                    .getBytes(StandardCharsets.US_ASCII));
        assertThat(silent.getInputStream().read()).as("and a body that stops").isEqualTo(-1);
      }
      assertThat(rig.get("/v2/health/ready").statusCode()).isEqualTo(200);
    }
  }

  @Test
  void anAnswerLeavesAlthoughTheQueueIsNeverEmpty() throws Exception {
    Limits limits = Rig.LIMITS;
    Limits one =
        new Limits(
            limits.bodyBytes(),
            limits.headerBytes(),
            limits.rows(),
            1,
            2,
            limits.waitingBytes(),
            limits.connections(),
            limits.idle(),
            limits.arrival(),
            limits.deadline());
    try (Rig rig = new Rig("bundles/linear", one, Access.open(), Ledger.off(), Map.of())) {
      CountDownLatch firstGate = new CountDownLatch(1);
      rig.versions.gate = firstGate;
      rig.versions.inside = new CountDownLatch(1);
      var first = later(rig);
      assertThat(rig.versions.inside.await(5, TimeUnit.MINUTES)).isTrue();
      rig.versions.inside = new CountDownLatch(1);
      var second = later(rig);
      HttpResponse<byte[]> metrics;
      do {
        metrics = rig.get("/metrics");
        assertThat(metrics.statusCode()).isEqualTo(200);
      } while (!text(metrics).contains("sluice_serving_waiting 1.0"));
      // the second one is computed until this test says so; the first one's caller has its answer
      CountDownLatch secondGate = new CountDownLatch(1);
      rig.versions.gate = secondGate;
      firstGate.countDown();
      assertThat(first.get(5, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
      assertThat(rig.get("/v2/health/ready").statusCode()).isEqualTo(200);
      secondGate.countDown();
      assertThat(second.get(5, TimeUnit.MINUTES).statusCode()).isEqualTo(200);
    }
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }
}
