package io.sluice.systemtests;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;

/** Stands before a real MLflow and is what it should not be, from a certain request on. */
final class RegistryProxy implements AutoCloseable {
  /** How it behaves once it is broken. */
  enum Fault {
    /** Accepts requests and never answers. */
    HANGS,
    /** Hangs up before the server sees the request. */
    HANGS_UP,
    /** Answers 503. */
    FAILS,
    /** Answers 200 with what is no JSON. */
    TALKS_GARBAGE
  }

  /** A request, as far as tests tell them apart. */
  record Request(String method, String path, String body) {}

  private final HttpServer server;
  private final URI registry;
  private final HttpClient client = HttpClient.newBuilder().build();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Duration delay;
  private final Fault fault;
  private final Predicate<Request> trigger;
  private final Set<String> authorizations = ConcurrentHashMap.newKeySet();
  private volatile boolean broken;

  private RegistryProxy(URI registry, Duration delay, Fault fault, Predicate<Request> trigger)
      throws IOException {
    this.registry = registry;
    this.delay = delay;
    this.fault = fault;
    this.trigger = trigger;
    this.server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setExecutor(Executors.newVirtualThreadPerTaskExecutor());
    server.createContext("/", this::serve);
    server.start();
  }

  /** Passes everything on, each request this much later. */
  static RegistryProxy late(String registry, Duration delay) throws IOException {
    return new RegistryProxy(URI.create(registry), delay, Fault.FAILS, r -> false);
  }

  /** Passes everything on until the first request of a kind; that and all later ones fail. */
  static RegistryProxy broken(String registry, Fault fault, Predicate<Request> from)
      throws IOException {
    return new RegistryProxy(URI.create(registry), Duration.ZERO, fault, from);
  }

  String uri() {
    return "http://127.0.0.1:" + server.getAddress().getPort();
  }

  /** The credentials that came with requests, each once; empty for those without. */
  Set<String> authorizations() {
    return Set.copyOf(authorizations);
  }

  /** Whether the request that it was to break at came. */
  boolean isBroken() {
    return broken;
  }

  @Override
  public void close() {
    closed.countDown();
    server.stop(0);
  }

  private void serve(HttpExchange exchange) throws IOException {
    try (exchange) {
      byte[] body = exchange.getRequestBody().readAllBytes();
      Request request =
          new Request(
              exchange.getRequestMethod(),
              exchange.getRequestURI().getPath(),
              new String(body, StandardCharsets.UTF_8));
      String given = exchange.getRequestHeaders().getFirst("Authorization");
      authorizations.add(given == null ? "" : given);
      broken |= trigger.test(request);
      if (!broken) {
        TimeUnit.NANOSECONDS.sleep(delay.toNanos());
        forward(exchange, body);
        return;
      }
      switch (fault) {
        case HANGS -> closed.await();
        case HANGS_UP -> {}
        case FAILS ->
            answer(exchange, 503, "text/html", "try later".getBytes(StandardCharsets.UTF_8));
        case TALKS_GARBAGE ->
            answer(exchange, 200, "application/json", new byte[] {'{', 0, 1, (byte) 0xff});
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private void forward(HttpExchange exchange, byte[] body)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(registry.resolve(exchange.getRequestURI()))
            .method(
                exchange.getRequestMethod(),
                body.length == 0
                    ? HttpRequest.BodyPublishers.noBody()
                    : HttpRequest.BodyPublishers.ofByteArray(body));
    String type = exchange.getRequestHeaders().getFirst("Content-Type");
    if (type != null) {
      request.header("Content-Type", type);
    }
    HttpResponse<byte[]> response =
        client.send(request.build(), HttpResponse.BodyHandlers.ofByteArray());
    answer(
        exchange,
        response.statusCode(),
        response.headers().firstValue("Content-Type").orElse("text/plain"),
        response.body());
  }

  private static void answer(HttpExchange exchange, int status, String type, byte[] body)
      throws IOException {
    exchange.getResponseHeaders().add("Content-Type", type);
    exchange.sendResponseHeaders(status, body.length == 0 ? -1 : body.length);
    exchange.getResponseBody().write(body);
  }
}
