package io.jenkins.plugins.sluice.run;

import hudson.AbortException;
import io.jenkins.plugins.sluice.failure.ChampionMovedException;
import io.jenkins.plugins.sluice.failure.RunFailedException;
import io.sluice.app.run.FailureText;
import io.sluice.app.run.RunFailure;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.util.concurrent.Future;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Turns failures into the errors that a build shows: texts without a stack trace. A build's saved
 * state refuses classes of libraries, so their exceptions stay out of it.
 */
@Restricted(NoExternalUse.class)
public final class Failures {
  private static final Logger LOGGER = Logger.getLogger(Failures.class.getName());

  private Failures() {}

  /** Drops a future whose failure is reported where it happens. */
  public static void unawaited(Future<?> outcome) {}

  /** The failure of an execution. */
  public static AbortException of(RunId run, RunFailure failure, String text) {
    return of(
        failure.code().code(), run.value(), failure.stage().map(StageName::value).orElse(""), text);
  }

  /**
   * A failure with an exit code of {@code sluice run}.
   *
   * @param run id, or empty
   * @param stage name, or empty
   */
  public static AbortException of(int code, String run, String stage, String text) {
    return code == ExitCode.CHAMPION_MOVED.code()
        ? new ChampionMovedException(text, run, stage, code)
        : new RunFailedException(text, run, stage, code);
  }

  public static AbortException of(Throwable t) {
    if (t instanceof AbortException known) {
      return known;
    }
    if (t instanceof SluiceException known) {
      return of(known.exitCode().code(), "", "", FailureText.of(known));
    }
    LOGGER.log(Level.WARNING, "a step of Sluice broke", t);
    return new AbortException("Sluice broke: " + t + "; the log of Jenkins says where");
  }
}
