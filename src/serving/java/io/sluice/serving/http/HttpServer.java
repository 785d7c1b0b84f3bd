package io.sluice.serving.http;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.serving.predict.Problem;
import io.sluice.serving.protocol.Endpoints;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeoutException;
import org.eclipse.jetty.http.HttpHeader;
import org.eclipse.jetty.server.HttpConfiguration;
import org.eclipse.jetty.server.HttpConnectionFactory;
import org.eclipse.jetty.server.NetworkConnectionLimit;
import org.eclipse.jetty.server.Request;
import org.eclipse.jetty.server.Response;
import org.eclipse.jetty.server.Server;
import org.eclipse.jetty.server.ServerConnector;
import org.eclipse.jetty.server.handler.ErrorHandler;
import org.eclipse.jetty.server.handler.GracefulHandler;
import org.eclipse.jetty.util.Callback;
import org.eclipse.jetty.util.thread.QueuedThreadPool;

/** The server: a port, its connections and its threads, from start to end. */
public final class HttpServer implements AutoCloseable {
  /** Threads beside the workers: one that accepts, those that select, and some that parse. */
  private static final int OTHER_THREADS = 12;

  /** How long an idle connection lives while there are as many as there may be. */
  private static final long CROWDED_IDLE_MILLIS = 1_000;

  private static final long LOOK_MILLIS = 20;

  /** Looks in a row without a connection, after which nobody is taken to come again. */
  private static final int QUIET_LOOKS = 25;

  private final Server server;
  private final ServerConnector connector;
  private final ServiceHandler handler;
  private final PrintStream errors;

  private HttpServer(
      Server server, ServerConnector connector, ServiceHandler handler, PrintStream errors) {
    this.errors = errors;
    this.server = server;
    this.connector = connector;
    this.handler = handler;
  }

  /**
   * Starts.
   *
   * @param host the address to listen on
   * @param port 0 for any that is free
   * @param errors receives what nobody foresaw
   * @throws SluiceException SLU-9201 when others could reach it and it has no tokens, SLU-9203 when
   *     the port cannot be had
   */
  public static HttpServer start(
      String host,
      int port,
      Served served,
      Limits limits,
      Access access,
      AccessLog log,
      PrintStream errors,
      Clock clock) {
    if (access.isOpen() && !OwnHost.isLoopback(host)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-9201",
              "on `" + host + "` others could reach this service, and it has no tokens",
              "give it tokens (--tokens FILE), or let it listen on 127.0.0.1"));
    }
    QueuedThreadPool threads = new QueuedThreadPool(limits.workers() + OTHER_THREADS);
    threads.setName("http");
    Server server = new Server(threads);
    HttpConfiguration http = new HttpConfiguration();
    http.setSendServerVersion(false);
    http.setRequestHeaderSize(limits.headerBytes());
    ServerConnector connector = new ServerConnector(server, 1, -1, new HttpConnectionFactory(http));
    connector.setHost(host);
    connector.setPort(port);
    connector.setIdleTimeout(limits.idle().toMillis());
    connector.setAcceptQueueSize(1024);
    server.addConnector(connector);
    NetworkConnectionLimit crowd = new NetworkConnectionLimit(limits.connections(), connector);
    crowd.setEndPointIdleTimeout(CROWDED_IDLE_MILLIS);
    server.addBean(crowd);
    server.setErrorHandler(new Problems());
    ArrivalWatch watch = new ArrivalWatch(connector, limits.arrival());
    ServiceHandler handler =
        new ServiceHandler(served, limits, access, log, errors, clock, threads, watch);
    server.setHandler(new GracefulHandler(handler));
    try {
      server.start();
    } catch (IOException e) {
      stop(server);
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-9203",
                  "port %d of %s cannot be had: %s".formatted(port, host, e.getMessage()),
                  "is something else on it? --port names another, 0 any that is free")),
          e);
    } catch (Exception e) {
      stop(server);
      throw new IllegalStateException("the server does not start", e);
    }
    watch.run();
    return new HttpServer(server, connector, handler, errors);
  }

  /** The port that it listens on. */
  public int port() {
    return connector.getLocalPort();
  }

  /**
   * Ends in order: says at once that it is not ready, answers for a while as before, each answer
   * the last of its connection, and then ends what is left.
   *
   * @param notice how long others may need to see that it is not ready; shorter when nobody is
   *     connected
   * @param grace how long accepted requests may take then
   */
  public void drain(Duration notice, Duration grace) throws InterruptedException {
    handler.drain();
    long end = System.nanoTime() + notice.toNanos();
    for (int quiet = 0; quiet < QUIET_LOOKS && System.nanoTime() < end; quiet++) {
      Thread.sleep(LOOK_MILLIS);
      if (!connector.getConnectedEndPoints().isEmpty()) {
        quiet = 0; // callers whose connections end after each answer come again
      }
    }
    server.setStopTimeout(grace.toMillis());
    close();
  }

  @Override
  public void close() {
    if (!stop(server)) {
      errors.println("requests that did not end within their grace were cut off");
      errors.flush();
    }
  }

  /** Ends a server; false when requests outlasted its grace. */
  private static boolean stop(Server server) {
    try {
      server.stop();
      return true;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    } catch (TimeoutException e) {
      return false; // the rest of the server ended all the same
    } catch (Exception e) {
      if (e.getCause() instanceof TimeoutException) {
        return false;
      }
      throw new IllegalStateException("the server does not end in order", e);
    }
  }

  /** What the server library refuses itself, in the form of all other refusals. */
  private static final class Problems extends ErrorHandler {
    @Override
    public boolean handle(Request request, Response response, Callback callback) {
      int status = response.getStatus();
      Problem problem = problem(status, request.getAttribute(ERROR_MESSAGE));
      response.setStatus(problem.status());
      response.getHeaders().put(HttpHeader.CONTENT_TYPE, "application/problem+json");
      if (status == 503) {
        response.getHeaders().put(HttpHeader.CONNECTION, "close");
      }
      problem
          .retryAfter()
          .ifPresent(after -> response.getHeaders().put("Retry-After", "" + after.toSeconds()));
      response.write(true, ByteBuffer.wrap(Endpoints.problem(problem)), callback);
      return true;
    }

    private static Problem problem(int status, @org.jspecify.annotations.Nullable Object reason) {
      return status == 503
          ? ServiceHandler.ending()
          : Requests.malformed(
              status, Optional.ofNullable(reason).map(String::valueOf).orElse("no more is known"));
    }
  }
}
