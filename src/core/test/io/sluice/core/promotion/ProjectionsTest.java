package io.sluice.core.promotion;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.promotion.Projections.Relation;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Head;
import io.sluice.core.promotion.PromotionLog.Kind;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class ProjectionsTest {
  /** Version 4 was champion, then 7, then 4 again; entry 3 lost with version 6. */
  private static final List<Entry> LOG =
      List.of(entry(1, 4, true), entry(2, 7, true), entry(3, 6, false), entry(4, 4, true));

  private static final Head HEAD = head(4);

  @Test
  void agreeWhereBothNameTheChampionOrNothing() {
    assertThat(of(4, List.of(4), 4)).isEqualTo(Relation.AGREE);
    assertThat(new Projections(Optional.empty(), List.of(), Optional.empty()))
        .matches(p -> p.relation(List.of(), Head.EMPTY) == Relation.AGREE);
  }

  @Test
  void whatNamesAChampionOfTheTimeSinceTheyWereWrittenIsBehind() {
    assertThat(of(7, List.of(7), 2)).as("nothing of entry 4 is done").isEqualTo(Relation.BEHIND);
    assertThat(of(4, List.of(7), 2)).as("the tag is not set yet").isEqualTo(Relation.BEHIND);
    assertThat(of(4, List.of(4, 7), 2)).as("the old tag is there").isEqualTo(Relation.BEHIND);
    assertThat(of(0, List.of(), 4))
        .as("what is missing overwrites nothing")
        .isEqualTo(Relation.BEHIND);
    assertThat(of(7, List.of(7), 0)).as("written by an earlier version").isEqualTo(Relation.BEHIND);
  }

  @Test
  void whatNamesAnythingElseIsForeign() {
    assertThat(of(7, List.of(4), 4)).as("moved back by a person").isEqualTo(Relation.FOREIGN);
    assertThat(of(4, List.of(4, 7), 4)).as("a tag set by a person").isEqualTo(Relation.FOREIGN);
    assertThat(of(6, List.of(4), 0)).as("a loser never was champion").isEqualTo(Relation.FOREIGN);
    assertThat(of(9, List.of(9), 2)).as("another job's").isEqualTo(Relation.FOREIGN);
    assertThat(
            new Projections(Optional.of(2), List.of(), Optional.empty())
                .relation(List.of(), Head.EMPTY))
        .as("before the first promotion")
        .isEqualTo(Relation.FOREIGN);
    assertThat(
            new Projections(Optional.empty(), List.of(2), Optional.empty())
                .relation(List.of(), Head.EMPTY))
        .as("the tag alone")
        .isEqualTo(Relation.FOREIGN);
  }

  @Test
  void aSentenceNamesWhatThereIs() {
    assertThat(new Projections(Optional.of(2), List.of(3, 2), Optional.empty()).sentence())
        .isEqualTo("the alias champion names version 2, stage=Production is on version 2, 3");
    assertThat(new Projections(Optional.empty(), List.of(), Optional.empty()).sentence())
        .isEqualTo("no alias champion, no version has stage=Production");
  }

  /** Zero stands for what is not there. */
  private static Relation of(int alias, List<Integer> production, int written) {
    return new Projections(
            alias == 0 ? Optional.empty() : Optional.of(alias),
            production,
            written == 0 ? Optional.empty() : Optional.of(head(written)))
        .relation(LOG, HEAD);
  }

  private static Head head(long entry) {
    return new Head(entry, Digest.of("entry " + entry));
  }

  private static Entry entry(long number, int to, boolean valid) {
    return new Entry(
        number,
        Kind.PROMOTE,
        number - 1,
        to,
        "ann",
        "why",
        "run-" + number,
        Instant.EPOCH,
        valid,
        Digest.of("entry " + number),
        Optional.empty());
  }
}
