package io.sluice.app.run;

/** Connects to the cluster of a run. */
public interface ClusterConnector {
  /**
   * Connects; may block.
   *
   * @throws io.sluice.core.diag.SluiceException when the cluster cannot be reached or refuses
   */
  ClusterConnection connect(RunState state);
}
