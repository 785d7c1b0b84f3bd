package io.sluice.cli;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C and SIGTERM for a run on this machine: cancels the run, and holds the process until {@link
 * #close}, so that no process which it started outlives it.
 *
 * <p>Opened and closed by the thread that does the work. Until {@link #cancelBy} that thread is
 * interrupted, afterwards it is left alone and the given action runs.
 */
final class LocalShutdown implements AutoCloseable {
  /** How long the process is held at most: a second signal does not shorten it, SIGKILL does. */
  private static final long PATIENCE_SECONDS = 60;

  private final Thread worker = Thread.currentThread();
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook = new Thread(this::part, "shutdown");
  private @Nullable Runnable cancel;
  private boolean asked;

  private LocalShutdown() {}

  static LocalShutdown open() {
    LocalShutdown shutdown = new LocalShutdown();
    Runtime.getRuntime().addShutdownHook(shutdown.hook);
    return shutdown;
  }

  /** Sets the action that cancels the run; runs it at once where a signal came before. */
  synchronized void cancelBy(Runnable action) {
    cancel = action;
    if (asked) {
      // The interrupt was for the set-up, which was over already: waiting must not see it.
      Thread.interrupted();
      action.run();
    }
  }

  /** Whether a signal came. */
  synchronized boolean asked() {
    return asked;
  }

  private void part() {
    if (closed.getCount() == 0) {
      return;
    }
    synchronized (this) {
      asked = true;
      if (cancel == null) {
        worker.interrupt();
      } else {
        cancel.run();
      }
    }
    try {
      var unused = closed.await(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Override
  public void close() {
    closed.countDown();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      // The process is ending already: the hook sees that this is closed, and returns.
    }
  }
}
