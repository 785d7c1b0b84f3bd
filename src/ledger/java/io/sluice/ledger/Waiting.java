package io.sluice.ledger;

import io.sluice.core.serving.Ledger.Receipt;
import io.sluice.core.serving.Prediction;
import io.sluice.core.serving.PredictionId;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.jspecify.annotations.Nullable;

/** Predictions that wait to be written, bounded by their number and by their memory. */
final class Waiting {
  private final int most;
  private final long mostBytes;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition room = lock.newCondition();
  private final Condition work = lock.newCondition();
  private final Deque<Entry> queue = new ArrayDeque<>();

  /** Those that the writer has and has not settled yet: they count as waiting. */
  private final List<Entry> taken = new ArrayList<>();

  private int count;
  private long bytes;
  private boolean ended;

  /**
   * One prediction on its way.
   *
   * @param done completed when it is settled; nobody waits for it when it was buffered
   * @param buffered whether its answer left already
   */
  record Entry(Prediction prediction, CompletableFuture<Receipt> done, boolean buffered) {
    /** Each is one of its own, and predictions are large. */
    @Override
    public boolean equals(@Nullable Object other) {
      return this == other;
    }

    @Override
    public int hashCode() {
      return prediction.id().hashCode();
    }
  }

  Waiting(int most, long mostBytes) {
    this.most = most;
    this.mostBytes = mostBytes;
  }

  /**
   * Takes a prediction in when there is room, or when it is the only one: a single one that is
   * larger than the bound is written all the same.
   *
   * @return whether there was room in time
   */
  boolean add(Entry entry, long nanos) throws InterruptedException {
    int weight = entry.prediction().weight();
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (ended || (count > 0 && (count >= most || bytes + weight > mostBytes))) {
        if (left <= 0 || ended) {
          return false;
        }
        left = room.awaitNanos(left);
      }
      queue.add(entry);
      count++;
      bytes += weight;
      work.signal();
      return true;
    } finally {
      lock.unlock();
    }
  }

  /** Gives up on a prediction that the writer has not taken yet; false when it has. */
  boolean remove(Entry entry) {
    lock.lock();
    try {
      boolean there = queue.remove(entry);
      if (there) {
        gone(entry);
        room.signalAll();
      }
      return there;
    } finally {
      lock.unlock();
    }
  }

  /** The next ones to write; none when there are none within the time. */
  List<Entry> take(int atMost, long nanos) throws InterruptedException {
    long left = nanos;
    lock.lockInterruptibly();
    try {
      while (queue.isEmpty() && !ended && left > 0) {
        left = work.awaitNanos(left);
      }
      List<Entry> next = new ArrayList<>();
      while (next.size() < atMost && !queue.isEmpty()) {
        next.add(queue.remove());
      }
      taken.addAll(next);
      return next;
    } finally {
      lock.unlock();
    }
  }

  /** These of those that were taken are settled. */
  void settled(List<Entry> done) {
    lock.lock();
    try {
      for (Entry entry : done) {
        if (taken.remove(entry)) {
          gone(entry);
        }
      }
      room.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /**
   * Those that were taken and are not settled come back: the buffered ones wait again, before the
   * others that wait.
   *
   * @return the others, which somebody waits for
   */
  List<Entry> giveBack() {
    lock.lock();
    try {
      List<Entry> others = new ArrayList<>();
      for (Entry entry : List.copyOf(taken).reversed()) {
        if (entry.buffered()) {
          queue.addFirst(entry);
        } else {
          others.add(entry);
          gone(entry);
        }
      }
      taken.clear();
      room.signalAll();
      return others;
    } finally {
      lock.unlock();
    }
  }

  /**
   * Gives up on all that somebody waits for.
   *
   * @return those
   */
  List<Entry> abandon() {
    lock.lock();
    try {
      List<Entry> others = new ArrayList<>(giveBack());
      for (Entry entry : List.copyOf(queue)) {
        if (!entry.buffered()) {
          queue.remove(entry);
          gone(entry);
          others.add(entry);
        }
      }
      room.signalAll();
      return others;
    } finally {
      lock.unlock();
    }
  }

  private void gone(Entry entry) {
    count--;
    bytes -= entry.prediction().weight();
  }

  Optional<Prediction> find(PredictionId id) {
    lock.lock();
    try {
      for (List<Entry> some : List.of(List.copyOf(queue), taken)) {
        for (Entry entry : some) {
          if (entry.prediction().id().equals(id)) {
            return Optional.of(entry.prediction());
          }
        }
      }
      return Optional.empty();
    } finally {
      lock.unlock();
    }
  }

  int count() {
    lock.lock();
    try {
      return count;
    } finally {
      lock.unlock();
    }
  }

  long bytes() {
    lock.lock();
    try {
      return bytes;
    } finally {
      lock.unlock();
    }
  }

  boolean isEmpty() {
    return count() == 0;
  }

  /** Takes nothing in any more. */
  void end() {
    lock.lock();
    try {
      ended = true;
      room.signalAll();
      work.signalAll();
    } finally {
      lock.unlock();
    }
  }

  /** Waits, but not beyond the end. */
  void pause(long millis) throws InterruptedException {
    long left = TimeUnit.MILLISECONDS.toNanos(millis);
    lock.lockInterruptibly();
    try {
      while (!ended && left > 0) {
        left = work.awaitNanos(left);
      }
    } finally {
      lock.unlock();
    }
  }
}
