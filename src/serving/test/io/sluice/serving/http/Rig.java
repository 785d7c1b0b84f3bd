package io.sluice.serving.http;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.serving.HashShare;
import io.sluice.core.serving.InputPolicy;
import io.sluice.core.serving.Ledger;
import io.sluice.serving.predict.Predictions;
import io.sluice.serving.protocol.Endpoints;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.UnaryOperator;

/** A real server on a real port, with a bundle and no registry. */
final class Rig implements AutoCloseable {
  static final Limits LIMITS =
      new Limits(
          1 << 20,
          4 << 10,
          64,
          2,
          2,
          4 << 20,
          256,
          Duration.ofMinutes(5),
          Duration.ofMinutes(5),
          Duration.ofMinutes(5));

  final OneVersion versions;
  final HttpServer server;
  final ByteArrayOutputStream log = new ByteArrayOutputStream();
  final ByteArrayOutputStream errors = new ByteArrayOutputStream();
  final HttpClient client = HttpClient.newHttpClient();

  Rig(String bundle) {
    this(bundle, LIMITS, Access.open(), Ledger.off(), Map.of());
  }

  Rig(String bundle, Limits limits, Access access, Ledger ledger, Map<String, String> tags) {
    versions = new OneVersion(bundle, tags);
    AtomicLong random = new AtomicLong();
    Predictions predictions =
        new Predictions(
            ledger,
            new InputPolicy.All(),
            HashShare.NONE,
            Clock.systemUTC(),
            random::incrementAndGet,
            System::nanoTime);
    server =
        HttpServer.start(
            "127.0.0.1",
            0,
            new Served(
                "rma-forecast",
                versions,
                new Endpoints(predictions, limits.rows()),
                ledger,
                false,
                "test"),
            limits,
            access,
            AccessLog.to(log),
            new PrintStream(errors, true, StandardCharsets.UTF_8),
            Clock.systemUTC());
  }

  HttpRequest.Builder to(String path) {
    return HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + server.port() + path));
  }

  HttpResponse<byte[]> send(HttpRequest.Builder request) throws Exception {
    return client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
  }

  HttpResponse<byte[]> get(String path) throws Exception {
    return send(to(path));
  }

  HttpResponse<byte[]> post(String path, String json) throws Exception {
    return post(path, json, r -> r);
  }

  HttpResponse<byte[]> post(String path, String json, UnaryOperator<HttpRequest.Builder> more)
      throws Exception {
    return send(
        more.apply(
            to(path)
                .header("Content-Type", "application/json")
                .POST(HttpRequest.BodyPublishers.ofString(json))));
  }

  static JsonNode json(HttpResponse<byte[]> response) {
    return Json.parse(response.body());
  }

  /** Sends bytes as they are; what comes back until the server closes. */
  String raw(String bytes) throws IOException {
    try (Socket socket = new Socket("127.0.0.1", server.port())) {
      socket.getOutputStream().write(bytes.getBytes(StandardCharsets.ISO_8859_1));
      socket.shutdownOutput();
      return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** A window of the bundle {@code linear}, 6 periods of 2 channels, as a flat list. */
  static String window(Random random, int rows) {
    StringBuilder out = new StringBuilder("[");
    for (int i = 0; i < rows * 12; i++) {
      out.append(i == 0 ? "" : ",").append(random.nextInt(10) == 0 ? "null" : random.nextInt(100));
    }
    return out.append("]").toString();
  }

  /** A V2 request of one row. */
  static String infer(String window) {
    return """
    {"id":"a","inputs":[
      {"name":"window","datatype":"FP32","shape":[1,6,2],"data":%s},
      {"name":"origin_day","datatype":"INT64","shape":[1,1],"data":[20500]}]}\
    """
        .formatted(window);
  }

  @Override
  public void close() {
    server.close();
    versions.close();
    client.close();
  }
}
