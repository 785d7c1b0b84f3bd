package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import io.sluice.app.staged.Driver;
import io.sluice.core.diag.SluiceException;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;

/**
 * What went wrong as a build says it: a text without a stack trace. Exceptions of libraries do not
 * go into a build's saved state, which would refuse their classes.
 */
public final class Failures {
  private static final Logger LOGGER = Logger.getLogger(Failures.class.getName());

  private Failures() {}

  /** Nobody waits for it: what goes wrong in it is told where it happens. */
  public static void unawaited(Future<?> outcome) {}

  public static AbortException of(Throwable t) {
    if (t instanceof AbortException known) {
      return known;
    }
    if (t instanceof SluiceException known) {
      return new AbortException(Driver.words(known));
    }
    LOGGER.log(Level.WARNING, "a step of Sluice broke", t);
    return new AbortException("Sluice broke: " + t + "; the log of Jenkins says where");
  }
}
