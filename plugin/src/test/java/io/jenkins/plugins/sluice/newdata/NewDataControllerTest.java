package io.jenkins.plugins.sluice.newdata;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.FreeStyleProject;
import hudson.triggers.Trigger;
import hudson.triggers.TriggerDescriptor;
import java.util.Map;
import org.jenkinsci.plugins.structs.describable.DescribableModel;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** The trigger in a controller without a cluster. */
@WithJenkins
class NewDataControllerTest {
  @Test
  void aDeclarativePipelineGetsIt(JenkinsRule jenkins) throws Exception {
    WorkflowJob job =
        built(
            jenkins,
            "pipeline { agent none\n triggers { mlNewData(spec: 'p/sluice.yaml', schedule: 'H 4 * *"
                + " *') }\n stages { stage('x') { steps { echo 'built' } } } }");
    assertThat(trigger(job).getFile()).isEqualTo("p/sluice.yaml");
    assertThat(trigger(job).getSchedule()).isEqualTo("H 4 * * *");
  }

  @Test
  void aScriptedPipelineGetsIt(JenkinsRule jenkins) throws Exception {
    WorkflowJob job =
        built(
            jenkins,
            "properties([pipelineTriggers([mlNewData(spec: 'p', schedule: 'H * * * *', source:"
                + " 'returns')])])");
    assertThat(trigger(job).getSource()).isEqualTo("returns");
  }

  @Test
  void itIsWrittenDownAsItWasRead(JenkinsRule jenkins) throws Exception {
    NewDataTrigger trigger = new NewDataTrigger("p/sluice.yaml", "H * * * *");
    trigger.setCluster("prod");
    assertThat(DescribableModel.uninstantiate2_(trigger).toMap())
        .containsAllEntriesOf(
            Map.of("spec", "p/sluice.yaml", "schedule", "H * * * *", "cluster", "prod"));
  }

  @Test
  void itSurvivesTheDiskAndTheForm(JenkinsRule jenkins) throws Exception {
    WorkflowJob job =
        built(
            jenkins,
            "properties([pipelineTriggers([mlNewData(spec: 'p/sluice.yaml', schedule: 'H * * *"
                + " *')])])");
    job.doReload();
    assertThat(trigger(job).getFile()).isEqualTo("p/sluice.yaml");
    job = jenkins.configRoundtrip(job);
    assertThat(trigger(job).getFile()).isEqualTo("p/sluice.yaml");
    assertThat(trigger(job).getSchedule()).isEqualTo("H * * * *");
  }

  @Test
  void aLookThatCannotBeIsSaidAndStartsNothing(JenkinsRule jenkins) throws Exception {
    WorkflowJob job =
        built(
            jenkins,
            "properties([pipelineTriggers([mlNewData(spec: 'p', schedule: 'H * * * *')])])");
    NewDataTrigger trigger = trigger(job);
    new NewDataWatch(job, trigger).look(/* onlyIfGoing= */ false);
    assertThat(new NewDataAction(job, trigger).getText()).contains("no cluster is configured");
    assertThat(job.getLastBuild().getNumber()).isEqualTo(1);
    jenkins.createWebClient().getPage(job, "sluice-data");
  }

  @Test
  void itIsForJobsThatCanBeStarted(JenkinsRule jenkins) throws Exception {
    TriggerDescriptor descriptor =
        jenkins.jenkins.getDescriptorByType(NewDataTrigger.DescriptorImpl.class);
    FreeStyleProject freestyle = jenkins.createFreeStyleProject();
    assertThat(descriptor.isApplicable(freestyle)).isTrue();
    assertThat(descriptor.isApplicable(jenkins.createFolder("folder"))).isFalse();
  }

  private static WorkflowJob built(JenkinsRule jenkins, String script) throws Exception {
    WorkflowJob job = jenkins.createProject(WorkflowJob.class);
    job.setDefinition(new CpsFlowDefinition(script, true));
    jenkins.buildAndAssertSuccess(job);
    return job;
  }

  private static NewDataTrigger trigger(WorkflowJob job) {
    for (Trigger<?> trigger : job.getTriggers().values()) {
      if (trigger instanceof NewDataTrigger found) {
        return found;
      }
    }
    throw new AssertionError("no trigger");
  }
}
