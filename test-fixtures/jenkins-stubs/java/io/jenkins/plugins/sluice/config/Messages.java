package io.jenkins.plugins.sluice.config;

import org.jvnet.localizer.Localizable;
import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String ClusterConfig_answers() {
    return HOLDER.format("ClusterConfig.answers");
  }

  static String ClusterConfig_displayName() {
    return HOLDER.format("ClusterConfig.displayName");
  }

  static String ClusterConfig_folderNeedsCredentials() {
    return HOLDER.format("ClusterConfig.folderNeedsCredentials");
  }

  static String ClusterConfig_noTarget() {
    return HOLDER.format("ClusterConfig.noTarget");
  }

  static String ClusterConfig_sharesNamespace() {
    return HOLDER.format("ClusterConfig.sharesNamespace");
  }

  static String Permissions_group() {
    return HOLDER.format("Permissions.group");
  }

  static Localizable _Permissions_group() {
    return new Localizable(HOLDER, "Permissions.group");
  }

  static String Permissions_promote() {
    return HOLDER.format("Permissions.promote");
  }

  static Localizable _Permissions_promote() {
    return new Localizable(HOLDER, "Permissions.promote");
  }

  static String RegistryConfig_answers() {
    return HOLDER.format("RegistryConfig.answers");
  }

  static String RegistryConfig_displayName() {
    return HOLDER.format("RegistryConfig.displayName");
  }

  static String SluiceInstallation_displayName() {
    return HOLDER.format("SluiceInstallation.displayName");
  }

  static String SluiceConfiguration_displayName() {
    return HOLDER.format("SluiceConfiguration.displayName");
  }

  static String SluiceFolderProperty_displayName() {
    return HOLDER.format("SluiceFolderProperty.displayName");
  }

  static String ConfiguredService_forAll() {
    return HOLDER.format("ConfiguredService.forAll");
  }

  static String ConfiguredService_forFolder(Object arg0) {
    return HOLDER.format("ConfiguredService.forFolder", arg0);
  }

  static String RegistryConfig_anyModel() {
    return HOLDER.format("RegistryConfig.anyModel");
  }
}
