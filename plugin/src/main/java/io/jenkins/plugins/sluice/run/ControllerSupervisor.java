package io.jenkins.plugins.sluice.run;

import hudson.model.Computer;
import io.jenkins.plugins.sluice.connect.Connections;
import io.sluice.app.staged.Driver;
import java.time.Duration;
import jenkins.util.Timer;

/** The one driver of this Jenkins. Holds no thread for an execution that goes on. */
public final class ControllerSupervisor {
  private static final Driver.Patience PATIENCE =
      new Driver.Patience(
          Duration.ofSeconds(30), 40, Duration.ofMinutes(12), Duration.ofMinutes(2));

  /** Made when it is first needed: a controller that is just starting has no thread pools yet. */
  private static final class Lazy {
    static final Driver DRIVER =
        new Driver(Computer.threadPoolForRemoting, Timer.get(), Connections.wheel(), PATIENCE);
  }

  private ControllerSupervisor() {}

  public static Driver get() {
    return Lazy.DRIVER;
  }
}
