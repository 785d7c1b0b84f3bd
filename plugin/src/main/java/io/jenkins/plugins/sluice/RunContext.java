package io.jenkins.plugins.sluice;

import java.io.Serializable;

/** What {@code mlPipeline} gives the steps in its block: which run they belong to. */
public final class RunContext implements Serializable {
  private static final long serialVersionUID = 1L;

  /** Id of the run. */
  private final String run;

  /** Id of its cluster as the block was told; empty: the only one. */
  private final String cluster;

  RunContext(String run, String cluster) {
    this.run = run;
    this.cluster = cluster;
  }

  String run() {
    return run;
  }

  String cluster() {
    return cluster;
  }
}
