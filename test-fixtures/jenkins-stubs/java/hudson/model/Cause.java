package hudson.model;

import java.util.List;

/** A signature, see the README. */
public abstract class Cause {
  public abstract String getShortDescription();

  /** A person. */
  public static class UserIdCause extends Cause {
    public String getUserId() {
      throw new UnsupportedOperationException();
    }

    @Override
    public String getShortDescription() {
      throw new UnsupportedOperationException();
    }
  }

  /** Another build. */
  public static class UpstreamCause extends Cause {
    public String getUpstreamProject() {
      throw new UnsupportedOperationException();
    }

    public int getUpstreamBuild() {
      throw new UnsupportedOperationException();
    }

    public Run<?, ?> getUpstreamRun() {
      throw new UnsupportedOperationException();
    }

    public List<Cause> getUpstreamCauses() {
      throw new UnsupportedOperationException();
    }

    @Override
    public String getShortDescription() {
      throw new UnsupportedOperationException();
    }
  }
}
