package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.nio.channels.ClosedByInterruptException;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/**
 * Ctrl-C and SIGTERM for a command that starts processes on this machine: ends the work, and holds
 * the process until {@link #close}, so that no process which it started outlives it.
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

  /** What a command does while a signal would end it in order. */
  interface Work {
    int run(LocalShutdown shutdown) throws InterruptedException;
  }

  /**
   * Does the work of a command.
   *
   * @param unfinished what a signal came into, and what to do then
   * @return the work's exit code, or 130 where it broke because a signal came
   * @throws SluiceException what the work broke by for another reason, a signal or not
   */
  static int during(Terminal terminal, Diagnostic unfinished, Work work)
      throws InterruptedException {
    // Outermost: a signal's process ends only once everything below is closed.
    try (LocalShutdown shutdown = open()) {
      try {
        return work.run(shutdown);
      } catch (SluiceException | InterruptedException e) {
        if (!shutdown.asked() || !isInterruption(e)) {
          throw e;
        }
        terminal.show(List.of(unfinished));
        return ExitCode.INTERRUPTED.code();
      }
    }
  }

  /** What a signal comes into that ends a command which only reads, or which has done nothing. */
  static Diagnostic beforeItsEnd() {
    return Diagnostic.of("SLU-9027", "interrupted before it had an answer", "run it again");
  }

  /** Whether work ended because it was interrupted, and not by what went wrong in it. */
  static boolean isInterruption(Exception e) {
    if (e instanceof SluiceException known && known.exitCode() == ExitCode.INTERRUPTED) {
      return true;
    }
    for (@Nullable Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof InterruptedException || cause instanceof ClosedByInterruptException) {
        return true;
      }
    }
    return false;
  }

  /** What a signal comes into that ends a person's decision, which may be made already. */
  static Diagnostic beforeTheDecision() {
    return Diagnostic.of(
        "SLU-9027",
        "interrupted before the decision was confirmed",
        "`sluice history` says whether the log has it; run the command again only where it has not");
  }

  private static LocalShutdown open() {
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
