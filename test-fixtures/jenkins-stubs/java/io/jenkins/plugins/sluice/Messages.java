package io.jenkins.plugins.sluice;

import org.jvnet.localizer.Localizable;
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

  static String Forms_setting(Object arg1) {
    return HOLDER.format("Forms.setting", arg1);
  }

  static String OutputNote_displayName() {
    return HOLDER.format("OutputNote.displayName");
  }

  static String OutputNote_summary() {
    return HOLDER.format("OutputNote.summary");
  }

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

  static String CustomStageStep_displayName() {
    return HOLDER.format("CustomStageStep.displayName");
  }

  static String DriftStep_displayName() {
    return HOLDER.format("DriftStep.displayName");
  }

  static String EvaluateStep_displayName() {
    return HOLDER.format("EvaluateStep.displayName");
  }

  static String Forms_id() {
    return HOLDER.format("Forms.id");
  }

  static String ModelAction_displayName() {
    return HOLDER.format("ModelAction.displayName");
  }

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

  static String OnHold_failure() {
    return HOLDER.format("OnHold.failure");
  }

  static String OnHold_success() {
    return HOLDER.format("OnHold.success");
  }

  static String OnHold_unstable() {
    return HOLDER.format("OnHold.unstable");
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

  static String PipelineStep_displayName() {
    return HOLDER.format("PipelineStep.displayName");
  }

  static String PreprocessStep_displayName() {
    return HOLDER.format("PreprocessStep.displayName");
  }

  static String PromoteStep_displayName() {
    return HOLDER.format("PromoteStep.displayName");
  }

  static String RegistryConfig_answers() {
    return HOLDER.format("RegistryConfig.answers");
  }

  static String RegistryConfig_displayName() {
    return HOLDER.format("RegistryConfig.displayName");
  }

  static String RetrainStep_displayName() {
    return HOLDER.format("RetrainStep.displayName");
  }

  static String RunStep_onAgent() {
    return HOLDER.format("RunStep.onAgent");
  }

  static String RunStep_onCluster() {
    return HOLDER.format("RunStep.onCluster");
  }

  static String SluiceInstallation_displayName() {
    return HOLDER.format("SluiceInstallation.displayName");
  }

  static String RollbackStep_displayName() {
    return HOLDER.format("RollbackStep.displayName");
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

  static String SluiceConfiguration_displayName() {
    return HOLDER.format("SluiceConfiguration.displayName");
  }

  static String SluiceFolderProperty_displayName() {
    return HOLDER.format("SluiceFolderProperty.displayName");
  }

  static String TrainStep_displayName() {
    return HOLDER.format("TrainStep.displayName");
  }

  static String TuneStep_displayName() {
    return HOLDER.format("TuneStep.displayName");
  }
}
