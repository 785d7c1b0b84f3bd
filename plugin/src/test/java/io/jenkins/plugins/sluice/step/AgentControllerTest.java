package io.jenkins.plugins.sluice.step;

import static org.assertj.core.api.Assertions.assertThat;

import hudson.model.Label;
import hudson.model.Result;
import io.jenkins.plugins.sluice.config.SluiceInstallation;
import io.jenkins.plugins.sluice.page.RunAction;
import io.jenkins.plugins.sluice.page.RunView;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.jenkinsci.plugins.workflow.cps.CpsFlowDefinition;
import org.jenkinsci.plugins.workflow.job.WorkflowJob;
import org.jenkinsci.plugins.workflow.job.WorkflowRun;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Runs on an agent, by a program in the place of the real one that leaves a record. */
@WithJenkins
class AgentControllerTest {
  @TempDir private Path home;

  @Test
  void theResultIsThatOfTheRecord(JenkinsRule jenkins) throws Exception {
    installed(
        jenkins,
        "for a; do case $a in --record=*) echo"
            + " '{\"run\":\"r\",\"model\":\"tiny\",\"verdict\":{\"decision\":\"PROMOTE\"}}' >"
            + " \"${a#--record=}\"; echo https://mlflow.example/v1 > \"${a#--record=}.page\";; esac;"
            + " done; echo \"in the name of $SLUICE_WHO\"");
    WorkflowRun run =
        jenkins.buildAndAssertSuccess(
            job(
                jenkins,
                "node { def r = mlRetrain pipeline: 'p', runner: 'local'\n echo \"got ${r.verdict}"
                    + " of ${r.model}\" }"));
    jenkins.assertLogContains("got PROMOTE of tiny", run);
    jenkins.assertLogContains("in the name of jenkins job", run);
    assertThat(run.getAction(RunAction.class).getRuns())
        .extracting(RunView::getPage)
        .containsExactly("https://mlflow.example/v1");
  }

  @Test
  void anExitCodeIsSaidInWords(JenkinsRule jenkins) throws Exception {
    installed(jenkins, "exit 4");
    WorkflowRun run =
        jenkins.buildAndAssertStatus(
            Result.FAILURE, job(jenkins, "node { mlRetrain pipeline: 'p', runner: 'local' }"));
    jenkins.assertLogContains("champion moved", run);
    jenkins.assertLogNotContains("\tat io.jenkins.plugins.sluice", run);
  }

  @Test
  void outsideOfNodeItIsRefused(JenkinsRule jenkins) throws Exception {
    WorkflowRun run =
        jenkins.buildAndAssertStatus(
            Result.FAILURE, job(jenkins, "mlRetrain pipeline: 'p', runner: 'local'"));
    jenkins.assertLogContains("call it inside of node", run);
  }

  /** The arguments of a stage of a run, one a line. */
  private static final String TELLS =
      "for a; do echo \"told $a\"; case $a in --stage=evaluate) s=1;; --record=*) r=${a#--record=};;"
          + " esac; done; if [ -n \"${s:-}\" ]; then echo"
          + " '{\"run\":\"r\",\"verdict\":{\"decision\":\"HOLD\",\"reason\":\"worse\"}}' >\"$r\"; fi";

  @Test
  void stagesOfABlockAreStagesOfOneRun(JenkinsRule jenkins) throws Exception {
    installed(jenkins, TELLS);
    WorkflowRun run =
        jenkins.buildAndAssertStatus(
            Result.UNSTABLE,
            job(
                jenkins,
                "node { mlPipeline(pipeline: 'p', runner: 'local', set: ['a=1']) {\n"
                    + " def t = mlTune(trials: 3, set: ['b=2'])\n"
                    + " def e = mlEvaluate(onHold: 'unstable')\n"
                    + " echo \"one run: ${t.run == e.run}, ${e.verdict} for ${e.reason}\" } }"));
    jenkins.assertLogContains("told --stage=tune", run);
    jenkins.assertLogContains("told --trials=3", run);
    jenkins.assertLogContains("told --change=b=2", run);
    jenkins.assertLogContains("told --set=a=1", run);
    jenkins.assertLogContains("told --stage=evaluate", run);
    jenkins.assertLogContains("one run: true, HOLD for worse", run);
    assertThat(run.getAction(RunAction.class).getRuns()).hasSize(1);
  }

  @Test
  void aStageOnAnotherAgentIsRefused(JenkinsRule jenkins) throws Exception {
    installed(jenkins, TELLS);
    jenkins.createOnlineSlave(Label.get("other"));
    WorkflowRun run =
        jenkins.buildAndAssertStatus(
            Result.FAILURE,
            job(
                jenkins,
                "mlPipeline(pipeline: 'p', runner: 'local') {\n"
                    + " node('built-in') { mlTune() }\n node('other') { mlTrain() } }"));
    jenkins.assertLogContains("was begun on the built-in node", run);
    jenkins.assertLogContains("give them the same agent", run);
    jenkins.assertLogNotContains("\tat io.jenkins.plugins.sluice", run);
  }

  private void installed(JenkinsRule jenkins, String script) throws Exception {
    installed(jenkins, home, script);
  }

  /** Makes a program of this text in a folder the only installation. */
  static void installed(JenkinsRule jenkins, Path home, String script) throws Exception {
    Path program = home.resolve("sluice");
    Files.writeString(program, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
    jenkins
        .jenkins
        .getDescriptorByType(SluiceInstallation.DescriptorImpl.class)
        .setInstallations(new SluiceInstallation("main", home.toString(), List.of()));
  }

  private static WorkflowJob job(JenkinsRule jenkins, String script) throws Exception {
    WorkflowJob job = jenkins.createProject(WorkflowJob.class);
    job.setDefinition(new CpsFlowDefinition(script, true));
    return job;
  }
}
