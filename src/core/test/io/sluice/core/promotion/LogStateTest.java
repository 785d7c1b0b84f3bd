package io.sluice.core.promotion;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.LogState.Anchor;
import io.sluice.core.promotion.LogState.Stored;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Head;
import io.sluice.core.promotion.PromotionLog.Kind;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LogStateTest {
  private static final Instant AT = Instant.parse("2026-11-23T10:00:00Z");

  @Test
  void theFirstToNameTheHeadWinsAndTheOtherEntryStays() {
    Stored first = stored(1, entry("a", Head.EMPTY, 1));
    Head head = LogState.begin("log").then(List.of(first)).head();
    LogState state =
        LogState.begin("log")
            .then(List.of(first, stored(2, entry("b", head, 2)), stored(3, entry("c", head, 3))));

    assertThat(state.damage()).isEmpty();
    assertThat(state.entries()).extracting(Entry::valid).containsExactly(true, true, false);
    assertThat(state.champion()).map(Entry::to).contains(2);
    assertThat(state.winner(1)).map(Entry::number).contains(2L);
  }

  @Test
  void aRunThatPinnedAnOldHeadLosesEvenWhenItsVersionIsChampionAgain() {
    List<Stored> log = chain(1, 2, 1);
    Head afterFirst = LogState.begin("log").then(log.subList(0, 1)).head();
    LogState state =
        LogState.begin("log").then(log).then(List.of(stored(4, entry("z", afterFirst, 9))));

    assertThat(state.champion()).map(Entry::to).contains(1);
    assertThat(state.entries().getLast().valid()).isFalse();
  }

  @Test
  void aMissingNumberIsDamage() {
    List<Stored> log = chain(1, 2, 3);
    assertThat(LogState.begin("log").then(List.of(log.get(0), log.get(2))).damage())
        .contains("entry 2 is missing");
    assertThat(LogState.begin("log").then(log.subList(2, 3)).damage())
        .contains("entries 1 to 2 are missing");
  }

  @Test
  void anEntryThatSomebodyChangedIsDamage() {
    List<Stored> log = new ArrayList<>(chain(1, 2, 3));
    Map<String, String> tags = new TreeMap<>(log.get(1).tags());
    tags.put("to", "7");
    log.set(1, new Stored(2, tags));

    assertThat(LogState.begin("log").then(log).damage().getFirst())
        .startsWith("entry 2 was changed");
  }

  @Test
  void anEntryThatIsReplacedByAConsistentOneBreaksTheChain() {
    List<Stored> log = new ArrayList<>(chain(1, 2, 3));
    Head one = LogState.begin("log").then(log.subList(0, 1)).head();
    log.set(1, stored(2, entry("forged", one, 7)));

    assertThat(LogState.begin("log").then(log).damage())
        .containsExactly("entry 3 follows another entry 2 than the one that is there");
  }

  @Test
  void anEntryWithoutItsTagsIsDamageAndMovesNothing() {
    LogState state =
        LogState.begin("log").then(chain(1)).then(List.of(new Stored(2, Map.of("x", "y"))));
    assertThat(state.damage()).containsExactly("entry 2 does not read: it has no log");
    assertThat(state.head().entry()).isEqualTo(1);
  }

  @Test
  void anEntryOfAnotherLogIsDamageAndMovesNothing() {
    LogState state = LogState.begin("other").then(chain(1));
    assertThat(state.damage()).containsExactly("entry 1 belongs to another log (log)");
    assertThat(state.head()).isEqualTo(Head.EMPTY);
  }

  @Test
  void aLogThatBeganAnewIsNoticedByWhatTheModelRemembers() {
    Anchor anchor = new Anchor("old", new Head(5, Digest.of("x")));
    assertThat(LogState.begin("log").against(Optional.of(anchor)).damage())
        .containsExactly("the log old, which the model remembers up to entry 5, is gone");
    assertThat(LogState.begin("").against(Optional.of(anchor)).damageDigest()).isPresent();
  }

  @Test
  void aLogThatLostItsEndIsNoticedByWhatTheModelRemembers() {
    List<Stored> log = chain(1, 2, 3);
    LogState whole = LogState.begin("log").then(log);
    Optional<Anchor> anchor = Optional.of(new Anchor("log", whole.head()));

    assertThat(whole.against(anchor).damage()).isEmpty();
    assertThat(LogState.begin("log").then(log.subList(0, 2)).against(anchor).damage())
        .containsExactly("entry 3 is missing");
    assertThat(
            whole
                .against(
                    Optional.of(
                        new Anchor("log", LogState.begin("log").then(log.subList(0, 1)).head())))
                .damage())
        .as("memory may lag behind")
        .isEmpty();
  }

  @Test
  void aHeadThatARunHoldsIsCheckedAgainstTheLog() {
    LogState state = LogState.begin("log").then(chain(1, 2));
    assertThat(state.shortfall(state.head(), "this run")).isEmpty();
    assertThat(state.shortfall(Head.EMPTY, "this run")).isEmpty();
    assertThat(state.shortfall(new Head(2, Digest.of("x")), "this run"))
        .contains("entry 2 is not the one that this run remembers");
    assertThat(state.shortfall(new Head(4, Digest.of("x")), "this run"))
        .contains("entries 3 to 4 are missing");
  }

  @Test
  void aPersonAcceptsExactlyTheDamageTheySawAndItStaysOnRecord() {
    List<Stored> log = new ArrayList<>(chain(1, 2, 3));
    log.remove(1);
    LogState damaged = LogState.begin("log").then(log);
    EntryContent accept = accept(damaged, damaged.damageDigest().orElseThrow(), Optional.empty());
    LogState sound = damaged.then(List.of(stored(4, accept)));

    assertThat(sound.damage()).isEmpty();
    assertThat(sound.accepted()).isEqualTo(damaged.open()).isNotEmpty();
    assertThat(sound.champion()).map(Entry::to).contains(5);

    LogState more = sound.then(List.of(new Stored(6, Map.of())));
    assertThat(more.damage()).as("new damage freezes it again").hasSize(2);
    assertThat(
            damaged
                .then(List.of(stored(4, accept(damaged, Digest.of("else"), Optional.empty()))))
                .damage())
        .as("what was not seen is not accepted")
        .isEqualTo(damaged.damage());
  }

  @Test
  void anAcceptedLogStaysSoundAfterTheModelForgotTheOldOne() {
    Anchor old = new Anchor("old", new Head(5, Digest.of("x")));
    LogState lost = LogState.begin("log").against(Optional.of(old));
    LogState sound =
        lost.then(
            List.of(stored(1, accept(lost, lost.damageDigest().orElseThrow(), Optional.of(old)))));

    assertThat(sound.accepted()).isEqualTo(lost.damage()).isNotEmpty();
    assertThat(sound.against(Optional.of(old)).damage()).isEmpty();
    assertThat(sound.against(Optional.of(new Anchor("log", sound.head()))).damage()).isEmpty();
    assertThat(sound.against(Optional.of(new Anchor("old", new Head(6, Digest.of("y"))))).damage())
        .as("more of the old log than the person knew of")
        .hasSize(1);
    assertThat(
            sound.against(Optional.of(new Anchor("older", new Head(1, Digest.of("y"))))).damage())
        .as("the loss of yet another log")
        .hasSize(1);
  }

  @Test
  void damageSeenOnlyThroughTheModelsMemoryHasItsOwnName() {
    LogState log = LogState.begin("log").then(chain(1, 2));
    Anchor three = new Anchor("log", new Head(3, Digest.of("x")));
    Anchor four = new Anchor("log", new Head(4, Digest.of("x")));
    LogState seen = log.against(Optional.of(three));
    Digest shown = seen.damageDigest().orElseThrow();
    assertThat(log.against(Optional.of(four)).damageDigest())
        .isPresent()
        .isNotEqualTo(Optional.of(shown));

    LogState sound = seen.then(List.of(stored(4, accept(seen, shown, Optional.of(three)))));
    assertThat(sound.damage()).isEmpty();
    assertThat(sound.accepted()).containsExactly("entry 3 is missing");
    assertThat(sound.against(Optional.of(three)).damage()).isEmpty();

    assertThat(seen.then(List.of(stored(4, accept(seen, shown, Optional.of(four))))).damage())
        .as("named by another memory than the one that showed it")
        .containsExactly("entry 3 is missing");
    assertThat(seen.then(List.of(stored(6, accept(seen, shown, Optional.of(three))))).damage())
        .as("more was missing than the model remembered")
        .containsExactly("entries 3 to 5 are missing");
  }

  @Test
  void theLogSaysWhichFilesAVersionHasAlsoAfterEntriesThatDoNot() {
    List<Stored> log = new ArrayList<>(chain(1, 2));
    LogState state = LogState.begin("log").then(log);
    assertThat(PromotionLog.bundle(state.entries(), 1)).contains(Digest.of("files of 1"));

    Map<String, String> older = new TreeMap<>(entry("k", state.head(), 1).tags());
    older.remove("bundle");
    older.remove("digest");
    LogState back = state.then(List.of(new Stored(3, withDigest(older))));
    assertThat(back.damage()).isEmpty();
    assertThat(back.champion()).map(Entry::to).contains(1);
    assertThat(PromotionLog.bundle(back.entries(), 1)).contains(Digest.of("files of 1"));
    assertThat(PromotionLog.bundle(back.entries(), 3)).isEmpty();
  }

  @Test
  void anEntryWithoutADigestOfFilesReadsAsItDidBeforeThereWasOne() {
    TreeMap<String, String> tags = new TreeMap<>();
    tags.put("log", "log");
    tags.put("key", "k");
    tags.put("kind", "PROMOTE");
    tags.put("from", "0");
    tags.put("fromDigest", Head.EMPTY.digest().toString());
    tags.put("to", "1");
    tags.put("who", "ci");
    tags.put("why", "better");
    tags.put("run", "run-1");
    tags.put("at", "2026-11-23T10:00:00Z");
    tags.put("digest", "sha256:f1c7d0074486fdc214e9eb394a122d2f0db734b6d4447541bb3fba97c628aca6");

    EntryContent read = EntryContent.parse(tags);
    assertThat(read.bundle()).isEmpty();
    assertThat(read.tags()).isEqualTo(tags);
  }

  @Test
  void whatAChangedEntrySaysOfFilesDoesNotCountAndNothingBeforeAcceptedDamageDoes() {
    List<Stored> log = new ArrayList<>(chain(1, 2, 3));
    Map<String, String> tags = new TreeMap<>(log.get(1).tags());
    tags.put("bundle", Digest.of("other files").toString());
    log.set(1, new Stored(2, tags));
    LogState damaged = LogState.begin("log").then(log);
    assertThat(damaged.damage().getFirst()).startsWith("entry 2 was changed");
    assertThat(PromotionLog.bundle(damaged.entries(), 2)).isEmpty();
    assertThat(PromotionLog.bundle(damaged.entries(), 1)).contains(Digest.of("files of 1"));

    Digest shown = damaged.damageDigest().orElseThrow();
    LogState sound = damaged.then(List.of(stored(4, accept(damaged, shown, Optional.empty()))));
    assertThat(sound.damage()).isEmpty();
    assertThat(PromotionLog.bundle(sound.entries(), 1)).isEmpty();
  }

  @Test
  void aLogThatIsReadOnContinuesFromItsLastEntryOrSaysThatItDoesNot() {
    List<Stored> log = chain(1, 2, 3);
    LogState known = LogState.begin("log").continued(log.subList(0, 2));
    assertThat(known).isEqualTo(LogState.begin("log").then(log.subList(0, 2)));
    assertThat(known.continued(log.subList(1, 2))).isEqualTo(known);
    assertThat(known.continued(log.subList(1, 3))).isEqualTo(LogState.begin("log").then(log));

    assertThat(known.continued(List.of()).damage()).containsExactly("entry 2 is missing");
    assertThat(known.continued(log.subList(2, 3)).damage()).containsExactly("entry 2 is missing");
    assertThat(known.continued(List.of()).head()).isEqualTo(known.head());
    Head one = LogState.begin("log").then(log.subList(0, 1)).head();
    Stored other = stored(2, entry("forged", one, 9));
    assertThat(known.continued(List.of(other)).damage())
        .containsExactly("entry 2 is not the one that was read before");
    assertThat(known.continued(List.of(new Stored(2, Map.of("x", "y")))).damage())
        .containsExactly("entry 2 is not the one that was read before");
  }

  @Test
  void aConfirmationConfirmsADigest() {
    EntryContent promoted = entry("k", Head.EMPTY, 1);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> with(promoted, Kind.CONFIRM, Optional.empty()))
        .withMessageContaining("without the digest");
    LogState state = LogState.begin("log").then(chain(1));
    EntryContent confirmed =
        with(entry("c", state.head(), 1), Kind.CONFIRM, Optional.of(Digest.of("f")));
    assertThat(state.then(List.of(stored(2, confirmed))).champion())
        .map(Entry::kind)
        .contains(Kind.CONFIRM);
  }

  private static EntryContent with(EntryContent c, Kind kind, Optional<Digest> bundle) {
    return new EntryContent(
        c.log(),
        c.key(),
        kind,
        c.from(),
        c.fromDigest(),
        c.to(),
        c.who(),
        c.why(),
        c.run(),
        c.at(),
        c.accepts(),
        c.remembered(),
        bundle);
  }

  /** What a writer of before stored: the digest over all tags that it knew. */
  private static Map<String, String> withDigest(Map<String, String> content) {
    ObjectNode json = Json.object();
    content.forEach(json::put);
    Map<String, String> tags = new TreeMap<>(content);
    tags.put("digest", Digest.of(Json.canonical(json)).toString());
    return tags;
  }

  @Test
  void entriesReadAsTheyWereWritten() {
    EntryContent content =
        new EntryContent(
            "log",
            "k",
            Kind.OVERRIDE,
            3,
            Digest.of("h"),
            4,
            "ann\u00e9",
            "two\nlines; \"q\"",
            "",
            AT,
            Optional.of(Digest.of("d")),
            Optional.of(new Anchor("a log's name", new Head(7, Digest.of("m")))),
            Optional.of(Digest.of("files")));
    Map<String, String> tags = new HashMap<>(content.tags());
    tags.put("mlflow.user", "added by the registry");

    assertThat(EntryContent.parse(tags)).isEqualTo(content);
    assertThat(content.tags()).doesNotContainKey("run");
    for (String name : content.tags().keySet()) {
      Map<String, String> other = new HashMap<>(content.tags());
      other.remove(name);
      assertThatIllegalArgumentException()
          .as("without " + name)
          .isThrownBy(() -> EntryContent.parse(other));
    }
  }

  @Test
  void headsAndAnchorsReadAsTheyWereWritten() {
    Anchor anchor = new Anchor("log", new Head(5, Digest.of("x")));
    assertThat(Anchor.parse(anchor.toString())).isEqualTo(anchor);
    for (String wrong : List.of("", "log", "log 5", "log 5@md5:0", "log x@" + Digest.of(""))) {
      assertThatIllegalArgumentException().as(wrong).isThrownBy(() -> Anchor.parse(wrong));
    }
    assertThatIllegalArgumentException().isThrownBy(() -> Head.parse("-1@" + Digest.of("")));
  }

  /**
   * Clients read, append, replay and are told a verdict, their steps interleaved at random. A call
   * may be cut: its entry then lands at once, later, or never, and the client tries again.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10})
  void whateverTheInterleavingOneEntryWinsEachHeadAndNobodyIsToldWrong(long seed) {
    Random random = new Random(seed);
    List<Stored> server = new ArrayList<>();
    List<Client> clients = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      clients.add(new Client(i + 1));
    }
    List<EntryContent> delayed = new ArrayList<>();
    while (clients.stream().anyMatch(c -> !c.done) || !delayed.isEmpty()) {
      if (!delayed.isEmpty() && random.nextInt(4) == 0) {
        EntryContent late = delayed.remove(random.nextInt(delayed.size()));
        server.add(stored(server.size() + 1, late));
      }
      Client client = clients.get(random.nextInt(clients.size()));
      if (client.done) {
        continue;
      }
      if (random.nextInt(20) == 0) {
        client.done = true; // dies
      } else {
        client.step(server, delayed, random);
      }
    }

    LogState end = LogState.begin("log").then(server);
    assertThat(end.damage()).isEmpty();
    Map<Long, Long> winners = new LinkedHashMap<>();
    for (Entry e : end.entries()) {
      if (e.valid()) {
        assertThat(winners.put(e.from(), e.number())).as("one winner of " + e.from()).isNull();
      }
    }
    assertThat(winners).hasSizeGreaterThan(1);
    for (Client client : clients) {
      if (client.told != null) {
        assertThat(won(end, client.content)).as("client " + client.to).isEqualTo(client.told);
      }
    }
    // Replaying from any checkpoint comes to the same.
    int cut = random.nextInt(server.size());
    assertThat(
            LogState.begin("log")
                .then(server.subList(0, cut))
                .then(server.subList(cut, server.size())))
        .isEqualTo(end);
  }

  private static boolean won(LogState state, EntryContent content) {
    return state.entries().stream().anyMatch(e -> e.valid() && e.digest().equals(content.digest()));
  }

  private static final class Client {
    private final int to;
    private EntryContent content;
    private boolean written;
    private Boolean told;
    private boolean done;

    Client(int to) {
      this.to = to;
    }

    void step(List<Stored> server, List<EntryContent> delayed, Random random) {
      LogState state = LogState.begin("log").then(server);
      if (content == null) {
        content = entry("key" + to, state.head(), to);
      } else if (!written) {
        switch (random.nextInt(5)) {
          case 0 -> delayed.add(content); // cut: lands later
          case 1 -> {} // cut: never arrived
          default -> {
            server.add(stored(server.size() + 1, content));
            written = true;
          }
        }
        if (!written
            && state.entries().stream().anyMatch(e -> e.digest().equals(content.digest()))) {
          written = true;
        }
      } else {
        told = won(state, content);
        done = true;
      }
    }
  }

  /** A sound log that makes these versions champion, one after the other. */
  private static List<Stored> chain(int... versions) {
    List<Stored> log = new ArrayList<>();
    for (int version : versions) {
      Head head = LogState.begin("log").then(log).head();
      log.add(stored(log.size() + 1, entry("k" + log.size(), head, version)));
    }
    return log;
  }

  private static EntryContent entry(String key, Head from, int to) {
    return new EntryContent(
        "log",
        key,
        Kind.PROMOTE,
        from.entry(),
        from.digest(),
        to,
        "ci",
        "better",
        "run-" + to,
        AT,
        Optional.empty(),
        Optional.empty(),
        Optional.of(Digest.of("files of " + to)));
  }

  private static EntryContent accept(LogState state, Digest damage, Optional<Anchor> remembered) {
    return new EntryContent(
        "log",
        "accept",
        Kind.OVERRIDE,
        state.head().entry(),
        state.head().digest(),
        5,
        "ann",
        "known restore",
        "",
        AT,
        Optional.of(damage),
        remembered,
        Optional.empty());
  }

  private static Stored stored(long number, EntryContent content) {
    return new Stored(number, content.tags());
  }
}
