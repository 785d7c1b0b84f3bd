package hudson;

import java.io.IOException;
import java.util.Map;

/** A signature, see the README. */
public abstract class Launcher {
  Launcher() {}

  public boolean isUnix() {
    throw new UnsupportedOperationException();
  }

  public abstract void kill(Map<String, String> modelEnvVars)
      throws IOException, InterruptedException;
}
