package io.jenkins.plugins.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where the runs of pull requests go. */
class PullRequestTest {
  private static final Optional<String> OF_REPOSITORY =
      Optional.of(target("from-the-pull-request"));

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
    assertThat(both.target(OF_REPOSITORY, /* pullRequest= */ true))
        .contains("namespace: proposals");
    assertThat(both.target(OF_REPOSITORY, /* pullRequest= */ false)).contains("namespace: models");
  }

  @Test
  void withoutOneTheyDoNotRun() {
    assertThatThrownBy(() -> cluster(target("models"), "").target(OF_REPOSITORY, true))
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("takes no pull requests");
    assertThatThrownBy(() -> cluster("", "").target(OF_REPOSITORY, true))
        .as("what the pull request itself says is not a target of it")
        .isInstanceOf(AbortException.class);
  }

  @Test
  void theNamespaceOfAllOtherRunsIsNotForThem() {
    assertThatThrownBy(
            () -> cluster(target("models"), target("models")).target(OF_REPOSITORY, true))
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("namespace of all other runs");
  }
}
