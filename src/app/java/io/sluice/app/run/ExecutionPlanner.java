package io.sluice.app.run;

import io.sluice.app.SourceTree;

/** Decides what an execution comes to, from the state of its run. */
public interface ExecutionPlanner {
  /**
   * Decides; called with the run's lock held.
   *
   * @param snapshot the files of the pipeline that were read when the run was opened
   * @throws io.sluice.core.diag.SluiceException for what is wrong with the run or the request
   */
  NextAction next(SourceTree snapshot, RunState state);
}
