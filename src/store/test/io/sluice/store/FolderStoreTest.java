package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.ArtifactStore.CorruptBlobException;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.ByteArrayInputStream;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FolderStoreTest {
  @TempDir Path folder;

  @Test
  void givesBackWhatWasPutAndKeepsItReadOnly() throws IOException {
    FolderStore store = new FolderStore(folder);
    Digest digest = put(store, "hello");
    assertThat(digest).isEqualTo(Digest.of("hello"));
    assertThat(read(store, digest)).isEqualTo("hello");
    assertThat(Files.getPosixFilePermissions(blob(digest)))
        .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
    assertThat(Files.list(folder.resolve("tmp"))).isEmpty();
  }

  @Test
  void namesAMissingBlob() {
    assertThatThrownBy(() -> new FolderStore(folder).open(Digest.of("nothing")))
        .isInstanceOf(FileNotFoundException.class)
        .hasMessageContaining(Digest.of("nothing").toString());
  }

  @Test
  void detectsAFlippedBitNamesItAndMendsItWithTheNextWrite() throws IOException {
    FolderStore store = new FolderStore(folder);
    Digest digest = put(store, "hello");
    overwrite(blob(digest), "hallo");
    assertThatThrownBy(() -> read(store, digest))
        .isInstanceOf(CorruptBlobException.class)
        .hasMessageContaining(digest.toString());
    assertThat(store.has(digest)).isFalse();
    put(store, "hello");
    assertThat(read(store, digest)).isEqualTo("hello");
  }

  @Test
  void aTruncatedBlobIsNoCacheHitAndIsReplacedByTheNextWrite() throws IOException {
    FolderStore store = new FolderStore(folder);
    Digest blob = put(store, "hello");
    Digest manifest = manifest(store, "model", blob, 5);
    Digest key = Digest.of("key");
    store.cache(key, manifest);
    assertThat(store.cached(key)).contains(manifest);
    overwrite(blob(blob), "hel");
    assertThat(store.cached(key)).isEmpty();
    put(store, "hello");
    assertThat(store.cached(key)).contains(manifest);
  }

  @Test
  void theFirstWriterOfAKeyWinsUnlessWhatItWroteIsLost() throws IOException {
    FolderStore store = new FolderStore(folder);
    Digest key = Digest.of("key");
    Digest first = manifest(store, "a", put(store, "a"), 1);
    Digest second = manifest(store, "b", put(store, "b"), 1);
    store.cache(key, first);
    store.cache(key, second);
    assertThat(store.cached(key)).contains(first);
    Files.delete(blob(Digest.of("a")));
    store.cache(key, second);
    assertThat(store.cached(key)).contains(second);
  }

  @Test
  void aKeyCannotNameAManifestThatIsNotThere() {
    assertThatThrownBy(() -> new FolderStore(folder).cache(Digest.of("k"), Digest.of("m")))
        .isInstanceOf(FileNotFoundException.class);
  }

  @Test
  void trustedViewsNeverSeeWhatUntrustedOnesWrote() throws IOException {
    FolderStore trusted = new FolderStore(folder);
    FolderStore untrusted = new FolderStore(folder, FolderStore.Area.UNTRUSTED);
    Digest poison = manifest(untrusted, "x", put(untrusted, "x"), 1);
    untrusted.cache(Digest.of("k1"), poison);
    untrusted.putRecord(new RunId("pr"), new StageName("train"), 0, bytes("{}"));
    assertThat(trusted.cached(Digest.of("k1"))).isEmpty();
    assertThat(trusted.records(new RunId("pr"))).isEmpty();
    Digest good = manifest(trusted, "y", put(trusted, "y"), 1);
    trusted.cache(Digest.of("k2"), good);
    assertThat(untrusted.cached(Digest.of("k2"))).contains(good);
    assertThat(untrusted.cached(Digest.of("k1"))).contains(poison);
  }

  @Test
  void recordsComeBackByStageAndAttemptAndAreReplacedWhole() throws IOException {
    FolderStore store = new FolderStore(folder);
    RunId run = new RunId("r");
    store.putRecord(run, new StageName("train"), 10, bytes("t10"));
    store.putRecord(run, new StageName("train"), 2, bytes("t2"));
    store.putRecord(run, new StageName("data"), 0, bytes("old"));
    store.putRecord(run, new StageName("data"), 0, bytes("d0"));
    assertThat(store.records(run).stream().map(b -> new String(b, StandardCharsets.UTF_8)))
        .containsExactly("d0", "t2", "t10");
  }

  @Test
  void processesThatDieWhileTheyWriteLeaveNothingThatReadsAsContent() throws Exception {
    List<Process> writers = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      writers.add(
          new ProcessBuilder(
                  Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                  "-XX:TieredStopAtLevel=1",
                  "-cp",
                  System.getProperty("java.class.path"),
                  Writer.class.getName(),
                  folder.toString())
              .redirectError(ProcessBuilder.Redirect.INHERIT)
              .start());
    }
    try {
      for (Process writer : writers) {
        // the first line says that it is in the middle of its work
        assertThat(writer.inputReader().readLine()).isEqualTo("writing");
        writer.destroyForcibly().waitFor();
      }
    } finally {
      writers.forEach(Process::destroyForcibly);
    }
    FolderStore store = new FolderStore(folder);
    int seen = 0;
    for (int i = 0; i < Writer.BLOBS; i++) {
      Digest digest = Digest.of(Writer.content(i));
      if (store.has(digest)) {
        seen++;
        assertThat(read(store, digest)).isEqualTo(Writer.content(i));
      }
      store.cached(Digest.of("key" + i)).ifPresent(m -> assertThat(store.has(m)).isTrue());
    }
    assertThat(seen).isPositive();
    store.sweep(java.time.Instant.now().plusSeconds(60));
    assertThat(Files.list(folder.resolve("tmp"))).isEmpty();
  }

  /** Another process at the same store. */
  static final class Writer {
    static final int BLOBS = 50;

    static String content(int i) {
      return ("blob " + i + " ").repeat(20_000);
    }

    public static void main(String[] args) throws IOException {
      FolderStore store = new FolderStore(Path.of(args[0]));
      for (int i = 0; ; i = (i + 1) % BLOBS) {
        Digest digest = put(store, content(i));
        store.cache(Digest.of("key" + i), manifest(store, "f", digest, content(i).length()));
        if (i == 2) {
          System.out.println("writing");
        }
      }
    }
  }

  private Path blob(Digest digest) {
    return folder
        .resolve("blobs")
        .resolve(digest.hex().substring(0, 2))
        .resolve(digest.hex().substring(2));
  }

  private static void overwrite(Path blob, String text) throws IOException {
    Files.setPosixFilePermissions(blob, PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(blob, text);
  }

  private static Digest put(FolderStore store, String text) throws IOException {
    return store.put(new ByteArrayInputStream(bytes(text)));
  }

  private static Digest manifest(FolderStore store, String name, Digest blob, long size)
      throws IOException {
    Manifest manifest =
        new Manifest(
            Optional.empty(), Map.of(), List.of(new Manifest.Entry(name, false, size, blob)));
    return store.put(new ByteArrayInputStream(manifest.bytes()));
  }

  private static String read(FolderStore store, Digest digest) throws IOException {
    try (InputStream in = store.open(digest)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private static byte[] bytes(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
