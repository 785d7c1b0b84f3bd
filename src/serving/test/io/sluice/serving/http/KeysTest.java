package io.sluice.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.serving.Ledger;
import io.sluice.ledger.LedgerPlace;
import io.sluice.ledger.LedgerSettings;
import io.sluice.ledger.Ledgers;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Idempotency keys, with a real ledger. */
class KeysTest {
  private static HttpResponse<byte[]> ask(Rig rig, String series, String key, String token)
      throws Exception {
    return rig.post(
        "/v1/forecasts",
        "{\"series\":[{\"id\":\"%s\",\"origin\":\"2026-03-02\",\"history\":[{\"period\":\"2026-02-23\",\"returned\":3,\"shipped\":4}]}]}"
            .formatted(series),
        r -> r.header("Idempotency-Key", key).header("Authorization", "Bearer " + token));
  }

  @Test
  void aKeyIsOneCallersOneInputAndOneSetOfNames(@TempDir Path folder) throws Exception {
    Access access =
        Access.parse(
            "shop predict %s\nmill predict %s".formatted(Digest.of("a"), Digest.of("b")), "tokens");
    try (Ledger ledger =
            Ledgers.open(
                LedgerSettings.of(LedgerPlace.in(folder), folder), Clock.systemUTC(), line -> {});
        Rig rig = new Rig("bundles/linear", Rig.LIMITS, access, ledger, Map.of())) {
      JsonNode first = Rig.json(ask(rig, "A", "k", "a"));
      HttpResponse<byte[]> again = ask(rig, "A", "k", "a");
      assertThat(Rig.json(again)).isEqualTo(first);
      assertThat(again.headers().firstValue("Sluice-Version")).contains("3");
      HttpResponse<byte[]> other = ask(rig, "B", "k", "a");
      assertThat(other.statusCode()).as("the same numbers under another name").isEqualTo(422);
      assertThat(Rig.json(other).get("id").asText()).isEqualTo("SLU-9221");
      JsonNode others = Rig.json(ask(rig, "B", "k", "b"));
      assertThat(others.get("id")).as("another caller's key").isNotEqualTo(first.get("id"));
      assertThat(others.get("forecasts").get(0).get("series").asText()).isEqualTo("B");
    }
  }

  /** A database that takes connections and never says a word, as a frozen machine does. */
  @Test
  void aLedgerThatHangsIsAnsweredAsConfiguredInTimeAndNamesItsHostToNoCaller(@TempDir Path folder)
      throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      LedgerSettings settings =
          LedgerSettings.of(
              LedgerPlace.parse(
                  "postgresql://u:secret@localhost:"
                      + silent.getLocalPort()
                      + "/x?socketTimeout=2"),
              folder);
      for (LedgerSettings.OnFailure failure : LedgerSettings.OnFailure.values()) {
        try (Ledger ledger = Ledgers.open(settings.with(failure), Clock.systemUTC(), line -> {});
            Rig rig = new Rig("bundles/linear", Rig.LIMITS, Access.open(), ledger, Map.of())) {
          HttpResponse<byte[]> answer = ask(rig, "A", "k", "none");
          String body = new String(answer.body(), StandardCharsets.UTF_8);
          assertThat(body)
              .doesNotContain("localhost", "127.0.0.1", "" + silent.getLocalPort(), "secret");
          if (failure == LedgerSettings.OnFailure.ANSWER) {
            assertThat(answer.statusCode()).as(body).isEqualTo(200);
            assertThat(answer.headers().firstValue("Sluice-Ledger")).contains("dropped");
          } else {
            assertThat(answer.statusCode()).as(body).isEqualTo(503);
            assertThat(answer.headers().firstValue("Retry-After")).contains("5");
            assertThat(Rig.json(answer).get("id").asText()).isEqualTo("SLU-9222");
          }
        }
      }
    }
  }
}
