package io.sluice.mlflow;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;

/** A forward proxy: passes requests on, and opens tunnels. */
final class ForwardProxy implements AutoCloseable {
  private final ServerSocket socket;
  private final String authorization;
  private final List<String> asked = new CopyOnWriteArrayList<>();

  /**
   * @param authorization what Proxy-Authorization must be; empty: nothing
   */
  ForwardProxy(String authorization) throws IOException {
    this.socket = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    this.authorization = authorization;
    Thread.ofVirtual().start(this::accept);
  }

  int port() {
    return socket.getLocalPort();
  }

  /** The first lines of requests that came, in order. */
  List<String> asked() {
    return asked;
  }

  private void accept() {
    while (true) {
      try {
        Socket client = socket.accept();
        Thread.ofVirtual().start(() -> serve(client));
      } catch (IOException e) {
        return; // closed
      }
    }
  }

  private void serve(Socket client) {
    try (client) {
      String head = head(client.getInputStream());
      String[] first = head.split("\r\n", 2)[0].split(" ");
      asked.add(first[0] + " " + first[1]);
      OutputStream answer = client.getOutputStream();
      if (!authorization.isEmpty()
          && !head.contains("Proxy-Authorization: " + authorization + "\r\n")) {
        answer.write(
            "HTTP/1.1 407 No\r\nProxy-Authenticate: Basic realm=x\r\nContent-Length: 0\r\n\r\n"
                .getBytes(StandardCharsets.ISO_8859_1));
        return;
      }
      boolean tunnel = first[0].equals("CONNECT");
      URI target = URI.create(tunnel ? "tunnel://" + first[1] : first[1]);
      try (Socket server = new Socket(target.getHost(), target.getPort())) {
        if (tunnel) {
          answer.write("HTTP/1.1 200 OK\r\n\r\n".getBytes(StandardCharsets.ISO_8859_1));
        } else {
          server.getOutputStream().write(head.getBytes(StandardCharsets.ISO_8859_1));
        }
        Thread up = Thread.ofVirtual().start(() -> pump(client, server));
        pump(server, client);
        client.close();
        up.join();
      }
    } catch (IOException e) {
      // The client sees that its connection ends.
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static void pump(Socket from, Socket to) {
    try {
      from.getInputStream().transferTo(to.getOutputStream());
      to.shutdownOutput();
    } catch (IOException e) {
      // Either side hung up.
    }
  }

  private static String head(InputStream in) throws IOException {
    ByteArrayOutputStream head = new ByteArrayOutputStream();
    while (!head.toString(StandardCharsets.ISO_8859_1).endsWith("\r\n\r\n")) {
      int next = in.read();
      if (next < 0) {
        throw new IOException("no request");
      }
      head.write(next);
    }
    return head.toString(StandardCharsets.ISO_8859_1);
  }

  @Override
  public void close() throws IOException {
    socket.close();
  }
}
