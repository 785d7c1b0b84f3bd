package io.sluice.serving.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.Ledger;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AccessTest {
  private static final String TOKEN = "3f1c".repeat(16);
  private static final String TOKENS =
      "# ours\nshop predict "
          + Digest.of(TOKEN)
          + "\nops review,admin "
          + Digest.of("other")
          + "\n";
  private static final String GOOD = Rig.infer("[1,2,3,4,5,6,7,8,9,10,11,12]");

  @Test
  void tokensGrantWhatTheirRolesSay() throws Exception {
    Access access = Access.parse(TOKENS, "tokens");
    try (Rig rig = new Rig("bundles/linear", Rig.LIMITS, access, Ledger.off(), Map.of())) {
      HttpResponse<byte[]> ready = rig.get("/v2/health/ready");
      assertThat(ready.statusCode()).isEqualTo(200);
      assertThat(Rig.json(ready).get("notes")).as("no details without a token").isEmpty();
      assertThat(
              Rig.json(
                      rig.send(
                          rig.to("/v2/health/ready").header("Authorization", "Bearer " + TOKEN)))
                  .get("notes"))
          .isNotEmpty();
      for (String header :
          List.of("", "Bearer", "Bearer x", "Basic " + TOKEN, TOKEN, "Bearer " + TOKEN + "0")) {
        HttpResponse<byte[]> refused =
            rig.post(
                "/v2/models/rma-forecast/infer",
                GOOD,
                r -> header.isEmpty() ? r : r.header("Authorization", header));
        assertThat(refused.statusCode()).as(header).isEqualTo(401);
        assertThat(refused.headers().firstValue("WWW-Authenticate")).isPresent();
      }
      assertThat(
              rig.post(
                      "/v2/models/rma-forecast/infer",
                      GOOD,
                      r -> r.header("Authorization", "Bearer " + TOKEN))
                  .statusCode())
          .isEqualTo(200);
      assertThat(
              rig.send(rig.to("/metrics").header("Authorization", "Bearer " + TOKEN)).statusCode())
          .isEqualTo(403);
      assertThat(rig.send(rig.to("/metrics").header("Authorization", "Bearer other")).statusCode())
          .isEqualTo(200);
      assertThat(rig.log.toString(StandardCharsets.UTF_8))
          .contains("\"caller\":\"shop\"")
          .doesNotContain(TOKEN);
    }
  }

  @Test
  void beyondThisMachineTokensAreAMust() {
    assertThatThrownBy(() ->
            HttpServer.start(
                "0.0.0.0",
                0,
                new Served(
                    "m",
                    new OneVersion("bundles/linear", Map.of()),
                    new io.sluice.serving.protocol.Endpoints(null, 1),
                    Ledger.off(),
                    false,
                    ""),
                Rig.LIMITS,
                Access.open(),
                AccessLog.off(),
                System.err,
                java.time.Clock.systemUTC()))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9201");
  }

  @Test
  void aWrongFileOfTokensIsRefusedWithoutRepeatingIt() {
    for (String wrong :
        List.of(
            "",
            "shop predict " + TOKEN,
            "shop preside " + Digest.of(TOKEN),
            "shop predict " + Digest.of(TOKEN) + "\nshop admin " + Digest.of("x"))) {
      assertThatThrownBy(() -> Access.parse(wrong, "tokens"))
          .isInstanceOf(SluiceException.class)
          .hasMessageContaining("SLU-9202")
          .hasMessageNotContaining(TOKEN);
    }
  }

  @Test
  void pagesOfOthersCannotAskAServiceWithoutTokens() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      assertThat(
              rig.raw("GET /v2 HTTP/1.1\r\nHost: rebound.example:80\r\nConnection: close\r\n\r\n"))
          .startsWith("HTTP/1.1 421 ");
      String path = "/v2/models/rma-forecast/infer";
      assertThat(
              rig.raw(
                  "POST "
                      + path
                      + " HTTP/1.1\r\nHost: localhost\r\nOrigin: http://evil.example\r\n"
                      + "Content-Type: application/json\r\nContent-Length: 2\r\nConnection: close\r\n\r\n{}"))
          .startsWith("HTTP/1.1 403 ");
      assertThat(rig.post(path, GOOD, r -> r.setHeader("Content-Type", "text/plain")).statusCode())
          .isEqualTo(415);
      assertThat(rig.post(path, GOOD, r -> r.header("Content-Encoding", "gzip")).statusCode())
          .isEqualTo(415);
      HttpResponse<byte[]> method = rig.get(path);
      assertThat(method.statusCode()).isEqualTo(405);
      assertThat(method.headers().firstValue("Allow")).contains("POST");
      assertThat(rig.get("/v2/repository/index").statusCode()).isEqualTo(404);
    }
  }
}
