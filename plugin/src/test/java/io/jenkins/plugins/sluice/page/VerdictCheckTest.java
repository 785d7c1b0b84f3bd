package io.jenkins.plugins.sluice.page;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** The text of a check. */
class VerdictCheckTest {
  @Test
  void namesOutOfDataAreNotMarkup() {
    assertThat(
            VerdictCheck.markdown(
                new VerdictListener.Judgement(
                    "m", "HOLD", List.of("worse in market = <b>[x](http://y)", "*two*"))))
        .isEqualTo("- worse in market = \\<b\\>\\[x\\]\\(http://y\\)\n- \\*two\\*");
  }

  @Test
  void aRunWithoutARecordHasItsDecision() {
    assertThat(VerdictCheck.markdown(new VerdictListener.Judgement("m", "PROMOTE", List.of())))
        .isEqualTo("PROMOTE");
  }
}
