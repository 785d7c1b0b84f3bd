package io.sluice.serving.http;

import java.util.ArrayDeque;
import java.util.Queue;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;

/**
 * Lets so many requests be computed at once, and so many wait; the rest is turned away at once. A
 * thread that brings a request computes it itself while a place is free. It computes no other one:
 * a request that waited gets a thread of the pool, so that each answer leaves when it is there.
 */
final class Admission {
  /** A request whose body is there. */
  interface Job extends Runnable {
    int bytes();

    /** Answers or refuses; throws nothing. */
    @Override
    void run();
  }

  private final int workers;
  private final int mostWaiting;
  private final long mostBytes;
  private final Executor threads;
  private final Queue<Job> waiting = new ArrayDeque<>();
  private int running;
  private long bytes;

  /**
   * @param threads compute what waited; more than there are workers
   */
  Admission(Limits limits, Executor threads) {
    this.threads = threads;
    this.workers = limits.workers();
    this.mostWaiting = limits.waiting();
    this.mostBytes = limits.waitingBytes();
  }

  /**
   * Computes the request, or lets it wait.
   *
   * @return false when neither is possible
   */
  boolean submit(Job job) {
    synchronized (this) {
      if (running == workers) {
        if (waiting.size() == mostWaiting || bytes + job.bytes() > mostBytes) {
          return false;
        }
        waiting.add(job);
        bytes += job.bytes();
        return true;
      }
      running++;
    }
    compute(job);
    return true;
  }

  /** Computes a request in its place, and gives the place to the one that waits longest. */
  private void compute(Job job) {
    try {
      job.run();
    } finally {
      Job next = next();
      if (next != null) {
        handOn(next);
      }
    }
  }

  private void handOn(Job next) {
    try {
      threads.execute(() -> compute(next));
    } catch (RejectedExecutionException e) {
      compute(next); // the pool is ending: what was accepted is answered all the same
    }
  }

  private synchronized @org.jspecify.annotations.Nullable Job next() {
    Job next = waiting.poll();
    if (next == null) {
      running--;
    } else {
      bytes -= next.bytes();
    }
    return next;
  }

  synchronized int running() {
    return running;
  }

  synchronized int waiting() {
    return waiting.size();
  }

  synchronized long waitingBytes() {
    return bytes;
  }
}
