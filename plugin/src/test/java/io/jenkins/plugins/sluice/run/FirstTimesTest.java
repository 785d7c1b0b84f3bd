package io.jenkins.plugins.sluice.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.run.RunId;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import org.junit.jupiter.api.Test;

/** The time that orphans have. */
class FirstTimesTest {
  private static final RunId X1 = new RunId("x-1");
  private static final RunId X2 = new RunId("x-2");
  private static final Instant START = Instant.parse("2026-01-01T00:00:00Z");

  private final FirstTimes times = new FirstTimes(Duration.ofMinutes(12));

  @Test
  void whatWasNeverSeenIsNotLongAgo() {
    assertThat(times.isLongAgo(X1, Instant.MAX)).isFalse();
    assertThat(times.has(X1)).isFalse();
  }

  @Test
  void theFirstTimeCounts() {
    times.note(X1, START);
    times.note(X1, START.plusSeconds(600));
    assertThat(times.has(X1)).isTrue();
    assertThat(times.isLongAgo(X1, START.plusSeconds(719))).isFalse();
    assertThat(times.isLongAgo(X1, START.plusSeconds(720))).isTrue();
  }

  @Test
  void whatIsForgottenIsSeenAnew() {
    times.note(X1, START);
    times.note(X2, START);
    times.retain(Set.of(X2));
    assertThat(times.has(X1)).isFalse();
    assertThat(times.has(X2)).isTrue();
    times.forget(X2);
    assertThat(times.has(X2)).isFalse();
  }
}
