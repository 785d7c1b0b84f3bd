package io.jenkins.plugins.sluice.form;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String Forms_setting(Object arg1) {
    return HOLDER.format("Forms.setting", arg1);
  }

  static String Forms_id() {
    return HOLDER.format("Forms.id");
  }
}
