package io.jenkins.plugins.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Where the registry of a cluster is looked for. */
class JobConfigurationTest {
  private static final List<String> FROM_THE_INSIDE = List.of("a/b/c", "a/b", "a");

  private static List<String> outward(Optional<String> from) {
    return JobConfiguration.outward(FROM_THE_INSIDE, from, f -> f);
  }

  @Test
  void theClusterOfAFolderSeesThatFolderAndThoseAroundIt() {
    assertThat(outward(Optional.of("a/b"))).containsExactly("a/b", "a");
    assertThat(outward(Optional.of("a/b/c"))).containsExactly("a/b/c", "a/b", "a");
  }

  @Test
  void aClusterOfJenkinsSeesNoFolder() {
    assertThat(outward(Optional.empty())).isEmpty();
    assertThat(outward(Optional.of("elsewhere"))).isEmpty();
  }
}
