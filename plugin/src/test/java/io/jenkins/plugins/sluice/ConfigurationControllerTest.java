package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.casc.ConfigurationAsCode;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.jvnet.hudson.test.JenkinsRule;
import org.jvnet.hudson.test.junit.jupiter.WithJenkins;

/** Clusters and registries survive the form and the disk. */
@WithJenkins
class ConfigurationControllerTest {
  @Test
  void aRoundTripThroughTheFormChangesNothing(JenkinsRule jenkins) throws Exception {
    ClusterConfig cluster = new ClusterConfig("prod");
    cluster.setServer("https://kube.example:6443");
    cluster.setCredentialsId("kube");
    cluster.setFolders("team");
    SluiceConfiguration.get().setClusters(List.of(cluster));
    SluiceConfiguration.get()
        .setRegistries(List.of(new RegistryConfig("mlflow", "https://mlflow.example")));

    jenkins.configRoundtrip();

    ClusterConfig back = SluiceConfiguration.get().getClusters().get(0);
    assertThat(back.getId()).isEqualTo("prod");
    assertThat(back.getServer()).isEqualTo("https://kube.example:6443");
    assertThat(back.getFolders()).isEqualTo("team");
    assertThat(SluiceConfiguration.get().getRegistries()).hasSize(1);
  }

  @Test
  void anInstallationIsConfiguredAsCodeAndSurvivesTheForm(JenkinsRule jenkins, @TempDir Path folder)
      throws Exception {
    Path file = folder.resolve("jenkins.yaml");
    Files.writeString(
        file, "tool: { sluice: { installations: [ { name: main, home: /opt/sluice } ] } }\n");
    ConfigurationAsCode.get().configure(file.toString());
    jenkins.configRoundtrip();
    var installations =
        jenkins
            .jenkins
            .getDescriptorByType(SluiceInstallation.DescriptorImpl.class)
            .getInstallations();
    assertThat(installations).hasSize(1);
    assertThat(installations[0].getName()).isEqualTo("main");
    assertThat(installations[0].getHome()).isEqualTo("/opt/sluice");
  }
}
