package io.sluice.serving.http;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import org.eclipse.jetty.io.Connection;
import org.eclipse.jetty.io.EndPoint;
import org.eclipse.jetty.server.ServerConnector;

/**
 * Ends connections whose next request takes too long to arrive, its headers or its body: the server
 * library limits how long a connection may be silent, and a byte now and then is not silence.
 * Without it a few callers hold all connections, or all memory for bodies, that there may be.
 */
final class ArrivalWatch implements Runnable {
  private static final Duration LOOK = Duration.ofSeconds(1);

  /** What is known of a connection; its fields under its lock. */
  private static final class Seen {
    private boolean busy;

    /** Whether its body is not there yet. */
    private boolean arriving;

    /** Bytes that had come when the last request was over. */
    private long bytes;

    /** When headers or body were first waited for, by {@link System#nanoTime}. */
    private long since;

    private boolean partial;
  }

  private final ServerConnector connector;
  private final Duration longest;
  private final Map<Connection, Seen> connections = new ConcurrentHashMap<>();

  /**
   * @param longest for the headers of a request, and then for its body
   */
  ArrivalWatch(ServerConnector connector, Duration longest) {
    this.connector = connector;
    this.longest = longest;
  }

  private Seen seen(Connection connection) {
    return connections.computeIfAbsent(connection, c -> new Seen());
  }

  /** The headers of a request are there. */
  void begun(Connection connection) {
    Seen seen = seen(connection);
    synchronized (seen) {
      seen.busy = true;
      seen.partial = false;
      seen.arriving = true;
      seen.since = System.nanoTime();
    }
  }

  /** All of its body is there. */
  void arrived(Connection connection) {
    Seen seen = seen(connection);
    synchronized (seen) {
      seen.arriving = false;
    }
  }

  /** Its answer is on the way. */
  void over(Connection connection) {
    Seen seen = seen(connection);
    synchronized (seen) {
      seen.busy = false;
      seen.partial = false;
      seen.bytes = connection.getBytesIn();
    }
  }

  /** Looks at all connections, again and again while the server runs. */
  @Override
  public void run() {
    if (!connector.isRunning()) {
      return;
    }
    long now = System.nanoTime();
    List<Connection> open = new ArrayList<>();
    for (EndPoint end : connector.getConnectedEndPoints()) {
      Connection connection = end.getConnection();
      if (connection != null) {
        open.add(connection);
        if (isLate(connection, now)) {
          end.close();
        }
      }
    }
    connections.keySet().retainAll(open);
    long pause = Math.max(1, Math.min(LOOK.toMillis(), longest.toMillis()));
    connector.getScheduler().schedule(this, pause, TimeUnit.MILLISECONDS);
  }

  private boolean isLate(Connection connection, long now) {
    Seen seen = seen(connection);
    synchronized (seen) {
      if (seen.busy) {
        // a body that still comes is answered with 408 at its next bytes: this is for silence
        return seen.arriving && now - seen.since > longest.plus(LOOK).toNanos();
      }
      if (connection.getBytesIn() == seen.bytes) {
        seen.partial = false;
        return false;
      }
      if (!seen.partial) {
        seen.partial = true;
        seen.since = now;
        return false;
      }
      return now - seen.since > longest.toNanos();
    }
  }
}
