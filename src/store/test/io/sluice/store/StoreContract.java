package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.ArtifactStore.CorruptBlobException;
import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/** What every store promises, wherever it keeps things. */
abstract class StoreContract {

  /** A view of the test's own store, empty at first. */
  abstract ArtifactStore store(Area area) throws IOException;

  /** Puts other bytes under a blob's name, past the store. */
  abstract void damage(Digest blob, String content) throws IOException;

  /** Puts other bytes in place of a trusted cache entry, past the store. */
  abstract void damageEntry(Digest key, byte[] content) throws IOException;

  /** Removes a blob, past the store. */
  abstract void lose(Digest blob) throws IOException;

  @Test
  void givesBackWhatWasPut() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    Digest digest = put(store, "hello");
    assertThat(digest).isEqualTo(Digest.of("hello"));
    assertThat(store.has(digest)).isTrue();
    assertThat(read(store, digest)).isEqualTo("hello");
    assertThat(put(store, "hello")).isEqualTo(digest);
    assertThat(read(store, put(store, ""))).isEmpty();
  }

  @Test
  void namesAMissingBlob() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    assertThat(store.has(Digest.of("nothing"))).isFalse();
    assertThatThrownBy(() -> store.open(Digest.of("nothing")))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining(Digest.of("nothing").toString());
  }

  @Test
  void detectsAFlippedBitNamesItAndMendsItWithTheNextWrite() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    Digest digest = put(store, "hello");
    damage(digest, "hallo");
    assertThatThrownBy(() -> read(store, digest))
        .isInstanceOf(CorruptBlobException.class)
        .hasMessageContaining(digest.toString());
    assertThat(store.has(digest)).isFalse();
    put(store, "hello");
    assertThat(read(store, digest)).isEqualTo("hello");
  }

  @Test
  void aTruncatedBlobIsNoCacheHitAndIsReplacedByTheNextWrite() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    Digest blob = put(store, "hello");
    Digest manifest = manifest(store, "model", blob, 5);
    Digest key = Digest.of("key");
    store.cache(key, manifest);
    assertThat(store.cached(key)).contains(manifest);
    damage(blob, "hel");
    assertThat(store.cached(key)).isEmpty();
    put(store, "hello");
    assertThat(store.cached(key)).contains(manifest);
  }

  @Test
  void theFirstWriterOfAKeyWinsUnlessWhatItWroteIsLost() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    Digest key = Digest.of("key");
    assertThat(store.cached(key)).isEmpty();
    Digest first = manifest(store, "a", put(store, "a"), 1);
    Digest second = manifest(store, "a", put(store, "b"), 1);
    store.cache(key, first);
    store.cache(key, second);
    assertThat(store.cached(key)).contains(first);
    lose(Digest.of("a"));
    store.cache(key, second);
    assertThat(store.cached(key)).contains(second);
  }

  @Test
  void anEntryThatIsDamagedInWhateverWayIsAMissSaysWhyAndIsReplaced() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    Digest good = manifest(store, "model", put(store, "hello"), 5);
    Digest key = Digest.of("key");
    Map<byte[], String> damages = new LinkedHashMap<>();
    damages.put(new byte[0], "something else than a digest");
    damages.put(new byte[] {(byte) 0xff, (byte) 0xfe, 0}, "something else than a digest");
    damages.put(new byte[100_000], "something else than a digest");
    damages.put(bytes(Digest.of("never stored") + "\n"), "is not in the store");
    damages.put(bytes(put(store, "text") + "\n"), "is not a manifest");
    damages.put(bytes(put(store, "[".repeat(5000)) + "\n"), "is not a manifest");
    damages.put(bytes(put(store, "{\"apiVersion\": 7}") + "\n"), "is not a manifest");
    for (Map.Entry<byte[], String> damage : damages.entrySet()) {
      store.cache(key, good);
      damageEntry(key, damage.getKey());
      assertThat(store.lookup(key, List.of("model")))
          .isInstanceOfSatisfying(
              CacheLookup.Damaged.class, d -> assertThat(d.why()).contains(damage.getValue()));
      store.cache(key, good);
      assertThat(store.lookup(key, List.of("model"))).isEqualTo(new CacheLookup.Hit(good));
    }
  }

  @Test
  void anEntryThatLacksADeclaredOutputIsAMissAndIsReplaced() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    Digest less = manifest(store, "model", put(store, "hello"), 5);
    Digest whole =
        store.put(
            new ByteArrayInputStream(
                new Manifest(
                        Optional.empty(),
                        Map.of(),
                        List.of(
                            new Manifest.Entry("metrics", false, 5, Digest.of("hello")),
                            new Manifest.Entry("model/a", false, 5, Digest.of("hello"))))
                    .bytes()));
    Digest key = Digest.of("key");
    store.cache(key, less);
    assertThat(store.lookup(key, List.of("model"))).isEqualTo(new CacheLookup.Hit(less));
    assertThat(store.lookup(key, List.of("model", "metrics")))
        .isEqualTo(new CacheLookup.Damaged("it lacks the output metrics"));
    store.cache(key, whole);
    assertThat(store.lookup(key, List.of("model", "metrics")))
        .isEqualTo(new CacheLookup.Hit(whole));
  }

  @Test
  void anUntrustedViewHasItsOwnEntryWhereTheTrustedOneIsDamaged() throws IOException {
    Digest good = manifest(store(Area.TRUSTED), "model", put(store(Area.TRUSTED), "hello"), 5);
    Digest key = Digest.of("key");
    store(Area.TRUSTED).cache(key, good);
    damageEntry(key, bytes("x"));
    assertThat(store(Area.UNTRUSTED).lookup(key, List.of()))
        .isInstanceOf(CacheLookup.Damaged.class);
    store(Area.UNTRUSTED).cache(key, good);
    assertThat(store(Area.UNTRUSTED).cached(key)).contains(good);
    assertThat(store(Area.TRUSTED).cached(key)).isEmpty();
  }

  @Test
  void ofManyWhoWriteAKeyAtOnceAllReadTheSameOne() throws Exception {
    int writers = 8;
    List<Digest> manifests = new ArrayList<>();
    for (int i = 0; i < writers; i++) {
      ArtifactStore store = store(Area.TRUSTED);
      manifests.add(manifest(store, "f", put(store, "content " + i), 9));
    }
    Digest key = Digest.of("raced");
    CyclicBarrier together = new CyclicBarrier(writers);
    Set<Optional<Digest>> seen = new HashSet<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(writers)) {
      List<Callable<Optional<Digest>>> all = new ArrayList<>();
      for (Digest manifest : manifests) {
        ArtifactStore own = store(Area.TRUSTED);
        all.add(() -> {
          together.await();
          own.cache(key, manifest);
          return own.cached(key);
        });
      }
      for (Future<Optional<Digest>> one : threads.invokeAll(all)) {
        seen.add(one.get());
      }
    }
    assertThat(seen).hasSize(1);
    assertThat(seen.iterator().next()).hasValueSatisfying(m -> assertThat(manifests).contains(m));
  }

  @Test
  void aKeyCannotNameAManifestThatIsNotThere() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    assertThatThrownBy(() -> store.cache(Digest.of("k"), Digest.of("m")))
        .isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void trustedViewsNeverSeeWhatUntrustedOnesWrote() throws IOException {
    ArtifactStore trusted = store(Area.TRUSTED);
    ArtifactStore untrusted = store(Area.UNTRUSTED);
    Digest poison = manifest(untrusted, "x", put(untrusted, "x"), 1);
    untrusted.cache(Digest.of("k1"), poison);
    untrusted.putRecord(new RunId("pr"), new StageName("train"), 0, bytes("{}"));
    assertThat(trusted.cached(Digest.of("k1"))).isEmpty();
    assertThat(trusted.records(new RunId("pr"))).isEmpty();
    assertThat(untrusted.records(new RunId("pr"))).hasSize(1);
    Digest good = manifest(trusted, "y", put(trusted, "y"), 1);
    trusted.cache(Digest.of("k2"), good);
    assertThat(untrusted.cached(Digest.of("k2"))).contains(good);
    assertThat(untrusted.cached(Digest.of("k1"))).contains(poison);
  }

  @Test
  void recordsComeBackByStageAndAttemptAndAreReplacedWhole() throws IOException {
    ArtifactStore store = store(Area.TRUSTED);
    RunId run = new RunId("r");
    store.putRecord(run, new StageName("train-deep"), 0, bytes("td0"));
    store.putRecord(run, new StageName("train"), 10, bytes("t10"));
    store.putRecord(run, new StageName("train"), 2, bytes("t2"));
    store.putRecord(run, new StageName("data"), 0, bytes("old"));
    store.putRecord(run, new StageName("data"), 0, bytes("d0"));
    store.putRecord(new RunId("r-2"), new StageName("data"), 0, bytes("of another run"));
    assertThat(store.records(run).stream().map(b -> new String(b, StandardCharsets.UTF_8)))
        .containsExactly("d0", "t2", "t10", "td0");
  }

  static Digest put(ArtifactStore store, String text) throws IOException {
    return store.put(new ByteArrayInputStream(bytes(text)));
  }

  static Digest manifest(ArtifactStore store, String name, Digest blob, long size)
      throws IOException {
    Manifest manifest =
        new Manifest(
            Optional.empty(), Map.of(), List.of(new Manifest.Entry(name, false, size, blob)));
    return store.put(new ByteArrayInputStream(manifest.bytes()));
  }

  static String read(ArtifactStore store, Digest digest) throws IOException {
    try (InputStream in = store.open(digest)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
