package hudson.triggers;

import hudson.model.Cause;

/** A signature, see the README. */
public class TimerTrigger {
  private TimerTrigger() {}

  /** A time. */
  public static class TimerTriggerCause extends Cause {
    @Override
    public String getShortDescription() {
      throw new UnsupportedOperationException();
    }
  }
}
