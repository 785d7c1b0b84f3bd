package io.jenkins.plugins.sluice.run;

import hudson.Extension;
import hudson.model.Computer;
import hudson.model.Item;
import hudson.model.Run;
import hudson.model.TaskListener;
import hudson.model.listeners.ItemListener;
import hudson.model.listeners.RunListener;
import hudson.util.LogTaskListener;
import java.util.concurrent.TimeUnit;
import java.util.logging.Level;
import java.util.logging.Logger;
import jenkins.util.Timer;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Has what a build left behind ended as soon as the build is over, and again when its time to end
 * by itself is over. A build that Jenkins finds dead when it starts ends in the same way.
 */
@Restricted(NoExternalUse.class)
@Extension
public final class FinishedBuilds extends RunListener<Run<?, ?>> {
  private static final Logger LOGGER = Logger.getLogger(FinishedBuilds.class.getName());

  /** A step that has ended strikes its own note first. */
  private static final long SOON_SECONDS = 5;

  @Override
  public void onCompleted(Run<?, ?> build, TaskListener listener) {
    String id = build.getExternalizableId();
    if (StartedExecutions.ofJenkins().entries().stream().noneMatch(e -> e.build().equals(id))) {
      return;
    }
    after(SOON_SECONDS, id);
    after(OrphanReaper.GRACE.toSeconds() + 2 * SOON_SECONDS, id);
  }

  private static void after(long seconds, String build) {
    Runnable reap =
        () -> {
          try {
            OrphanReaper.get()
                .reap(e -> e.build().equals(build), new LogTaskListener(LOGGER, Level.INFO));
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
        };
    Failures.unawaited(
        Timer.get()
            .schedule(
                () -> Computer.threadPoolForRemoting.execute(reap), seconds, TimeUnit.SECONDS));
  }

  /** Keeps the notes of a job findable that is renamed or moved while it builds. */
  @Extension
  public static final class Moves extends ItemListener {
    @Override
    public void onLocationChanged(Item item, String oldFullName, String newFullName) {
      StartedExecutions.ofJenkins().moved(oldFullName, newFullName);
    }
  }
}
