package io.jenkins.plugins.sluice.run;

import java.util.function.Consumer;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/**
 * Marks where folded parts of a log begin, by the same rule by which {@link FoldedOutputNote} ends
 * them.
 */
@Restricted(NoExternalUse.class)
public final class FoldedOutput {
  private final Consumer<String> lines;
  private final Runnable begin;
  private boolean open;

  /**
   * A log.
   *
   * @param begin puts a note in front of the next line
   */
  public FoldedOutput(Consumer<String> lines, Runnable begin) {
    this.lines = lines;
    this.begin = begin;
  }

  public synchronized void line(String text) {
    open = open && !FoldedOutputNote.ends(text);
    lines.accept(text);
  }

  public synchronized void output(String text) {
    if (FoldedOutputNote.ends(text)) {
      open = false; // it looks like a line about a stage, and is shown like one
    } else if (!open) {
      begin.run();
      open = true;
    }
    lines.accept(text);
  }
}
