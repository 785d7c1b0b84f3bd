package hudson.model;

import hudson.ExtensionPoint;

/** A signature, see the README. */
public abstract class PeriodicWork implements ExtensionPoint {
  protected static final long MIN = 1000 * 60;
  protected static final long HOUR = 60 * MIN;

  public abstract long getRecurrencePeriod();

  protected abstract void doRun() throws Exception;

  public long getInitialDelay() {
    throw new UnsupportedOperationException();
  }
}
