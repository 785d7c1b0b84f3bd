package io.sluice.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import dev.failsafe.Failsafe;
import dev.failsafe.FailsafeException;
import dev.failsafe.RetryPolicy;
import dev.failsafe.event.ExecutionScheduledEvent;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.ByteArrayOutputStream;
import java.io.FilterInputStream;
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
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Flow;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * MLflow's REST protocol over HTTP/1.1, with everything that a server or what stands before it may
 * do wrong turned into an answer that says so. One call has one time limit over all of it, its
 * answer one size limit; redirects are not followed, because the credentials would go along.
 */
final class Rest {
  /** The largest answer that is not a file: a page of 1,000 log entries has some 1.2 MB. */
  private static final int MAX_ANSWER = 32 << 20;

  private static final String API = "/api/2.0/mlflow/";
  private static final String FILES = "/api/2.0/mlflow-artifacts/artifacts";

  private static final ScheduledExecutorService STALLS = stalls();

  private final MlflowConfig config;
  private final HttpClient http;
  private final RetryPolicy<Object> patience;

  /**
   * @param says told in words before each wait for another try
   */
  Rest(MlflowConfig config, Consumer<String> says) {
    this.config = config;
    this.http =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .followRedirects(HttpClient.Redirect.NEVER)
            .connectTimeout(min(config.callTimeout(), Duration.ofSeconds(10)))
            .build();
    this.patience =
        RetryPolicy.builder()
            .handleIf(e -> e instanceof Unanswered u && u.worthRetrying)
            .withBackoff(Duration.ofMillis(200), Duration.ofSeconds(5))
            .withJitter(0.25)
            .withMaxRetries(-1) // the deadline alone ends it
            .withMaxDuration(config.deadline())
            .onRetryScheduled(e -> says.accept(waiting(e)))
            .build();
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
   * Runs calls that may be repeated as a whole, again and again until the deadline.
   *
   * @throws SluiceException exit 3 when the server did not answer, exit 130 when the thread was
   *     interrupted
   */
  <T> T patiently(Supplier<T> calls) {
    try {
      return Failsafe.with(patience).get(calls::get);
    } catch (Unanswered e) {
      throw e.toSluice();
    } catch (FailsafeException e) {
      if (e.getCause() instanceof InterruptedException) {
        Thread.currentThread().interrupt();
        throw Problems.interrupted("waiting to try the registry again", e);
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** A call that changes nothing, or the same when it is made twice; retried. */
  JsonNode get(String path, String... query) {
    return patiently(() -> call("GET", path, query(query), Optional.empty()));
  }

  /** As {@link #get}, for calls with a body. */
  JsonNode post(String path, JsonNode body) {
    return patiently(() -> once(path, body));
  }

  JsonNode delete(String path, JsonNode body) {
    return patiently(() -> call("DELETE", path, "", Optional.of(body)));
  }

  /** One attempt of a call that creates something; the caller looks before it tries again. */
  JsonNode once(String path, JsonNode body) {
    return call("POST", path, "", Optional.of(body));
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

  /** The files right below a folder of the artifact store, as MLflow lists them. */
  JsonNode list(String folder) {
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
        try (InputStream body = new Unstalling(response.body(), config.callTimeout())) {
          byte[] start = body.readNBytes(64 << 10);
          judge(request, response, start);
        } catch (IOException e) {
          if (Thread.currentThread().isInterrupted()) {
            throw Unanswered.interrupted(shown(request));
          }
          throw unanswered(request, e);
        }
        throw Unanswered.protocol(
            shown(request), "status " + response.statusCode(), "a file", true);
      }
      return new Unstalling(response.body(), config.callTimeout());
    });
  }

  /** The body of a request, named values in order. Absent values are left out. */
  private JsonNode call(String method, String path, String query, Optional<JsonNode> body) {
    HttpRequest.Builder request = request(API + path + query, config.callTimeout());
    HttpRequest built =
        body.map(b ->
                request
                    .header("Content-Type", "application/json")
                    .method(
                        method,
                        HttpRequest.BodyPublishers.ofString(Json.write(b), StandardCharsets.UTF_8)))
            .orElseGet(() -> request.method(method, HttpRequest.BodyPublishers.noBody()))
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
      throw Unanswered.slow(shown(request), limit);
    } catch (InterruptedException e) {
      sent.cancel(true);
      Thread.currentThread().interrupt();
      throw Unanswered.interrupted(shown(request));
    } catch (ExecutionException e) {
      Throwable cause = e.getCause();
      while (cause instanceof CompletionException && cause.getCause() != null) {
        cause = cause.getCause();
      }
      if (cause instanceof SluiceException told) {
        throw told;
      }
      if (cause instanceof UncheckedIOException local) {
        throw Problems.unreadable(local.getCause());
      }
      throw unanswered(request, cause == null ? e : cause);
    }
  }

  /** The JSON of an answer, or the exception that says what it is instead. */
  private JsonNode answer(HttpRequest request, HttpResponse<byte[]> response) {
    byte[] body = response.body();
    judge(request, response, body);
    if (body.length == 0) {
      return Json.object();
    }
    String type = response.headers().firstValue("Content-Type").orElse("").toLowerCase(Locale.ROOT);
    if (!type.startsWith("application/json")) {
      throw Unanswered.protocol(
          shown(request),
          type.isEmpty() ? "an answer without Content-Type" : "Content-Type " + clip(type),
          "application/json",
          true);
    }
    try {
      JsonNode json = Json.parse(body);
      if (!json.isObject()) {
        throw Unanswered.protocol(shown(request), "JSON that is no object", "a JSON object", true);
      }
      return json;
    } catch (IllegalArgumentException e) {
      throw Unanswered.protocol(
          shown(request),
          "a body of " + body.length + " bytes that is no JSON",
          "a JSON object",
          true);
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
              .map(Rest::hostOf)
              .orElse("a place that it does not name");
      throw Unanswered.protocol(
          shown(request), "a redirect to " + to, "an answer (redirects are not followed)", false);
    }
    if (status == 401 || status == 403) {
      throw Problems.unauthorized(config.uri(), status, config.authorization().isPresent());
    }
    if (status == 429 || status >= 500) {
      throw Unanswered.failing(shown(request), status, mlflowError(body));
    }
    Optional<MlflowError> error = mlflowError(body);
    if (error.isEmpty()) {
      throw Unanswered.protocol(
          shown(request),
          "status " + status + " without MLflow's error code",
          "MLflow's protocol",
          false);
    }
    if (error.get().code().equals("BAD_REQUEST")) {
      // MLflow's code for its database's trouble: a collision, or no connection left in the pool.
      throw Unanswered.failing(shown(request), status, error);
    }
    throw new Refused(shown(request), status, error.get());
  }

  /** What MLflow says about a refused call. */
  record MlflowError(String code, String message) {}

  private static Optional<MlflowError> mlflowError(byte[] body) {
    try {
      JsonNode json = Json.parse(body);
      String code = json.path("error_code").asText("");
      return code.isEmpty()
          ? Optional.empty()
          : Optional.of(new MlflowError(clip(code), clip(json.path("message").asText(""))));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private Unanswered unanswered(HttpRequest request, Throwable cause) {
    if (cause instanceof java.net.http.HttpConnectTimeoutException
        || cause instanceof java.net.ConnectException
        || cause instanceof java.net.UnknownHostException
        || cause instanceof javax.net.ssl.SSLException) {
      return Unanswered.unreachable(shown(request), cause);
    }
    if (cause instanceof java.net.http.HttpTimeoutException) {
      return Unanswered.slow(shown(request), config.callTimeout());
    }
    if (cause instanceof TooLarge) {
      return Unanswered.protocol(
          shown(request),
          "more than " + (MAX_ANSWER >> 20) + " MiB",
          "an answer of a few MiB at most",
          false);
    }
    return Unanswered.cut(shown(request), cause);
  }

  /** Method and address without the query, which may be long; there are no credentials in it. */
  private static String shown(HttpRequest request) {
    String uri = request.uri().toString();
    int query = uri.indexOf('?');
    return request.method() + " " + (query < 0 ? uri : uri.substring(0, query));
  }

  private static String hostOf(String location) {
    try {
      URI uri = URI.create(location);
      return uri.getHost() == null ? "another path" : clip(uri.getScheme() + "://" + uri.getHost());
    } catch (IllegalArgumentException e) {
      return "something that is no address";
    }
  }

  /** What a server says, as part of a message: one line, printable, short. */
  private static String clip(String text) {
    String line = text.replaceAll("[\\p{Cntrl}\\s]+", " ").strip();
    return line.length() <= 300 ? line : line.substring(0, 300) + "..";
  }

  private static String query(String... namesAndValues) {
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
    return new Bounded();
  }

  private static ScheduledExecutorService stalls() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("mlflow-stalls").factory());
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }

  private static final class TooLarge extends IOException {
    private static final long serialVersionUID = 1L;
  }

  /** Collects a body up to {@link #MAX_ANSWER} bytes, then hangs up. */
  private static final class Bounded implements BodySubscriber<byte[]> {
    private final CompletableFuture<byte[]> body = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private Flow.@org.jspecify.annotations.Nullable Subscription subscription;

    @Override
    public CompletionStage<byte[]> getBody() {
      return body;
    }

    @Override
    public void onSubscribe(Flow.Subscription s) {
      subscription = s;
      s.request(Long.MAX_VALUE);
    }

    @Override
    public void onNext(List<ByteBuffer> buffers) {
      for (ByteBuffer buffer : buffers) {
        if (body.isDone()) {
          return;
        }
        if (bytes.size() + buffer.remaining() > MAX_ANSWER) {
          if (subscription != null) {
            subscription.cancel();
          }
          body.completeExceptionally(new TooLarge());
          return;
        }
        byte[] chunk = new byte[buffer.remaining()];
        buffer.get(chunk);
        bytes.writeBytes(chunk);
      }
    }

    @Override
    public void onError(Throwable e) {
      body.completeExceptionally(e);
    }

    @Override
    public void onComplete() {
      body.complete(bytes.toByteArray());
    }
  }

  /** A stream whose reads end with an error when nothing comes for too long. */
  private static final class Unstalling extends FilterInputStream {
    private final Duration limit;

    Unstalling(InputStream in, Duration limit) {
      super(in);
      this.limit = limit;
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      int n = read(one, 0, 1);
      return n < 0 ? -1 : one[0] & 0xff;
    }

    @Override
    public int read(byte[] b, int off, int len) throws IOException {
      AtomicBoolean stalled = new AtomicBoolean();
      ScheduledFuture<?> watch =
          STALLS.schedule(
              () -> {
                stalled.set(true);
                hangUp();
              },
              limit.toMillis(),
              TimeUnit.MILLISECONDS);
      try {
        int n = in.read(b, off, len);
        if (n < 0 && stalled.get()) {
          throw new IOException("closed");
        }
        return n;
      } catch (IOException e) {
        if (stalled.get()) {
          throw new IOException("the server sent nothing for " + limit.toSeconds() + " s", e);
        }
        throw e;
      } finally {
        watch.cancel(false);
      }
    }

    private void hangUp() {
      try {
        in.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  /**
   * MLflow understood the call and said no, with a code. What that means is the caller's to say.
   */
  static final class Refused extends RuntimeException {
    private static final long serialVersionUID = 1L;
    final String call;
    final int status;
    final transient MlflowError error;

    Refused(String call, int status, MlflowError error) {
      super(call + ": " + error.code() + ": " + error.message());
      this.call = call;
      this.status = status;
      this.error = error;
    }

    boolean is(String code) {
      return error.code().equals(code);
    }

    /** Nothing of that name; some calls say so with the code for a wrong parameter. */
    boolean absent() {
      return is("RESOURCE_DOES_NOT_EXIST") || status == 404;
    }
  }

  /** No usable answer came; whether the call took effect is unknown. */
  static final class Unanswered extends RuntimeException {
    private static final long serialVersionUID = 1L;
    private static final String UNREACHABLE = "the registry cannot be reached";
    private static final String INTERRUPTED = "SLU-5008";
    private final String id;
    private final String hint;
    final boolean worthRetrying;

    /** Whether the call may have taken effect. */
    final boolean reached;

    private Unanswered(
        String id,
        String message,
        String hint,
        boolean worthRetrying,
        @org.jspecify.annotations.Nullable Throwable cause) {
      super(message, cause);
      this.id = id;
      this.hint = hint;
      this.worthRetrying = worthRetrying;
      this.reached = !message.startsWith(UNREACHABLE);
    }

    static Unanswered unreachable(String call, Throwable cause) {
      String why =
          cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
      return new Unanswered(
          "SLU-5001",
          UNREACHABLE + ": " + call + ": " + clip(why),
          "Check MLFLOW_TRACKING_URI and that the server runs. Nothing was changed by this call.",
          true,
          cause);
    }

    static Unanswered cut(String call, Throwable cause) {
      String why =
          cause.getMessage() == null ? cause.getClass().getSimpleName() : cause.getMessage();
      return new Unanswered(
          "SLU-5001",
          "the connection to the registry broke: " + call + ": " + clip(why),
          "Look at the server and what stands before it, then run the command again.",
          true,
          cause);
    }

    static Unanswered slow(String call, Duration limit) {
      return new Unanswered(
          "SLU-5002",
          "the registry did not answer within " + limit.toMillis() / 1000.0 + " s: " + call,
          "Look at the load of the server and its database, then run the command again.",
          true,
          null);
    }

    static Unanswered failing(String call, int status, Optional<MlflowError> error) {
      return new Unanswered(
          "SLU-5003",
          "the registry fails with status "
              + status
              + error.map(e -> " (" + e.code() + ": " + e.message() + ")").orElse("")
              + ": "
              + call,
          "Look at the server's log, then run the command again.",
          true,
          null);
    }

    static Unanswered protocol(String call, String found, String expected, boolean worthRetrying) {
      return new Unanswered(
          "SLU-5004",
          "what answers is not the registry: " + call + " gave " + found + ", expected " + expected,
          "Check that MLFLOW_TRACKING_URI is the server itself, not a login page or a proxy's error.",
          worthRetrying,
          null);
    }

    /** Nobody waits any more. The call is on its way all the same, so it may take effect. */
    static Unanswered interrupted(String call) {
      return new Unanswered(INTERRUPTED, "waiting for the registry: " + call, "", false, null);
    }

    SluiceException toSluice() {
      if (id.equals(INTERRUPTED)) {
        return Problems.interrupted(String.valueOf(getMessage()), this);
      }
      return new SluiceException(
          ExitCode.UNREACHABLE,
          List.of(io.sluice.core.diag.Diagnostic.of(id, String.valueOf(getMessage()), hint)),
          this);
    }
  }

  /** Tags as MLflow's lists of key and value. */
  static com.fasterxml.jackson.databind.node.ArrayNode tags(Map<String, String> tags) {
    var list = com.fasterxml.jackson.databind.node.JsonNodeFactory.instance.arrayNode();
    tags.forEach((key, value) -> list.addObject().put("key", key).put("value", value));
    return list;
  }
}
