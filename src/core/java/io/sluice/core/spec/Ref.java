package io.sluice.core.spec;

/** What an input names: the edge of the graph as it is written in the spec. */
public sealed interface Ref {

  /** {@code data.<source>}: the snapshot of a data source. */
  record Data(String source) implements Ref {
    @Override
    public String toString() {
      return "data." + source;
    }
  }

  /** {@code <stage>.<output>}: what a stage of this run writes. */
  record Output(String stage, String output) implements Ref {
    @Override
    public String toString() {
      return stage + "." + output;
    }
  }

  /**
   * {@code champion.<stage>.<output>}: what that stage wrote in the run that made today's champion;
   * absent on a first run.
   */
  record Champion(String stage, String output) implements Ref {
    @Override
    public String toString() {
      return "champion." + stage + "." + output;
    }
  }
}
