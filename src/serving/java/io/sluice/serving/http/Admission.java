package io.sluice.serving.http;

import java.util.ArrayDeque;
import java.util.Queue;

/**
 * Lets so many requests be computed at once, and so many wait; the rest is turned away at once. A
 * thread that brings a request computes it itself while a place is free, and otherwise leaves it to
 * a thread that gets free, so that no request changes threads without need.
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
  private final Queue<Job> waiting = new ArrayDeque<>();
  private int running;
  private long bytes;

  Admission(Limits limits) {
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
    for (Job next = job; next != null; next = next()) {
      next.run();
    }
    return true;
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
