package io.jenkins.plugins.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.sluice.page.RunAction;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.jenkins.plugins.sluice.record.RunFolder;
import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunState;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunId;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.jenkinsci.plugins.pipeline.modeldefinition.actions.RestartDeclarativePipelineAction;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** A build that was restarted from a stage finds the run of its original. */
@WithJenkins
class RestartedBuildControllerTest {
  private static final RunRequest REQUEST =
      new RunRequest("p", "sluice.yaml", "", "", List.of(), "");

  @Test
  void theRunOfTheOriginalIsAdoptedOnce(JenkinsRule jenkins) throws Exception {
    WorkflowJob job = jenkins.createProject(WorkflowJob.class);
    job.setDefinition(
        new CpsFlowDefinition(
            "pipeline { agent none\n stages {\n stage('A') { steps { echo 'a' } }\n"
                + " stage('B') { steps { echo 'b' } } } }",
            true));
    WorkflowRun first = jenkins.buildAndAssertSuccess(job);
    assertThat(new RestartedBuild(first).adopt(REQUEST, Optional.empty())).isEmpty();

    RunId id = new RunId("j-0123456789abcdef0123");
    RunFolder folder = new RunFolder(first, id);
    TreeMap<String, byte[]> source = new TreeMap<>();
    source.put("sluice.yaml", "model: m".getBytes(StandardCharsets.UTF_8));
    folder.keepSource(source);
    folder.save(
        RunState.opened(
            new RunDefinition(
                id,
                "sluice.yaml",
                "m",
                Optional.empty(),
                Instant.EPOCH,
                Optional.of("alex"),
                Optional.empty(),
                /* untrusted= */ false,
                Digest.of("code"),
                "target"),
            List.of()));
    RunAction.of(first).add(id);

    first.getAction(RestartDeclarativePipelineAction.class).run("B");
    jenkins.waitUntilNoActivity();
    WorkflowRun second = job.getBuildByNumber(2);
    Optional<RunState> adopted = new RestartedBuild(second).adopt(REQUEST, Optional.of("robin"));
    assertThat(adopted).isPresent();
    assertThat(adopted.get().definition().run()).isEqualTo(id);
    assertThat(adopted.get().definition().who()).contains("robin");
    assertThat(new RunFolder(second, id).snapshot().files()).hasSize(1);
    assertThat(new RestartedBuild(second).adopt(REQUEST, Optional.of("sam")))
        .as("as it was adopted")
        .isEqualTo(adopted);
  }
}
