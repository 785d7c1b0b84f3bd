package hudson.model;

/** A signature, see the README. */
public abstract class Job<JobT extends Job<JobT, RunT>, RunT extends Run<JobT, RunT>>
    extends AbstractItem {
  public RunT getBuildByNumber(int n) {
    throw new UnsupportedOperationException();
  }

  public RunT getLastBuild() {
    throw new UnsupportedOperationException();
  }

  public RunT getLastCompletedBuild() {
    throw new UnsupportedOperationException();
  }

  public String getUrl() {
    throw new UnsupportedOperationException();
  }
}
