package io.sluice.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/**
 * Spoilt requests over a raw socket, by a seed. {@code -Dfuzz.rounds=100000 -Dfuzz.seed=7} asks for
 * more, or for others.
 */
class FuzzTest {
  private static final int ROUNDS = Integer.getInteger("fuzz.rounds", 1500);
  private static final long SEED = Long.getLong("fuzz.seed", 20261130);
  private static final String INFER = "/v2/models/rma-forecast/infer";
  private static final List<String> PIECES =
      List.of(
          "null",
          "true",
          "[",
          "]",
          "{",
          "}",
          "\"",
          ",",
          ":",
          "\\u0000",
          "\\ud800",
          "NaN",
          "Infinity",
          "-0",
          "1e999",
          "-1",
          "99999999999999999999",
          "0.1e-400",
          "\u0000",
          "\u00ff",
          "'; drop table prediction; --",
          "<script>alert(1)</script>",
          "${jndi:ldap://x}",
          "../..",
          "\"name\":\"window\",",
          "\"shape\":[2147483647,2147483647],",
          "[".repeat(40),
          "\"binary_data_size\":-1,",
          "\"data\":[[]],",
          "\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n");

  private final Random random = new Random(SEED);

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private byte[] good(int kind) {
    if (kind == 0) {
      return bytes(Rig.infer(Rig.window(random, 1)));
    }
    if (kind == 1) {
      return bytes(
          "{\"series\":[{\"id\":\"a\",\"origin\":\"2026-03-02\",\"history\":[{\"period\":\"2026-02-23\","
              + "\"returned\":1,\"shipped\":null},{\"period\":\"2026-02-16T00:00:00Z\",\"returned\":2}]}]}");
    }
    byte[] json = binaryHead();
    ByteBuffer out = ByteBuffer.allocate(json.length + 56).order(ByteOrder.LITTLE_ENDIAN).put(json);
    for (int i = 0; i < 12; i++) {
      out.putFloat(i);
    }
    return out.putLong(20500).array();
  }

  private static byte[] binaryHead() {
    return bytes(
        "{\"inputs\":[{\"name\":\"window\",\"datatype\":\"FP32\",\"shape\":[1,6,2],\"parameters\":"
            + "{\"binary_data_size\":48}},{\"name\":\"origin_day\",\"datatype\":\"INT64\",\"shape\":[1,1],"
            + "\"parameters\":{\"binary_data_size\":8}}]}");
  }

  private byte[] spoilt(byte[] body) {
    byte[] out = body;
    for (int n = random.nextInt(4); n >= 0 && out.length > 1; n--) {
      int at = random.nextInt(out.length);
      int to = Math.min(out.length, at + 1 + random.nextInt(12));
      ByteArrayOutputStream next = new ByteArrayOutputStream();
      next.write(out, 0, at);
      switch (random.nextInt(4)) {
        case 0 -> next.writeBytes(bytes(PIECES.get(random.nextInt(PIECES.size()))));
        case 1 -> next.write(random.nextInt(256));
        case 2 -> next.write(out, at, to - at); // twice
        default -> at = to; // left out
      }
      next.write(out, at, out.length - at);
      out = next.toByteArray();
    }
    return out;
  }

  private byte[] request(int kind, byte[] body) {
    String path = kind == 1 ? "/v1/forecasts" : INFER;
    String head =
        "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n%s\r\n"
            .formatted(
                path,
                body.length,
                kind == 2
                    ? "Inference-Header-Content-Length: "
                        + Math.max(0, binaryHead().length + random.nextInt(7) - 3)
                        + "\r\n"
                    : "");
    byte[] headers = bytes(head);
    if (random.nextInt(5) == 0) {
      headers = spoilt(headers);
    }
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(headers);
    out.writeBytes(body);
    return out.toByteArray();
  }

  @Test
  void spoiltRequestsAreRefusedWithoutAFailure() throws Exception {
    TreeMap<String, Integer> seen = new TreeMap<>();
    try (Rig rig = new Rig("bundles/linear")) {
      for (int round = 0; round < ROUNDS; round++) {
        int kind = random.nextInt(3);
        byte[] request = request(kind, spoilt(good(kind)));
        String answer = exchange(rig, request);
        String text = new String(request, StandardCharsets.ISO_8859_1);
        for (String each : answer.split("(?=HTTP/1\\.1 \\d\\d\\d )")) {
          if (each.isEmpty()) {
            continue; // not even a request line came
          }
          assertThat(each).as(text).startsWith("HTTP/1.1 ").doesNotContain("\tat ", "Exception");
          String status = each.substring(9, 12);
          seen.merge(status, 1, Integer::sum);
          assertThat(status).as(text + "\n" + each).matches("[24]\\d\\d|505");
          int start = each.indexOf("\r\n\r\n") + 4;
          if (each.contains("application/problem+json") && start < each.length()) {
            assertThat(Json.parse(each.substring(start)).get("error").asText())
                .startsWith("SLU-92");
          }
        }
      }
      assertThat(rig.errors.toString(StandardCharsets.UTF_8)).isEmpty();
      assertThat(rig.versions.leases).hasValue(0);
      assertThat(rig.get("/v2/health/ready").statusCode()).isEqualTo(200);
      for (String line : rig.log.toString(StandardCharsets.UTF_8).lines().toList()) {
        assertThat(Json.parse(line).get("status").isNumber()).isTrue();
      }
    }
    assertThat(seen).as("both good and spoilt requests were tried").containsKeys("200", "400");
  }

  private static String exchange(Rig rig, byte[] request) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", rig.server.port())) {
      socket.getOutputStream().write(request);
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    } catch (java.net.SocketException e) {
      return ""; // refused before all of it was sent, with the rest unread
    }
  }
}
