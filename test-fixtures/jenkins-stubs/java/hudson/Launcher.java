package hudson;

import java.io.IOException;
import java.util.Map;

/** A signature, see the README. */
public abstract class Launcher {
  Launcher() {}

  public boolean isUnix() {
    throw new UnsupportedOperationException();
  }

  public final ProcStarter launch() {
    throw new UnsupportedOperationException();
  }

  /** A signature, see the README. */
  public final class ProcStarter {
    ProcStarter() {}

    public ProcStarter cmds(String... args) {
      throw new UnsupportedOperationException();
    }

    public ProcStarter quiet(boolean quiet) {
      throw new UnsupportedOperationException();
    }

    public Proc start() throws IOException {
      throw new UnsupportedOperationException();
    }

    public int join() throws IOException, InterruptedException {
      throw new UnsupportedOperationException();
    }
  }

  public abstract void kill(Map<String, String> modelEnvVars)
      throws IOException, InterruptedException;
}
