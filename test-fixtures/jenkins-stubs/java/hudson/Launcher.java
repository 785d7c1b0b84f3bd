package hudson;

/** A signature, see the README. */
public abstract class Launcher {
  Launcher() {}

  public boolean isUnix() {
    throw new UnsupportedOperationException();
  }
}
