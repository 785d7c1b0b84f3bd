package jenkins.util;

import java.util.concurrent.ScheduledExecutorService;

/** A signature, see the README. */
public class Timer {
  public static synchronized ScheduledExecutorService get() {
    throw new UnsupportedOperationException();
  }
}
