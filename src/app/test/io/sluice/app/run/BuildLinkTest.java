package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Only what a browser can be sent to is written on a version. */
class BuildLinkTest {
  @Test
  void theAddressOfABuildIsTaken() {
    assertThat(BuildLink.of(Optional.of(" https://ci.example/job/a/7/ ")))
        .contains(new BuildLink("https://ci.example/job/a/7/"));
  }

  @Test
  void anythingElseIsNot() {
    assertThat(BuildLink.of(Optional.empty())).isEmpty();
    assertThat(BuildLink.of(Optional.of(""))).isEmpty();
    assertThat(BuildLink.of(Optional.of("javascript:alert(1)"))).isEmpty();
    assertThat(BuildLink.of(Optional.of("https://ci.example/\nx"))).isEmpty();
    assertThat(BuildLink.of(Optional.of("https://ci.example/" + "x".repeat(2_000)))).isEmpty();
  }
}
