package io.jenkins.plugins.sluice.run;

import hudson.model.Run;
import java.util.Comparator;
import java.util.Optional;
import org.jenkinsci.plugins.workflow.flow.FlowExecution;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.graphanalysis.DepthFirstScanner;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.support.steps.input.InputSubmittedAction;

/** The approvals that a build has had by the step {@code input}. */
final class Approvals {
  private Approvals() {}

  /**
   * An approval.
   *
   * @param by the id of who gave it; empty for somebody who was not logged in
   */
  record Approval(Optional<String> by) {}

  /**
   * The last one. It is read from the graph of the build: the action of the build itself names only
   * approvers who were logged in, and so an approval without a name would look like none.
   */
  static Optional<Approval> last(Run<?, ?> build) {
    FlowExecution execution =
        build instanceof WorkflowRun pipeline ? pipeline.getExecution() : null;
    return new DepthFirstScanner()
        .allNodes(execution).stream()
            .filter(node -> node.getAction(InputSubmittedAction.class) != null)
            .max(Comparator.comparingInt(Approvals::number))
            .map(node -> node.getAction(InputSubmittedAction.class))
            .map(submitted -> new Approval(Optional.ofNullable(submitted.getApprover())));
  }

  /** Nodes of a build are numbered as they begin. */
  private static int number(FlowNode node) {
    return Integer.parseInt(node.getId());
  }
}
