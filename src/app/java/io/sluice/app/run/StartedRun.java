package io.sluice.app.run;

/** A run, or a part of one, that was started by a client which waits for it. */
public interface StartedRun {
  /**
   * Waits for the end.
   *
   * @throws InterruptedException when the thread is interrupted; the run continues
   */
  RunReport await() throws InterruptedException;

  /** Ends what is running; its {@code finally} tasks still run. */
  void cancel();
}
