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
 * refuses one while another is under way: a large input broke off. This one waits in between.
 */
final class Attachment implements AutoCloseable {
  private static final Duration LONGEST_CONNECT = Duration.ofSeconds(30);
  private static final Duration LONGEST_SEND = Duration.ofMinutes(2);

  private static final byte INPUT = 0;
  private static final byte OUTPUT = 1;
  private static final byte ERROR = 2;

  /** The API server takes larger ones; the buffers of what lies between need not. */
  private static final int MOST_AT_ONCE = 32 * 1024;

  /** More than a program that was asked for a line will say. */
  private static final int MOST_KEPT = 64 * 1024;

  private final ByteArrayOutputStream output = new ByteArrayOutputStream();
  private final ByteArrayOutputStream error = new ByteArrayOutputStream();
  private volatile @Nullable Throwable broken;
  private @Nullable WebSocket socket;

  private Attachment() {}

  /**
   * Attaches to a container that was made with a standard input.
   *
   * @throws KubernetesClientException when the cluster refuses, with its code
   * @throws IOException when there is no connection
   */
  static Attachment to(Cluster cluster, String pod, String container)
      throws IOException, InterruptedException {
    Attachment attachment = new Attachment();
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
            .buildAsync(attachment.new Ears());
    try {
      attachment.socket = opened.get(LONGEST_CONNECT.toSeconds(), TimeUnit.SECONDS);
      return attachment;
    } catch (TimeoutException e) {
      opened.cancel(true);
      throw new IOException("no connection to " + pod + " within " + LONGEST_CONNECT, e);
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
        for (int at = 0; at < count; at += MOST_AT_ONCE) {
          send(bytes, offset + at, Math.min(MOST_AT_ONCE, count - at));
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
      if (broken != null || System.nanoTime() - start > LONGEST_SEND.toNanos()) {
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

  /** Keeps what comes. */
  private final class Ears implements WebSocket.Listener {
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
        where.write(bytes, 0, Math.min(bytes.length, MOST_KEPT - where.size()));
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
