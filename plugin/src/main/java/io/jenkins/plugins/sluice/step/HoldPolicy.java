package io.jenkins.plugins.sluice.step;

import hudson.AbortException;
import hudson.model.Result;
import hudson.model.Run;
import io.jenkins.plugins.sluice.failure.HeldException;
import io.sluice.app.run.RunSummary;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.util.Optional;
import java.util.Set;
import org.jenkinsci.plugins.workflow.actions.WarningAction;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** What a build makes of a verdict {@code HOLD}: the parameter {@code onHold} of a step. */
final class HoldPolicy {
  static final String SUCCESS = "success";
  static final String UNSTABLE = "unstable";
  static final String FAILURE = "failure";
  static final Set<String> ALL = Set.of(SUCCESS, UNSTABLE, FAILURE);

  private HoldPolicy() {}

  /**
   * Refuses what is none of them. Not from a setter: Jenkins wraps what a setter throws, and the
   * log shows the wrapping instead of the text.
   */
  static void check(String what) throws AbortException {
    if (!ALL.contains(what)) {
      throw new AbortException("onHold is success, unstable or failure, not " + what);
    }
  }

  /**
   * A verdict HOLD.
   *
   * @param why nothing is promoted
   * @param version that the candidate was registered as; 0: none, or none is known
   */
  record Hold(RunId run, String why, int version) {}

  /** The hold that a run came to; empty when the verdict is another one, or there is none. */
  static Optional<Hold> hold(RunId run, Optional<String> verdict, RunSummary summary) {
    return verdict
        .filter("HOLD"::equals)
        .map(v ->
            new Hold(
                run, summary.reason().orElse("nothing is promoted"), summary.version().orElse(0)));
  }

  /** Marks the step and the build, or fails. */
  static void apply(String what, StepContext context, Hold hold)
      throws IOException, InterruptedException {
    String why = hold.why();
    if (what.equals(FAILURE)) {
      throw new HeldException(hold.run().value(), why, hold.version());
    }
    if (what.equals(UNSTABLE)) {
      FlowNode node = context.get(FlowNode.class);
      if (node != null) {
        node.addOrReplaceAction(new WarningAction(Result.UNSTABLE).withMessage("HOLD: " + why));
      }
      Run<?, ?> build = context.get(Run.class);
      if (build != null) {
        build.setResult(Result.UNSTABLE);
      }
    }
  }
}
