package io.sluice.ledger;

import io.sluice.core.serving.Ledger;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import io.sluice.ledger.LedgerSettings.OnFailure;
import io.sluice.ledger.LedgerSettings.WhenFull;
import java.sql.Connection;
import java.sql.SQLDataException;
import java.sql.SQLException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * A ledger in a database: callers hand predictions over, and one thread writes all that wait in one
 * transaction, so that the disk is asked once for many. While the database takes nothing, what was
 * answered already stays in the queue, whose bounds hold.
 */
final class SqlLedger implements Ledger {
  /** Most predictions of one transaction. */
  private static final int BATCH = 1_024;

  /** More than a batch of small predictions, so that what it finds room for has room too. */
  private static final int PROBE_BYTES = 1 << 16;

  private static final long IDLE_MILLIS = 500;
  private static final long PAUSE_MILLIS = 500;
  private static final Duration FORGET_KEYS_EVERY = Duration.ofMinutes(10);

  /** How long beyond its deadline a request waits for a commit that has begun. */
  private static final Duration LAST_MOMENT = Duration.ofSeconds(1);

  private static final String OVER = "the thread that writes has ended";
  private static final String LATE =
      "the database has not said by the deadline whether the prediction is kept";

  /** How long the end waits for a database that takes nothing. */
  private static final long LAST_TRIES = 20;

  private final LedgerSettings settings;
  private final Database database;
  private final Accepted accepted;

  /** What earlier processes accepted. */
  private final long acceptedBefore;

  private final Clock clock;
  private final Consumer<String> tell;
  private final LedgerReader reader;
  private final KeyReaders keys;
  private final Waiting waiting;
  private final Thread writer;
  private final AtomicLong written = new AtomicLong();
  private final AtomicLong dropped = new AtomicLong();
  private final AtomicLong refused = new AtomicLong();
  private volatile Outage outage = Outage.NONE;
  private volatile boolean ended;

  // of the writer's thread alone
  private @Nullable Connection connection;
  private PredictionRows.@Nullable Writer rows;
  private boolean migrated;
  private boolean counted;
  private Instant keysForgotten = Instant.EPOCH;

  /** Why nothing can be written, and since when. */
  private record Outage(Optional<String> why, Optional<Instant> since) {
    static final Outage NONE = new Outage(Optional.empty(), Optional.empty());
  }

  SqlLedger(
      LedgerSettings settings,
      Database database,
      Accepted accepted,
      Clock clock,
      Consumer<String> tell) {
    this.settings = settings;
    this.database = database;
    this.accepted = accepted;
    this.acceptedBefore = accepted.count();
    this.clock = clock;
    this.tell = tell;
    this.reader = new LedgerReader(database);
    this.keys = new KeyReaders(database);
    this.waiting = new Waiting(settings.maxUnwritten(), settings.maxUnwrittenBytes());
    this.writer = Thread.ofPlatform().name("ledger").unstarted(this::write);
  }

  /**
   * Connects, so that a ledger which cannot work is known at the start, and begins to write.
   *
   * @param evenDegraded whether it begins although the database is away: what waits is written when
   *     it comes
   */
  void start(boolean evenDegraded) throws SQLException {
    try {
      connected();
    } catch (SQLException e) {
      if (!evenDegraded) {
        throw e;
      }
      fail(e);
    }
    writer.start();
  }

  @Override
  public Receipt append(Prediction prediction, Duration patience) throws InterruptedException {
    boolean buffered = settings.mode() == Mode.BUFFERED && prediction.key().isEmpty();
    Waiting.Entry entry = new Waiting.Entry(prediction, new CompletableFuture<>(), buffered);
    long until = System.nanoTime() + patience.toNanos();
    long room = settings.whenFull() == WhenFull.DROP && buffered ? 0 : patience.toNanos();
    if (buffered) {
      accepted.add(1);
    }
    if (!waiting.add(entry, room)) {
      if (buffered) {
        accepted.add(-1);
      }
      String why =
          outage.why().orElse(settings.maxUnwritten() + " predictions, or their bytes, wait");
      if (settings.whenFull() == WhenFull.DROP && buffered) {
        dropped.incrementAndGet();
        return new Receipt.Dropped(why);
      }
      return failed(why);
    }
    if (buffered) {
      return new Receipt.Buffered(waiting.count());
    }
    Optional<Receipt> receipt = within(entry, until - System.nanoTime());
    if (receipt.isEmpty() && waiting.remove(entry)) {
      return failed(outage.why().orElse("it was not written before the deadline"));
    }
    if (receipt.isEmpty()) {
      // the writer has it in its hands: a commit takes milliseconds, unless the database hangs
      receipt = within(entry, LAST_MOMENT.toNanos());
    }
    return switch (receipt.orElse(new Receipt.Refused(LATE))) {
      case Receipt.Refused refused -> failed(refused.why());
      case Receipt.Kept kept -> kept;
      case Receipt.Earlier earlier -> earlier;
      case Receipt.Buffered other -> other;
      case Receipt.NotKept other -> other;
      case Receipt.Dropped other -> other;
    };
  }

  private static Optional<Receipt> within(Waiting.Entry entry, long nanos)
      throws InterruptedException {
    try {
      return Optional.of(entry.done().get(nanos, TimeUnit.NANOSECONDS));
    } catch (TimeoutException e) {
      return Optional.empty();
    } catch (ExecutionException e) {
      throw new IllegalStateException("a receipt that failed", e);
    }
  }

  private Receipt failed(String why) {
    if (settings.onFailure() == OnFailure.ANSWER) {
      dropped.incrementAndGet();
      return new Receipt.Dropped(why);
    }
    refused.incrementAndGet();
    return new Receipt.Refused(why);
  }

  @Override
  public Optional<Prediction> find(PredictionId id) {
    Optional<Prediction> here = waiting.find(id);
    return here.isPresent() ? here : reader.find(id);
  }

  @Override
  public Keyed byKey(String model, String key, Duration patience) throws InterruptedException {
    Instant since = clock.instant().minus(PredictionRows.KEYS);
    try {
      return keys.find(model, key, since, patience)
          .<Keyed>map(Keyed.Earlier::new)
          .orElseGet(Keyed.Fresh::new);
    } catch (SQLException | RuntimeException e) {
      // to write it is to look again: what was kept under the key is found then, or nothing is kept
      if (settings.onFailure() == OnFailure.ANSWER) {
        return new Keyed.Fresh();
      }
      refused.incrementAndGet();
      return new Keyed.Refused(words(e));
    }
  }

  @Override
  public State state() {
    Outage now = outage;
    return new State(
        settings.mode(),
        now.why(),
        now.since(),
        waiting.count(),
        waiting.bytes(),
        written.get(),
        dropped.get(),
        refused.get());
  }

  private void write() {
    long lastTries = LAST_TRIES;
    try {
      while (!ended || (!waiting.isEmpty() && lastTries > 0)) {
        List<Waiting.Entry> batch =
            waiting.take(BATCH, TimeUnit.MILLISECONDS.toNanos(ended ? 0 : IDLE_MILLIS));
        if (batch.isEmpty() && outage.why().isEmpty()) {
          keepHouse();
          continue;
        }
        try {
          settle(batch);
        } catch (SQLException | RuntimeException | Error e) {
          // a thread that ended here would let callers wait for nothing
          fail(e);
          giveBack();
          if (ended) {
            lastTries--;
            Thread.sleep(PAUSE_MILLIS);
          } else {
            waiting.pause(PAUSE_MILLIS);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      try {
        disconnect();
      } finally {
        over();
      }
    }
  }

  /** The writer has ended, in whatever way: nobody may wait for it any more. */
  private void over() {
    waiting.end();
    if (!ended && outage.why().isEmpty()) {
      outage = new Outage(Optional.of(OVER), Optional.of(clock.instant()));
    }
    refuse(waiting.abandon());
  }

  /** Writes a batch, or looks whether the database takes anything again. */
  private void settle(List<Waiting.Entry> batch) throws SQLException {
    if (batch.isEmpty()) {
      probe();
    } else {
      try {
        complete(batch, transaction(batch));
      } catch (SQLException | RuntimeException e) {
        if (!isAboutRows(e)) {
          throw e;
        }
        one(batch, e);
      }
    }
    recovered();
  }

  /** One of them is at fault: the others are written one by one, and each is settled at once. */
  private void one(List<Waiting.Entry> batch, Exception failure) throws SQLException {
    for (Waiting.Entry entry : batch) {
      List<Waiting.Entry> one = List.of(entry);
      if (batch.size() == 1) {
        complete(one, List.of(spoilt(entry, failure)));
        return;
      }
      try {
        complete(one, transaction(one));
      } catch (SQLException | RuntimeException single) {
        if (!isAboutRows(single)) {
          throw single;
        }
        complete(one, List.of(spoilt(entry, single)));
      }
    }
  }

  /** What our own code throws over a row is about that row too. */
  private boolean isAboutRows(Exception failure) {
    return rows != null
        && switch (failure) {
          case SQLDataException data -> true;
          case SQLException sql -> database.isAboutRows(sql);
          default -> true;
        };
  }

  private void probe() throws SQLException {
    PredictionRows.Writer into = connected();
    into.probe(PROBE_BYTES);
    commit();
    into.endProbe();
    commit();
  }

  private Receipt spoilt(Waiting.Entry entry, Exception why) throws SQLException {
    if (entry.buffered()) {
      // its count is settled by a transaction of its own
      PredictionRows.Writer into = connected();
      into.settled(accepted.id(), 1);
      commit();
      dropped.incrementAndGet();
    }
    String words = "prediction " + entry.prediction().id() + " is not kept: " + words(why);
    tell.accept(words);
    return entry.buffered() ? new Receipt.Dropped(words) : new Receipt.Refused(words);
  }

  private String words(Throwable failure) {
    return failure instanceof SQLException sql
        ? database.words(sql)
        : failure.getClass().getSimpleName() + ": " + Trouble.words(failure);
  }

  /** What became of each of them. */
  private List<Receipt> transaction(List<Waiting.Entry> batch) throws SQLException {
    PredictionRows.Writer into = connected();
    try {
      List<Receipt> receipts = new ArrayList<>(batch.size());
      List<Prediction> insert = new ArrayList<>(batch.size());
      List<Waiting.Entry> inserted = new ArrayList<>(batch.size());
      for (Waiting.Entry entry : batch) {
        Prediction prediction = entry.prediction();
        Optional<PredictionId> earlier =
            prediction.key().isPresent()
                ? into.takeKey(prediction, prediction.key().get())
                : Optional.empty();
        if (earlier.isPresent()) {
          receipts.add(new Receipt.Earlier(earlier(earlier.get(), insert)));
        } else {
          insert.add(prediction);
          inserted.add(entry);
          receipts.add(new Receipt.Kept());
        }
      }
      boolean[] fresh = into.insert(insert);
      // one that is there already was counted by the commit that put it there
      long buffered = 0;
      long more = 0;
      for (int i = 0; i < fresh.length; i++) {
        more += fresh[i] ? 1 : 0;
        buffered += fresh[i] && inserted.get(i).buffered() ? 1 : 0;
      }
      if (buffered > 0) {
        into.settled(accepted.id(), buffered);
      }
      commit();
      written.addAndGet(more);
      return receipts;
    } catch (SQLException | RuntimeException | Error e) {
      rollBack(e);
      throw e;
    }
  }

  /** The prediction that had the key before; it may be of the same transaction. */
  private Prediction earlier(PredictionId id, List<Prediction> sameBatch) throws SQLException {
    for (Prediction prediction : sameBatch) {
      if (prediction.id().equals(id)) {
        return prediction;
      }
    }
    Connection there = connection;
    Optional<Prediction> found = there == null ? Optional.empty() : PredictionRows.find(there, id);
    return found.orElseThrow(() -> new SQLDataException("the prediction of a key is gone: " + id));
  }

  private void commit() throws SQLException {
    Connection there = connection;
    if (there != null) {
      there.commit();
    }
  }

  private void rollBack(Throwable failure) {
    PredictionRows.Writer into = rows;
    Connection there = connection;
    if (into != null && there != null) {
      into.forget();
      try {
        there.rollback();
      } catch (SQLException broken) {
        failure.addSuppressed(broken);
        disconnect();
      }
    }
  }

  private void complete(List<Waiting.Entry> batch, List<Receipt> receipts) {
    waiting.settled(batch);
    for (int i = 0; i < batch.size(); i++) {
      batch.get(i).done().complete(receipts.get(i));
    }
  }

  /** Those that wait for an answer get one; those that were answered are tried again. */
  private void giveBack() {
    refuse(waiting.giveBack());
  }

  private void refuse(List<Waiting.Entry> entries) {
    Receipt receipt = new Receipt.Refused(outage.why().orElse("the ledger has ended"));
    for (Waiting.Entry entry : entries) {
      entry.done().complete(receipt);
    }
  }

  private void fail(Throwable e) {
    disconnect();
    String words = words(e);
    if (!outage.why().equals(Optional.of(words))) {
      outage =
          new Outage(Optional.of(words), Optional.of(outage.since().orElseGet(clock::instant)));
      tell.accept("the ledger " + database.place() + " takes nothing: " + words);
    }
  }

  private void recovered() {
    Outage before = outage;
    if (before.why().isPresent()) {
      outage = Outage.NONE;
      tell.accept(
          "the ledger "
              + database.place()
              + " works again, after "
              + Duration.between(before.since().orElseGet(clock::instant), clock.instant())
                  .toSeconds()
              + " s");
    }
  }

  private void keepHouse() {
    Instant now = clock.instant();
    if (Duration.between(keysForgotten, now).compareTo(FORGET_KEYS_EVERY) < 0) {
      return;
    }
    keysForgotten = now;
    try {
      connected().forgetOldKeys(now);
      commit();
    } catch (SQLException | RuntimeException | Error e) {
      rollBack(e);
      fail(e);
    }
  }

  private PredictionRows.Writer connected() throws SQLException {
    PredictionRows.Writer there = rows;
    if (there != null) {
      return there;
    }
    if (!migrated) {
      database.migrate();
      migrated = true;
    }
    boolean durable = settings.mode() == Mode.DURABLE;
    Connection fresh = database.writer(durable);
    connection = fresh;
    PredictionRows.Writer into = new PredictionRows.Writer(fresh);
    if (durable) {
      Optional<String> not = database.notDurable(fresh);
      if (not.isPresent()) {
        disconnect();
        throw new SQLException("it cannot be durable: " + not.get());
      }
    }
    if (!counted) {
      countLosses(into);
      counted = true;
    }
    // a transaction that only read would hold its view of the database until the first write
    commit();
    rows = into;
    return into;
  }

  /** What an earlier process answered and did not write, before it ended without warning. */
  private void countLosses(PredictionRows.Writer into) throws SQLException {
    long lost = acceptedBefore - into.settled(accepted.id());
    if (lost > 0) {
      into.settled(accepted.id(), lost);
      commit();
      tell.accept(
          "the last end was sudden: "
              + lost
              + " predictions were answered and are not in the ledger "
              + database.place());
    }
  }

  private void disconnect() {
    Connection there = connection;
    connection = null;
    rows = null;
    if (there != null) {
      try {
        there.close();
      } catch (SQLException broken) {
        tell.accept("the ledger's connection did not close: " + database.words(broken));
      }
    }
  }

  @Override
  public void close() {
    ended = true;
    waiting.end();
    try {
      writer.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    int left = waiting.count();
    if (left > 0) {
      tell.accept(
          left
              + " predictions were answered and could not be written: "
              + outage.why().orElse("the service was interrupted"));
    }
    keys.close();
    reader.close();
  }
}
