package io.sluice.ledger;

import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Reads a ledger by a connection of its own, beside the process that writes. */
public final class LedgerReader implements AutoCloseable {
  private final Database database;
  private @Nullable Connection connection;

  LedgerReader(Database database) {
    this.database = database;
  }

  /**
   * Opens a ledger to read it.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-9505 when there is none
   */
  public static LedgerReader open(LedgerPlace place) {
    return new LedgerReader(
        switch (place) {
          case LedgerPlace.File file -> SqliteDatabase.toRead(file);
          case LedgerPlace.Server server -> new PostgresDatabase(server);
        });
  }

  /**
   * The prediction of an id.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-9504 when the ledger cannot be read
   */
  public Optional<Prediction> find(PredictionId id) {
    return ask(c -> PredictionRows.find(c, id));
  }

  private interface Question<T> {
    T ask(Connection connection) throws SQLException;
  }

  /** Asks again by a new connection when the old one broke: databases are restarted. */
  private synchronized <T> T ask(Question<T> question) {
    try {
      boolean old = connection != null;
      try {
        return question.ask(connected());
      } catch (SQLException e) {
        disconnect();
        if (!old) {
          throw e;
        }
        return question.ask(connected());
      }
    } catch (SQLException e) {
      disconnect();
      throw Trouble.unreadable(database.place(), database.words(e), e);
    }
  }

  private Connection connected() throws SQLException {
    Connection there = connection;
    if (there == null) {
      there = database.reader();
      connection = there;
    }
    return there;
  }

  private void disconnect() {
    Connection there = connection;
    connection = null;
    if (there != null) {
      try {
        there.close();
      } catch (SQLException broken) {
        // it is given up because it is broken; the failure that showed it is reported
      }
    }
  }

  @Override
  public synchronized void close() {
    disconnect();
    database.close();
  }
}
