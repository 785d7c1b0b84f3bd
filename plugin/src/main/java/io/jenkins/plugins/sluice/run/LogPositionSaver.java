package io.jenkins.plugins.sluice.run;

import hudson.Extension;
import hudson.model.PeriodicWork;
import hudson.model.listeners.ItemListener;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Keeps how much of each log was shown: every few seconds, so that a crash repeats no more than the
 * lines of those, and before Jenkins stops, so that an orderly restart repeats none.
 */
@Restricted(NoExternalUse.class)
@Extension
public final class LogPositionSaver extends PeriodicWork {
  private static final long EVERY_MILLIS = 5000;

  @Override
  public long getRecurrencePeriod() {
    return EVERY_MILLIS;
  }

  @Override
  protected void doRun() {
    ControllerSupervisor.get().saveLogPositions();
  }

  /** Saves when Jenkins is about to stop and logs can still be written to. */
  @Extension
  public static final class Stopping extends ItemListener {
    @Override
    public void onBeforeShutdown() {
      ControllerSupervisor.get().pause();
    }
  }
}
