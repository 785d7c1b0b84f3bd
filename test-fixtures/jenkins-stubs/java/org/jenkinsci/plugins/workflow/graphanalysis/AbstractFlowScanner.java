package org.jenkinsci.plugins.workflow.graphanalysis;

import java.util.List;
import org.jenkinsci.plugins.workflow.flow.FlowExecution;
import org.jenkinsci.plugins.workflow.graph.FlowNode;

/** A signature, see the README. */
public abstract class AbstractFlowScanner {
  public List<FlowNode> allNodes(FlowExecution exec) {
    throw new UnsupportedOperationException();
  }
}
