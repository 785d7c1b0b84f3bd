package hudson.scheduler;

/** A signature, see the README. */
public abstract class Hash {
  public static Hash from(String seed) {
    throw new UnsupportedOperationException();
  }
}
