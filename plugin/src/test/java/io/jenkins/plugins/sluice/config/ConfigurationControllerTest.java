package io.jenkins.plugins.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.casc.ConfigurationAsCode;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
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
  void clustersAreConfiguredAsCode(JenkinsRule jenkins, @TempDir Path folder) throws Exception {
    Path file = folder.resolve("jenkins.yaml");
    Files.writeString(
        file,
        """
        unclassified:
          sluice:
            clusters:
              - id: prod
                server: https://kube.example:6443
                credentialsId: kube-token
                folders: team-forecast
            registries:
              - id: mlflow
                uri: https://mlflow.example
                credentialsId: mlflow-token
        """);
    ConfigurationAsCode.get().configure(file.toString());
    ConfigurationAsCode.get().configure(file.toString());
    assertThat(SluiceConfiguration.get().getClusters()).hasSize(1);
    assertThat(SluiceConfiguration.get().getClusters().get(0).getFolders())
        .isEqualTo("team-forecast");
    assertThat(SluiceConfiguration.get().getRegistries().get(0).getUri())
        .isEqualTo("https://mlflow.example");
    ByteArrayOutputStream exported = new ByteArrayOutputStream();
    ConfigurationAsCode.get().export(exported);
    assertThat(exported.toString(StandardCharsets.UTF_8))
        .contains("credentialsId: \"kube-token\"")
        .doesNotContain("FAILED TO EXPORT");
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
