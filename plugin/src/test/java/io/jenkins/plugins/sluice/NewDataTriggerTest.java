package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import java.lang.reflect.Modifier;
import org.jenkinsci.Symbol;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.kohsuke.stapler.DataBoundConstructor;

/** What the trigger is told; what it makes of it is tested without Jenkins. */
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
    assertThat(request.pipeline).isEqualTo(folder);
    assertThat(request.spec).isEqualTo(file);
    assertThat(request.cluster).isEqualTo("prod");
    assertThat(request.profile).isEqualTo("nightly");
  }

  @Test
  void aWayOutIsRefused() {
    assertThatThrownBy(() -> NewDataTrigger.request("../x/sluice.yaml", "", ""))
        .isInstanceOf(AbortException.class);
    assertThatThrownBy(() -> NewDataTrigger.request("/etc/sluice.yaml", "", ""))
        .isInstanceOf(AbortException.class);
  }

  /**
   * A Jenkinsfile says {@code mlNewData(spec: .., schedule: ..)}, and the snippet generator writes
   * it down again by a public field of the parameter's name, for the getter is the superclass's.
   */
  @Test
  void itsNameAndItsParametersAreThoseOfAJenkinsfile() throws Exception {
    assertThat(NewDataTrigger.DescriptorImpl.class.getAnnotation(Symbol.class).value())
        .containsExactly("mlNewData");
    var constructor = NewDataTrigger.class.getConstructor(String.class, String.class);
    assertThat(constructor.isAnnotationPresent(DataBoundConstructor.class)).isTrue();
    var field = NewDataTrigger.class.getField("spec");
    assertThat(field.getDeclaringClass()).isEqualTo(NewDataTrigger.class);
    assertThat(Modifier.isTransient(field.getModifiers())).as("saved as `file`").isTrue();
  }
}
