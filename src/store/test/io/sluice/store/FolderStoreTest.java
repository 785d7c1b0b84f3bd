package io.sluice.store;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.CacheLookup;
import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A store in a folder. */
class FolderStoreTest extends StoreContract {
  @TempDir Path folder;

  @Override
  FolderStore store(Area area) {
    return new FolderStore(folder, area);
  }

  @Override
  void damage(Digest blob, String content) throws IOException {
    Files.setPosixFilePermissions(blob(blob), PosixFilePermissions.fromString("rw-r--r--"));
    Files.writeString(blob(blob), content);
  }

  @Override
  void damageEntry(Digest key, byte[] content) throws IOException {
    Files.write(entry(key), content);
  }

  @Override
  void lose(Digest blob) throws IOException {
    Files.delete(blob(blob));
  }

  @Test
  void whatStandsInPlaceOfAFileIsAMissAndIsMovedAsideByTheNextWrite() throws IOException {
    FolderStore store = store(Area.TRUSTED);
    Digest blob = put(store, "hello");
    Digest manifest = manifest(store, "model", blob, 5);
    Digest key = Digest.of("key");
    Path entry = entry(key);
    List<Obstacle> obstacles =
        List.of(
            () -> {
              Files.delete(entry);
              Files.writeString(Files.createDirectory(entry).resolve("notes"), "x");
            },
            () -> {
              Files.delete(entry);
              Files.createSymbolicLink(entry, entry);
            },
            () -> {
              Files.delete(entry);
              Files.delete(entry.getParent());
              Files.writeString(entry.getParent(), "a file in place of a folder");
            },
            () -> {
              Files.delete(blob(manifest));
              Files.createDirectory(blob(manifest));
            },
            () -> {
              Files.delete(blob(blob));
              Files.writeString(Files.createDirectory(blob(blob)).resolve("notes"), "x");
            });
    for (Obstacle obstacle : obstacles) {
      store.cache(key, manifest);
      assertThat(store.cached(key)).contains(manifest);
      obstacle.place();
      assertThat(store.lookup(key, List.of())).isInstanceOf(CacheLookup.Damaged.class);
      put(store, "hello");
      manifest(store, "model", blob, 5);
      store.cache(key, manifest);
      assertThat(store.cached(key)).contains(manifest);
      assertThat(read(store, blob)).isEqualTo("hello");
    }
  }

  /** Something that a crash, a disk or a person left where a file of the store belongs. */
  private interface Obstacle {
    void place() throws IOException;
  }

  @Test
  void keepsBlobsReadOnlyAndLeavesNoTemporaryFiles() throws IOException {
    Digest digest = put(store(Area.TRUSTED), "hello");
    assertThat(Files.getPosixFilePermissions(blob(digest)))
        .isEqualTo(PosixFilePermissions.fromString("r--r--r--"));
    assertThat(Files.list(folder.resolve("tmp"))).isEmpty();
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

  private Path entry(Digest key) {
    return folder
        .resolve("cache")
        .resolve(key.hex().substring(0, 2))
        .resolve(key.hex().substring(2));
  }

  private Path blob(Digest digest) {
    return folder
        .resolve("blobs")
        .resolve(digest.hex().substring(0, 2))
        .resolve(digest.hex().substring(2));
  }
}
