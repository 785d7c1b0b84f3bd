package io.sluice.mlflow;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import com.fasterxml.jackson.core.StreamReadFeature;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.failsafe.event.ExecutionScheduledEvent;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodySubscriber;
import java.net.http.HttpResponse.BodySubscribers;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.mlflow.tracking.MlflowClientException;

/**
 * MLflow's REST protocol over HTTP/1.1, with everything that a server or what stands before it may
 * do wrong turned into an answer that says so. One call has one time limit over all of it, its
 * answer one size limit; redirects are not followed, because the credentials would go along.
 */
final class Rest {
  /** The largest answer that is not a file: a page of 1,000 log entries has some 1.2 MB. */
  private static final int MAX_ANSWER = 32 << 20;

  private static final String TUNNEL_SCHEMES = "jdk.http.auth.tunneling.disabledSchemes";

  private static final String API = "/api/2.0/mlflow/";
  private static final String FILES = "/api/2.0/mlflow-artifacts/artifacts";

  private static final JsonFactory JSON =
      JsonFactory.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private final MlflowConfig config;
  private final HttpClient http;
  private final RetryPolicy<Object> patience;

  /**
   * @param progress called with a sentence before each wait for another attempt
   */
  Rest(MlflowConfig config, Consumer<String> progress) {
    this.config = config;
    this.http = http(config);
    this.patience =
        RetryPolicy.builder()
            .handleIf(e ->
                e instanceof RegistryUnavailable u
                    && u.worthRetrying()
                    && EmbeddedMlflow.ended(config.uri()).isEmpty())
            .withBackoff(Duration.ofMillis(200), Duration.ofSeconds(5))
            .withJitter(0.25)
            .withMaxRetries(-1) // the deadline alone ends it
            .withMaxDuration(config.deadline())
            .onRetryScheduled(e -> progress.accept(waiting(e)))
            .build();
  }

  private static HttpClient http(MlflowConfig config) {
    HttpClient.Builder builder =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(min(config.callTimeout(), Duration.ofSeconds(10)));
    config.route().tls().context().ifPresent(builder::sslContext);
    config
        .route()
        .proxy()
        .ifPresent(proxy -> {
          if (proxy.authorization().isPresent()) {
            // The JDK keeps a password from a proxy to which it asks for a tunnel, unless told so
            // before its first client; the proxy's owner gave it for that.
            System.setProperty(TUNNEL_SCHEMES, System.getProperty(TUNNEL_SCHEMES, ""));
          }
          builder.proxy(proxy.selector());
        });
    return builder.build();
  }

  private String waiting(ExecutionScheduledEvent<Object> e) {
    Throwable last = e.getLastException();
    return String.format(
        Locale.ROOT,
        "%s; trying again in %.1f s (%d s of at most %d s)",
        last == null ? "no answer" : last.getMessage(),
        e.getDelay().toMillis() / 1000.0,
        e.getElapsedTime().toSeconds(),
        config.deadline().toSeconds());
  }

  URI uri() {
    return config.uri();
  }

  /**
   * Waits.
   *
   * @throws SluiceException exit 130 when the thread was interrupted
   */
  void pause(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw RegistryErrors.interrupted("waiting to look at the registry again", e);
    }
  }

  /**
   * Runs calls that may be repeated as a whole, again and again until the deadline.
   *
   * @throws SluiceException exit 3 when the server did not answer, exit 130 when the thread was
   *     interrupted
   */
  <T> T patiently(Supplier<T> calls) {
    try {
      return Failsafe.with(patience)
          .get(() -> {
            try {
              return calls.get();
            } catch (MlflowClientException e) {
              // A field of another type than MLflow gives it: what was asked may be done all the
              // same.
              throw RegistryUnavailable.unreadable(config.uri(), e);
            }
          });
    } catch (RegistryUnavailable e) {
      throw EmbeddedMlflow.ended(config.uri()).orElseGet(e::toSluice);
    } catch (FailsafeException e) {
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        throw RegistryErrors.interrupted("waiting to try the registry again", e);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Runs calls, and gives an error that none of them expected the id that users see. */
  <T> T reporting(Supplier<T> calls) {
    try {
      return calls.get();
    } catch (ApiError e) {
      throw RegistryErrors.refused(e);
    } catch (RegistryUnavailable e) {
      throw e.toSluice();
    } catch (MlflowClientException e) {
      throw RegistryErrors.unexpected(
          config.uri(), "an answer that MLflow's client cannot read", e);
    }
  }

  /** The JSON object that answers a call that changes nothing. */
  String get(String pathAndQuery) {
    return patiently(() -> call("GET", pathAndQuery, Optional.empty()));
  }

  /** The JSON object that answers a call that has the same effect when it is repeated. */
  String post(String path, String json) {
    return patiently(() -> postOnce(path, json));
  }

  /** One attempt of a call that creates something; the caller looks before it tries again. */
  String postOnce(String path, String json) {
    return call("POST", path, Optional.of(json));
  }

  /** As {@link #post}. */
  String patch(String path, String json) {
    return patiently(() -> call("PATCH", path, Optional.of(json)));
  }

  /** As {@link #post}. */
  String delete(String path, String json) {
    return patiently(() -> call("DELETE", path, Optional.of(json)));
  }

  /** Uploads a file; the server replaces it in one go. */
  void upload(String path, long size, Supplier<InputStream> content) {
    Duration limit = config.callTimeout().plusSeconds(size >> 20);
    patiently(() -> {
      HttpRequest request =
          request(FILES + encodedPath(path), limit)
              .header("Content-Type", "application/octet-stream")
              .PUT(
                  size == 0
                      ? HttpRequest.BodyPublishers.noBody()
                      : HttpRequest.BodyPublishers.fromPublisher(
                          HttpRequest.BodyPublishers.ofInputStream(content), size))
              .build();
      answer(request, send(request, info -> bounded(), limit));
      return true;
    });
  }

  /** The JSON object that lists what is directly below a folder of the artifact store. */
  String list(String folder) {
    return patiently(() -> {
      HttpRequest request =
          request(FILES + query("path", folder), config.callTimeout()).GET().build();
      return answer(request, send(request, info -> bounded(), config.callTimeout()));
    });
  }

  /**
   * Opens a file. Its reads fail when nothing comes for the time of a call, and when the file ends
   * early.
   */
  InputStream download(String path) {
    return patiently(() -> {
      HttpRequest request = request(FILES + encodedPath(path), config.callTimeout()).GET().build();
      HttpResponse<InputStream> response =
          send(request, info -> BodySubscribers.ofInputStream(), config.callTimeout());
      if (response.statusCode() != 200) {
        try (InputStream body =
            new StallTimeoutInputStream(response.body(), config.callTimeout())) {
          byte[] start = body.readNBytes(64 << 10);
          judge(request, response, start);
        } catch (IOException e) {
          if (Thread.currentThread().isInterrupted()) {
            throw RegistryUnavailable.interrupted(shown(request));
          }
          throw unavailable(request, e);
        }
        throw RegistryUnavailable.notMlflow(
            shown(request), "status " + response.statusCode(), "a file", true);
      }
      return new StallTimeoutInputStream(response.body(), config.callTimeout());
    });
  }

  /** The value of a field that MLflow's protocol promises. */
  String required(String value, String field) {
    if (value.isEmpty()) {
      throw RegistryErrors.unexpected(config.uri(), "an answer without " + field);
    }
    return value;
  }

  private String call(String method, String pathAndQuery, Optional<String> json) {
    HttpRequest.Builder request = request(API + pathAndQuery, config.callTimeout());
    json.ifPresent(body -> request.header("Content-Type", "application/json"));
    HttpRequest built =
        request
            .method(
                method,
                json.map(HttpRequest.BodyPublishers::ofString)
                    .orElseGet(HttpRequest.BodyPublishers::noBody))
            .build();
    return answer(built, send(built, info -> bounded(), config.callTimeout()));
  }

  private HttpRequest.Builder request(String pathAndQuery, Duration limit) {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(config.uri() + pathAndQuery))
            .timeout(limit)
            .header("Accept", "*/*")
            .header("User-Agent", "sluice");
    config.authorization().ifPresent(secret -> request.header("Authorization", secret.value()));
    config
        .route()
        .proxy()
        .flatMap(ProxySettings::authorization)
        .ifPresent(secret -> request.header("Proxy-Authorization", secret.value()));
    return request;
  }

  private <T> HttpResponse<T> send(
      HttpRequest request, HttpResponse.BodyHandler<T> handler, Duration limit) {
    CompletableFuture<HttpResponse<T>> sent = http.sendAsync(request, handler);
    try {
      // The request's own time-out ends at the headers; this one holds for the body too.
      return sent.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      sent.cancel(true);
      throw RegistryUnavailable.timedOut(shown(request), limit);
    } catch (InterruptedException e) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      throw RegistryUnavailable.interrupted(shown(request));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      if (cause instanceof SluiceException known) {
        throw known;
      }
      if (cause instanceof UncheckedIOException local) {
        throw RegistryErrors.unreadable(local.getCause());
      }
      throw unavailable(request, cause == null ? e : cause);
    }
  }

  /** The JSON object of an answer as text, or the exception that says what came instead. */
  private String answer(HttpRequest request, HttpResponse<byte[]> response) {
    byte[] body = response.body();
    judge(request, response, body);
    if (body.length == 0) {
      return "{}";
    }
    String type = response.headers().firstValue("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    if (!type.startsWith("application/json")) {
      throw RegistryUnavailable.notMlflow(
          shown(request),
          type.isEmpty()
              ? "an answer without Content-Type"
              : "Content-Type " + ForeignText.oneLine(type),
          "application/json",
          true);
    }
    notAnObject(body)
        .ifPresent(found -> {
          throw RegistryUnavailable.notMlflow(shown(request), found, "a JSON object", true);
        });
    return new String(body, StandardCharsets.UTF_8);
  }

  /** What a body is instead of one JSON object; the client's own parser lets much else pass. */
  private static Optional<String> notAnObject(byte[] body) {
    try (JsonParser json = JSON.createParser(body)) {
      if (json.nextToken() != JsonToken.START_OBJECT) {
        return Optional.of("JSON that is not an object");
      }
      json.skipChildren();
      return json.nextToken() == null
          ? Optional.empty()
          : Optional.of("a JSON object with more text after it");
    } catch (IOException e) {
      return Optional.of("a body of " + body.length + " bytes that is not JSON");
    }
  }

  private void judge(HttpRequest request, HttpResponse<?> response, byte[] body) {
    int status = response.statusCode();
    if (status == 200) {
      return;
    }
    if (status >= 300 && status < 400) {
      String to =
          response
              .headers()
              .firstValue("Location")
              .map(location -> targetOf(request.uri(), location))
              .orElse("a place that it does not name");
      throw RegistryUnavailable.notMlflow(
          shown(request), "a redirect to " + to, "an answer (redirects are not followed)", false);
    }
    if (status == 401 || status == 403) {
      throw RegistryErrors.unauthorized(
          config.uri(), status, config.authorization().isPresent(), config.route().named());
    }
    if (status == 407) {
      throw RegistryErrors.proxyRefuses(config, shown(request), "status 407");
    }
    if (status == 429 || status >= 500) {
      throw RegistryUnavailable.failed(shown(request), status, ApiError.Body.of(body));
    }
    Optional<ApiError.Body> error = ApiError.Body.of(body);
    if (error.isEmpty()) {
      throw RegistryUnavailable.notMlflow(
          shown(request),
          "status " + status + " without MLflow's error code",
          "MLflow's protocol",
          false);
    }
    if (error.get().code().equals("BAD_REQUEST")) {
      // MLflow's code for its database's trouble: a collision, or no connection left in the pool.
      throw RegistryUnavailable.failed(shown(request), status, error);
    }
    throw new ApiError(shown(request), status, error.get());
  }

  private RuntimeException unavailable(HttpRequest request, Throwable cause) {
    Optional<TlsFailure> tls = TlsFailure.of(cause);
    if (tls.isPresent()) {
      return RegistryErrors.tlsFails(config, shown(request), tls.get());
    }
    String text = String.valueOf(cause.getMessage());
    if (config.route().proxy().isPresent() && text.startsWith("Tunnel failed, got: 4")) {
      return RegistryErrors.proxyRefuses(config, shown(request), text);
    }
    if (cause instanceof java.net.http.HttpConnectTimeoutException
        || cause instanceof java.net.ConnectException
        || cause instanceof java.net.UnknownHostException
        || cause instanceof javax.net.ssl.SSLException) {
      return RegistryUnavailable.unreachable(config, shown(request), cause);
    }
    if (cause instanceof java.net.http.HttpTimeoutException) {
      return RegistryUnavailable.timedOut(shown(request), config.callTimeout());
    }
    if (cause instanceof BoundedBody.TooLarge) {
      return RegistryUnavailable.notMlflow(
          shown(request),
          "more than " + (MAX_ANSWER >> 20) + " MiB",
          "an answer of a few MiB at most",
          false);
    }
    return RegistryUnavailable.connectionBroke(shown(request), cause);
  }

  /** Method and address without the query, which may be long; there are no credentials in it. */
  private static String shown(HttpRequest request) {
    String uri = request.uri().toString();
    int query = uri.indexOf('?');
    return request.method() + " " + (query < 0 ? uri : uri.substring(0, query));
  }

  /** Where a redirect leads, without user and query, in which secrets may stand. */
  private static String targetOf(URI from, String location) {
    try {
      URI to = from.resolve(URI.create(location));
      return to.getHost() == null
          ? "another path"
          : ForeignText.oneLine(
              to.getScheme()
                  + "://"
                  + to.getHost()
                  + (to.getPort() < 0 ? "" : ":" + to.getPort())
                  + String.valueOf(to.getRawPath()));
    } catch (IllegalArgumentException e) {
      return "something that is not an address";
    }
  }

  /** A query string of names and values in turn. */
  static String query(String... namesAndValues) {
    StringBuilder out = new StringBuilder();
    for (int i = 0; i < namesAndValues.length; i += 2) {
      out.append(i == 0 ? '?' : '&')
          .append(encoded(namesAndValues[i]))
          .append('=')
          .append(encoded(namesAndValues[i + 1]));
    }
    return out.toString();
  }

  private static String encoded(String text) {
    return URLEncoder.encode(text, StandardCharsets.UTF_8).replace("+", "%20");
  }

  private static String encodedPath(String path) {
    StringBuilder out = new StringBuilder();
    for (String segment : List.of(path.split("/", -1))) {
      out.append('/').append(encoded(segment));
    }
    return out.toString();
  }

  private static Duration min(Duration a, Duration b) {
    return a.compareTo(b) < 0 ? a : b;
  }

  private static BodySubscriber<byte[]> bounded() {
    return new BoundedBody(MAX_ANSWER);
  }
}
