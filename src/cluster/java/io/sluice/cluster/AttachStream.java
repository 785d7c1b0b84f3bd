package io.sluice.cluster;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.http.WebSocket;
import io.fabric8.kubernetes.client.http.WebSocketHandshakeException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.io.OutputStream;
import java.net.URI;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.jspecify.annotations.Nullable;

/**
 * The standard streams of a running container, by the protocol {@code v4.channel.k8s.io}. The
 * client library's own {@code attach} hands each write to the WebSocket at once, and the JDK's
 * WebSocket refuses a write while another is under way, so that large inputs broke off. This class
 * waits between writes.
 */
final class AttachStream implements AutoCloseable {
  private static final Duration MAX_CONNECT = Duration.ofSeconds(30);
  private static final Duration MAX_SEND = Duration.ofMinutes(2);

  private static final byte INPUT = 0;
  private static final byte OUTPUT = 1;
  private static final byte ERROR = 2;

  /** The API server accepts larger frames; proxies between may not. */
  private static final int MAX_AT_ONCE = 32 * 1024;

  /** More than the program, which answers with one line, writes. */
  private static final int MAX_KEPT = 64 * 1024;

  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ByteArrayOutputStream error = new ByteArrayOutputStream();
  private volatile @Nullable Throwable broken;
  private @Nullable WebSocket socket;

  private AttachStream() {}

  /**
   * Attaches to a container that was made with a standard input.
   *
   * @throws KubernetesClientException when the cluster refuses, with its code
   * @throws IOException when there is no connection
   */
  static AttachStream to(Cluster cluster, String pod, String container)
      throws IOException, InterruptedException {
    AttachStream attachment = new AttachStream();
    URI uri =
        cluster.ofPod(
            pod,
            "attach",
            Map.of("container", container, "stdin", "true", "stdout", "true", "stderr", "true"));
    CompletableFuture<WebSocket> opened =
        cluster
            .client()
            .getHttpClient()
            .newWebSocketBuilder()
            .uri(uri)
            .subprotocol("v4.channel.k8s.io")
            .buildAsync(attachment.new Incoming());
    try {
      attachment.socket = opened.get(MAX_CONNECT.toSeconds(), TimeUnit.SECONDS);
      return attachment;
    } catch (TimeoutException e) {
      opened.cancel(true);
      throw new IOException("no connection to " + pod + " within " + MAX_CONNECT, e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof WebSocketHandshakeException refused) {
        int code = refused.getResponse().code();
        throw new KubernetesClientException(
            "the API server answered " + code + " " + refused.getResponse().message(), code, null);
      }
      throw new IOException("no connection to " + pod + ": " + e.getCause(), e);
    }
  }

  /** The container's standard input; closing it closes nothing. */
  OutputStream input() {
    return new OutputStream() {
      @Override
      public void write(int b) throws IOException {
        write(new byte[] {(byte) b}, 0, 1);
      }

      @Override
      public void write(byte[] bytes, int offset, int count) throws IOException {
        for (int at = 0; at < count; at += MAX_AT_ONCE) {
          send(bytes, offset + at, Math.min(MAX_AT_ONCE, count - at));
        }
      }
    };
  }

  /** What it wrote to its standard output so far. */
  String output() {
    return text(output);
  }

  /** What it wrote to its standard error so far. */
  String error() {
    return text(error);
  }

  private static String text(ByteArrayOutputStream bytes) {
    synchronized (bytes) {
      return bytes.toString(StandardCharsets.UTF_8);
    }
  }

  private void send(byte[] bytes, int offset, int count) throws IOException {
    WebSocket to = socket;
    ByteBuffer frame = ByteBuffer.allocate(count + 1);
    frame.put(INPUT).put(bytes, offset, count).flip();
    if (to == null || broken != null || !to.send(frame)) {
      throw new IOException("the connection broke off", broken);
    }
    long start = System.nanoTime();
    while (to.queueSize() > 0) {
      if (broken != null || System.nanoTime() - start > MAX_SEND.toNanos()) {
        throw new IOException("the connection takes nothing any more", broken);
      }
      try {
        Thread.sleep(1);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new InterruptedIOException("interrupted while sending");
      }
    }
  }

  @Override
  public void close() {
    if (socket != null) {
      boolean unused = socket.sendClose(1000, "done");
    }
  }

  /** Collects what the container writes. */
  private final class Incoming implements WebSocket.Listener {
    @Override
    public void onMessage(WebSocket from, ByteBuffer message) {
      if (message.hasRemaining()) {
        byte channel = message.get();
        if (channel == OUTPUT) {
          keep(output, message);
        } else if (channel == ERROR) {
          keep(error, message);
        }
      }
      from.request();
    }

    private void keep(ByteArrayOutputStream where, ByteBuffer message) {
      byte[] bytes = new byte[message.remaining()];
      message.get(bytes);
      synchronized (where) {
        where.write(bytes, 0, Math.min(bytes.length, MAX_KEPT - where.size()));
      }
    }

    @Override
    public void onClose(WebSocket from, int code, String reason) {
      if (broken == null) {
        broken = new IOException("closed by the other side: " + code + " " + reason);
      }
    }

    @Override
    public void onError(WebSocket from, Throwable e) {
      broken = e;
    }
  }
}
