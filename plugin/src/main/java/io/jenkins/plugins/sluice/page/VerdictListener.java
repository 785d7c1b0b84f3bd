package io.jenkins.plugins.sluice.page;

import hudson.ExtensionList;
import hudson.ExtensionPoint;
import hudson.model.Run;
import hudson.model.TaskListener;
import java.util.List;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** Hears of the verdict that a run of a build came to. */
@Restricted(NoExternalUse.class)
public abstract class VerdictListener implements ExtensionPoint {
  private static final Logger LOGGER = Logger.getLogger(VerdictListener.class.getName());

  /**
   * A verdict.
   *
   * @param decision {@code PROMOTE} or {@code HOLD}
   * @param sentences the verdict for people; empty for a run without a record, as of a pull request
   */
  public record Judgement(String model, String decision, List<String> sentences) {
    public Judgement {
      sentences = List.copyOf(sentences);
    }
  }

  /** Hears of a verdict, in the background. */
  public abstract void judged(Run<?, ?> build, Judgement judgement, TaskListener listener);

  /** Tells all of them. One that fails takes nothing from the run. */
  public static void fire(Run<?, ?> build, Judgement judgement, TaskListener listener) {
    for (VerdictListener one : ExtensionList.lookup(VerdictListener.class)) {
      try {
        one.judged(build, judgement, listener);
      } catch (RuntimeException | LinkageError e) {
        LOGGER.log(Level.WARNING, e, () -> one.getClass() + " and the verdict of " + build);
        listener.getLogger().println("(the verdict was not published: " + e.getMessage() + ")");
      }
    }
  }
}
