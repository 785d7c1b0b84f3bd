package io.sluice.ledger;

import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.Ledger.Mode;
import java.io.IOException;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.sql.SQLException;
import java.time.Clock;
import java.util.OptionalLong;
import java.util.function.Consumer;

/** Opens ledgers. */
public final class Ledgers {
  /** The file of a service's folder that counts what it accepted. */
  private static final String COUNT = "ledger.count";

  private Ledgers() {}

  /**
   * Opens a ledger to write it.
   *
   * @param tell receives sentences for the service's log: losses of an earlier end, trouble and its
   *     end
   * @throws io.sluice.core.diag.SluiceException SLU-9502 to SLU-9504 when a file cannot be used.
   *     With a server that is away the ledger begins degraded, and what that means for requests is
   *     set
   */
  public static Ledger open(LedgerSettings settings, Clock clock, Consumer<String> tell) {
    return open(settings, clock, tell, OptionalLong.empty());
  }

  static Ledger open(
      LedgerSettings settings, Clock clock, Consumer<String> tell, OptionalLong maxPages) {
    if (settings.mode() == Mode.OFF) {
      return Ledger.off();
    }
    return switch (settings.place()) {
      case LedgerPlace.File file ->
          file(settings, SqliteDatabase.toWrite(file, maxPages, tell), clock, tell);
      case LedgerPlace.Server server -> server(settings, new PostgresDatabase(server), clock, tell);
    };
  }

  private static Ledger file(
      LedgerSettings settings, SqliteDatabase database, Clock clock, Consumer<String> tell) {
    try {
      SqlLedger ledger = new SqlLedger(settings, database, accepted(settings), clock, tell);
      ledger.start(false);
      return ledger;
    } catch (SQLException e) {
      database.close();
      throw Trouble.unreadable(database.place(), database.words(e), e);
    } catch (RuntimeException e) {
      database.close();
      throw e;
    }
  }

  private static Ledger server(
      LedgerSettings settings, PostgresDatabase database, Clock clock, Consumer<String> tell) {
    SqlLedger ledger = new SqlLedger(settings, database, accepted(settings), clock, tell);
    try {
      ledger.start(true);
    } catch (SQLException e) {
      throw new IllegalStateException("it begins degraded", e);
    }
    return ledger;
  }

  private static Accepted accepted(LedgerSettings settings) {
    Path file = settings.folder().resolve(COUNT);
    byte[] id = new byte[16];
    new SecureRandom().nextBytes(id);
    try {
      return Accepted.open(file, id);
    } catch (IOException e) {
      throw Trouble.wrong(
          "SLU-9502",
          "the ledger's file "
              + file
              + " cannot be made: "
              + e.getClass().getSimpleName()
              + ": "
              + e.getMessage(),
          "name a folder that this user may write to");
    }
  }
}
