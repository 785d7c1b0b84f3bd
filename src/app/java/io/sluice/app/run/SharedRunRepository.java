package io.sluice.app.run;

import io.sluice.core.run.RunId;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;

/**
 * Persistent storage of one run that several processes work on. What a process holds ends with the
 * process, however it ends.
 */
public interface SharedRunRepository extends RunRepository {
  /** The state that the run was opened with; empty until it was opened. */
  Optional<RunState> firstState();

  /** The pipeline that the run was opened for; empty until it was opened. */
  Optional<String> pipeline();

  /**
   * Opens the run.
   *
   * @param pipeline a name that is the same for each process
   * @param files the files of the pipeline that were read
   */
  void open(RunState first, String pipeline, SortedMap<String, byte[]> files);

  /** Does something while no other process does anything exclusively; waits for its turn. */
  <T> T exclusively(Supplier<T> work);

  /** Claims an execution for this process; other processes wait until the claim ends. */
  Claim claim(RunId execution);

  /** Waits until no process has a claim on an execution any more. */
  void awaitRelease(RunId execution, Runnable whenReleased);

  /** A claim on an execution. */
  interface Claim extends AutoCloseable {
    @Override
    void close();
  }
}
