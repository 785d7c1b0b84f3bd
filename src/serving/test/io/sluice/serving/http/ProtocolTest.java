package io.sluice.serving.http;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.inference.ModelBundle;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class ProtocolTest {
  private static final String INFER = "/v2/models/rma-forecast/infer";

  @Test
  void healthAndMetadataSayWhatTheProtocolAsksFor() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      assertThat(Rig.json(rig.get("/v2/health/live")).get("live").asBoolean()).isTrue();
      assertThat(Rig.json(rig.get("/v2/health/ready")).get("ready").asBoolean()).isTrue();
      assertThat(Rig.json(rig.get("/v2")).get("extensions").get(0).asText())
          .isEqualTo("binary_tensor_data");
      JsonNode model = Rig.json(rig.get("/v2/models/rma-forecast"));
      assertThat(model.get("versions").toString()).isEqualTo("[\"3\"]");
      assertThat(model.get("inputs").get(0).toString())
          .isEqualTo("{\"name\":\"window\",\"datatype\":\"FP32\",\"shape\":[-1,6,2]}");
      assertThat(rig.get("/v2/models/rma-forecast/versions/3/ready").statusCode()).isEqualTo(200);
      assertThat(rig.get("/v2/models/rma-forecast/versions/2").statusCode()).isEqualTo(404);
      assertThat(rig.get("/v2/models/other/ready").statusCode()).isEqualTo(404);
      assertThat(rig.versions.leases).hasValue(0);
    }
  }

  @Test
  void anAnswerIsWhatTheBundleSaysWithNullAsMissing() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String window = "[1,2,3,4.5,null,6,7,8,9,10,11,12]";
      HttpResponse<byte[]> response = rig.post(INFER, Rig.infer(window));
      assertThat(response.statusCode()).isEqualTo(200);
      assertThat(response.headers().firstValue("Sluice-Version")).contains("3");
      JsonNode answer = Rig.json(response);
      assertThat(answer.get("id").asText()).isEqualTo("a");
      assertThat(answer.get("model_version").asText()).isEqualTo("3");
      float[] expected =
          ((ModelBundle) rig.versions.predictor)
              .predict(
                  new float[] {1, 2, 3, 4.5f, Float.NaN, 6, 7, 8, 9, 10, 11, 12},
                  new long[] {20500});
      JsonNode output = answer.get("outputs").get(0);
      assertThat(output.get("shape").toString()).isEqualTo("[1,3]");
      assertThat(floats(output.get("data"))).containsExactly(expected);
      assertThat(answer.get("parameters").get("prediction_id").asText()).hasSize(36);
    }
  }

  @Test
  void nestedFlatAndReorderedRequestsAreOneAndTheSame() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String flat = "[1,2,3,4,5,6,7,8,9,10,11,12]";
      String nested = "[[[1,2],[3,4],[5,6],[7,8],[9,10],[11,12]]]";
      JsonNode first = data(rig.post(INFER, Rig.infer(flat)));
      assertThat(data(rig.post(INFER, Rig.infer(nested)))).isEqualTo(first);
      String reordered =
          """
          {"inputs":[
            {"data":[20500],"shape":[1,1],"name":"origin_day","datatype":"INT64"},
            {"data":%s,"datatype":"FP32","shape":[1,6,2],"name":"window","parameters":null}]}\
          """
              .formatted(nested);
      assertThat(data(rig.post(INFER, reordered))).isEqualTo(first);
    }
  }

  @Test
  void binaryTensorsGiveTheSameAnswerInBinary() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      JsonNode expected = data(rig.post(INFER, Rig.infer("[1,2,3,null,5,6,7,8,9,10,11,12]")));
      HttpResponse<byte[]> response = rig.send(binary(rig, 48, 8, 0));
      assertThat(response.statusCode()).as(text(response)).isEqualTo(200);
      int json =
          Integer.parseInt(
              response.headers().firstValue("Inference-Header-Content-Length").orElseThrow());
      ByteBuffer tensor =
          ByteBuffer.wrap(response.body(), json, response.body().length - json)
              .order(ByteOrder.LITTLE_ENDIAN);
      assertThat(tensor.remaining()).isEqualTo(12);
      for (float value : floats(expected)) {
        assertThat(tensor.getFloat()).isEqualTo(value);
      }
    }
  }

  @Test
  void binarySizesThatLieAreRefused() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      for (int[] sizes : new int[][] {{44, 8, 0}, {48, 4, 0}, {48, 8, 3}, {1 << 30, 8, 0}}) {
        HttpResponse<byte[]> response = rig.send(binary(rig, sizes[0], sizes[1], sizes[2]));
        assertThat(response.statusCode()).isEqualTo(400);
        assertThat(Rig.json(response).get("id").asText()).isEqualTo("SLU-9214");
      }
      assertThat(
              rig.post(INFER, "{}", r -> r.header("Inference-Header-Content-Length", "7"))
                  .statusCode())
          .isEqualTo(400);
    }
  }

  private static HttpRequest.Builder binary(Rig rig, int window, int day, int more) {
    byte[] json =
        """
        {"parameters":{"binary_data_output":true},"inputs":[
          {"name":"window","datatype":"FP32","shape":[1,6,2],"parameters":{"binary_data_size":%d}},
          {"name":"origin_day","datatype":"INT64","shape":[1,1],"parameters":{"binary_data_size":%d}}]}\
        """
            .formatted(window, day)
            .getBytes(StandardCharsets.UTF_8);
    ByteBuffer body =
        ByteBuffer.allocate(json.length + 56 + more).order(ByteOrder.LITTLE_ENDIAN).put(json);
    IntStream.rangeClosed(1, 12).forEach(i -> body.putFloat(i == 4 ? Float.NaN : i));
    body.putLong(20500);
    return rig.to(INFER)
        .header("Inference-Header-Content-Length", "" + json.length)
        .POST(HttpRequest.BodyPublishers.ofByteArray(body.array()));
  }

  @Test
  void idsAndFlagsComeAsTensorsWhenTheyAreAskedFor() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String request =
          Rig.infer(Rig.window(new Random(1), 1))
              .replaceFirst(
                  "\\{\"id\":\"a\",",
                  "{\"outputs\":[{\"name\":\"prediction_id\"},{\"name\":\"needs_review\"}],");
      JsonNode answer = Rig.json(rig.post(INFER, request));
      assertThat(answer.get("outputs").get(0).get("data").get(0).asText())
          .isEqualTo(answer.get("parameters").get("prediction_id").asText() + ".1");
      assertThat(answer.get("outputs").get(1).get("data").get(0).asBoolean()).isFalse();
    }
  }

  @Test
  void aRequestThatIsWrongGetsAProblemWithItsPlace() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String good = Rig.infer("[1,2,3,4,5,6,7,8,9,10,11,12]");
      String[][] cases = {
        {"", "SLU-9210", ""},
        {"[]", "SLU-9211", ""},
        {"{\"inputs\":[{\"name\":\"widow\"}]}", "SLU-9213", "/inputs/0/name"},
        {"{\"inputs\":[]}", "SLU-9213", "/inputs"},
        {good.replace("[1,6,2]", "[1,12]"), "SLU-9212", "/inputs/0/shape"},
        {good.replace("[1,6,2]", "[2,6,2]"), "SLU-9212", "/inputs/0/data"},
        {good.replace("[1,6,2]", "[0,6,2]"), "SLU-9212", "/inputs/0/shape"},
        {good.replace("[1,6,2]", "[99999999,6,2]"), "SLU-9212", "/inputs/0/shape"},
        {good.replace("FP32", "FP64"), "SLU-9212", "/inputs/0/datatype"},
        {good.replace("3,4,5", "3,\"NaN\",5"), "SLU-9211", "/inputs/0/data/3"},
        {good.replace("3,4,5", "3,NaN,5"), "SLU-9210", ""},
        {good.replace("3,4,5", "3,1e39,5"), "SLU-9211", "/inputs/0/data/3"},
        {good.replace("3,4,5", "3,[4],5"), "SLU-9212", "/inputs/0/data"},
        {good.replace("20500", "2.5"), "SLU-9211", "/inputs/1/data/0"},
        {good.replace("20500", "99999999999999999999"), "SLU-9211", "/inputs/1/data/0"},
        {good.replace("\"id\":\"a\"", "\"id\":\"a\",\"id\":\"b\""), "SLU-9210", ""},
        {good.replace("\"id\":\"a\"", "\"it\":\"a\""), "SLU-9211", "/it"},
        {good.replace("origin_day", "window"), "SLU-9213", "/inputs/1/name"},
        {good + "{}", "SLU-9211", ""},
        {"[".repeat(5000), "SLU-9211", ""},
        {"{\"parameters\":" + "[".repeat(5000), "SLU-9211", "/parameters"},
      };
      for (String[] each : cases) {
        HttpResponse<byte[]> response = rig.post(INFER, each[0]);
        assertThat(response.statusCode()).as(each[0] + text(response)).isEqualTo(400);
        JsonNode problem = Rig.json(response);
        assertThat(problem.get("id").asText()).as(each[0] + problem).isEqualTo(each[1]);
        assertThat(problem.path("field").asText()).as(each[0] + problem).startsWith(each[2]);
        assertThat(problem.get("error").asText()).contains(each[1]);
        assertThat(response.headers().firstValue("Content-Type"))
            .contains("application/problem+json");
      }
      assertThat(rig.errors.toString(StandardCharsets.UTF_8)).isEmpty();
      assertThat(rig.versions.leases).hasValue(0);
    }
  }

  @Test
  void seriesByNameAreTheWindowsThatEvaluateWouldCut() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      // the newest of six periods, one missing, one before the window, in any order
      String request =
          """
          {"series":[{"id":"P <1>","origin":"2026-03-02","history":[
            {"period":"2026-02-23","returned":11,"shipped":12},
            {"period":"2026-01-19","returned":1,"shipped":2},
            {"period":"2026-01-12","returned":99,"shipped":99},
            {"period":"2026-01-26","returned":3},
            {"period":"2026-02-09T00:00:00Z","returned":7,"shipped":8},
            {"period":"2026-02-16","returned":9,"shipped":null}]}]}\
          """;
      float nan = Float.NaN;
      float[] window = {1, 2, 3, nan, nan, nan, 7, 8, 9, nan, 11, 12};
      long day = java.time.LocalDate.parse("2026-03-02").toEpochDay();
      float[] expected = ((ModelBundle) rig.versions.predictor).predict(window, new long[] {day});
      JsonNode answer = Rig.json(rig.post("/v1/forecasts", request));
      JsonNode forecast = answer.get("forecasts").get(0);
      assertThat(forecast.get("series").asText()).isEqualTo("P <1>");
      assertThat(forecast.get("id").asText()).isEqualTo(answer.get("id").asText() + ".1");
      for (int h = 0; h < 3; h++) {
        JsonNode each = forecast.get("forecast").get(h);
        assertThat((float) each.get("value").asDouble()).isEqualTo(expected[h]);
        assertThat(each.get("targetEnd").asText())
            .isEqualTo("" + java.time.LocalDate.parse("2026-03-09").plusWeeks(h));
      }
      assertThat(Rig.json(rig.post("/v1/predictions", "{}")).get("id").asText())
          .isEqualTo("SLU-9213");
    }
  }

  @Test
  void seriesThatDoNotFitTheCalendarAreRefused() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String[][] cases = {
        {"{}", "/series"},
        {"{\"series\":[]}", "/series"},
        {"{\"series\":[{}]}", "/series/0"},
        {"{\"series\":[{\"history\":[]}]}", "/series/0"},
        {one("[{\"period\":\"2026-02-24\"}]"), "/series/0/history/0/period"},
        {one("[{\"period\":\"2026-03-02\"}]"), "/series/0/history/0/period"},
        {one("[{\"period\":\"2020-03-02\"}]"), "/series/0/history"},
        {one("[{\"period\":\"-999999999-01-01T00:00:00Z\"}]"), "/series/0/history/0/period"},
        {one("[{\"period\":\"2026-02-23\"},{\"period\":\"2026-02-23\"}]"), "/series/0/history/1"},
        {one("[{\"period\":\"23.2.2026\"}]"), "/series/0/history/0/period"},
        {one("[{\"period\":\"+999999999-12-30T00:00:00Z\"}]"), "/series/0/history/0/period"},
        {
          "{\"series\":[{\"origin\":\"+999999999-12-31T00:00:00Z\",\"history\":[]}]}",
          "/series/0/origin"
        },
        {one("[]").replace("{\"origin", "{\"id\":\"\\u001b[2J\",\"origin"), "/series/0/id"},
        {one("[]").replace("{\"origin", "{\"id\":\"a\\ud800\",\"origin"), "/series/0/id"},
        {one("[]").replace("{\"origin", "{\"id\":\"\",\"origin"), "/series/0/id"},
        {one("[{\"returned\":1}]"), "/series/0/history/0"},
        {one("[{\"period\":\"2026-02-23\",\"retuned\":1}]"), "/series/0/history/0/retuned"},
      };
      for (String[] each : cases) {
        HttpResponse<byte[]> response = rig.post("/v1/forecasts", each[0]);
        assertThat(response.statusCode()).as(each[0] + text(response)).isEqualTo(400);
        assertThat(Rig.json(response).path("field").asText())
            .as(each[0] + text(response))
            .startsWith(each[1]);
      }
      String none = one("[]");
      assertThat(rig.post("/v1/forecasts", none).statusCode()).isEqualTo(200);
    }
  }

  private static String one(String history) {
    return "{\"series\":[{\"origin\":\"2026-03-02\",\"history\":" + history + "}]}";
  }

  @Test
  void rowsByColumnAreWhatTheTensorsSay() throws Exception {
    try (Rig rig = new Rig("tabular/cat-binary")) {
      JsonNode answer =
          Rig.json(
              rig.post(
                  "/v1/predictions",
                  "{\"names\":[\"a\",\"b\"],\"rows\":[{\"age\":30,\"visits\":2},{\"visits\":1,\"age\":null}]}"));
      JsonNode tensors =
          Rig.json(
              rig.post(
                  INFER,
                  "{\"inputs\":[{\"name\":\"features\",\"datatype\":\"FP32\",\"shape\":[2,2],\"data\":[30,2,null,1]}]}"));
      for (int r = 0; r < 2; r++) {
        assertThat(answer.get("predictions").get(r).get("probability"))
            .as(answer + " " + tensors)
            .isEqualTo(tensors.get("outputs").get(0).get("data").get(r));
      }
      assertThat(answer.get("predictions").get(1).get("name").asText()).isEqualTo("b");
      HttpResponse<byte[]> missing = rig.post("/v1/predictions", "{\"rows\":[{\"age\":1}]}");
      assertThat(missing.statusCode()).isEqualTo(400);
      assertThat(text(missing)).contains("/rows/0", "visits");
      assertThat(rig.post("/v1/forecasts", "{}").statusCode()).isEqualTo(404);
    }
  }

  @Test
  void aRowThatTheModelCannotAnswerIsRefusedAndNotKept() throws Exception {
    try (Rig rig = new Rig("tabular/skl-linear-double")) {
      assertThat(rig.post("/v1/predictions", "{\"rows\":[{\"age\":1,\"visits\":2}]}").statusCode())
          .isEqualTo(200);
      HttpResponse<byte[]> refused =
          rig.post(
              "/v1/predictions",
              "{\"rows\":[{\"age\":1,\"visits\":2},{\"age\":null,\"visits\":2}]}");
      assertThat(refused.statusCode()).isEqualTo(400);
      assertThat(text(refused)).contains("SLU-9229", "row 1");
    }
  }

  @Test
  void aHeaderThatStandsTwiceIsRefused() throws Exception {
    try (Rig rig = new Rig("bundles/linear")) {
      String good = Rig.infer("[1,2,3,4,5,6,7,8,9,10,11,12]");
      for (String[] header :
          new String[][] {
            {"Content-Encoding", "identity", "gzip"},
            {"Content-Type", "application/json", "text/plain"},
            {"Sluice-Timeout", "1000", "1"},
            {"Idempotency-Key", "a", "b"},
            {"Authorization", "Bearer a", "Bearer b"}
          }) {
        String request =
            "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n%s: %s\r\n%s: %s\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"
                .formatted(INFER, header[0], header[1], header[0], header[2], good.length(), good);
        assertThat(rig.raw(request)).as(header[0]).startsWith("HTTP/1.1 400 ").contains("SLU-9219");
      }
    }
  }

  private static String text(HttpResponse<byte[]> response) {
    return new String(response.body(), StandardCharsets.UTF_8);
  }

  private static JsonNode data(HttpResponse<byte[]> response) {
    assertThat(response.statusCode()).as(text(response)).isEqualTo(200);
    return Rig.json(response).get("outputs").get(0).get("data");
  }

  private static float[] floats(JsonNode data) {
    float[] out = new float[data.size()];
    for (int i = 0; i < out.length; i++) {
      out[i] = (float) data.get(i).asDouble();
    }
    return out;
  }
}
