package io.jenkins.plugins.sluice.page;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String BadgeAction_model() {
    return HOLDER.format("BadgeAction.model");
  }

  static String BadgeAction_none() {
    return HOLDER.format("BadgeAction.none");
  }

  static String BadgeAction_unknown() {
    return HOLDER.format("BadgeAction.unknown");
  }

  static String BadgeAction_version(Object arg1) {
    return HOLDER.format("BadgeAction.version", arg1);
  }

  static String ModelAction_displayName() {
    return HOLDER.format("ModelAction.displayName");
  }

  static String RunAction_displayName() {
    return HOLDER.format("RunAction.displayName");
  }

  static String RunView_against(Object arg1, Object arg2, Object arg3) {
    return HOLDER.format("RunView.against", arg1, arg2, arg3);
  }

  static String RunView_alone(Object arg1, Object arg2) {
    return HOLDER.format("RunView.alone", arg1, arg2);
  }

  static String RunView_picked() {
    return HOLDER.format("RunView.picked");
  }

  static String RunView_regression() {
    return HOLDER.format("RunView.regression");
  }

  static String RunView_version(Object arg1) {
    return HOLDER.format("RunView.version", arg1);
  }

  static String VerdictColumn_displayName() {
    return HOLDER.format("VerdictColumn.displayName");
  }
}
