package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.run.RunId;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.jvnet.hudson.test.junit.jupiter.JenkinsSessionExtension;

/** What Jenkins knows of clusters and of what goes on there comes back after a restart. */
class RestartControllerTest {
  @RegisterExtension private final JenkinsSessionExtension sessions = new JenkinsSessionExtension();

  @Test
  void clustersAndNotesComeBack() throws Throwable {
    sessions.then(jenkins -> {
      SluiceConfiguration.get().setClusters(List.of(new ClusterConfig("prod")));
      Ledger.ofJenkins().note(new Ledger.Entry(new RunId("x-1"), "job#1", "job", "prod", "models"));
    });
    sessions.then(jenkins -> {
      assertThat(SluiceConfiguration.get().getClusters())
          .extracting(ClusterConfig::getId)
          .containsExactly("prod");
      assertThat(Ledger.ofJenkins().entries()).hasSize(1);
    });
  }
}
