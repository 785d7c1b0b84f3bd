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
    follower.recall();
    while (!closed) {
      Duration pause = follower.step();
      try {
        woken.poll(pause.toMillis(), TimeUnit.MILLISECONDS);
      } catch (InterruptedException e) {
        return; // by close alone
      }
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
