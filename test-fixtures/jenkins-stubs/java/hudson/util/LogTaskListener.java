package hudson.util;

import hudson.model.TaskListener;
import java.io.PrintStream;
import java.util.logging.Level;
import java.util.logging.Logger;

/** A signature, see the README. */
public class LogTaskListener implements TaskListener {
  private static final long serialVersionUID = 1L;

  public LogTaskListener(Logger logger, Level level) {
    throw new UnsupportedOperationException();
  }

  @Override
  public PrintStream getLogger() {
    throw new UnsupportedOperationException();
  }
}
