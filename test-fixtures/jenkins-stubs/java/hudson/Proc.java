package hudson;

import hudson.model.TaskListener;
import java.io.IOException;
import java.util.concurrent.TimeUnit;

/** A signature, see the README. */
public abstract class Proc {
  Proc() {}

  public final int joinWithTimeout(long timeout, TimeUnit unit, TaskListener listener)
      throws IOException, InterruptedException {
    throw new UnsupportedOperationException();
  }
}
