package io.sluice.ledger;

import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import io.sluice.core.serving.ReviewFlag;
import io.sluice.core.serving.ServedVersion;
import io.sluice.core.serving.Tensors;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Predictions as rows: the statements of both databases, which understand the same ones. */
final class PredictionRows {
  /** How long a caller's key is remembered. */
  static final Duration KEYS = Duration.ofDays(1);

  private static final String SELECT =
      "select p.id, p.after_id, v.body, p.names, p.row_count, p.input_digest, p.input, p.output, f.body,"
          + " p.caller, p.trace, p.request_key from prediction p join served_version v on v.id ="
          + " p.served_version join review_flag f on f.id = p.review_flag where p.id = ?";

  private PredictionRows() {}

  /** Writes by one connection; remembers which versions and flags the tables have. */
  static final class Writer {
    private static final int REMEMBERED = 1_000;

    private final Connection connection;
    private final Map<Digest, Long> known = new LinkedHashMap<>();

    Writer(Connection connection) {
      this.connection = connection;
    }

    /**
     * Inserts those that are not there yet.
     *
     * @return of each whether it was not: a commit whose answer was lost is tried again
     */
    boolean[] insert(List<Prediction> predictions) throws SQLException {
      boolean[] fresh = new boolean[predictions.size()];
      if (predictions.isEmpty()) {
        return fresh;
      }
      try (PreparedStatement row =
          connection.prepareStatement(
              "insert into prediction (id, after_id, served_version, review_flag, row_count, names,"
                  + " input_digest, input, output, caller, trace, request_key) values"
                  + " (?,?,?,?,?,?,?,?,?,?,?,?) on conflict (id) do nothing")) {
        for (Prediction p : predictions) {
          row.setBytes(1, p.id().bytes());
          row.setLong(2, ChronoUnit.MICROS.between(p.id().at(), p.at()));
          row.setLong(3, version(p.version()));
          row.setLong(4, flag(p.review()));
          row.setInt(5, p.rows());
          text(row, 6, p.names().isEmpty() ? Optional.empty() : Optional.of(names(p.names())));
          bytes(
              row,
              7,
              p.input().isPresent()
                  ? Optional.empty()
                  : Optional.of(HexFormat.of().parseHex(p.inputDigest().hex())));
          bytes(row, 8, p.input().map(Tensors::bytes));
          row.setBytes(9, p.output().bytes());
          text(row, 10, p.caller());
          bytes(row, 11, p.trace().map(HexFormat.of()::parseHex));
          text(row, 12, p.key());
          row.addBatch();
        }
        int[] counts = row.executeBatch();
        for (int i = 0; i < counts.length; i++) {
          fresh[i] = counts[i] != 0;
        }
      }
      return fresh;
    }

    /**
     * Takes the caller's key for a prediction.
     *
     * @return the prediction that has it already, if it is another one
     */
    Optional<PredictionId> takeKey(Prediction prediction, String key) throws SQLException {
      String model = prediction.version().model();
      try (PreparedStatement old =
          connection.prepareStatement(
              "delete from request_key where model = ? and request_key = ? and at < ?")) {
        old.setString(1, model);
        old.setString(2, key);
        old.setLong(3, micros(prediction.at().minus(KEYS)));
        old.executeUpdate();
      }
      try (PreparedStatement row =
          connection.prepareStatement(
              "insert into request_key (model, request_key, prediction, at) values (?,?,?,?) on"
                  + " conflict (model, request_key) do nothing")) {
        row.setString(1, model);
        row.setString(2, key);
        row.setBytes(3, prediction.id().bytes());
        row.setLong(4, micros(prediction.at()));
        if (row.executeUpdate() == 1) {
          return Optional.empty();
        }
      }
      return keyed(connection, model, key, Optional.empty())
          .filter(id -> !id.equals(prediction.id()));
    }

    /** Counts predictions of this writer as settled, in the transaction that settles them. */
    void settled(byte[] writer, long more) throws SQLException {
      try (PreparedStatement row =
          connection.prepareStatement(
              "insert into writer (id, settled) values (?,?) on conflict (id) do update set settled ="
                  + " writer.settled + excluded.settled")) {
        row.setBytes(1, writer);
        row.setLong(2, more);
        row.executeUpdate();
      }
    }

    /** How many predictions of this writer are settled. */
    long settled(byte[] writer) throws SQLException {
      try (PreparedStatement select =
          connection.prepareStatement("select settled from writer where id = ?")) {
        select.setBytes(1, writer);
        try (ResultSet row = select.executeQuery()) {
          return row.next() ? row.getLong(1) : 0;
        }
      }
    }

    /** Writes this many bytes, for {@link #endProbe} to take away. */
    void probe(int bytes) throws SQLException {
      endProbe();
      try (PreparedStatement row =
          connection.prepareStatement("insert into probe (id, body) values (1, ?)")) {
        row.setBytes(1, new byte[bytes]);
        row.executeUpdate();
      }
    }

    void endProbe() throws SQLException {
      try (PreparedStatement row = connection.prepareStatement("delete from probe")) {
        row.executeUpdate();
      }
    }

    void forgetOldKeys(Instant now) throws SQLException {
      try (PreparedStatement old =
          connection.prepareStatement("delete from request_key where at < ?")) {
        old.setLong(1, micros(now.minus(KEYS)));
        old.executeUpdate();
      }
    }

    /** What was remembered in a transaction that came to nothing is not there. */
    void forget() {
      known.clear();
    }

    private long version(ServedVersion version) throws SQLException {
      return shared("served_version", version.digest(), version);
    }

    private long flag(ReviewFlag flag) throws SQLException {
      return shared("review_flag", Digest.of(Json.canonical(JsonCodec.write(flag))), flag);
    }

    private long shared(String table, Digest digest, Record body) throws SQLException {
      Long id = known.get(digest);
      if (id != null) {
        return id;
      }
      byte[] bytes = HexFormat.of().parseHex(digest.hex());
      try (PreparedStatement row =
          connection.prepareStatement(
              "insert into "
                  + table
                  + " (digest, body) values (?,?) on conflict (digest) do nothing")) {
        row.setBytes(1, bytes);
        row.setString(2, Json.canonical(JsonCodec.write(body)));
        row.executeUpdate();
      }
      try (PreparedStatement select =
          connection.prepareStatement("select id from " + table + " where digest = ?")) {
        select.setBytes(1, bytes);
        try (ResultSet row = select.executeQuery()) {
          if (!row.next()) {
            throw new SQLException("a row of " + table + " is gone");
          }
          if (known.size() >= REMEMBERED) {
            known.clear();
          }
          known.put(digest, row.getLong(1));
          return row.getLong(1);
        }
      }
    }
  }

  static Optional<Prediction> find(Connection connection, PredictionId id) throws SQLException {
    try (PreparedStatement select = connection.prepareStatement(SELECT)) {
      select.setBytes(1, id.bytes());
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(read(row)) : Optional.empty();
      }
    }
  }

  /**
   * The prediction that a key names.
   *
   * @param since a key that is older is forgotten
   */
  static Optional<PredictionId> keyed(
      Connection connection, String model, String key, Optional<Instant> since)
      throws SQLException {
    try (PreparedStatement select =
        connection.prepareStatement(
            "select prediction from request_key where model = ? and request_key = ? and at >= ?")) {
      select.setString(1, model);
      select.setString(2, key);
      select.setLong(3, since.map(PredictionRows::micros).orElse(Long.MIN_VALUE));
      try (ResultSet row = select.executeQuery()) {
        return row.next() ? Optional.of(id(row.getBytes(1))) : Optional.empty();
      }
    }
  }

  private static PredictionId id(byte[] bytes) throws SQLException {
    try {
      return PredictionId.of(bytes);
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  /** The row is at fault, and not the database: others are read and written. */
  private static SQLException damaged(RuntimeException e) {
    return new SQLDataException("the row is damaged: " + Trouble.words(e), e);
  }

  private static Prediction read(ResultSet row) throws SQLException {
    try {
      PredictionId id = PredictionId.of(row.getBytes(1));
      Optional<Tensors> input = Optional.ofNullable(row.getBytes(7)).map(Tensors::read);
      return new Prediction(
          id,
          id.at().plus(row.getLong(2), ChronoUnit.MICROS),
          JsonCodec.read(Json.parse(row.getString(3)), ServedVersion.class),
          names(row.getString(4)),
          row.getInt(5),
          input.isPresent()
              ? input.get().digest()
              : new Digest(HexFormat.of().formatHex(row.getBytes(6))),
          input,
          Tensors.read(row.getBytes(8)),
          JsonCodec.read(Json.parse(row.getString(9)), ReviewFlag.class),
          Optional.ofNullable(row.getString(10)),
          Optional.ofNullable(row.getBytes(11)).map(HexFormat.of()::formatHex),
          Optional.ofNullable(row.getString(12)));
    } catch (RuntimeException e) {
      throw damaged(e);
    }
  }

  private static String names(List<String> names) {
    var list = Json.object().putArray("names");
    names.forEach(list::add);
    return Json.write(list);
  }

  private static List<String> names(@Nullable String json) {
    return json == null ? List.of() : JsonCodec.readList(Json.parse(json), String.class);
  }

  private static void text(PreparedStatement row, int at, Optional<String> text)
      throws SQLException {
    if (text.isPresent()) {
      row.setString(at, text.get());
    } else {
      row.setNull(at, Types.VARCHAR);
    }
  }

  private static void bytes(PreparedStatement row, int at, Optional<byte[]> bytes)
      throws SQLException {
    if (bytes.isPresent()) {
      row.setBytes(at, bytes.get());
    } else {
      row.setNull(at, Types.BINARY);
    }
  }

  private static long micros(Instant at) {
    return ChronoUnit.MICROS.between(Instant.EPOCH, at);
  }
}
