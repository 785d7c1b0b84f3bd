package hudson.slaves;

import hudson.model.Node;
import hudson.model.TaskListener;
import java.io.IOException;

/** A signature, see the README. */
public interface NodeSpecific<T extends NodeSpecific<T>> {
  T forNode(Node node, TaskListener log) throws IOException, InterruptedException;
}
