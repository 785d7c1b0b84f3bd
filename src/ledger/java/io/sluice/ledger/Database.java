package io.sluice.ledger;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** The database behind a ledger: how it is opened, and what its failures mean. */
sealed interface Database extends AutoCloseable permits SqliteDatabase, PostgresDatabase {
  LedgerPlace place();

  /** Brings the tables up to date. */
  void migrate() throws SQLException;

  /**
   * A connection for the one that writes.
   *
   * @param durable whether a commit returns only when the disk has it
   */
  Connection writer(boolean durable) throws SQLException;

  /** A connection for those that read. */
  Connection reader() throws SQLException;

  /**
   * Why commits of this database do not reach the disk although {@code durable} was asked for.
   *
   * @param writer a connection
   */
  Optional<String> notDurable(Connection writer) throws SQLException;

  /** Whether the rows were at fault, so that others can be written. */
  boolean isAboutRows(SQLException failure);

  /** What a failure means, in words for people. */
  String words(SQLException failure);

  @Override
  void close();
}
