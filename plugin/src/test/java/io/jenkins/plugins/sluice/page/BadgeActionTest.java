package io.jenkins.plugins.sluice.page;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.picture.Badge;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What the badges of a job say before there is anything to say; the rest needs builds. */
class BadgeActionTest {
  @Test
  void theTagIsOfTheBytes() {
    byte[] one = new Badge("model", "1", Badge.Tone.GOOD).svg();
    byte[] two = new Badge("model", "2", Badge.Tone.GOOD).svg();
    assertThat(BadgeAction.tag(one))
        .isEqualTo(BadgeAction.tag(one))
        .isNotEqualTo(BadgeAction.tag(two))
        .matches("\"[0-9a-f]{32}\"");
  }

  @Test
  void withoutRunsThereIsNoTrend() {
    assertThat(ModelAction.trend(List.of())).isEmpty();
  }
}
