package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import io.sluice.app.run.FailureText;
import io.sluice.core.diag.SluiceException;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * Turns failures into the errors that a build shows: texts without a stack trace. A build's saved
 * state refuses classes of libraries, so their exceptions stay out of it.
 */
public final class Failures {
  private static final Logger LOGGER = Logger.getLogger(Failures.class.getName());

  private Failures() {}

  /** Drops a future whose failure is reported where it happens. */
  public static void unawaited(Future<?> outcome) {}

  public static AbortException of(Throwable t) {
    if (t instanceof AbortException known) {
      return known;
    }
    if (t instanceof SluiceException known) {
      return new AbortException(FailureText.of(known));
    }
    LOGGER.log(Level.WARNING, "a step of Sluice broke", t);
    return new AbortException("Sluice broke: " + t + "; the log of Jenkins says where");
  }
}
