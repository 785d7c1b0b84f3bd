package io.jenkins.plugins.sluice.newdata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import io.jenkins.plugins.sluice.pipeline.RunRequest;
import java.lang.reflect.Field;
import java.util.Map;
import org.jenkinsci.Symbol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kohsuke.stapler.DataBoundConstructor;

/** What the trigger receives; what it makes of it is tested without Jenkins. */
class NewDataTriggerTest {
  @ParameterizedTest
  @CsvSource({
    "pipelines/rma/sluice.yaml,pipelines/rma,sluice.yaml",
    "pipelines/rma/other.yml,pipelines/rma,other.yml",
    "pipelines/rma,pipelines/rma,sluice.yaml",
    "./pipelines/rma/,pipelines/rma,sluice.yaml",
    "sluice.yaml,'',sluice.yaml",
    ".,'',sluice.yaml"
  })
  void aPathIsThatOfASpecOrOfItsFolder(String path, String folder, String file) throws Exception {
    RunRequest request = NewDataTrigger.request(path, "prod", "nightly");
    assertThat(request.pipeline()).isEqualTo(folder);
    assertThat(request.spec()).isEqualTo(file);
    assertThat(request.cluster()).isEqualTo("prod");
    assertThat(request.profile()).isEqualTo("nightly");
  }

  @Test
  void aWayOutIsRefused() {
    assertThatThrownBy(() -> NewDataTrigger.request("../x/sluice.yaml", "", ""))
        .isInstanceOf(AbortException.class);
    assertThatThrownBy(() -> NewDataTrigger.request("/etc/sluice.yaml", "", ""))
        .isInstanceOf(AbortException.class);
  }

  @Test
  void itsNameAndItsParametersAreThoseOfAJenkinsfile() throws Exception {
    assertThat(NewDataTrigger.DescriptorImpl.class.getAnnotation(Symbol.class).value())
        .containsExactly("mlNewData");
    var constructor = NewDataTrigger.class.getConstructor(String.class, String.class);
    assertThat(constructor.isAnnotationPresent(DataBoundConstructor.class)).isTrue();
  }

  /** A declarative pipeline does not check that a trigger has its parameters. */
  @Test
  void whatIsNotThereIsNamed() {
    assertThatThrownBy(() -> new NewDataTrigger("p/sluice.yaml", null))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("schedule:");
  }

  /** The superclass's getter of this name is final, and says something else. */
  @Test
  void itIsWrittenDownWithItsSpec() {
    assertThat(
            NewDataTrigger.DescriptorImpl.written(
                Map.of("spec", "H * * * *", "schedule", "H * * * *", "file", "p/sluice.yaml")))
        .isEqualTo(Map.of("spec", "p/sluice.yaml", "schedule", "H * * * *"));
    assertThat(NewDataTrigger.DescriptorImpl.written(Map.of("spec", "p", "schedule", "")))
        .isEqualTo(Map.of("spec", "p", "schedule", ""));
  }

  /** What is saved has one field of each name: a second one would be read in the first's place. */
  @Test
  void noFieldHidesOneOfTheSuperclass() {
    assertThat(NewDataTrigger.class.getDeclaredFields())
        .extracting(Field::getName)
        .doesNotContain("spec", "tabs", "job");
  }
}
