package io.sluice.core.promotion;

import static io.sluice.core.promotion.PromotionLog.Kind.ADOPT;
import static io.sluice.core.promotion.PromotionLog.Kind.OVERRIDE;
import static io.sluice.core.promotion.PromotionLog.Kind.PROMOTE;
import static io.sluice.core.promotion.PromotionLog.Kind.ROLLBACK;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class WayBackTest {
  private final List<Entry> log = new ArrayList<>();

  private void add(Kind kind, int version) {
    log.add(
        new Entry(
            log.size() + 1,
            kind,
            log.size(),
            version,
            "ada",
            "why",
            "",
            Instant.EPOCH,
            true,
            Digest.of("entry " + log.size()),
            Optional.empty()));
  }

  @Test
  void aConfirmationIsNoStepOfTheWay() {
    add(PROMOTE, 1);
    add(PROMOTE, 2);
    add(Kind.CONFIRM, 2);
    assertThat(WayBack.before(log)).contains(1);
    add(ROLLBACK, 1);
    add(Kind.CONFIRM, 1);
    assertThat(WayBack.before(log)).isEmpty();
  }

  @Test
  void eachRollbackGoesOneFurtherBackAndNeverForward() {
    add(PROMOTE, 1);
    add(PROMOTE, 2);
    add(PROMOTE, 3);
    assertThat(WayBack.before(log)).contains(2);
    add(ROLLBACK, 2);
    assertThat(WayBack.before(log)).contains(1);
    add(ROLLBACK, 1);
    assertThat(WayBack.before(log)).isEmpty();
  }

  @Test
  void aNewChampionContinuesFromWhereTheRollbackWent() {
    add(PROMOTE, 1);
    add(ADOPT, 2);
    add(ROLLBACK, 1);
    add(OVERRIDE, 4);
    assertThat(WayBack.before(log)).contains(1);
  }

  @Test
  void aRollbackToAVersionThatWasRolledBackAddsItAgain() {
    add(PROMOTE, 1);
    add(PROMOTE, 2);
    add(ROLLBACK, 1);
    add(ROLLBACK, 2);
    assertThat(WayBack.before(log)).contains(1);
  }

  @Test
  void theSameVersionTwiceIsOnePlace() {
    add(PROMOTE, 1);
    add(PROMOTE, 2);
    add(OVERRIDE, 2);
    assertThat(WayBack.before(log)).contains(1);
    assertThat(WayBack.before(List.of())).isEmpty();
  }
}
