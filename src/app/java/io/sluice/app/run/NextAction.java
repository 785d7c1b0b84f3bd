package io.sluice.app.run;

import io.sluice.core.run.RunId;
import java.util.List;

/** What is next for an execution. */
public sealed interface NextAction {
  /**
   * Save {@code state}, then submit and follow. The same again when the request is repeated.
   *
   * @param state with the execution in it
   */
  record Submit(RunState state, RunState.Execution execution, Submission submission)
      implements NextAction {}

  /** It reached the runner before: follow it. */
  record Attach(RunState.Execution execution) implements NextAction {}

  /** Ask again when these executions have ended: they run stages that are needed. */
  record WaitFor(List<RunId> executions) implements NextAction {
    public WaitFor {
      executions = List.copyOf(executions);
    }
  }

  /** It ended before; its outcome is in the state. */
  record Finished(RunState.Execution execution) implements NextAction {}

  /** There is nothing to do, for a reason that people want to read. */
  record NoOp(String why) implements NextAction {}
}
