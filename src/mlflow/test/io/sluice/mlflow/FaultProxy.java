package io.sluice.mlflow;

import java.io.Closeable;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * A proxy before the real server that does, request by request, what networks and load balancers
 * do. One request a connection: it adds {@code Connection: close} on the way.
 */
final class FaultProxy implements Closeable {
  /** What happens to a request. */
  sealed interface Fault {
    /** Nothing: it is passed on, and its answer too. */
    record None() implements Fault {}

    /** The connection ends before the server sees the request. */
    record CutBefore() implements Fault {}

    /** The server does what was asked; the answer is lost. */
    record CutAfter() implements Fault {}

    /** The server does what was asked; half of the answer arrives. */
    record Truncate() implements Fault {}

    /** Nobody ever answers. */
    record Hang() implements Fault {}

    /** Something else answers, with these bytes. */
    record Say(String raw) implements Fault {}
  }

  static final Fault NONE = new Fault.None();
  static final Fault CUT_BEFORE = new Fault.CutBefore();
  static final Fault CUT_AFTER = new Fault.CutAfter();
  static final Fault TRUNCATE = new Fault.Truncate();
  static final Fault HANG = new Fault.Hang();

  private final ServerSocket listener;
  private final URI server;
  private final Function<String, Fault> plan;
  private final AtomicInteger seen = new AtomicInteger();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ExecutorService requests = Executors.newVirtualThreadPerTaskExecutor();

  /** {@code plan} is given each request's first line. */
  FaultProxy(URI server, Function<String, Fault> plan) throws IOException {
    this.server = server;
    this.plan = plan;
    this.listener = new ServerSocket(0, 500, InetAddress.getByName("127.0.0.1"));
    Thread.ofVirtual().start(this::accept);
  }

  static Fault say(String status, String contentType, String body) {
    return new Fault.Say(
        "HTTP/1.1 "
            + status
            + "\r\nContent-Type: "
            + contentType
            + "\r\nContent-Length: "
            + body.getBytes(StandardCharsets.UTF_8).length
            + "\r\nConnection: close\r\n\r\n"
            + body);
  }

  URI uri() {
    return URI.create("http://127.0.0.1:" + listener.getLocalPort());
  }

  int requests() {
    return seen.get();
  }

  /** Returns when nothing is under way any more: what the server was told to do is done. */
  @Override
  public void close() throws IOException {
    listener.close();
    closed.countDown();
    requests.close();
  }

  private void accept() {
    while (!listener.isClosed()) {
      try {
        Socket client = listener.accept();
        requests.execute(() -> serve(client));
      } catch (IOException | RejectedExecutionException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      InputStream in = client.getInputStream();
      String head = head(in);
      String line = head.substring(0, head.indexOf('\r'));
      byte[] body = in.readNBytes(length(head));
      seen.incrementAndGet();
      switch (plan.apply(line)) {
        case Fault.CutBefore() -> client.setSoLinger(true, 0);
        case Fault.Hang() -> closed.await();
        case Fault.Say(String raw) -> {
          client.getOutputStream().write(raw.getBytes(StandardCharsets.UTF_8));
          client.getOutputStream().flush();
        }
        case Fault.None() -> client.getOutputStream().write(forward(head, body));
        case Fault.CutAfter() -> {
          forward(head, body);
          client.setSoLinger(true, 0);
        }
        case Fault.Truncate() -> {
          byte[] answer = forward(head, body);
          client.getOutputStream().write(answer, 0, answer.length - 10);
        }
      }
    } catch (IOException e) {
      // The client hung up first: that is one of the faults under test.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private byte[] forward(String head, byte[] body) throws IOException {
    try (Socket up = new Socket(server.getHost(), server.getPort())) {
      OutputStream out = up.getOutputStream();
      String own =
          head.replaceFirst("(?im)^Host: .*\r\n", "Host: " + server.getAuthority() + "\r\n")
              .replaceFirst("(?im)^Connection: .*\r\n", "")
              .replaceFirst("\r\n\r\n$", "\r\nConnection: close\r\n\r\n");
      out.write(own.getBytes(StandardCharsets.ISO_8859_1));
      out.write(body);
      out.flush();
      return up.getInputStream().readAllBytes();
    }
  }

  private static String head(InputStream in) throws IOException {
    StringBuilder head = new StringBuilder();
    while (head.indexOf("\r\n\r\n") < 0) {
      int b = in.read();
      if (b < 0) {
        throw new IOException("hung up");
      }
      head.append((char) b);
    }
    return head.toString();
  }

  private static int length(String head) {
    for (String line : head.split("\r\n")) {
      if (line.regionMatches(true, 0, "content-length:", 0, 15)) {
        return Integer.parseInt(line.substring(15).strip());
      }
    }
    return 0;
  }
}
