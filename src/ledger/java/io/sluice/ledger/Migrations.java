package io.sluice.ledger;

import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;

/**
 * Brings the tables of a ledger up to date: the files {@code 1.sql}, {@code 2.sql} and so on, each
 * once, all of them in one transaction. What is released is not changed any more; a change is a new
 * file.
 */
final class Migrations {
  /** The newest file. */
  static final int NEWEST = 1;

  private Migrations() {}

  /**
   * Applies what is missing, in the transaction of this connection, which the caller commits. The
   * caller sees to it that no other process does the same now.
   *
   * @param kind of the database, as the folder of its files is called
   * @throws io.sluice.core.diag.SluiceException SLU-9506 when a newer program made the tables
   */
  static void apply(LedgerPlace place, Connection connection, String kind) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("create table if not exists schema_version (version integer not null)");
      int there;
      try (ResultSet row = statement.executeQuery("select max(version) from schema_version")) {
        there = row.next() ? row.getInt(1) : 0;
      }
      if (there > NEWEST) {
        throw Trouble.wrong(
            "SLU-9506",
            "a newer version of Sluice made the ledger %s (its tables are of version %d, and this program knows %d)"
                .formatted(place, there, NEWEST),
            "use that version, or name another ledger");
      }
      for (int version = there + 1; version <= NEWEST; version++) {
        for (String one : file(kind, version).split(";\n", -1)) {
          if (!one.isBlank()) {
            statement.execute(one);
          }
        }
        try (PreparedStatement row =
            connection.prepareStatement("insert into schema_version (version) values (?)")) {
          row.setInt(1, version);
          row.executeUpdate();
        }
      }
    }
  }

  private static String file(String kind, int version) {
    String name = kind + "/" + version + ".sql";
    try (InputStream in = Migrations.class.getResourceAsStream(name)) {
      if (in == null) {
        throw new IllegalStateException("no " + name);
      }
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
