package io.jenkins.plugins.sluice.step;

import static io.jenkins.plugins.sluice.SavedObjects.back;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import io.jenkins.plugins.sluice.config.ClusterConfig;
import io.jenkins.plugins.sluice.connect.ClusterLogin;
import io.jenkins.plugins.sluice.connect.RegistryLogin;
import io.jenkins.plugins.sluice.pipeline.PipelineFiles;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageSelector;
import io.sluice.core.run.RunId;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What steps are told, and what they make of it. */
class StepsTest {
  @Test
  void eachStepMeansItsStages() {
    assertThat(new TuneStep().call()).isEqualTo(StageSelector.of(StageSelector.Kind.TUNE));
    assertThat(new EvaluateStep().call().kind()).isEqualTo(StageSelector.Kind.EVALUATE);
    assertThat(new CustomStageStep("enrich").call()).isEqualTo(StageSelector.stage("enrich"));
  }

  @Test
  void whatASearchCannotHaveIsRefused() throws Exception {
    TuneStep step = new TuneStep();
    step.setTrials(40);
    assertThat(step.trials()).isEqualTo(40);
    step.check();
    step.setTrials(0);
    assertThatThrownBy(step::check)
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("at least one trial");
  }

  @Test
  void aWordThatOnHoldDoesNotKnowIsRefused() {
    EvaluateStep step = new EvaluateStep();
    step.setOnHold("shrug");
    assertThatThrownBy(step::check)
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("success, unstable or failure");
    assertThatThrownBy(() -> HoldPolicy.check("shrug")).isInstanceOf(AbortException.class);
  }

  @Test
  void whatAStepWasToldSurvivesTheDisk() throws Exception {
    RetrainStep step = new RetrainStep("pipelines/rma-forecast");
    step.setCluster(" prod ");
    step.setSet(List.of("stages.tune.with.trials=3"));
    step.setSpec("");
    RunRequest back = back(step.request());
    assertThat(back.pipeline()).isEqualTo("pipelines/rma-forecast");
    assertThat(back.cluster()).isEqualTo("prod");
    assertThat(back.spec()).isEqualTo("sluice.yaml");
    assertThat(back.settings()).containsExactly("stages.tune.with.trials=3");
  }

  @Test
  void anUnsetVariableAmongTheSettingsIsASentence() throws Exception {
    RetrainStep step = new RetrainStep("p");
    step.setSet(Arrays.asList("a=1", null));
    assertThat(step.getSet()).containsExactly("a=1", null);
    assertThat(step.getSetText()).isEqualTo("a=1");
    assertThatThrownBy(step::request)
        .isInstanceOf(AbortException.class)
        .hasMessageStartingWith("set: entry 2 of 2 is null");
    TuneStep stage = new TuneStep();
    stage.setSet(Arrays.asList(null, "a=1"));
    assertThatThrownBy(stage::checkedSet).hasMessageStartingWith("set: entry 1 of 2 is null");
    stage.setSet(null);
    assertThat(stage.checkedSet()).isEmpty();
  }

  @Test
  void aHoldNamesItsRunReasonAndVersion() {
    RunId run = new RunId("j-1");
    assertThat(HoldPolicy.hold(run, Optional.of("HOLD"), RunSummary.empty()))
        .contains(new HoldPolicy.Hold(run, "nothing is promoted", 0));
    assertThat(HoldPolicy.hold(run, Optional.of("PROMOTE"), RunSummary.empty())).isEmpty();
    assertThat(HoldPolicy.hold(run, Optional.empty(), RunSummary.empty())).isEmpty();
  }

  @Test
  void whereARunGoesOnSurvivesTheDisk() throws Exception {
    PipelineStep step = new PipelineStep("p");
    assertThat(step.isLocal()).isFalse();
    step.setRunner("local");
    step.setTool("main");
    assertThat(step.isLocal()).isTrue();
    step.setRunner("moon");
    assertThatThrownBy(step::isLocal)
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("cluster or local");
    RunContext back =
        back(new RunContext("j-1", new RunContext.OnAgent(step.request(), step.getTool())));
    assertThat(back.run()).isEqualTo("j-1");
    assertThat(back.onAgent().orElseThrow().tool).isEqualTo("main");
    assertThat(back.onAgent().orElseThrow().request.pipeline()).isEqualTo("p");
    assertThat(back(new RunContext("j-2", "prod")).onAgent()).isEmpty();
  }

  @Test
  void settingsOfAFormAreOneALine() {
    RetrainStep step = new RetrainStep("p");
    step.setSettings(" stages.tune.with.trials=3\n\n  data.returns.with.rows = 5 \n");
    assertThat(step.getSet())
        .containsExactly("stages.tune.with.trials=3", "data.returns.with.rows = 5");
    assertThat(step.getSettings()).as("written down as `set`").isEmpty();
    assertThat(step.getSetText())
        .isEqualTo("stages.tune.with.trials=3\ndata.returns.with.rows = 5");
    step.setSettings("");
    assertThat(step.getSet()).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"pipelines/rma/,pipelines/rma", "./pipelines,pipelines", ".,''", "a..b,a..b"})
  void aFolderIsRelative(String given, String clean) throws Exception {
    assertThat(PipelineFiles.clean(given)).isEqualTo(clean);
  }

  @ParameterizedTest
  @ValueSource(strings = {"/etc", "../other", "a/../../b", "C:\\x"})
  void aWayOutIsRefused(String given) {
    assertThatThrownBy(() -> PipelineFiles.clean(given)).isInstanceOf(AbortException.class);
  }

  @ParameterizedTest
  @CsvSource({"team/job,true", "team/sub/job,true", "team,true", "teams/job,false", "other,false"})
  void aClusterIsForTheFoldersThatItNames(String job, boolean may) {
    ClusterConfig cluster = new ClusterConfig("prod");
    cluster.setFolders("team\n\n");
    assertThat(cluster.allows(job)).isEqualTo(may);
    cluster.setFolders("");
    assertThat(cluster.allows(job)).isTrue();
  }

  /** A declarative pipeline checks neither options nor triggers for what they lack. */
  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> new PipelineStep(null).request())
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("pipeline:");
    assertThatThrownBy(() -> new CustomStageStep(null).check())
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("mlStage");
  }

  /** As {@code cluster: env.CLUSTER} of a variable that is not set. */
  @Test
  void aVariableThatIsNotSetIsNoParameter() throws Exception {
    RetrainStep step = new RetrainStep("p");
    step.setCluster(null);
    step.setProfile(null);
    step.setSpec(null);
    step.setAsOf(null);
    step.setSet(null);
    step.setSettings(null);
    assertThat(step.request().cluster()).isEmpty();
    assertThat(step.request().spec()).isEqualTo("sluice.yaml");
    assertThat(step.request().settings()).isEmpty();
  }

  @Test
  void whatTheRegistryIsAskedByIsHidden() {
    assertThat(new RegistryLogin("https://m", "", "hunter22").secrets())
        .containsExactly("hunter22");
    assertThat(new RegistryLogin("https://m", "robot", "hunter22").secrets())
        .containsExactly("hunter22", "cm9ib3Q6aHVudGVyMjI=");
    assertThat(new RegistryLogin("https://m", "", "").secrets()).isEmpty();
  }

  @Test
  void aLoginDoesNotPrintItsSecret() {
    assertThat(
            new RegistryLogin("https://mlflow.example", "robot", "hunter22").toString()
                + new ClusterLogin(
                    ClusterLogin.Kind.TOKEN, "https://k", java.util.Optional.empty(), "hunter22"))
        .doesNotContain("hunter22");
  }
}
