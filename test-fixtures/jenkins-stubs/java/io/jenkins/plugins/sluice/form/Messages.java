package io.jenkins.plugins.sluice.form;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String FormText_setting(Object arg1) {
    return HOLDER.format("FormText.setting", arg1);
  }

  static String ConfiguredIds_id() {
    return HOLDER.format("ConfiguredIds.id");
  }
}
