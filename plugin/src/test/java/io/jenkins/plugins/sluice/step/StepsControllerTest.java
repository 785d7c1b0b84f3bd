package io.jenkins.plugins.sluice.step;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Result;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.jenkinsci.plugins.workflow.steps.StepConfigTester;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Steps in a controller without a cluster: their forms, and how they report bad input. */
@WithJenkins
class StepsControllerTest {
  @Test
  void aStepSurvivesItsForm(JenkinsRule jenkins) throws Exception {
    RetrainStep step = new RetrainStep("pipelines/rma-forecast");
    step.setCluster("prod");
    step.setOnHold("unstable");
    RetrainStep back = new StepConfigTester(jenkins).configRoundTrip(step);
    assertThat(back.getPipeline()).isEqualTo("pipelines/rma-forecast");
    assertThat(back.getOnHold()).isEqualTo("unstable");
  }

  @Test
  void aClusterThatThereIsNotIsSaidWithoutAStackTrace(JenkinsRule jenkins) throws Exception {
    WorkflowRun run = build(jenkins, "mlRetrain pipeline: 'p', cluster: 'nowhere'");
    jenkins.assertLogContains("has no cluster nowhere", run);
    jenkins.assertLogNotContains("\tat io.jenkins.plugins.sluice", run);
  }

  @Test
  void aStageOutsideOfTheBlockIsSaid(JenkinsRule jenkins) throws Exception {
    WorkflowRun run = build(jenkins, "mlTune()");
    jenkins.assertLogContains("mlPipeline", run);
  }

  @Test
  void optionsOfADeclarativePipelineTakeTheBlock(JenkinsRule jenkins) throws Exception {
    WorkflowRun run =
        build(
            jenkins,
            "pipeline { agent none\n options { mlPipeline('p') }\n"
                + " stages { stage('Tune') { steps { mlTune() } } } }");
    jenkins.assertLogContains("no cluster is configured", run);
  }

  private static WorkflowRun build(JenkinsRule jenkins, String script) throws Exception {
    WorkflowJob job = jenkins.createProject(WorkflowJob.class);
    job.setDefinition(new CpsFlowDefinition(script, true));
    return jenkins.buildAndAssertStatus(Result.FAILURE, job);
  }
}
