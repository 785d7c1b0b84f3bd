package io.sluice.local.process;

import java.io.IOException;
import java.time.Duration;

/**
 * Holds a process and all that it started to an amount of memory: looks how much they hold, the
 * sooner again the less room there is, and ends them when it is more.
 */
final class MemoryWatch implements Runnable {
  private static final long SHORTEST = Duration.ofMillis(20).toNanos();
  private static final long LONGEST = Duration.ofMillis(500).toNanos();

  /** A program that only touches new pages fills about so many bytes in a second. */
  private static final long FASTEST_GROWTH = 4L << 30;

  private final SupervisedProcess process;
  private final HeldMemory held;
  private final long limit;
  private volatile boolean exceeded;

  MemoryWatch(SupervisedProcess process, HeldMemory held, long limit) {
    this.process = process;
    this.held = held;
    this.limit = limit;
  }

  /** Whether they held more, and were ended for it. */
  boolean exceeded() {
    return exceeded;
  }

  @Override
  public void run() {
    try {
      long sinceAnew = LONGEST;
      while (process.isAlive()) {
        boolean anew = sinceAnew >= LONGEST;
        long now = held.bytes(limit, anew);
        if (now > limit) {
          exceeded = true;
          process.kill();
          return;
        }
        long pause = pause(limit - now);
        sinceAnew = anew ? pause : sinceAnew + pause;
        Thread.sleep(Duration.ofNanos(pause));
      }
    } catch (IOException e) {
      throw new IllegalStateException("/proc is there no more", e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static long pause(long room) {
    double seconds = (double) room / FASTEST_GROWTH;
    return Math.clamp((long) (seconds * 1e9), SHORTEST, LONGEST);
  }
}
