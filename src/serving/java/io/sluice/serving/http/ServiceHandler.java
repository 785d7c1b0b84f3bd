package io.sluice.serving.http;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.FollowStatus;
import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.ServedVersion;
import io.sluice.serving.predict.Caller;
import io.sluice.serving.predict.Lease;
import io.sluice.serving.predict.Predictions;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.predict.ProblemException;
import io.sluice.serving.protocol.Endpoints;
import io.sluice.serving.protocol.Reply;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executor;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.atomic.AtomicLong;
import org.eclipse.jetty.server.Handler;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.util.Callback;

/** Takes a request from its headers to its answer. */
final class ServiceHandler extends Handler.Abstract {
  private final Served served;
  private final Limits limits;
  private final Access access;
  private final AccessLog log;
  private final PrintStream errors;
  private final Clock clock;
  private final Admission admission;
  private final Metrics metrics;
  private final ArrivalWatch watch;
  private final AtomicLong arriving = new AtomicLong();
  private final byte[] openApi;
  private volatile boolean draining;

  ServiceHandler(
      Served served,
      Limits limits,
      Access access,
      AccessLog log,
      PrintStream errors,
      Clock clock,
      Executor threads,
      ArrivalWatch watch) {
    this.watch = watch;
    this.served = served;
    this.limits = limits;
    this.access = access;
    this.log = log;
    this.errors = errors;
    this.clock = clock;
    this.admission = new Admission(limits, threads);
    this.metrics =
        new Metrics(
            admission, this::version, served.versions()::status, served.ledger()::state, log);
    this.openApi = openApi();
  }

  private static byte[] openApi() {
    try (InputStream in = ServiceHandler.class.getResourceAsStream("/serving/openapi.json")) {
      if (in == null) {
        throw new IllegalStateException("openapi.json is not among the resources");
      }
      return in.readAllBytes();
    } catch (IOException e) {
      throw new UncheckedIOException("a resource cannot be read", e);
    }
  }

  private Optional<ServedVersion> version() {
    Optional<Lease> lease = served.versions().acquire();
    try {
      return lease.map(Lease::version);
    } finally {
      lease.ifPresent(Lease::close);
    }
  }

  /** From now on this service is not ready, and every answer is the last of its connection. */
  void drain() {
    draining = true;
  }

  @Override
  public boolean handle(Request request, Response response, Callback callback) {
    Exchange exchange = new Exchange(request, response, callback, clock.instant(), this::over);
    watch.begun(request.getConnectionMetaData().getConnection());
    if (draining) {
      exchange.closing();
    }
    guarded(exchange, () -> route(exchange));
    return true;
  }

  private interface Step {
    void run() throws InterruptedException;
  }

  /** Whatever happens, the request is answered once. */
  private void guarded(Exchange exchange, Step step) {
    try {
      step.run();
    } catch (ProblemException e) {
      exchange.refuse(e.problem());
    } catch (SluiceException e) {
      exchange.refuse(failed(e));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      exchange.refuse(ending());
    } catch (RuntimeException | Error e) {
      exchange.refuse(bug(e));
    }
  }

  private void route(Exchange exchange) {
    if (access.isOpen()) {
      OwnHost.require(exchange.request);
    }
    Route route = Route.of(String.valueOf(exchange.request.getHttpURI().getDecodedPath()));
    exchange.endpoint = route.endpoint();
    if (route.endpoint() == Endpoint.OTHER) {
      throw Problem.of(
          404, "SLU-9226", "there is nothing at this path", "/openapi.json lists what there is");
    }
    allow(exchange, route.endpoint());
    method(exchange, route.endpoint());
    switch (route.endpoint()) {
      case LIVE -> exchange.answer(200, Endpoints.live());
      case READY -> ready(exchange);
      case SERVER -> exchange.answer(200, Endpoints.server(served.program()));
      case MODEL -> model(exchange, route);
      case MODEL_READY -> modelReady(exchange, route);
      case INFER, FORECASTS, PREDICTIONS -> predict(exchange, route);
      case OPENAPI -> exchange.answer(200, openApi);
      case METRICS -> exchange.answer(200, Metrics.CONTENT_TYPE, metrics.text());
      case OTHER -> throw new IllegalStateException("refused before");
    }
  }

  private void allow(Exchange exchange, Endpoint endpoint) {
    if (endpoint.role.isEmpty()) {
      return;
    }
    Access.Granted granted =
        access
            .look(Requests.single(exchange.headers(), "Authorization"))
            .orElseThrow(() ->
                Problem.at(
                    "Authorization",
                    401,
                    "SLU-9225",
                    "the request has no token that this service knows",
                    "send `Authorization: Bearer TOKEN`"));
    exchange.caller = granted.name();
    if (!granted.may(endpoint.role.get())) {
      throw Problem.at(
          "Authorization",
          403,
          "SLU-9225",
          "the token does not have the role " + endpoint.role.get().word(),
          "ask the operator of the service for it");
    }
  }

  private static void method(Exchange exchange, Endpoint endpoint) {
    String method = exchange.request.getMethod();
    if (!method.equals(endpoint.method)
        && !(method.equals("HEAD") && endpoint.method.equals("GET"))) {
      exchange.header("Allow", endpoint.method);
      throw Problem.of(
          405, "SLU-9226", "the method is not the one of this path", "send " + endpoint.method);
    }
  }

  private void ready(Exchange exchange) {
    List<String> notes = new ArrayList<>();
    boolean ready = true;
    if (draining) {
      ready = false;
      notes.add("the service is ending: it answers what it has, and takes nothing new");
    }
    Optional<ServedVersion> version = version();
    if (version.isEmpty()) {
      ready = false;
      notes.add("there is no version to serve yet");
    }
    version.ifPresent(v -> notes.add("version %d, log entry %d".formatted(v.version(), v.entry())));
    FollowStatus following = served.versions().status();
    notes.add(
        "following: "
            + following.state().word()
            + (following.why().isEmpty() ? "" : ": " + following.why())
            + following.since().map(s -> ", since " + s).orElse(""));
    Ledger.State ledger = served.ledger().state();
    if (ledger.degraded().isPresent()) {
      ready &= !served.keepsAll();
      notes.add(
          "ledger: "
              + ledger.degraded().get()
              + ledger.since().map(s -> ", since " + s).orElse(""));
    }
    // others learn whether it is ready, and not from where it gets what
    boolean known = access.look(Requests.single(exchange.headers(), "Authorization")).isPresent();
    exchange.answer(ready ? 200 : 503, Endpoints.ready(ready, known ? notes : List.of()));
  }

  private void model(Exchange exchange, Route route) {
    try (Lease lease = lease(route)) {
      exchange.version = Optional.of(Integer.toString(lease.version().version()));
      exchange.answer(200, Endpoints.model(lease));
    }
  }

  private void modelReady(Exchange exchange, Route route) {
    named(route);
    Optional<String> version = version().map(v -> Integer.toString(v.version()));
    boolean ready =
        version
                .filter(v -> route.version().isEmpty() || route.version().get().equals(v))
                .isPresent()
            && !draining;
    exchange.answer(ready ? 200 : 503, Endpoints.modelReady(served.model(), ready));
  }

  private void named(Route route) {
    if (route.model().filter(m -> !m.equals(served.model())).isPresent()) {
      throw Problem.of(
          404,
          "SLU-9213",
          "there is no model `" + route.model().get() + "` here",
          "this service serves `" + served.model() + "`");
    }
  }

  /** The version that a path names, or the one that answers now. */
  private Lease lease(Route route) {
    named(route);
    Lease lease =
        served
            .versions()
            .acquire()
            .orElseThrow(() ->
                Problem.later(
                    503,
                    "SLU-9224",
                    "there is no version to serve: " + served.versions().status().why(),
                    "/v2/health/ready says when there is",
                    Duration.ofSeconds(5)));
    String version = Integer.toString(lease.version().version());
    if (route.version().filter(v -> !v.equals(version)).isPresent()) {
      lease.close();
      throw Problem.of(
          404,
          "SLU-9213",
          "version `" + route.version().get() + "` is not served",
          "version " + version + " is: the promotion log decides");
    }
    return lease;
  }

  private void predict(Exchange exchange, Route route) {
    Optional<Integer> json =
        route.endpoint() == Endpoint.INFER
            ? Requests.jsonLength(exchange.headers())
            : Optional.empty();
    Requests.requireForm(exchange.headers(), json.isPresent());
    Caller caller = Requests.caller(exchange.headers(), exchange.caller, limits, exchange.since);
    exchange.trace = caller.trace();
    new BodyReader(
            exchange.request,
            limits,
            arriving,
            new BodyReader.Outcome() {
              @Override
              public void arrived(byte[] body) {
                exchange.bytesIn = body.length;
                watch.arrived(exchange.request.getConnectionMetaData().getConnection());
                if (!admission.submit(new Computation(exchange, route, json, caller, body))) {
                  exchange.refuse(
                      Requests.shed("as many requests wait as this service lets wait").problem());
                }
              }

              @Override
              public void refused(Problem problem) {
                exchange.refuse(problem);
              }

              @Override
              public void lost(Throwable why) {
                exchange.lost(why);
              }
            })
        .run();
  }

  /** A request whose body is there. */
  private final class Computation implements Admission.Job {
    private final Exchange exchange;
    private final Route route;
    private final Optional<Integer> json;
    private final Caller caller;
    private final byte[] body;

    Computation(
        Exchange exchange, Route route, Optional<Integer> json, Caller caller, byte[] body) {
      this.exchange = exchange;
      this.route = route;
      this.json = json;
      this.caller = caller;
      this.body = body;
    }

    @Override
    public int bytes() {
      return body.length;
    }

    @Override
    public void run() {
      guarded(exchange, this::compute);
    }

    private void compute() throws InterruptedException {
      if (System.nanoTime() - caller.deadline() >= 0) {
        throw Predictions.late();
      }
      Reply reply;
      try (Lease lease = lease(route)) {
        exchange.version = Optional.of(Integer.toString(lease.version().version()));
        reply =
            switch (route.endpoint()) {
              case INFER -> served.endpoints().infer(lease, body, json, caller);
              case FORECASTS -> served.endpoints().forecasts(lease, body, caller);
              case PREDICTIONS -> served.endpoints().rows(lease, body, caller);
              case LIVE, READY, SERVER, MODEL, MODEL_READY, OPENAPI, METRICS, OTHER ->
                  throw new IllegalStateException("not a prediction: " + route.endpoint());
            };
      }
      metrics.predicted(reply.rows(), reply.needsReview());
      exchange.answer(reply);
    }
  }

  /** A failure with an id; of a service that this one needs the caller learns no address. */
  private Problem failed(SluiceException e) {
    Diagnostic first = e.diagnostics().getFirst();
    if (e.exitCode() == ExitCode.UNREACHABLE) {
      synchronized (errors) {
        errors.println(clock.instant() + " " + first.id() + " " + first.message());
        errors.flush();
      }
      return Problem.later(
              503,
              first.id(),
              "what this service needs for an answer cannot be reached now",
              "send it again later; the operator finds the reason in the service's log",
              Duration.ofSeconds(5))
          .problem();
    }
    return new Problem(
        500,
        first.id(),
        first.message(),
        first.hint().orElse("the operator of the service finds it in its log"),
        Optional.empty(),
        Optional.empty());
  }

  /** What nobody foresaw: the caller gets a number, the log all of it. */
  private Problem bug(Throwable e) {
    String incident = HexFormat.of().toHexDigits(ThreadLocalRandom.current().nextInt());
    synchronized (errors) {
      errors.println("SLU-9228 incident " + incident + " at " + clock.instant());
      e.printStackTrace(errors);
      errors.flush();
    }
    return new Problem(
        500,
        "SLU-9228",
        "this is a bug in sluice, incident " + incident,
        "report it with what the service's log says of the incident",
        Optional.empty(),
        Optional.empty());
  }

  static Problem ending() {
    return Problem.later(
            503,
            "SLU-9224",
            "the service is ending",
            "send it again, on a new connection",
            Duration.ofSeconds(1))
        .problem();
  }

  private void over(Exchange exchange, int status, int bytes) {
    watch.over(exchange.request.getConnectionMetaData().getConnection());
    long took = System.nanoTime() - exchange.since;
    metrics.count(exchange.endpoint.word(), status, took / 1e9);
    log.write(
        new AccessLog.Line(
            exchange.at,
            exchange.request.getMethod(),
            String.valueOf(exchange.request.getHttpURI().getPath()),
            status,
            took / 1000,
            exchange.bytesIn,
            bytes,
            exchange.rows,
            exchange.version,
            exchange.prediction,
            exchange.problem,
            exchange.caller,
            exchange.trace,
            Request.getRemoteAddr(exchange.request)));
  }
}
