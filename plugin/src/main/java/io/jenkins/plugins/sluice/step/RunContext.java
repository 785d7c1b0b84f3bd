package io.jenkins.plugins.sluice.step;

import io.jenkins.plugins.sluice.pipeline.RunRequest;
import java.io.Serializable;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What {@code mlPipeline} gives the steps in its block: which run they belong to. */
@Restricted(NoExternalUse.class)
public final class RunContext implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Id of the run. */
  private final String run;

  /** Id of the cluster that the block names; empty: the only one. */
  private final String cluster;

  /** Of a run on an agent; null, also as read from an earlier version: on a cluster. */
  private final @Nullable OnAgent onAgent;

  /** A run on a cluster. */
  RunContext(String run, String cluster) {
    this.run = run;
    this.cluster = cluster;
    this.onAgent = null;
  }

  /** A run on an agent. */
  RunContext(String run, OnAgent onAgent) {
    this.run = run;
    this.cluster = "";
    this.onAgent = onAgent;
  }

  /** What the stages of a run on an agent need to know of their block. */
  static final class OnAgent implements Serializable {
    private static final long serialVersionUID = 1L;

    /** The parameters of the block. */
    final RunRequest request;

    /** Name of an installation of Sluice; empty: the only one, or the one on the PATH. */
    final String tool;

    OnAgent(RunRequest request, String tool) {
      this.request = request;
      this.tool = tool;
    }
  }

  String run() {
    return run;
  }

  String cluster() {
    return cluster;
  }

  Optional<OnAgent> onAgent() {
    return Optional.ofNullable(onAgent);
  }
}
