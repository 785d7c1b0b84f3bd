package io.jenkins.plugins.sluice.newdata;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String NewDataAction_displayName() {
    return HOLDER.format("NewDataAction.displayName");
  }

  static String NewDataCause_description(Object arg0, Object arg1) {
    return HOLDER.format("NewDataCause.description", arg0, arg1);
  }

  static String NewDataTrigger_displayName() {
    return HOLDER.format("NewDataTrigger.displayName");
  }

  static String NewDataTrigger_noSpec() {
    return HOLDER.format("NewDataTrigger.noSpec");
  }
}
