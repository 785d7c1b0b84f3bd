package io.sluice.app.run;

import io.sluice.app.SourceTree;
import io.sluice.core.run.RunId;
import java.util.Optional;

/** Persistent storage of one run. Its methods are called with the run's lock held. */
public interface RunRepository {
  /** Where the run stands; empty until it was opened. */
  Optional<RunState> state();

  /** Replaces the state. */
  void save(RunState state);

  /** The files of the pipeline that were read when the run was opened. */
  SourceTree snapshot();

  /** How much of an execution's output was shown. */
  default LogPosition logPosition(RunId execution) {
    return LogPosition.start();
  }

  /** Keeps how much of an execution's output was shown. */
  default void saveLogPosition(RunId execution, LogPosition position) {}
}
