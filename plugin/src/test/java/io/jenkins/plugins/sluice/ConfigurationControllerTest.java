package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
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
}
