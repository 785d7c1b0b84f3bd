package io.jenkins.plugins.sluice;

import java.util.function.Consumer;

/**
 * Says where folded parts of a log begin, by the same rule by which {@link OutputNote} ends them.
 */
final class OutputFold {
  private final Consumer<String> lines;
  private final Runnable begin;
  private boolean open;

  /**
   * A log.
   *
   * @param begin puts a note in front of the next line
   */
  OutputFold(Consumer<String> lines, Runnable begin) {
    this.lines = lines;
    this.begin = begin;
  }

  synchronized void line(String text) {
    open = open && !OutputNote.ends(text);
    lines.accept(text);
  }

  synchronized void output(String text) {
    if (OutputNote.ends(text)) {
      open = false; // it looks like a line of ours, and is shown like one
    } else if (!open) {
      begin.run();
      open = true;
    }
    lines.accept(text);
  }
}
