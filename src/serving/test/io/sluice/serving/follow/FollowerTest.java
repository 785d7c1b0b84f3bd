package io.sluice.serving.follow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.LogState.Stored;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.serving.FollowStatus.State;
import io.sluice.core.serving.VersionState;
import io.sluice.serving.follow.Models.Model;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FollowerTest {
  private static final Duration INTERVAL = Duration.ofSeconds(10);

  private final FakeRegistry registry = new FakeRegistry();
  private final Models.MovedClock clock = new Models.MovedClock();
  private final Models.Events events = new Models.Events();
  private final Models models = new Models();

  @TempDir private Path state;

  @Test
  void theNewestEntryIsServedAndARollbackToo() {
    promoted("one");
    registry.version(2, "two");
    Follower<Model> follower = follower();
    assertThat(follower.acquire()).isEmpty();
    assertThat(follower.status().state()).isEqualTo(State.NONE);

    follower.step();
    assertThat(answer(follower)).isEqualTo("one");
    assertThat(follower.status().state()).isEqualTo(State.CURRENT);
    registry.promote(2);
    follower.step();
    assertThat(answer(follower)).isEqualTo("two");
    registry.append(Kind.ROLLBACK, 1, Optional.of(registry.digest(1)));
    registry.otherCalls();
    follower.step();
    try (Follower.Hold<Model> hold = follower.acquire().orElseThrow()) {
      assertThat(hold.model().answer()).isEqualTo("one");
      assertThat(hold.version().entry()).isEqualTo(3);
      assertThat(hold.version().verified()).isTrue();
      assertThat(hold.version().tags()).containsEntry("sluice.run", "run-1");
      assertThat(hold.version().params()).containsEntry("eta", "0.1");
    }
    assertThat(registry.otherCalls()).as("its files are in the cache").isZero();
    assertThat(models.open.get()).isEqualTo(1);
    events.areLegal();
  }

  @Test
  void aLookIsOneCallAndASwapReadsEachFileOnce() {
    promoted("one");
    Follower<Model> follower = follower();
    follower.step();
    assertThat(registry.logCalls()).isEqualTo(1);
    assertThat(registry.otherCalls()).as("version, list, two files, params").isEqualTo(5);
    for (int i = 0; i < 20; i++) {
      follower.step();
    }
    assertThat(registry.logCalls()).isEqualTo(20);
    assertThat(registry.otherCalls()).isZero();
  }

  @Test
  void filesThatAreNotTheRecordedOnesAreRefusedAndTheLastGoodVersionServes() throws IOException {
    promoted("one");
    Follower<Model> follower = follower();
    follower.step();
    registry.version(2, "two");
    registry.append(Kind.PROMOTE, 2, Optional.of(Digest.of("other files")));
    follower.step();
    behind(follower, "version 2 (entry 2) cannot be served: SLU-9251");

    registry.version(3, "three");
    registry.promote(3);
    registry.tags.get(3).put("sluice.bundle", Digest.of("set by somebody").toString());
    follower.step();
    behind(follower, "its tag sluice.bundle says");

    registry.version(4, "four");
    registry.promote(4);
    registry.files.get(4).put("model/answer", FakeRegistry.utf8("changed"));
    follower.step();
    behind(follower, "the promotion log recorded");
    assertThat(cached()).as("what was refused does not stay").hasSize(1);
    events.areLegal();
  }

  @Test
  void twoVersionsMayHaveTheSameFiles() throws IOException {
    promoted("same");
    registry.version(2, "same");
    Follower<Model> follower = follower();
    follower.step();
    registry.promote(2);
    follower.step();
    try (Follower.Hold<Model> hold = follower.acquire().orElseThrow()) {
      assertThat(hold.version().version()).isEqualTo(2);
      assertThat(hold.version().tags()).containsEntry("sluice.run", "run-2");
    }
    assertThat(cached()).hasSize(1);
    nothingHalfDone();
  }

  @Test
  void anEndBeforeAVersionIsWrittenDownLeavesFilesThatAreUsed() throws IOException {
    promoted("one");
    Follower<Model> before = follower();
    before.step();
    before.end();
    Files.delete(state.resolve("serving/m/current.json"));
    Files.delete(state.resolve("serving/m/versions/1.json"));

    Follower<Model> again = follower();
    again.recall();
    again.step();
    assertThat(answer(again)).isEqualTo("one");
    nothingHalfDone();
    again.end();

    Files.delete(state.resolve("serving/m/versions/1.json"));
    Files.delete(state.resolve("serving/m/current.json"));
    Files.writeString(cached().getFirst().resolve("answer"), "another");
    Follower<Model> third = follower();
    third.step();
    assertThat(answer(third)).as("what lies there is hashed, and replaced").isEqualTo("one");
    nothingHalfDone();
    events.areLegal();
  }

  @Test
  void aRollbackToFilesThatNothingRecordsFindsThemInTheCache() throws IOException {
    registry.version(1, "one");
    registry.version(2, "two");
    Follower<Model> follower = follower(OptionalInt.empty(), true, ".");
    for (int to : new int[] {1, 2, 1, 2}) {
      registry.append(Kind.OVERRIDE, to, Optional.empty());
      follower.step();
      assertThat(answer(follower)).isEqualTo(to == 1 ? "one" : "two");
    }
    assertThat(cached()).hasSize(2);
    nothingHalfDone();
  }

  @Test
  void aCachedBundleThatIsNoTreeOfReadableFilesIsFetchedAnew() throws Exception {
    promoted("one");
    registry.version(2, "two");
    Follower<Model> follower = follower();
    follower.step();
    Path bundle = cached().getFirst();
    List<Breakage> breakages =
        List.of(
            b -> Files.createSymbolicLink(b.resolve("link"), Path.of("answer")),
            b -> {
              Files.delete(b.resolve("answer"));
              Files.createSymbolicLink(b.resolve("answer"), Path.of("nowhere"));
            },
            b -> new ProcessBuilder("mkfifo", b.resolve("pipe").toString()).start().waitFor(),
            b -> Files.writeString(b.resolve("back\\slash"), "x"),
            b -> {
              Files.move(b, b.resolveSibling("elsewhere"));
              Files.createSymbolicLink(b, Path.of("elsewhere"));
            },
            b -> {
              Files.delete(b.resolve("MLmodel"));
              Files.delete(b.resolve("answer"));
              Files.delete(b);
              Files.writeString(b, "a file");
            });
    for (Breakage breakage : breakages) {
      registry.promote(2);
      follower.step();
      assertThat(answer(follower)).isEqualTo("two");
      breakage.of(bundle);
      registry.append(Kind.ROLLBACK, 1, Optional.of(registry.digest(1)));
      follower.step();
      assertThat(answer(follower)).isEqualTo("one");
      assertThat(bundle.resolve("answer")).isRegularFile().hasContent("one");
      nothingHalfDone();
    }
    assertThat(follower.status().state()).isEqualTo(State.CURRENT);
    events.areLegal();
  }

  /** What somebody does to a bundle in the cache. */
  private interface Breakage {
    void of(Path bundle) throws Exception;
  }

  @Test
  void whatFailsWhileTheCacheIsRecalledIsInTheStatusAndTriedAgain() {
    promoted("one");
    Follower<Model> before = follower();
    before.step();
    before.end();
    registry.weather(FakeRegistry.Weather.DOWN);
    for (Throwable failure :
        List.of(
            new IllegalStateException("out of luck"),
            new UnsatisfiedLinkError("no onnxruntime"),
            new OutOfMemoryError("native"),
            new AssertionError("a bug"))) {
      Failing failing = new Failing(models, failure, 2);
      Follower<Model> again = following(failing);
      again.recall();
      assertThat(again.acquire()).isEmpty();
      assertThat(again.status().state()).isEqualTo(State.NONE);
      assertThat(again.status().why()).contains(String.valueOf(failure.getMessage()));
      again.step();
      assertThat(again.status().why())
          .contains("the promotion log cannot be read", String.valueOf(failure.getMessage()));
      again.step();
      assertThat(answer(again)).as("from the cache, without the registry").isEqualTo("one");
      assertThat(again.status().state()).isEqualTo(State.STALE);
      again.end();
    }
    assertThat(models.open.get()).isZero();
    events.areLegal();
  }

  @Test
  void anErrorWhileAVersionIsBroughtHereLeavesNoModelAndIsTriedAgain() {
    promoted("one");
    Follower<Model> follower = following(new Failing(models, new UnsatisfiedLinkError("no"), 1));
    follower.step();
    assertThat(follower.status().why()).contains("version 1 (entry 1) is not here yet", "no");
    Follower<Model> cold = following(new FailingToWarm(models, new OutOfMemoryError("heap"), 1));
    cold.step();
    assertThat(cold.status().why()).contains("OutOfMemoryError: heap");
    assertThat(models.open.get()).isZero();
    cold.step();
    follower.step();
    assertThat(answer(follower)).isEqualTo("one");
    assertThat(answer(cold)).isEqualTo("one");
  }

  /** The thread lives whatever fails, telling of it too. */
  @Test
  void theThreadFollowsWhateverFails() throws InterruptedException {
    promoted("one");
    Follower<Model> before = follower();
    before.step();
    before.end();
    Follower<Model> follower =
        new Follower<>(
            registry,
            settings(Duration.ofMillis(1), OptionalInt.empty(), false, "."),
            new Failing(models, new IllegalStateException("out of luck"), 3),
            new FollowEvents() {
              @Override
              public void moved(
                  Instant at, long entry, int version, VersionState state, String why) {
                // heard
              }

              @Override
              public void looked(boolean answered) {
                // heard
              }

              @Override
              public void trouble(Instant at, String what) {
                throw new IllegalStateException("the log is on a full disk");
              }
            },
            clock,
            new Random(1));
    try (FollowThread thread = FollowThread.start(follower)) {
      while (follower.acquire().isEmpty()) {
        thread.wake();
        Thread.sleep(1);
      }
      assertThat(answer(follower)).isEqualTo("one");
    }
    assertThat(follower.acquire()).isEmpty();
  }

  /** Loads as another, after it failed so many times. */
  private static final class Failing implements Loader<Model> {
    private final Loader<Model> real;
    private final Throwable failure;
    private int left;

    Failing(Loader<Model> real, Throwable failure, int times) {
      this.real = real;
      this.failure = failure;
      this.left = times;
    }

    @Override
    public Model load(Path folder) {
      if (left-- > 0) {
        Models.raise(failure);
      }
      return real.load(folder);
    }

    @Override
    public void warm(Model model) {
      real.warm(model);
    }
  }

  /** Warms as another, after it failed so many times. */
  private static final class FailingToWarm implements Loader<Model> {
    private final Loader<Model> real;
    private final Throwable failure;
    private int left;

    FailingToWarm(Loader<Model> real, Throwable failure, int times) {
      this.real = real;
      this.failure = failure;
      this.left = times;
    }

    @Override
    public Model load(Path folder) {
      return real.load(folder);
    }

    @Override
    public void warm(Model model) {
      if (left-- > 0) {
        Models.raise(failure);
      }
      real.warm(model);
    }
  }

  @Test
  void filesThatCannotBeFetchedAreTriedLessAndLessOften() {
    promoted("one");
    registry.weather(FakeRegistry.Weather.FILES_BREAK);
    Follower<Model> follower = follower();
    Duration pause = Duration.ZERO;
    for (int i = 0; i < 8; i++) {
      pause = follower.step();
    }
    assertThat(pause).isGreaterThan(Duration.ofMinutes(3));
    registry.weather(FakeRegistry.Weather.FINE);
    assertThat(follower.step()).isLessThan(Duration.ofSeconds(13));
  }

  private void behind(Follower<Model> follower, String why) {
    assertThat(follower.status().state()).isEqualTo(State.BEHIND);
    assertThat(follower.status().why()).contains(why);
    assertThat(answer(follower)).isEqualTo("one");
  }

  @Test
  void aVersionOfWhichTheLogRecordsNoFilesIsServedOnlyWhenToldSo() {
    registry.version(1, "one");
    registry.append(Kind.PROMOTE, 1, Optional.empty());
    Follower<Model> strict = follower();
    strict.step();
    assertThat(strict.acquire()).isEmpty();
    assertThat(strict.status().why()).contains("SLU-9250");

    Follower<Model> told = follower(OptionalInt.empty(), true, "told");
    told.step();
    try (Follower.Hold<Model> hold = told.acquire().orElseThrow()) {
      assertThat(hold.version().verified()).isFalse();
    }
    registry.append(Kind.CONFIRM, 1, Optional.of(registry.digest(1)));
    strict.step();
    assertThat(answer(strict)).isEqualTo("one");
  }

  @Test
  void aBundleThatCannotBeLoadedIsRefusedAndTriedAgainAfterAnHour() {
    promoted("one");
    Follower<Model> follower = follower();
    follower.step();
    registry.version(2, "broken");
    registry.promote(2);
    follower.step();
    behind(follower, "SLU-6001 the model is broken");
    int loads = models.loads.get();
    follower.step();
    assertThat(models.loads.get()).isEqualTo(loads);
    clock.add(Duration.ofMinutes(61));
    follower.step();
    assertThat(models.loads.get()).isEqualTo(loads + 1);
    registry.version(3, "cold");
    registry.promote(3);
    follower.step();
    assertThat(answer(follower)).as("it has passed its probe").isEqualTo("cold");
    assertThat(events.trouble).anyMatch(t -> t.contains("SLU-6008 it does not answer"));
    assertThat(models.open.get()).isEqualTo(1);
    events.areLegal();
  }

  @Test
  void aBugWhileLoadingIsSaidAndFollowingContinues() {
    promoted("one");
    Follower<Model> follower = follower();
    follower.step();
    registry.version(2, "bug");
    registry.promote(2);
    follower.step();
    assertThat(follower.status().why()).contains("a bug in the loader");
    assertThat(events.trouble).anyMatch(t -> t.contains("a bug in the loader"));
    assertThat(answer(follower)).isEqualTo("one");
    registry.version(3, "three");
    registry.promote(3);
    follower.step();
    assertThat(answer(follower)).isEqualTo("three");
  }

  @Test
  void anOutageChangesNothingAndPausesGrow() {
    promoted("one");
    registry.version(2, "two");
    Follower<Model> follower = follower();
    follower.step();
    registry.weather(FakeRegistry.Weather.DOWN);
    registry.promote(2);
    Instant began = clock.instant();
    List<Duration> pauses = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      pauses.add(follower.step());
      clock.add(Duration.ofSeconds(1));
    }
    for (int i = 0; i < pauses.size(); i++) {
      double base = Math.min(10_000 * Math.pow(2, i + 1), 300_000);
      assertThat((double) pauses.get(i).toMillis()).isBetween(base * 0.8 - 1, base * 1.2 + 1);
    }
    assertThat(pauses.stream().distinct().count()).isGreaterThan(5);
    assertThat(events.trouble.stream().filter(t -> t.contains("log cannot be read: SLU-5001")))
        .as("the log of the service says it once")
        .hasSize(1);
    assertThat(follower.status().state()).isEqualTo(State.STALE);
    assertThat(follower.status().since()).contains(began);
    assertThat(answer(follower)).isEqualTo("one");

    registry.weather(FakeRegistry.Weather.FILES_BREAK);
    follower.step();
    behind(follower, "the connection broke");
    registry.weather(FakeRegistry.Weather.FINE);
    assertThat(follower.step()).isBetween(Duration.ofSeconds(8), Duration.ofSeconds(12));
    assertThat(answer(follower)).isEqualTo("two");
    events.areLegal();
  }

  @Test
  void aDamagedShorterOrForkedLogKeepsTheVersionAndSaysSo() {
    for (int i = 1; i <= 3; i++) {
      registry.version(i, "v" + i);
      registry.promote(i);
    }
    Follower<Model> follower = follower();
    follower.step();
    List<Stored> whole = List.copyOf(registry.log);

    registry.log.removeLast();
    follower.step();
    stale(follower, "entry 3 is missing");
    follower.step();
    stale(follower, "entry 3 is missing");
    registry.append(Kind.PROMOTE, 1, Optional.of(registry.digest(1)));
    follower.step();
    stale(follower, "entry 3 is not the one");
    registry.log.clear();
    follower.step();
    stale(follower, "missing");
    registry.log.addAll(whole);
    registry.log.set(1, new Stored(2, Map.of("x", "y")));
    follower.step();
    stale(follower, "entry 2 does not read");
    registry.log.clear();
    registry.log.addAll(whole);
    follower.step();
    assertThat(follower.status().state()).isEqualTo(State.CURRENT);
  }

  private void stale(Follower<Model> follower, String why) {
    assertThat(follower.status().state()).isEqualTo(State.STALE);
    assertThat(follower.status().why()).contains(why);
    assertThat(answer(follower)).isEqualTo("v3");
  }

  @Test
  void withTheRegistryDownItStartsFromTheCacheAndSaysSinceWhen() {
    promoted("one");
    registry.version(2, "two");
    Follower<Model> before = follower();
    before.step();
    Instant known = clock.instant();
    before.end();
    clock.add(Duration.ofHours(5));
    registry.weather(FakeRegistry.Weather.DOWN);

    Follower<Model> again = follower();
    again.recall();
    assertThat(answer(again)).isEqualTo("one");
    assertThat(again.status().state()).isEqualTo(State.STALE);
    assertThat(again.status().since()).contains(known);
    again.step();
    assertThat(again.status().state()).isEqualTo(State.STALE);
    assertThat(again.status().since()).as("still the same time").contains(known);

    registry.weather(FakeRegistry.Weather.FINE);
    List<Stored> whole = List.copyOf(registry.log);
    registry.log.clear();
    again.step();
    assertThat(again.status().why()).as("it remembers").contains("entry 1 is missing");
    registry.log.addAll(whole);
    registry.promote(2);
    again.step();
    assertThat(answer(again)).isEqualTo("two");
    events.areLegal();
  }

  @Test
  void aDamagedCacheIsNotServed() throws IOException {
    promoted("one");
    Follower<Model> before = follower();
    before.step();
    before.end();
    Files.writeString(cached().getFirst().resolve("answer"), "another");

    Follower<Model> again = follower();
    registry.weather(FakeRegistry.Weather.DOWN);
    again.recall();
    assertThat(again.acquire()).isEmpty();
    assertThat(events.trouble).anyMatch(t -> t.contains("no longer has the files of version 1"));
    registry.weather(FakeRegistry.Weather.FINE);
    again.step();
    assertThat(answer(again)).as("it is fetched again").isEqualTo("one");
    again.end();

    Files.writeString(state.resolve("serving/m/current.json"), "{\"apiVersion\": ");
    Follower<Model> third = follower();
    third.recall();
    assertThat(third.acquire()).isEmpty();
    assertThat(events.trouble).anyMatch(t -> t.contains("current.json does not read"));
    third.step();
    assertThat(answer(third)).isEqualTo("one");
  }

  @Test
  void aPinnedVersionIsServedWhateverTheLogSaysAndWithoutTheRegistry() {
    promoted("one");
    registry.version(2, "two");
    registry.promote(2);
    Follower<Model> pinned = follower(OptionalInt.of(1), false, "pin");
    pinned.recall();
    pinned.step();
    assertThat(answer(pinned)).isEqualTo("one");
    assertThat(pinned.status().state()).isEqualTo(State.PINNED);
    registry.logCalls();
    pinned.step();
    assertThat(registry.logCalls()).isZero();
    pinned.end();

    registry.weather(FakeRegistry.Weather.DOWN);
    Follower<Model> again = follower(OptionalInt.of(1), false, "pin");
    again.recall();
    assertThat(answer(again)).isEqualTo("one");
    assertThat(again.status().state()).isEqualTo(State.PINNED);

    Follower<Model> unknown = follower(OptionalInt.of(9), true, "other");
    unknown.recall();
    unknown.step();
    assertThat(unknown.status().state()).isEqualTo(State.NONE);
    assertThat(unknown.status().why()).contains("version 9 is pinned", "SLU-5001");
    registry.weather(FakeRegistry.Weather.FINE);
    unknown.step();
    assertThat(unknown.status().why()).contains("SLU-9252 the registry has no version 9");
    events.areLegal();
  }

  @Test
  void aCallThatIsInsideKeepsItsModelAndTheSwapAfterTheNextWaitsForIt() {
    for (int i = 1; i <= 3; i++) {
      registry.version(i, "v" + i);
    }
    registry.promote(1);
    Follower<Model> follower = follower();
    follower.step();
    Follower.Hold<Model> inside = follower.acquire().orElseThrow();
    registry.promote(2);
    follower.step();
    assertThat(answer(follower)).isEqualTo("v2");
    registry.promote(3);
    for (int i = 0; i < 5; i++) {
      assertThat(follower.step()).as("pauses do not grow").isLessThan(INTERVAL.multipliedBy(2));
    }
    assertThat(answer(follower)).isEqualTo("v2");
    assertThat(follower.status().why()).contains("1 call is still inside version 1");
    assertThat(models.open.get()).isEqualTo(2);
    assertThat(inside.model().answer()).isEqualTo("v1");

    inside.close();
    inside.close();
    assertThat(models.open.get()).isEqualTo(1);
    follower.step();
    assertThat(answer(follower)).isEqualTo("v3");
    follower.end();
    assertThat(models.open.get()).isZero();
    assertThat(follower.acquire()).isEmpty();
    events.areLegal();
  }

  @Test
  void theCacheKeepsAFewBundlesAndNothingHalfDone() throws IOException {
    Follower<Model> follower = follower();
    for (int i = 1; i <= BundleCache.KEPT + 3; i++) {
      registry.version(i, "v" + i);
      registry.promote(i);
      clock.add(Duration.ofSeconds(1));
      follower.step();
    }
    assertThat(cached()).hasSize(BundleCache.KEPT);
    nothingHalfDone();
  }

  @Test
  void theBundleOfAPastPredictionComesFromTheCacheElseFromTheRegistryAndNeverAnother()
      throws IOException {
    promoted("one");
    follower().step();
    Digest one = registry.digest(1);
    CachedBundles bundles = new CachedBundles(FakeRegistry.MODEL, state, clock);
    registry.otherCalls();
    assertThat(bundles.folder(1, one, () -> registry).resolve("answer")).hasContent("one");
    assertThat(registry.otherCalls()).isZero();

    registry.version(2, "two");
    Digest two = registry.digest(2);
    assertThat(bundles.folder(2, two, () -> registry).resolve("answer")).hasContent("two");
    registry.version(3, "three");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> bundles.folder(3, Digest.of("x"), () -> registry))
        .withMessageContaining("SLU-9251");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> bundles.folder(9, Digest.of("x"), () -> registry))
        .withMessageContaining("SLU-9252");
    assertThat(cached()).hasSize(2);
  }

  /** More of it on demand: {@code -Dsluice.swaps=1000}. */
  @Test
  void underLoadNoCallFailsAndEveryAnswerIsThatOfTheVersionItNames() throws Exception {
    Storm storm = new Storm(registry, clock, follower(), models, new Random(7));
    storm.run(Integer.getInteger("sluice.swaps", 100));
    assertThat(storm.failures()).isEmpty();
    assertThat(storm.answers()).isPositive();
    assertThat(models.open.get()).isZero();
    events.areLegal();
  }

  private void promoted(String answer) {
    registry.version(1, answer);
    registry.promote(1);
  }

  private Follower<Model> follower() {
    return follower(OptionalInt.empty(), false, ".");
  }

  private Follower<Model> follower(OptionalInt pin, boolean unverified, String folder) {
    return new Follower<>(
        registry,
        settings(INTERVAL, pin, unverified, folder),
        models,
        events,
        clock,
        new Random(1));
  }

  private Follower<Model> following(Loader<Model> loader) {
    FollowSettings settings = settings(INTERVAL, OptionalInt.empty(), false, ".");
    return new Follower<>(registry, settings, loader, events, clock, new Random(1));
  }

  private FollowSettings settings(
      Duration interval, OptionalInt pin, boolean unverified, String folder) {
    return new FollowSettings(
        FakeRegistry.MODEL,
        interval,
        FollowSettings.LONGEST,
        pin,
        unverified,
        state.resolve(folder));
  }

  private void nothingHalfDone() throws IOException {
    try (Stream<Path> left = Files.list(state.resolve("serving/m/cache/incoming"))) {
      assertThat(left).isEmpty();
    }
  }

  private List<Path> cached() throws IOException {
    try (Stream<Path> list = Files.list(state.resolve("serving/m/cache"))) {
      return list.filter(p -> !p.endsWith("incoming")).toList();
    }
  }

  private static String answer(Follower<Model> follower) {
    try (Follower.Hold<Model> hold = follower.acquire().orElseThrow()) {
      return hold.model().answer();
    }
  }
}
