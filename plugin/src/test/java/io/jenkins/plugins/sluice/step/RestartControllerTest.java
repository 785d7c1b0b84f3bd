package io.jenkins.plugins.sluice.step;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.sluice.config.ClusterConfig;
import io.jenkins.plugins.sluice.config.SluiceConfiguration;
import io.jenkins.plugins.sluice.run.StartedExecutions;
import io.sluice.core.run.RunId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** What Jenkins knows, and what is running, comes back after a restart. */
class RestartControllerTest {
  @RegisterExtension private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

  @TempDir private Path home;

  /** The program belongs to the agent: it does not notice. */
  @Test
  void aStageOnAnAgentIsFollowedFromWhereItWas() throws Throwable {
    sessions.then(jenkins -> {
      AgentControllerTest.installed(
          jenkins,
          home,
          """
          echo begun
          while [ ! -e %s ]; do sleep 0.1; done
          for a; do case $a in --record=*) echo '{"run":"r","model":"tiny"}' >"${a#--record=}";; esac; done
          echo ended
          """
              .formatted(home.resolve("go")));
      WorkflowJob job = jenkins.createProject(WorkflowJob.class, "job");
      job.setDefinition(
          new CpsFlowDefinition(
              "node { mlPipeline(pipeline: 'p', runner: 'local') { def r = mlTrain()\n"
                  + " echo \"got ${r.model}\" } }",
              true));
      jenkins.waitForMessage("begun", job.scheduleBuild2(0).waitForStart());
    });
    sessions.then(jenkins -> {
      Files.createFile(home.resolve("go"));
      WorkflowRun run =
          jenkins.jenkins.getItemByFullName("job", WorkflowJob.class).getBuildByNumber(1);
      jenkins.assertBuildStatusSuccess(jenkins.waitForCompletion(run));
      jenkins.assertLogContains("ended", run);
      jenkins.assertLogContains("got tiny", run);
      assertThat(String.join("\n", run.getLog(100)).split("begun", -1)).as("begun once").hasSize(2);
    });
  }

  @Test
  void clustersAndNotesComeBack() throws Throwable {
    sessions.then(jenkins -> {
      SluiceConfiguration.get().setClusters(List.of(new ClusterConfig("prod")));
      StartedExecutions.ofJenkins()
          .note(new StartedExecutions.Entry(new RunId("x-1"), "job#1", "job", "prod", "models"));
    });
    sessions.then(jenkins -> {
      assertThat(SluiceConfiguration.get().getClusters())
          .extracting(ClusterConfig::getId)
          .containsExactly("prod");
      assertThat(StartedExecutions.ofJenkins().entries()).hasSize(1);
    });
  }
}
