package io.sluice.ledger;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.Ledger.Keyed;
import io.sluice.core.serving.Ledger.Mode;
import io.sluice.core.serving.Ledger.Receipt;
import io.sluice.core.serving.Prediction;
import io.sluice.ledger.LedgerSettings.OnFailure;
import io.sluice.ledger.LedgerSettings.WhenFull;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.ResultSet;
import java.sql.Statement;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A ledger in a real file of SQLite. */
@Timeout(1800)
class SqlLedgerTest {
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final Clock CLOCK = Clock.fixed(Made.AT, ZoneOffset.UTC);

  @TempDir private Path folder;
  private final List<String> told = new CopyOnWriteArrayList<>();

  private LedgerPlace.File place() {
    return new LedgerPlace.File(folder.resolve("ledger.sqlite"));
  }

  private LedgerSettings settings(Mode mode) {
    return LedgerSettings.of(place(), folder).with(mode);
  }

  private Ledger open(LedgerSettings settings) {
    return Ledgers.open(settings, CLOCK, told::add);
  }

  @Test
  void whatWasKeptIsFoundAsItWas() throws Exception {
    for (Mode mode : List.of(Mode.DURABLE, Mode.BUFFERED)) {
      Prediction one = Made.prediction(mode.ordinal());
      Prediction batch =
          new Prediction(
              Made.prediction(100 + mode.ordinal()).id(),
              Made.AT,
              Made.version(4),
              List.of("a \"quoted\"\u0000 nåme", "b"),
              2,
              one.inputDigest(),
              Optional.empty(),
              one.output(),
              one.review(),
              Optional.empty(),
              Optional.empty(),
              Optional.empty());
      try (Ledger ledger = open(settings(mode))) {
        Receipt receipt = ledger.append(one, LONG);
        assertThat(receipt)
            .isEqualTo(mode == Mode.DURABLE ? new Receipt.Kept() : new Receipt.Buffered(1));
        ledger.append(batch, LONG);
        // also while it waits
        assertThat(ledger.find(one.id())).contains(one);
        assertThat(ledger.find(Made.prediction(999).id())).isEmpty();
      }
      try (LedgerReader reader = LedgerReader.open(place())) {
        assertThat(reader.find(one.id())).contains(one);
        assertThat(reader.find(batch.id())).contains(batch);
      }
    }
    assertThat(told).isEmpty();
  }

  @Test
  void aKeyStandsForOnePrediction() throws Exception {
    try (Ledger ledger = open(settings(Mode.BUFFERED))) {
      Prediction first = Made.prediction(1, Optional.of("order-17"));
      assertThat(ledger.append(first, LONG)).isEqualTo(new Receipt.Kept());
      assertThat(ledger.byKey("rma-forecast", "order-17", LONG))
          .isEqualTo(new Keyed.Earlier(first));
      assertThat(ledger.byKey("other", "order-17", LONG)).isEqualTo(new Keyed.Fresh());
      Prediction again = Made.prediction(2, Optional.of("order-17"));
      assertThat(ledger.append(again, LONG)).isEqualTo(new Receipt.Earlier(first));
      assertThat(ledger.find(again.id())).isEmpty();
      assertThat(ledger.state().written()).isEqualTo(1);
    }
  }

  @Test
  void ofManyRequestsWithOneKeyAtOnceOneIsKeptAndAllGetIt() throws Exception {
    try (Ledger ledger = open(settings(Mode.DURABLE));
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Prediction>> answers = new ArrayList<>();
      for (int i = 0; i < 32; i++) {
        Prediction mine = Made.prediction(i, Optional.of("k"));
        answers.add(
            threads.submit(() ->
                ledger.append(mine, LONG) instanceof Receipt.Earlier earlier
                    ? earlier.prediction()
                    : mine));
      }
      Prediction first = answers.getFirst().get();
      for (Future<Prediction> answer : answers) {
        assertThat(answer.get()).isEqualTo(first);
      }
    }
    assertThat(rows()).isEqualTo(1);
  }

  /** The thread that writes outlives it, and so do the predictions beside it. */
  @Test
  void aKeyWhoseRowIsDamagedHurtsItsOwnRequestsAlone() throws Exception {
    try (Ledger ledger = open(settings(Mode.DURABLE))) {
      assertThat(ledger.append(Made.prediction(1), LONG)).isEqualTo(new Receipt.Kept());
      change(
          "insert into request_key (model, request_key, prediction, at) values"
              + " ('rma-forecast', 'k', x'01', 9000000000000000),"
              + " ('rma-forecast', 'gone', x'019f2c3a5b7e7c419d3e0a1b2c3d4e5f', 9000000000000000)");
      for (String key : List.of("k", "gone")) {
        assertThat(ledger.append(Made.prediction(2, Optional.of(key)), Duration.ofSeconds(30)))
            .isInstanceOf(Receipt.Refused.class);
      }
      assertThat(ledger.byKey("rma-forecast", "k", LONG)).isInstanceOf(Keyed.Refused.class);
      assertThat(ledger.append(Made.prediction(3), LONG)).isEqualTo(new Receipt.Kept());
      assertThat(ledger.state().degraded()).isEmpty();
      assertThat(ledger.state().refused()).isEqualTo(3);
    }
    assertThat(rows()).isEqualTo(2);
  }

  @Test
  void whatNobodyForesawInTheThreadThatWritesIsSeenAndKeepsNobodyWaiting() throws Exception {
    try (Ledger sound = open(settings(Mode.DURABLE))) {
      assertThat(sound.state().degraded()).isEmpty();
    }
    // the log that it tells of a bad row is broken too
    Ledger ledger =
        Ledgers.open(
            settings(Mode.DURABLE),
            CLOCK,
            words -> {
              throw new IllegalStateException("no log");
            });
    try {
      change(
          "insert into request_key (model, request_key, prediction, at) values"
              + " ('rma-forecast', 'k', x'01', 9000000000000000)");
      assertThat(ledger.append(Made.prediction(2, Optional.of("k")), Duration.ofSeconds(30)))
          .isInstanceOf(Receipt.Refused.class);
      assertThat(ledger.append(Made.prediction(3), Duration.ofSeconds(30)))
          .isInstanceOf(Receipt.Refused.class);
      assertThat(ledger.state().degraded()).isPresent();
    } finally {
      ledger.close();
    }
  }

  @Test
  void aDatabaseThatHangsKeepsNobodyBeyondTheDeadline() throws Exception {
    try (Ledger ledger = open(settings(Mode.DURABLE));
        Connection other = DriverManager.getConnection("jdbc:sqlite:" + place());
        Statement lock = other.createStatement()) {
      lock.execute("begin immediate");
      assertThat(ledger.append(Made.prediction(1), Duration.ofMillis(50)))
          .isEqualTo(
              new Receipt.Refused(
                  "the database has not said by the deadline whether the prediction is kept"));
      lock.execute("rollback");
      assertThat(ledger.append(Made.prediction(2), LONG)).isEqualTo(new Receipt.Kept());
      assertThat(ledger.state().refused()).isEqualTo(1);
    }
  }

  /** A server that takes connections and never says a word, as a frozen machine does. */
  @Test
  void aServerThatSaysNothingKeepsNoKeyedRequestAndNamesItselfToNoCaller() throws Exception {
    try (ServerSocket silent = new ServerSocket(0, 50, InetAddress.getLoopbackAddress())) {
      String address =
          "postgresql://u:secret@127.0.0.1:" + silent.getLocalPort() + "/db?socketTimeout=2";
      LedgerSettings settings =
          LedgerSettings.of(LedgerPlace.parse(address), folder).with(Mode.DURABLE);
      for (OnFailure failure : OnFailure.values()) {
        try (Ledger ledger = open(settings.with(failure));
            var threads = Executors.newVirtualThreadPerTaskExecutor()) {
          List<Future<Keyed>> answers = new ArrayList<>();
          for (int i = 0; i < 12; i++) {
            answers.add(threads.submit(() -> ledger.byKey("m", "k", Duration.ofMillis(50))));
          }
          for (Future<Keyed> answer : answers) {
            assertThat(answer.get())
                .isEqualTo(
                    failure == OnFailure.ANSWER
                        ? new Keyed.Fresh()
                        : new Keyed.Refused("it has not answered in 50 ms"));
          }
          assertThat(ledger.state().degraded()).isPresent();
        }
      }
      assertThat(told).isNotEmpty().noneMatch(line -> line.contains("secret"));
    }
  }

  @Test
  void whatIsCommittedIsCountedOnceWhateverFailsBesideIt() throws Exception {
    LedgerSettings settings = settings(Mode.BUFFERED);
    open(settings).close();
    change(
        "create trigger odd before insert on prediction when new.row_count = 13 begin select"
            + " raise(abort, 'thirteen'); end");
    Ledger ledger = Ledgers.open(settings, CLOCK, told::add, OptionalLong.of(60));
    try (Connection other = DriverManager.getConnection("jdbc:sqlite:" + place());
        Statement lock = other.createStatement()) {
      // the thread that writes waits with the first, and takes the others at once
      lock.execute("begin immediate");
      ledger.append(Made.prediction(1), LONG);
      for (int rows : List.of(1, 13, 3_000)) {
        ledger.append(
            Made.prediction(Made.version(3), Made.AT, rows, rows + 10, Optional.empty()), LONG);
      }
      lock.execute("rollback");
      until(() -> ledger.state().degraded().isPresent());
    }
    ledger.close();
    Ledger.State state = ledger.state();
    assertThat(state.written()).isEqualTo(2);
    assertThat(state.dropped()).isEqualTo(1);
    assertThat(state.waiting()).isEqualTo(1);
    told.clear();
    open(settings).close();
    assertThat(told)
        .containsExactly(
            "the last end was sudden: 1 predictions were answered and are not in the ledger "
                + place());
  }

  @Test
  void aKeyIsForgottenAfterADay() throws Exception {
    try (Ledger ledger = open(settings(Mode.DURABLE))) {
      ledger.append(Made.prediction(1, Optional.of("k")), LONG);
    }
    Instant later = Made.AT.plus(Duration.ofHours(25));
    try (Ledger ledger =
        Ledgers.open(settings(Mode.DURABLE), Clock.fixed(later, ZoneOffset.UTC), told::add)) {
      assertThat(ledger.byKey("rma-forecast", "k", LONG)).isEqualTo(new Keyed.Fresh());
      Prediction next = Made.prediction(Made.version(3), later, 1, 5, Optional.of("k"));
      assertThat(ledger.append(next, LONG)).isEqualTo(new Receipt.Kept());
      assertThat(ledger.byKey("rma-forecast", "k", LONG)).isEqualTo(new Keyed.Earlier(next));
    }
    assertThat(rows()).isEqualTo(2);
  }

  @Test
  void aVersionAndAFlagAreWrittenOnceHoweverManyPredictionsHaveThem() throws Exception {
    try (Ledger ledger = open(settings(Mode.BUFFERED))) {
      for (int i = 0; i < 3_000; i++) {
        ledger.append(
            Made.prediction(Made.version(3 + i % 2), Made.AT, 1, i, Optional.empty()), LONG);
      }
    }
    assertThat(rows()).isEqualTo(3_000);
    assertThat(ask("select count(*) from served_version")).isEqualTo(2);
    assertThat(ask("select count(*) from review_flag")).isEqualTo(2);
    // serving.md, criterion 20: at most 400 bytes a series
    long bytes = Files.size(place().path()) - 40_000; // what an empty ledger has
    assertThat(bytes / 3_000).isLessThanOrEqualTo(400);
  }

  @Test
  void aFullDiskRefusesIsSeenAndEnds() throws Exception {
    LedgerSettings settings = settings(Mode.DURABLE);
    try (Ledger ledger = Ledgers.open(settings, CLOCK, told::add, OptionalLong.of(60))) {
      Receipt receipt = new Receipt.Kept();
      long kept = 0;
      for (int i = 0; receipt instanceof Receipt.Kept; i++) {
        receipt =
            ledger.append(Made.prediction(Made.version(3), Made.AT, 64, i, Optional.empty()), LONG);
        kept += receipt instanceof Receipt.Kept ? 1 : 0;
      }
      assertThat(receipt).isEqualTo(new Receipt.Refused("the disk is full"));
      Ledger.State state = ledger.state();
      assertThat(state.degraded()).contains("the disk is full");
      assertThat(state.since()).contains(Made.AT);
      assertThat(state.refused()).isEqualTo(1);
      assertThat(state.written()).isEqualTo(kept).isPositive();
      assertThat(told)
          .containsExactly("the ledger " + place() + " takes nothing: the disk is full");
    }
    assertThat(rows()).isPositive();
    try (Ledger ledger = open(settings)) {
      assertThat(ledger.append(Made.prediction(5_000), LONG)).isEqualTo(new Receipt.Kept());
      assertThat(ledger.state().degraded()).isEmpty();
    }
  }

  @Test
  void aFullDiskLetsAnswersLeaveWhereThatIsSetAndCountsThem() throws Exception {
    LedgerSettings settings = settings(Mode.DURABLE).with(OnFailure.ANSWER);
    try (Ledger ledger = Ledgers.open(settings, CLOCK, told::add, OptionalLong.of(60))) {
      Receipt receipt = new Receipt.Kept();
      for (int i = 0; receipt instanceof Receipt.Kept; i++) {
        receipt =
            ledger.append(Made.prediction(Made.version(3), Made.AT, 64, i, Optional.empty()), LONG);
      }
      assertThat(receipt).isEqualTo(new Receipt.Dropped("the disk is full"));
      assertThat(receipt.word()).isEqualTo("dropped");
      assertThat(ledger.state().dropped()).isEqualTo(1);
    }
  }

  @Test
  void whatWasAnsweredWaitsWithinItsBoundsWhileTheDiskIsFullAndIsWrittenWhenThereIsRoom()
      throws Exception {
    LedgerSettings settings = settings(Mode.BUFFERED).with(5, 10L << 20, WhenFull.DROP);
    Ledger ledger = Ledgers.open(settings, CLOCK, told::add, OptionalLong.of(60));
    List<Prediction> answered = new ArrayList<>();
    Receipt receipt = new Receipt.Buffered(0);
    for (int i = 0; receipt instanceof Receipt.Buffered; i++) {
      Prediction next = Made.prediction(Made.version(3), Made.AT, 64, i, Optional.empty());
      receipt = ledger.append(next, LONG);
      if (receipt instanceof Receipt.Buffered) {
        answered.add(next);
        if (ledger.state().degraded().isEmpty()) {
          until(() -> ledger.state().waiting() == 0 || ledger.state().degraded().isPresent());
        }
      }
    }
    assertThat(receipt).isEqualTo(new Receipt.Dropped("the disk is full"));
    assertThat(ledger.state().waiting()).isEqualTo(5);
    assertThat(ledger.state().dropped()).isEqualTo(1);
    assertThat(ledger.find(answered.getLast().id())).contains(answered.getLast());
    ledger.close();
    assertThat(told.getLast())
        .isEqualTo("5 predictions were answered and could not be written: the disk is full");

    told.clear();
    try (Ledger next = open(settings)) {
      assertThat(next.state().waiting()).isZero();
    }
    assertThat(told)
        .containsExactly(
            "the last end was sudden: 5 predictions were answered and are not in the ledger "
                + place());
    told.clear();
    open(settings).close();
    assertThat(told).as("losses are told once").isEmpty();
  }

  @Test
  void twoServicesDoNotWriteToOneFile() {
    try (Ledger ledger = open(settings(Mode.BUFFERED))) {
      assertThat(ledger.state().degraded()).isEmpty();
      assertThatThrownBy(() -> open(settings(Mode.BUFFERED)))
          .isInstanceOf(SluiceException.class)
          .hasMessageContaining("SLU-9503");
    }
    open(settings(Mode.BUFFERED)).close();
  }

  @Test
  void aDamagedFileIsToldFromASoundOne() throws Exception {
    try (Ledger ledger = open(settings(Mode.DURABLE))) {
      ledger.append(Made.prediction(1), LONG);
    }
    byte[] bytes = Files.readAllBytes(place().path());
    byte[] damaged = bytes.clone();
    java.util.Arrays.fill(damaged, 100, 8_000, (byte) 0x5a);
    Files.write(place().path(), damaged);
    assertThatThrownBy(() -> open(settings(Mode.DURABLE)))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9504")
        .hasMessageContaining("the file is damaged");
    Files.writeString(place().path(), "not a database, but longer than a hundred bytes ".repeat(9));
    assertThatThrownBy(() -> open(settings(Mode.DURABLE)))
        .hasMessageContaining("SLU-9504")
        .hasMessageContaining("the file is damaged");
    Files.write(place().path(), bytes);
    open(settings(Mode.DURABLE)).close();
  }

  @Test
  void othersDoNotReadTheFile() throws Exception {
    open(settings(Mode.DURABLE)).close();
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(place().path())))
        .isEqualTo("rw-------");
  }

  @Test
  void aFileSystemOfANetworkIsRefused() {
    for (String type : List.of("nfs", "nfs4", "cifs", "9p", "fuse.sshfs", "ceph")) {
      assertThatThrownBy(() -> SqliteDatabase.refuseNetwork(place(), type))
          .hasMessageContaining("SLU-9502")
          .hasMessageContaining("(" + type + ")");
    }
    for (String type : List.of("ext4", "xfs", "btrfs", "tmpfs", "overlay", "fuse.fuse-overlayfs")) {
      SqliteDatabase.refuseNetwork(place(), type);
    }
  }

  @Test
  void aLedgerThatIsNotThereIsNotMadeByReading() {
    assertThatThrownBy(() -> LedgerReader.open(place())).hasMessageContaining("SLU-9505");
    assertThat(place().path()).doesNotExist();
  }

  @Test
  void offKeepsNothing() throws Exception {
    try (Ledger ledger = open(settings(Mode.OFF))) {
      assertThat(ledger.append(Made.prediction(1), LONG)).isEqualTo(new Receipt.NotKept());
      assertThat(ledger.find(Made.prediction(1).id())).isEmpty();
    }
    assertThat(place().path()).doesNotExist();
  }

  private long rows() throws Exception {
    return ask("select count(*) from prediction");
  }

  private long ask(String sql) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + place());
        Statement statement = connection.createStatement();
        ResultSet row = statement.executeQuery(sql)) {
      return row.getLong(1);
    }
  }

  private void change(String sql) throws Exception {
    try (Connection connection = DriverManager.getConnection("jdbc:sqlite:" + place());
        Statement statement = connection.createStatement()) {
      statement.execute(sql);
    }
  }

  private static void until(java.util.function.BooleanSupplier done) throws InterruptedException {
    while (!done.getAsBoolean()) {
      Thread.sleep(1);
    }
  }
}
