package io.jenkins.plugins.sluice.run;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String FoldedOutputNote_displayName() {
    return HOLDER.format("FoldedOutputNote.displayName");
  }

  static String FoldedOutputNote_summary() {
    return HOLDER.format("FoldedOutputNote.summary");
  }
}
