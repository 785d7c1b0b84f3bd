package io.sluice.mlflow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Brief;

/** Text that a server or another program wrote, made fit to be quoted. */
final class ForeignText {
  private static final int MAX_LINE = 300;
  private static final int MAX_NAME = 80;

  private ForeignText() {}

  /** For a message: one line, printable, short. */
  static String oneLine(String text) {
    return Brief.line(text, MAX_LINE);
  }

  /** For a message and a tag: printable, short, and different for different texts. */
  static String distinct(String text) {
    String line = text.replaceAll("[^\\p{Print}]", "?");
    return line.equals(text) && line.length() <= MAX_NAME
        ? line
        : line.substring(0, Math.min(MAX_NAME, line.length())) + ".. " + Digest.of(text).brief();
  }
}
