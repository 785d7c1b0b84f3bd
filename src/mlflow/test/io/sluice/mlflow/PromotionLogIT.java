package io.sluice.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.Projections;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.mlflow.api.proto.ModelRegistry.CreateModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;

/** The log under fire, on a real server: many promoters that die anywhere, and tampering. */
class PromotionLogIT {
  private static final int CLIENTS = 100;

  private static MlflowRegistry direct;

  @BeforeAll
  static void server() {
    direct = RealServer.registry();
  }

  private record Told(int version, boolean won) {}

  /**
   * Clients at once, each of whose calls may be its last: before or after the server did what it
   * asked. Who dies is interrupted and gets nothing through any more. Those that live are told
   * whether they won. A hundred at once keep a server with fifteen database connections busy for
   * minutes on a slow machine: they are patient, what is tested is the log.
   */
  @ParameterizedTest(name = "seed {0}, {1} % die at each call")
  @CsvSource({"1, 0", "2, 5", "3, 10", "4, 20"})
  void oneEntryWinsEachHeadAndNobodyIsToldWrong(long seed, int deathsInHundred) throws Exception {
    String model = "race-" + seed;
    direct.modelVersions().createModel(model, java.util.Map.of(), "");
    direct.register(MlflowRegistryIT.candidate(model, "first"));
    for (int i = 2; i <= CLIENTS; i++) {
      copyVersion(model);
    }
    List<Told> told = new ArrayList<>();
    int died = 0;
    try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      List<Future<Told>> clients = new ArrayList<>();
      for (int i = 1; i <= CLIENTS; i++) {
        int version = i;
        clients.add(
            threads.submit(client(model, version, new Random(seed * 1000 + i), deathsInHundred)));
      }
      for (Future<Told> client : clients) {
        Told t = client.get();
        if (t == null) {
          died++;
        } else {
          told.add(t);
        }
      }
    }

    PromotionLog log = direct.promotions(model);
    log.overwriteProjections(); // one that died late may have left an alias that looks foreign
    PromotionLog.Inspection end = direct.promotions(model).inspect();
    List<Entry> valid = end.entries().stream().filter(Entry::valid).toList();
    assertThat(end.damage()).isEmpty();
    assertThat(valid).extracting(Entry::from).doesNotHaveDuplicates();
    assertThat(valid).isNotEmpty();
    for (Told t : told) {
      assertThat(valid.stream().anyMatch(e -> e.to() == t.version()))
          .as("what version " + t.version() + "'s promoter was told")
          .isEqualTo(t.won());
    }
    assertThat(end.relation())
        .as("alias and tag after one more repair")
        .isEqualTo(Projections.Relation.AGREE);
    assertThat(told.size() + died).isEqualTo(CLIENTS);
    assertThat(died > 0).isEqualTo(deathsInHundred > 0);
  }

  private static Callable<Told> client(String model, int version, Random random, int deaths) {
    return () -> {
      AtomicBoolean dead = new AtomicBoolean();
      Thread self = Thread.currentThread();
      try (FaultProxy line =
          new FaultProxy(
              direct.rest().uri(),
              request -> {
                synchronized (random) {
                  if (!dead.get() && random.nextInt(100) < deaths) {
                    dead.set(true);
                    self.interrupt();
                    return random.nextBoolean() ? FaultProxy.CUT_AFTER : FaultProxy.CUT_BEFORE;
                  }
                  return dead.get() ? FaultProxy.CUT_BEFORE : FaultProxy.NONE;
                }
              })) {
        PromotionLog log =
            MlflowRegistry.connect(
                    MlflowConfig.of(line.uri())
                        .patience(Duration.ofMinutes(2), Duration.ofMinutes(15)))
                .promotions(model);
        try {
          log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), version, "run-" + version));
          return new Told(version, true);
        } catch (SluiceException e) {
          if (e.exitCode() == ExitCode.CHAMPION_MOVED) {
            return new Told(version, false);
          }
          if (dead.get() && e.exitCode() == ExitCode.INTERRUPTED) {
            Thread.interrupted(); // the proxy's close waits for what this client set going
            return null;
          }
          throw e;
        }
      }
    };
  }

  @Test
  void anEntryThatWasChangedFreezesPromotionsUntilAPersonAcceptsIt() {
    PromotionLog log = promoted("changed", 3);
    direct.modelVersions().setTag("changed.promotions", 2, "to", "1");

    frozen("changed", "entry 2 was changed");
    PromotionLog fresh = direct.promotions("changed");
    PromotionLog.Inspection seen = fresh.inspect();
    assertThat(seen.alias()).as("nothing was repaired").contains(3);

    PromotionLog.Request accept =
        new PromotionLog.Request(
            Kind.OVERRIDE, seen.head(), 2, "ann", "looked into it", "", Optional.empty());
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> fresh.accept(Digest.of("other damage"), accept))
        .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5024"));
    fresh.accept(seen.damageDigest().orElseThrow(), accept);

    PromotionLog.Inspection after = direct.promotions("changed").inspect();
    assertThat(after.damage()).isEmpty();
    assertThat(after.accepted()).isEqualTo(seen.damage());
    assertThat(after.alias()).contains(2);
    assertThat(log.champion()).map(Entry::to).contains(2);
  }

  @Test
  void whoFollowsTheLogNeedsOneCallALookAndNoticesWhatBecameOfIt() throws Exception {
    PromotionLog log = promoted("followed", 2);
    AtomicInteger calls = new AtomicInteger();
    try (FaultProxy line =
        new FaultProxy(
            direct.rest().uri(),
            request -> {
              calls.incrementAndGet();
              return FaultProxy.NONE;
            })) {
      PromotionLog watched =
          MlflowRegistry.connect(MlflowConfig.of(line.uri())).promotions("followed");
      LogState first = watched.follow(Optional.empty());
      assertThat(first.damage()).isEmpty();
      assertThat(first.head()).isEqualTo(log.head());
      calls.set(0);
      assertThat(watched.follow(Optional.of(first))).isEqualTo(first);
      assertThat(calls.get()).isEqualTo(1);
      log.append(MlflowRegistryIT.request(Kind.ROLLBACK, log.head(), 1, ""));
      calls.set(0);
      LogState grown = watched.follow(Optional.of(first));
      assertThat(calls.get()).isEqualTo(1);
      assertThat(grown.champion()).map(Entry::to).contains(1);
      assertThat(grown.head()).isEqualTo(log.head());

      LogState none =
          MlflowRegistry.connect(MlflowConfig.of(line.uri()))
              .promotions("never")
              .follow(Optional.empty());
      assertThat(none.champion()).isEmpty();
      assertThat(direct.promotions("never").follow(Optional.of(none)).damage()).isEmpty();

      delete("model-versions/delete", "followed.promotions", "3");
      assertThat(watched.follow(Optional.of(grown)).damage()).containsExactly("entry 3 is missing");
      assertThat(watched.follow(Optional.empty()).damage())
          .as("all of it, and what the model remembers")
          .containsExactly("entry 3 is missing");
    }
  }

  @Test
  void aDeletedEntryFreezesPromotions() {
    promoted("hole", 3);
    delete("model-versions/delete", "hole.promotions", "2");
    frozen("hole", "entry 2 is missing");
  }

  @Test
  void aDeletedLastEntryFreezesPromotions() {
    promoted("tail", 3);
    delete("model-versions/delete", "tail.promotions", "3");
    frozen("tail", "entry 3 is missing");
    PromotionLog log = direct.promotions("tail");
    PromotionLog.Inspection seen = log.inspect();
    assertThat(seen.alias()).contains(3);

    log.accept(seen.damageDigest().orElseThrow(), override(seen.head(), 3));
    PromotionLog.Inspection after = direct.promotions("tail").inspect();
    assertThat(after.damage()).isEmpty();
    assertThat(after.accepted()).containsExactly("entry 3 is missing");
    log.append(MlflowRegistryIT.request(Kind.PROMOTE, after.head(), 1, "later"));
  }

  @Test
  void whatOnlyTheModelRemembersIsAcceptedExactlyAsItWasShown() {
    PromotionLog log = promoted("memory", 2);
    String id = anchorOf("memory").substring(0, anchorOf("memory").indexOf(' '));
    anchor("memory", id + " 5@" + Digest.of("five"));
    frozen("memory", "entries 3 to 5 are missing");
    PromotionLog.Inspection seen = log.inspect();

    anchor("memory", id + " 6@" + Digest.of("six"));
    assertThatExceptionOfType(SluiceException.class)
        .as("there is more damage by now than the person saw")
        .isThrownBy(() -> log.accept(seen.damageDigest().orElseThrow(), override(seen.head(), 2)))
        .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5024", "entries 3 to 6"));

    anchor("memory", "somebody's note\nwith lines");
    PromotionLog.Inspection note = log.inspect();
    assertThat(note.damage()).singleElement().asString().contains("somebody's note?with lines");
    log.accept(note.damageDigest().orElseThrow(), override(note.head(), 2));
    PromotionLog.Inspection after = direct.promotions("memory").inspect();
    assertThat(after.damage()).isEmpty();
    assertThat(after.accepted()).isEqualTo(note.damage());
    assertThat(anchorOf("memory")).isEqualTo(id + " " + after.head());
  }

  @Test
  void aDeletedLogFreezesPromotionsAndAPersonBeginsItAnew() {
    promoted("gone", 2);
    delete("registered-models/delete", "gone.promotions", "");
    frozen("gone", "is gone");

    PromotionLog log = direct.promotions("gone");
    PromotionLog.Inspection seen = log.inspect();
    log.accept(seen.damageDigest().orElseThrow(), override(seen.head(), 2));
    PromotionLog.Inspection after = direct.promotions("gone").inspect();
    assertThat(after.damage()).isEmpty();
    assertThat(after.accepted()).as("the loss stays on record").isEqualTo(seen.damage());
    assertThat(direct.promotions("gone").champion()).map(Entry::to).contains(2);
  }

  @Test
  void anAliasThatLagsIsSetFromTheLogAndReadersLeaveItAlone() {
    promoted("stale", 2);
    direct.modelVersions().setAlias("stale", "champion", 1);
    direct.modelVersions().setTag("stale", 1, "stage", "Production");
    writtenFor("stale", 1); // as a writer leaves it that dies after the second entry

    PromotionLog log = direct.promotions("stale");
    assertThat(log.champion()).map(Entry::to).contains(2);
    assertThat(log.inspect().relation()).isEqualTo(Projections.Relation.BEHIND);
    assertThat(log.foreignProjections()).isEmpty();
    assertThat(log.repairProjections())
        .containsExactly(
            "alias champion: version 1 -> version 2",
            "tag stage=Production removed from version 1");
    assertThat(log.inspect().relation()).isEqualTo(Projections.Relation.AGREE);
    assertThat(log.repairProjections()).isEmpty();
  }

  @Test
  void whatAPersonSetStaysUntilItIsOverwrittenOnPurpose() {
    PromotionLog log = promoted("emergency", 3);
    direct.modelVersions().setAlias("emergency", "champion", 1);

    assertThat(log.inspect().relation()).isEqualTo(Projections.Relation.FOREIGN);
    assertThat(log.repairProjections())
        .singleElement()
        .asString()
        .contains("the alias champion names version 1", "it stays", "version 3");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(
            () -> log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), 2, "later")))
        .satisfies(e -> {
          assertThat(e.exitCode()).isEqualTo(ExitCode.CHAMPION_MOVED);
          assertThat(e.getMessage()).contains("SLU-5025", "the alias champion names version 1");
        });
    assertThat(log.entries()).hasSize(3);
    assertThat(log.inspect().alias()).contains(1);

    assertThat(log.overwriteProjections())
        .containsExactly("alias champion: version 1 -> version 3");
    assertThat(log.inspect().relation()).isEqualTo(Projections.Relation.AGREE);
  }

  @Test
  void theFirstPromotionIsRefusedBesideAChampionOfOthersAndAPersonsEntryIsNot() {
    for (int i = 1; i <= 3; i++) {
      direct.register(MlflowRegistryIT.candidate("inherited", "k" + i));
    }
    direct.modelVersions().setAlias("inherited", "champion", 2);
    direct.modelVersions().setTag("inherited", 2, "stage", "Production");
    PromotionLog log = direct.promotions("inherited");

    assertThat(log.foreignProjections()).map(Projections::versions).contains(List.of(2));
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(
            () -> log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), 3, "run-3")))
        .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5025", "version 2"));
    assertThat(log.entries()).isEmpty();
    assertThat(log.inspect().production()).containsExactly(2);

    log.append(
        new PromotionLog.Request(
            Kind.ADOPT, log.head(), 2, "ann", "the old job's", "", Optional.empty()));
    assertThat(log.inspect().relation()).isEqualTo(Projections.Relation.AGREE);
    log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), 3, "run-3"));
    assertThat(log.entries()).extracting(Entry::kind).containsExactly(Kind.ADOPT, Kind.PROMOTE);
    assertThat(log.inspect().alias()).contains(3);
    assertThat(log.promotionBy(new RunId("run-3"))).map(Entry::number).contains(2L);
  }

  private static void writtenFor(String model, int entry) {
    PromotionLog.Entry written = direct.promotions(model).entries().get(entry - 1);
    direct
        .modelVersions()
        .setModelTag(
            model,
            "sluice.projections",
            new PromotionLog.Head(written.number(), written.digest()).toString());
  }

  private static PromotionLog.Request override(PromotionLog.Head from, int to) {
    return new PromotionLog.Request(
        Kind.OVERRIDE, from, to, "ann", "looked into it", "", Optional.empty());
  }

  private static String anchorOf(String model) {
    return ModelVersions.tags(direct.modelVersions().model(model).orElseThrow())
        .get("sluice.promotions");
  }

  private static void anchor(String model, String text) {
    direct.modelVersions().setModelTag(model, "sluice.promotions", text);
  }

  private static PromotionLog promoted(String model, int versions) {
    PromotionLog log = direct.promotions(model);
    for (int i = 1; i <= versions; i++) {
      direct.register(MlflowRegistryIT.candidate(model, "k" + i));
      log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), i, "run-" + i));
    }
    return log;
  }

  private static void frozen(String model, String why) {
    PromotionLog log = direct.promotions(model);
    PromotionLog.Head head = log.inspect().head();
    List<Runnable> all =
        List.of(
            log::head,
            log::entries,
            log::repairProjections,
            () -> log.append(MlflowRegistryIT.request(Kind.PROMOTE, head, 1, "later")));
    for (Runnable use : all) {
      assertThatExceptionOfType(SluiceException.class)
          .isThrownBy(use::run)
          .satisfies(e -> assertThat(e.getMessage()).contains("SLU-5021", why));
    }
  }

  private static void delete(String call, String name, String version) {
    var body = Json.object().put("name", name);
    if (!version.isEmpty()) {
      body.put("version", version);
    }
    direct.rest().delete(call, Json.write(body));
  }

  /** One more version of the same run, for races that need many. */
  private static void copyVersion(String model) throws IOException {
    ModelVersion first = direct.modelVersions().find(model, 1).orElseThrow();
    direct
        .modelVersions()
        .create(
            CreateModelVersion.newBuilder()
                .setName(model)
                .setSource(first.getSource())
                .setRunId(first.getRunId())
                .build());
  }
}
