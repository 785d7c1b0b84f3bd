package hudson.model;

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
}
