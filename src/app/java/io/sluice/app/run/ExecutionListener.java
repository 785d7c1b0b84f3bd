package io.sluice.app.run;

/**
 * Hears about one execution under supervision. After {@link #succeeded}, {@link #nothingToDo},
 * {@link #failed} or {@link #stopped} nothing more is called.
 */
public interface ExecutionListener {
  /** A line for the log; one at a time, in order. */
  void line(String text);

  /** A line that a stage's own command wrote; the lines of {@link #line} are Sluice's. */
  default void output(String text) {
    line(text);
  }

  /** Makes sure that the lines so far are kept. */
  void flush();

  void succeeded(RunState state);

  /** There was nothing to do. */
  void nothingToDo(RunState state, String why);

  /**
   * It failed.
   *
   * @param mayStillRun whether it may still be running on the cluster
   */
  void failed(RunFailure failure, boolean mayStillRun);

  /**
   * It was ended by {@link ExecutionSupervisor#stop}.
   *
   * @param mayStillRun whether it may still be running on the cluster
   */
  void stopped(String text, boolean mayStillRun);
}
