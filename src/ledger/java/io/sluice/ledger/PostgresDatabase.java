package io.sluice.ledger;

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Optional;
import java.util.Properties;

/** A database of PostgreSQL, in a schema of its own, which several services may share. */
final class PostgresDatabase implements Database {
  /** The schema, unless the address names another as {@code currentSchema}. */
  private static final String SCHEMA = "sluice_ledger";

  /** Any number that others do not use. */
  private static final long LOCK = 7_236_431_951L;

  private static final String CONNECT_SECONDS = "5";

  /** A server that does not answer for this long is gone. */
  private static final String ANSWER_SECONDS = "20";

  private final LedgerPlace.Server place;

  PostgresDatabase(LedgerPlace.Server place) {
    this.place = place;
  }

  @Override
  public LedgerPlace place() {
    return place;
  }

  private Properties properties() {
    Properties properties = place.properties();
    properties.putIfAbsent("connectTimeout", CONNECT_SECONDS);
    properties.putIfAbsent("socketTimeout", ANSWER_SECONDS);
    properties.putIfAbsent("tcpKeepAlive", "true");
    properties.putIfAbsent("ApplicationName", "sluice-ledger");
    if (!place.url().contains("currentSchema=")) {
      properties.put("currentSchema", SCHEMA);
    }
    return properties;
  }

  @Override
  public void migrate() throws SQLException {
    try (Connection connection = DriverManager.getConnection(place.url(), properties());
        Statement statement = connection.createStatement()) {
      connection.setAutoCommit(false);
      // several replicas start at once
      statement.execute("select pg_advisory_xact_lock(" + LOCK + ")");
      if (!place.url().contains("currentSchema=")) {
        statement.execute("create schema if not exists " + SCHEMA);
      }
      Migrations.apply(place, connection, "postgresql");
      connection.commit();
    }
  }

  @Override
  public Connection writer(boolean durable) throws SQLException {
    Connection connection = DriverManager.getConnection(place.url(), properties());
    try (Statement statement = connection.createStatement()) {
      statement.execute("set synchronous_commit = " + (durable ? "on" : "off"));
    }
    connection.setAutoCommit(false);
    return connection;
  }

  @Override
  public Connection reader() throws SQLException {
    Connection connection = DriverManager.getConnection(place.url(), properties());
    connection.setReadOnly(true);
    return connection;
  }

  @Override
  public Optional<String> notDurable(Connection writer) throws SQLException {
    try (Statement statement = writer.createStatement();
        ResultSet row = statement.executeQuery("show fsync")) {
      return row.next() && row.getString(1).equals("off")
          ? Optional.of("the server runs with fsync = off")
          : Optional.empty();
    }
  }

  /** Classes 22 and 23 of SQL's states: data that is not allowed, and broken constraints. */
  @Override
  public boolean isAboutRows(SQLException failure) {
    String state = failure.getSQLState();
    return state != null && (state.startsWith("22") || state.startsWith("23"));
  }

  @Override
  public String words(SQLException failure) {
    String state = failure.getSQLState() == null ? "" : failure.getSQLState();
    if (state.equals("53100")) {
      return "the database's disk is full";
    }
    return (state.startsWith("08") ? "the database is away: " : "") + Trouble.words(failure);
  }

  @Override
  public void close() {
    // connections are closed by those that asked for them
  }
}
