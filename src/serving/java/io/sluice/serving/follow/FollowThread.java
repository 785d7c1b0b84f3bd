package io.sluice.serving.follow;

import java.time.Duration;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.TimeUnit;

/**
 * The thread that follows: it serves what is in the cache, then looks at the log again and again
 * until it is closed.
 */
public final class FollowThread implements AutoCloseable {
  private final Follower<?> follower;
  private final Thread thread;

  /** A sign to look at once; more than one says nothing more. */
  private final BlockingQueue<Boolean> woken = new ArrayBlockingQueue<>(1);

  private volatile boolean closed;

  private FollowThread(Follower<?> follower) {
    this.follower = follower;
    this.thread = new Thread(this::run, "follow");
    thread.setDaemon(true);
  }

  /** Begins to follow. */
  public static FollowThread start(Follower<?> follower) {
    FollowThread following = new FollowThread(follower);
    following.thread.start();
    return following;
  }

  private void run() {
    boolean first = true;
    while (!closed) {
      Duration pause = look(first);
      first = false;
      try {
        woken.poll(pause.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        // By close, which the loop looks at; following outlives whatever else did it.
      }
    }
  }

  private Duration look(boolean first) {
    try {
      if (first) {
        follower.recall();
      }
      return follower.step();
    } catch (RuntimeException | Error e) {
      // Why is in the status already; it was telling it that failed.
      return FollowSettings.INTERVAL;
    }
  }

  /** Has the log looked at now, because somebody said that it grew. Nothing else is believed. */
  public void wake() {
    woken.offer(true);
  }

  /** Ends following, and lets go of what is in front. Calls that are inside end on it. */
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    boolean interrupted = false;
    while (thread.isAlive()) {
      try {
        thread.join();
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    follower.end();
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }
}
