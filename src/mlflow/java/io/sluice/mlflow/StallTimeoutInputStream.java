package io.sluice.mlflow;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.ScheduledThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/** A stream whose reads fail when the server sends nothing for too long. */
final class StallTimeoutInputStream extends FilterInputStream {
  private static final ScheduledExecutorService WATCHDOG = watchdog();

  private final Duration limit;

  StallTimeoutInputStream(InputStream in, Duration limit) {
    super(in);
    this.limit = limit;
  }

  @Override
  public int read() throws IOException {
    byte[] one = new byte[1];
    int n = read(one, 0, 1);
    return n < 0 ? -1 : one[0] & 0xff;
  }

  @Override
  public int read(byte[] b, int off, int len) throws IOException {
    AtomicBoolean stalled = new AtomicBoolean();
    ScheduledFuture<?> watch =
        WATCHDOG.schedule(
            () -> {
              stalled.set(true);
              hangUp();
            },
            limit.toMillis(),
            TimeUnit.MILLISECONDS);
    try {
      int n = in.read(b, off, len);
      if (n < 0 && stalled.get()) {
        throw new IOException("closed");
      }
      return n;
    } catch (IOException e) {
      if (stalled.get()) {
        throw new IOException("the server sent nothing for " + limit.toSeconds() + " s", e);
      }
      throw e;
    } finally {
      watch.cancel(false);
    }
  }

  private void hangUp() {
    try {
      in.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static ScheduledExecutorService watchdog() {
    ScheduledThreadPoolExecutor executor =
        new ScheduledThreadPoolExecutor(
            1, Thread.ofPlatform().daemon().name("mlflow-stalls").factory());
    executor.setRemoveOnCancelPolicy(true);
    return executor;
  }
}
