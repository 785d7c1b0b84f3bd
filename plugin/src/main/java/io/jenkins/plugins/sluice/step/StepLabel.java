package io.jenkins.plugins.sluice.step;

import java.io.IOException;
import org.jenkinsci.plugins.workflow.actions.LabelAction;
import org.jenkinsci.plugins.workflow.graph.FlowNode;
import org.jenkinsci.plugins.workflow.steps.StepContext;

/** The parameter {@code label} of a step: what views of a pipeline show instead of its name. */
final class StepLabel {
  private static final int MAX_LENGTH = 100;

  private StepLabel() {}

  /** Puts a label on the step; none when it is empty. */
  static void put(StepContext context, String label) throws IOException, InterruptedException {
    FlowNode node = label.isEmpty() ? null : context.get(FlowNode.class);
    if (node != null) {
      node.addOrReplaceAction(new LabelAction(shortened(label)));
    }
  }

  static String shortened(String label) {
    return label.length() <= MAX_LENGTH ? label : label.substring(0, MAX_LENGTH - 3) + "...";
  }
}
