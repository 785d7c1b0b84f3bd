package io.sluice.mlflow;

import static com.github.tomakehurst.wiremock.client.WireMock.aResponse;
import static com.github.tomakehurst.wiremock.client.WireMock.any;
import static com.github.tomakehurst.wiremock.client.WireMock.anyUrl;
import static com.github.tomakehurst.wiremock.core.WireMockConfiguration.options;
import static com.github.tomakehurst.wiremock.http.HttpHeader.httpHeader;

import com.github.tomakehurst.wiremock.WireMockServer;
import com.github.tomakehurst.wiremock.client.ResponseDefinitionBuilder;
import com.github.tomakehurst.wiremock.extension.ResponseDefinitionTransformerV2;
import com.github.tomakehurst.wiremock.extension.ResponseTransformerV2;
import com.github.tomakehurst.wiremock.http.ChunkedDribbleDelay;
import com.github.tomakehurst.wiremock.http.HttpHeaders;
import com.github.tomakehurst.wiremock.http.Response;
import com.github.tomakehurst.wiremock.http.ResponseDefinition;
import com.github.tomakehurst.wiremock.stubbing.ServeEvent;
import java.io.Closeable;
import java.net.URI;
import java.time.Duration;
import java.util.Arrays;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Phaser;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * A proxy before a real server that does, request by request, what networks and load balancers do.
 * All proxies of a JVM are one WireMock server, which tells them apart by the start of the path.
 */
public final class FaultProxy implements Closeable {
  /** What happens to a request. */
  public sealed interface Fault {
    /** It is passed on after a while, and its answer too. */
    record Late(Duration delay) implements Fault {}

    /** The connection ends before the server sees the request. */
    record CutBefore() implements Fault {}

    /** The server does what was asked; the answer is lost. */
    record CutAfter() implements Fault {}

    /** The server does what was asked; half of the answer arrives. */
    record Truncate() implements Fault {}

    /**
     * The server does what was asked; then something else happens, and this is answered instead.
     */
    record Instead(Runnable then, int status, String contentType, String body) implements Fault {}

    /** Nothing answers until the proxy is closed. */
    record Hang() implements Fault {}

    /** The proxy itself answers. */
    record Answer(ResponseDefinitionBuilder answer) implements Fault {}
  }

  /** A request, as far as tests tell them apart; the path is that of the real server. */
  public record Request(String method, String path, String body) {}

  public static final Fault NONE = new Fault.Late(Duration.ZERO);
  public static final Fault CUT_BEFORE = new Fault.CutBefore();
  public static final Fault CUT_AFTER = new Fault.CutAfter();
  public static final Fault TRUNCATE = new Fault.Truncate();
  public static final Fault HANG = new Fault.Hang();

  private static final Map<String, FaultProxy> OPEN = new ConcurrentHashMap<>();
  private static final AtomicInteger NEXT = new AtomicInteger();

  private final String prefix = "/proxy-" + NEXT.incrementAndGet();
  private final URI server;
  private final Function<Request, Fault> plan;
  private final AtomicInteger seen = new AtomicInteger();
  private final Set<String> authorizations = ConcurrentHashMap.newKeySet();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Phaser underWay = new Phaser(1);

  /** What becomes of the answers of requests that were passed on. */
  private final Map<UUID, UnaryOperator<Response>> afterwards = new ConcurrentHashMap<>();

  /** A proxy that asks {@code plan} about each request. */
  public FaultProxy(URI server, Function<Request, Fault> plan) {
    this.server = server;
    this.plan = plan;
    OPEN.put(prefix, this);
  }

  public static Fault answer(int status, String contentType, String body) {
    return new Fault.Answer(
        aResponse().withStatus(status).withHeader("Content-Type", contentType).withBody(body));
  }

  public URI uri() {
    return URI.create("http://127.0.0.1:" + Server.STARTED.port() + prefix);
  }

  public int requests() {
    return seen.get();
  }

  /** The credentials that came with requests, each once; empty for those without. */
  public Set<String> authorizations() {
    return Set.copyOf(authorizations);
  }

  /** Returns when nothing is under way any more: what the server was told to do is done. */
  @Override
  public void close() {
    closed.countDown();
    underWay.arriveAndAwaitAdvance();
    OPEN.remove(prefix);
  }

  private ResponseDefinition respond(ServeEvent event) {
    if (closed.getCount() == 0) {
      return reset().build();
    }
    Request request =
        new Request(
            event.getRequest().getMethod().value(),
            event.getRequest().getUrl().substring(prefix.length()),
            event.getRequest().getBodyAsString());
    String given = event.getRequest().getHeader("Authorization");
    authorizations.add(given == null ? "" : given);
    seen.incrementAndGet();
    ResponseDefinitionBuilder passedOn =
        aResponse().proxiedFrom(server.toString()).withProxyUrlPrefixToRemove(prefix);
    return switch (plan.apply(request)) {
      case Fault.Late(Duration delay) -> {
        sleep(delay);
        yield passedOn.build();
      }
      case Fault.CutBefore() -> reset().build();
      case Fault.CutAfter() -> {
        afterwards.put(event.getId(), FaultProxy::reset);
        yield passedOn.build();
      }
      case Fault.Truncate() -> {
        afterwards.put(event.getId(), FaultProxy::half);
        yield passedOn.build();
      }
      case Fault.Instead instead -> {
        afterwards.put(event.getId(), answer -> instead(instead, answer));
        yield passedOn.build();
      }
      case Fault.Answer(ResponseDefinitionBuilder answer) -> answer.build();
      case Fault.Hang() -> {
        awaitClose();
        yield reset().build();
      }
    };
  }

  private static ResponseDefinitionBuilder reset() {
    return aResponse()
        .withFault(com.github.tomakehurst.wiremock.http.Fault.CONNECTION_RESET_BY_PEER);
  }

  private static Response reset(Response answer) {
    return Response.Builder.like(answer)
        .but()
        .fault(com.github.tomakehurst.wiremock.http.Fault.CONNECTION_RESET_BY_PEER)
        .build();
  }

  private static Response instead(Fault.Instead instead, Response answer) {
    instead.then().run();
    return Response.Builder.like(answer)
        .but()
        .status(instead.status())
        .headers(new HttpHeaders(httpHeader("Content-Type", instead.contentType())))
        .body(instead.body())
        .build();
  }

  /** The whole length is announced and half of it is sent. */
  private static Response half(Response answer) {
    byte[] body = answer.getBody();
    return Response.Builder.like(answer)
        .but()
        .headers(
            new HttpHeaders(
                Stream.concat(
                        answer.getHeaders().all().stream()
                            .filter(h -> !h.keyEquals("Content-Length")),
                        Stream.of(httpHeader("Content-Length", body.length + "")))
                    .toList()))
        .body(Arrays.copyOf(body, body.length / 2))
        .chunkedDribbleDelay(new ChunkedDribbleDelay(1, 1))
        .build();
  }

  private static void sleep(Duration time) {
    try {
      Thread.sleep(time);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  private void awaitClose() {
    try {
      closed.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }

  /** The WireMock server of this JVM; it ends with it. */
  private static final class Server
      implements ResponseDefinitionTransformerV2, ResponseTransformerV2 {
    static final WireMockServer STARTED = started();

    private static WireMockServer started() {
      WireMockServer server =
          new WireMockServer(
              options()
                  .bindAddress("127.0.0.1")
                  .dynamicPort()
                  .containerThreads(200)
                  .disableRequestJournal()
                  .extensions(new Server()));
      server.stubFor(any(anyUrl()).willReturn(aResponse()));
      server.start();
      return server;
    }

    @Override
    public String getName() {
      return "fault-proxy";
    }

    @Override
    public boolean applyGlobally() {
      return true;
    }

    @Override
    public ResponseDefinition transform(ServeEvent event) {
      FaultProxy proxy = proxy(event);
      if (proxy == null) {
        return reset().build();
      }
      proxy.underWay.register();
      try {
        return proxy.respond(event);
      } catch (RuntimeException e) {
        proxy.underWay.arriveAndDeregister();
        throw e;
      }
    }

    @Override
    public Response transform(Response response, ServeEvent event) {
      FaultProxy proxy = proxy(event);
      if (proxy == null) {
        return response;
      }
      proxy.underWay.arriveAndDeregister();
      UnaryOperator<Response> afterwards = proxy.afterwards.remove(event.getId());
      return afterwards == null ? response : afterwards.apply(response);
    }

    private static FaultProxy proxy(ServeEvent event) {
      String url = event.getRequest().getUrl();
      int end = url.indexOf('/', 1);
      return OPEN.get(end < 0 ? url : url.substring(0, end));
    }
  }
}
