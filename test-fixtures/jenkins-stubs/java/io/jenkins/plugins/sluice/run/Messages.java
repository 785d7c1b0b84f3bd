package io.jenkins.plugins.sluice.run;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String OutputNote_displayName() {
    return HOLDER.format("OutputNote.displayName");
  }

  static String OutputNote_summary() {
    return HOLDER.format("OutputNote.summary");
  }
}
