package io.sluice.core.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.promotion.EntryContent;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.LogState.Stored;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.serving.FollowStatus.State;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class FollowingTest {
  private static final Instant T = Instant.parse("2026-11-30T10:00:00Z");

  @Test
  void theNewestValidEntryDecidesAlsoWhenItNamesAnOlderVersion() {
    LogState log = log(1, 2, 1);
    Following.Next next = Following.begin(T).read(log, T);
    assertThat(next.load()).map(Entry::number).contains(3L);
    assertThat(next.following().status().state()).isEqualTo(State.NONE);

    Following serving = next.following().swapped(served(next.load().orElseThrow()), T);
    assertThat(serving.read(log, T).load()).isEmpty();
    assertThat(serving.read(log, T).following().status().state()).isEqualTo(State.CURRENT);
    Following.Next later = serving.read(log(1, 2, 1, 2), T.plusSeconds(1));
    assertThat(later.load()).map(Entry::to).contains(2);
    assertThat(later.following().status().state()).isEqualTo(State.BEHIND);
  }

  @Test
  void aLogThatFallsShortOfWhatWasSeenMovesNothing() {
    LogState log = log(1, 2);
    Following serving = following(log);

    Following shorter = serving.read(log(1), T.plusSeconds(5)).following();
    assertThat(shorter.status().state()).isEqualTo(State.STALE);
    assertThat(shorter.status().why()).contains("entry 2 is missing");
    assertThat(shorter.serving()).isEqualTo(serving.serving());
    assertThat(serving.read(log(1), T).load()).isEmpty();
    assertThat(serving.read(LogState.begin("log"), T).following().status().why())
        .contains("entries 1 to 2 are missing");

    Following forked = serving.read(log(1, 7), T).following();
    assertThat(forked.status().why()).contains("entry 2 is not the one");
    assertThat(shorter.read(log, T.plusSeconds(9)).following().status().state())
        .as("it is whole again")
        .isEqualTo(State.CURRENT);
  }

  @Test
  void aDamagedLogMovesNothingUntilAPersonAcceptsTheDamage() {
    List<Stored> stored = stored(1, 2, 3);
    Following serving = following(LogState.begin("log").then(stored.subList(0, 2)));
    stored.remove(1);
    LogState damaged = LogState.begin("log").then(stored);
    assertThat(serving.read(damaged, T).load()).isEmpty();
    assertThat(serving.read(damaged, T).following().status().state()).isEqualTo(State.STALE);

    EntryContent accept =
        new EntryContent(
            "log",
            "accept",
            Kind.OVERRIDE,
            damaged.head().entry(),
            damaged.head().digest(),
            3,
            "ann",
            "known",
            "",
            T,
            damaged.damageDigest(),
            Optional.empty(),
            Optional.empty());
    LogState sound = damaged.then(List.of(new Stored(4, accept.tags())));
    assertThat(sound.damage()).isEmpty();
    assertThat(serving.read(sound, T).load()).map(Entry::number).contains(4L);
  }

  @Test
  void aRefusedVersionIsLeftAloneForAnHourUnlessTheLogSaysSomethingNew() {
    Following serving = following(log(1));
    Following.Next next = serving.read(log(1, 2), T);
    Following refused = next.following().refuse(next.load().orElseThrow(), "SLU-9250 no", T);
    assertThat(refused.status().state()).isEqualTo(State.BEHIND);
    assertThat(refused.status().why())
        .isEqualTo("version 2 (entry 2) cannot be served: SLU-9250 no");

    Instant before = T.plus(Following.REFUSED_FOR).minusMillis(1);
    assertThat(refused.read(log(1, 2), before).load()).isEmpty();
    assertThat(refused.read(log(1, 2), before).following().status().since()).contains(T);
    assertThat(refused.read(log(1, 2), T.plus(Following.REFUSED_FOR)).load()).isPresent();
    Following.Next newer = refused.read(log(1, 2, 3), T.plusSeconds(1));
    assertThat(newer.load()).map(Entry::to).contains(3);
    assertThat(newer.following().swapped(served(newer.load().orElseThrow()), T).refused())
        .isEmpty();
  }

  @Test
  void withoutAVersionTheStateIsNoneWhateverTheReason() {
    Following none = Following.begin(T);
    assertThat(none.unreadable("down", T).status().state()).isEqualTo(State.NONE);
    assertThat(none.unreadable("down", T).status().why()).contains("down");
    assertThat(none.read(LogState.begin(""), T).following().status().why())
        .isEqualTo("no version was promoted yet");
    assertThat(none.unpinned(3, "down", T).status().state()).isEqualTo(State.NONE);
  }

  @Test
  void whatCannotBeReadIsStaleSinceTheFirstTime() {
    Following serving = following(log(1));
    Following down = serving.unreadable("a", T.plusSeconds(1)).unreadable("b", T.plusSeconds(9));
    assertThat(down.status())
        .isEqualTo(
            new FollowStatus(
                State.STALE, "the promotion log cannot be read: b", Optional.of(T.plusSeconds(1))));
    assertThat(down.failures()).isEqualTo(2);
    assertThat(down.read(log(1), T.plusSeconds(10)).following().failures()).isZero();
  }

  @ParameterizedTest(name = "{0} failures, chance {1}: {2} ms")
  @CsvSource({
    "0, 0, 8000",
    "0, 0.5, 10000",
    "0, 1, 12000",
    "1, 0.5, 20000",
    "4, 0.5, 160000",
    "5, 0.5, 300000",
    "5, 1, 360000",
    "1000, 0, 240000"
  })
  void pausesDoubleUpToTheLongestAndSpread(int failures, double chance, long millis) {
    Following following = Following.begin(T);
    for (int i = 0; i < failures; i++) {
      following = following.unreadable("down", T);
    }
    assertThat(following.pause(Duration.ofSeconds(10), Duration.ofMinutes(5), chance))
        .isEqualTo(Duration.ofMillis(millis));
  }

  @ParameterizedTest
  @EnumSource(VersionState.class)
  void everyStateLeadsSomewhereAndNoneToServingButWarm(VersionState state) {
    assertThat(VersionState.values()).anyMatch(state::mayBecome);
    assertThat(state.mayBecome(VersionState.SERVING)).isEqualTo(state == VersionState.WARM);
    assertThat(state.mayBecome(state)).isFalse();
  }

  private static Following following(LogState log) {
    Following.Next next = Following.begin(T).read(log, T);
    return next.following().swapped(served(next.load().orElseThrow()), T);
  }

  private static ServedVersion served(Entry entry) {
    return ServedVersion.of(
        "m", entry.to(), Optional.of(entry), Digest.of("f"), true, Map.of(), Map.of());
  }

  private static LogState log(int... versions) {
    return LogState.begin("log").then(stored(versions));
  }

  private static List<Stored> stored(int... versions) {
    List<Stored> log = new ArrayList<>();
    for (int version : versions) {
      LogState state = LogState.begin("log").then(log);
      EntryContent content =
          new EntryContent(
              "log",
              "k" + log.size(),
              Kind.PROMOTE,
              state.head().entry(),
              state.head().digest(),
              version,
              "ci",
              "better",
              "",
              T,
              Optional.empty(),
              Optional.empty(),
              Optional.of(Digest.of("files of " + version)));
      log.add(new Stored(log.size() + 1, content.tags()));
    }
    return log;
  }
}
