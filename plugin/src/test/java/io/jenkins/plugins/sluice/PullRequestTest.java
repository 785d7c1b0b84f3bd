package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import io.sluice.app.SourceTree;
import io.sluice.app.staged.AskedTree;
import io.sluice.app.staged.MemoryTree;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where the runs of pull requests go. */
class PullRequestTest {
  private static final PipelineFiles.Found NOTHING =
      new PipelineFiles.Found(
          new AskedTree(new MemoryTree("p", Map.of(), Optional.<SourceTree.Commit>empty())),
          Optional.of(target("from-the-pull-request")));

  private static String target(String namespace) {
    return "apiVersion: sluice.io/v1alpha1\nkind: Target\nnamespace: "
        + namespace
        + "\nstore: { claim: c }\nimages: { worker: \"example.test/worker@sha256:"
        + "0".repeat(64)
        + "\" }\n";
  }

  private static ClusterConfig cluster(String target, String ofPullRequests) {
    ClusterConfig cluster = new ClusterConfig("prod");
    cluster.setTarget(target);
    cluster.setPullRequestTarget(ofPullRequests);
    return cluster;
  }

  @Test
  void theyHaveATargetOfTheirOwn() throws Exception {
    ClusterConfig both = cluster(target("models"), target("proposals"));
    assertThat(Builds.target(both, NOTHING, /* pullRequest= */ true))
        .contains("namespace: proposals");
    assertThat(Builds.target(both, NOTHING, /* pullRequest= */ false))
        .contains("namespace: models");
  }

  @Test
  void withoutOneTheyDoNotRun() {
    assertThatThrownBy(() -> Builds.target(cluster(target("models"), ""), NOTHING, true))
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("takes no pull requests");
    assertThatThrownBy(() -> Builds.target(cluster("", ""), NOTHING, true))
        .as("what the pull request itself says is no target of it")
        .isInstanceOf(AbortException.class);
  }

  @Test
  void theNamespaceOfAllOtherRunsIsNotForThem() {
    assertThatThrownBy(
            () -> Builds.target(cluster(target("models"), target("models")), NOTHING, true))
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("namespace of all other runs");
  }
}
