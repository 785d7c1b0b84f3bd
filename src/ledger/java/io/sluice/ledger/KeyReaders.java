package io.sluice.ledger;

import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.SQLTimeoutException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Looks keys of callers up by a few connections, each for one caller at a time, and never longer
 * than the caller has time: a database that hangs holds these threads, and not those of requests.
 * HikariCP would keep connections too, but not bound a query that hangs.
 */
final class KeyReaders implements AutoCloseable {
  private static final int MOST = 4;
  private static final long IDLE_SECONDS = 60;

  /** A look takes less than a millisecond: a request does not spend all of its time on it. */
  private static final Duration LONGEST = Duration.ofSeconds(5);

  private final Database database;
  private final ThreadPoolExecutor threads;
  private final Deque<Connection> idle = new ArrayDeque<>();
  private boolean ended;

  KeyReaders(Database database) {
    this.database = database;
    this.threads =
        new ThreadPoolExecutor(
            MOST,
            MOST,
            IDLE_SECONDS,
            TimeUnit.SECONDS,
            new LinkedBlockingQueue<>(),
            Thread.ofPlatform().daemon().name("ledger-keys-", 0).factory());
    threads.allowCoreThreadTimeOut(true);
  }

  /**
   * The prediction of a caller's key that is not older than this.
   *
   * @throws SQLTimeoutException when the database has not answered in time
   */
  Optional<Prediction> find(String model, String key, Instant since, Duration patience)
      throws SQLException, InterruptedException {
    Duration most = patience.compareTo(LONGEST) < 0 ? patience : LONGEST;
    CompletableFuture<Optional<Prediction>> answer = new CompletableFuture<>();
    Runnable question =
        () -> {
          try {
            answer.complete(ask(model, key, since));
          } catch (SQLException | RuntimeException | Error e) {
            answer.completeExceptionally(e);
          }
        };
    threads.execute(question);
    try {
      return answer.get(most.toNanos(), TimeUnit.NANOSECONDS);
    } catch (TimeoutException e) {
      threads.remove(question);
      throw new SQLTimeoutException("it has not answered in " + most.toMillis() + " ms", e);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof SQLException failure) {
        throw failure;
      }
      throw new IllegalStateException(e.getCause());
    }
  }

  /** Asks again by a new connection when an old one broke: databases are restarted. */
  private Optional<Prediction> ask(String model, String key, Instant since) throws SQLException {
    Optional<Connection> old = taken();
    if (old.isPresent()) {
      try {
        return ask(old.get(), model, key, since);
      } catch (SQLException broken) {
        if (database.isAboutRows(broken)) {
          throw broken;
        }
      }
    }
    return ask(database.reader(), model, key, since);
  }

  /** Keeps the connection when it works, and closes it otherwise. */
  private Optional<Prediction> ask(Connection connection, String model, String key, Instant since)
      throws SQLException {
    try {
      Optional<PredictionId> id = PredictionRows.keyed(connection, model, key, Optional.of(since));
      Optional<Prediction> found =
          id.isPresent() ? PredictionRows.find(connection, id.get()) : Optional.empty();
      if (keep(connection)) {
        return found;
      }
      connection.close();
      return found;
    } catch (SQLException | RuntimeException | Error e) {
      close(connection, e);
      throw e;
    }
  }

  private synchronized Optional<Connection> taken() {
    return Optional.ofNullable(idle.poll());
  }

  private synchronized boolean keep(Connection connection) {
    if (!ended) {
      idle.push(connection);
    }
    return !ended;
  }

  private static void close(Connection connection, Throwable failure) {
    try {
      connection.close();
    } catch (SQLException broken) {
      failure.addSuppressed(broken);
    }
  }

  /** Ends; what still hangs in the database closes its connection when that lets go. */
  @Override
  public void close() {
    threads.shutdownNow();
    Deque<Connection> all;
    synchronized (this) {
      ended = true;
      all = new ArrayDeque<>(idle);
      idle.clear();
    }
    for (Connection connection : all) {
      try {
        connection.close();
      } catch (SQLException broken) {
        // it only read, and nobody uses it any more
      }
    }
  }
}
