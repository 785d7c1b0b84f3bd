package io.jenkins.plugins.sluice.step;

import org.jvnet.localizer.ResourceBundleHolder;

/**
 * What the official build generates from {@code Messages.properties}; a test holds the two against
 * each other.
 */
final class Messages {
  private static final ResourceBundleHolder HOLDER = ResourceBundleHolder.get(Messages.class);

  private Messages() {}

  static String CustomStageStep_displayName() {
    return HOLDER.format("CustomStageStep.displayName");
  }

  static String DriftStep_displayName() {
    return HOLDER.format("DriftStep.displayName");
  }

  static String EvaluateStep_displayName() {
    return HOLDER.format("EvaluateStep.displayName");
  }

  static String HoldPolicy_failure() {
    return HOLDER.format("HoldPolicy.failure");
  }

  static String HoldPolicy_success() {
    return HOLDER.format("HoldPolicy.success");
  }

  static String HoldPolicy_unstable() {
    return HOLDER.format("HoldPolicy.unstable");
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

  static String RetrainStep_displayName() {
    return HOLDER.format("RetrainStep.displayName");
  }

  static String RunStep_onAgent() {
    return HOLDER.format("RunStep.onAgent");
  }

  static String RunStep_onCluster() {
    return HOLDER.format("RunStep.onCluster");
  }

  static String RollbackStep_displayName() {
    return HOLDER.format("RollbackStep.displayName");
  }

  static String TrainStep_displayName() {
    return HOLDER.format("TrainStep.displayName");
  }

  static String TuneStep_displayName() {
    return HOLDER.format("TuneStep.displayName");
  }
}
