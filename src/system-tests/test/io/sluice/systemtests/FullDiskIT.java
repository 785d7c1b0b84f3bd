package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assumptions.assumeThat;
import static org.awaitility.Awaitility.await;

import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The store on a disk of its own that is too small: a tmpfs in a mount namespace that only these
 * commands see. Skipped where users may not have namespaces.
 */
@Timeout(1800)
class FullDiskIT {
  @TempDir private Path folder;
  private ForkedSluice sluice;
  private Path store;
  private Process namespace;

  @BeforeEach
  void aSmallDisk() throws Exception {
    sluice = new ForkedSluice(folder.resolve("state"));
    store = Files.createDirectories(sluice.state().resolve("store"));
    Path ready = folder.resolve("ready");
    // cat reads from this JVM, so the mount lives until the end of the test or of the JVM
    namespace =
        new ProcessBuilder(
                "unshare",
                "-rm",
                "sh",
                "-c",
                "mount -t tmpfs -o size=3m tmpfs \"$0\" && touch \"$1\" && exec cat",
                store.toString(),
                ready.toString())
            .start();
    await().atMost(Duration.ofMinutes(5)).until(() -> Files.exists(ready) || !namespace.isAlive());
    assumeThat(ready).as("a mount namespace of one's own").exists();
    sluice.within(
        "nsenter", "--target", namespace.pid() + "", "-U", "-m", "--preserve-credentials");
  }

  @AfterEach
  void end() throws Exception {
    namespace.destroyForcibly().waitFor(5, TimeUnit.MINUTES);
  }

  @Test
  void reportsAFullDiskKeepsNothingHalfWrittenAndRepairsOnTheNextRun() throws Exception {
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("tiny"))
            .data("head -c 8000000 /dev/zero | tr '\\0' x > \"$SLUICE_OUTPUTS/weeks\"");
    ForkedSluice.Ended full =
        sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "again");
    assertThat(full.code()).as(full.shown()).isEqualTo(1);
    assertThat(full.shown())
        .contains("SLU-4003", "is full", "No space left on device")
        .containsPattern("data-weeks +failed")
        .doesNotContain("\tat ", "SLU-9099");
    assertThat(files("tmp")).isEmpty();
    blobsAreWhole();

    exec("mount", "-o", "remount,size=64m", store.toString());
    ForkedSluice.Ended next =
        sluice.run("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", "again");
    assertThat(next.code()).as(next.shown()).isEqualTo(0);
    assertThat(next.out()).contains("PROMOTED tiny version 1");
    blobsAreWhole();
  }

  private void blobsAreWhole() throws IOException {
    List<Path> blobs = files("blobs");
    assertThat(blobs).isNotEmpty();
    for (Path blob : blobs) {
      assertThat(Digest.of(Files.readAllBytes(blob)).hex())
          .isEqualTo(blob.getParent().getFileName() + "" + blob.getFileName());
    }
  }

  /** The files of a folder of the store, as the namespace sees it. */
  private List<Path> files(String name) throws IOException {
    Path inside =
        Path.of("/proc", namespace.pid() + "", "root" + store.resolve(name).toAbsolutePath());
    if (!Files.isDirectory(inside)) {
      return List.of();
    }
    try (Stream<Path> all = Files.walk(inside)) {
      return all.filter(Files::isRegularFile).toList();
    }
  }

  private void exec(String... command) throws Exception {
    List<String> argv =
        Stream.concat(
                Stream.of("nsenter", "--target", namespace.pid() + "", "-U", "-m"),
                Stream.of(command))
            .toList();
    assertThat(new ProcessBuilder(argv).inheritIO().start().waitFor()).isZero();
  }
}
