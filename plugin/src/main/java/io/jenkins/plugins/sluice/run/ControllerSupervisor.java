package io.jenkins.plugins.sluice.run;

import hudson.model.Computer;
import io.sluice.app.run.ExecutionSupervisor;
import io.sluice.app.run.Timeouts;
import java.time.Duration;
import jenkins.util.Timer;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** The one supervisor of this Jenkins. It holds no thread for an execution that runs. */
@Restricted(NoExternalUse.class)
public final class ControllerSupervisor {
  private static final Timeouts TIMEOUTS =
      new Timeouts(Duration.ofSeconds(30), 40, Duration.ofMinutes(12), Duration.ofMinutes(2));

  /** Made when it is first needed: a controller that is just starting has no thread pools yet. */
  private static final class Lazy {
    static final ExecutionSupervisor SUPERVISOR =
        new ExecutionSupervisor(Computer.threadPoolForRemoting, Timer.get(), TIMEOUTS);
  }

  private ControllerSupervisor() {}

  public static ExecutionSupervisor get() {
    return Lazy.SUPERVISOR;
  }
}
