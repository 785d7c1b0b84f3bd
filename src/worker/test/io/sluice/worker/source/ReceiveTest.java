package io.sluice.worker.source;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.store.FolderStore;
import io.sluice.worker.Worker;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.stream.Stream;
import java.util.zip.GZIPOutputStream;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveOutputStream;
import org.apache.commons.compress.archivers.tar.TarConstants;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Code on its way into the store, from archives that anybody may have made. */
class ReceiveTest {
  @TempDir Path folder;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  @Test
  void theLastLineIsTheDigestOfTheCodeAsALaptopCountsIt() throws Exception {
    byte[] tar =
        new Tar()
            .folder("./")
            .folder("./rma/")
            .file("./rma/train.py", "print()", 0644)
            .file("./run.sh", "#!/bin/sh", 0755)
            .file("./rma/__pycache__/train.pyc", "x", 0644)
            .file("./.git/config", "x", 0644)
            .bytes();
    assertThat(receive(tar)).isZero();
    Manifest wanted =
        new Manifest(
            Optional.empty(),
            Map.of(),
            List.of(
                new Manifest.Entry("rma/train.py", false, 7, Digest.of("print()")),
                new Manifest.Entry("run.sh", true, 9, Digest.of("#!/bin/sh"))));
    assertThat(lines()).containsExactly("2 files of code", wanted.digest().toString());
    FolderStore store = new FolderStore(folder.resolve("store"));
    assertThat(store.manifest(wanted.digest())).isEqualTo(wanted);
    assertThat(store.has(Digest.of("print()"))).isTrue();
  }

  @Test
  void takesThePipelinesFolderAndItsGlobsFromAFileAndWritesTheResult() throws Exception {
    byte[] tar =
        new Tar()
            .file("README.md", "no", 0644)
            .file("pipelines/rma/sluice.yaml", "no", 0644)
            .file("pipelines/rma/rma/a.py", "a", 0644)
            .file("pipelines/rma-2/rma/b.py", "no", 0644)
            .bytes();
    Files.write(folder.resolve("source.tar"), tar);
    assertThat(
            receive(
                new byte[0],
                "--file",
                "source.tar",
                "--folder",
                "pipelines/rma",
                "--result-code",
                "code",
                "--include",
                "rma/**"))
        .isZero();
    Manifest wanted =
        new Manifest(
            Optional.empty(),
            Map.of(),
            List.of(new Manifest.Entry("rma/a.py", false, 1, Digest.of("a"))));
    assertThat(Files.readString(folder.resolve("code"))).isEqualTo(wanted.digest().toString());
  }

  @Test
  void aTreeHashIsComputedFromWhatIsKeptAsGitDoes() throws Exception {
    byte[] tar =
        new Tar()
            .file("a.txt", "a\n", 0664)
            .file("d-x", "a-b\n", 0664)
            .folder("d/")
            .file("d/run.sh", "#!/bin/sh\n", 0775)
            .link("l", "a.txt", TarConstants.LF_SYMLINK)
            .bytes();
    // what `git rev-parse HEAD^{tree}` says of these files
    String tree = "3b921d89a90a1f187a88b3eb11c76512c7e540c4";
    assertThat(receive(tar, "--links", "leave-out", "--tree", tree, "--expected-tree", tree))
        .isZero();
    assertThat(lines().getFirst()).isEqualTo("3 files of code, 1 links left out");
    assertThat(receive(tar, "--links", "leave-out", "--tree", tree, "--expected-tree", ""))
        .isZero();
    assertThat(receive(tar, "--links", "leave-out", "--tree", tree.replace('3', '4'))).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains("SLU-4623", tree);
  }

  static Stream<Arguments> hostile() throws IOException {
    byte[] whole = new Tar().file("a", "x".repeat(5000), 0644).bytes();
    ByteArrayOutputStream gzip = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(gzip)) {
      out.write(whole);
    }
    byte[] noise = new byte[4096];
    new Random(1).nextBytes(noise);
    return Stream.of(
        Arguments.of("nothing", "SLU-4620", new byte[0]),
        Arguments.of("noise", "SLU-4620", noise),
        Arguments.of("gzip", "SLU-4620", gzip.toByteArray()),
        Arguments.of("cut in a file", "SLU-4620", Arrays.copyOf(whole, 2000)),
        Arguments.of("cut in a header", "SLU-4620", Arrays.copyOf(whole, 300)),
        Arguments.of("cut after a file", "SLU-4620", Arrays.copyOf(whole, 512 + 5120)),
        Arguments.of("no file", "SLU-4624", new Tar().folder("a/").bytes()),
        Arguments.of("an absolute path", "SLU-4621", new Tar().file("/etc/x", "x", 0644).bytes()),
        Arguments.of("a way up", "SLU-4621", new Tar().file("a/../../x", "x", 0644).bytes()),
        Arguments.of("a folder up", "SLU-4621", new Tar().folder("../x/").bytes()),
        Arguments.of("a doubled slash", "SLU-4621", new Tar().file("a//x", "x", 0644).bytes()),
        Arguments.of("a backslash", "SLU-4621", new Tar().file("a\\x", "x", 0644).bytes()),
        Arguments.of("a line break", "SLU-4621", new Tar().file("a\nx", "x", 0644).bytes()),
        Arguments.of(
            "a symbolic link",
            "SLU-4621",
            new Tar().link("l", "/etc/passwd", TarConstants.LF_SYMLINK).bytes()),
        Arguments.of(
            "a hard link",
            "SLU-4621",
            new Tar().file("a", "x", 0644).link("l", "a", TarConstants.LF_LINK).bytes()),
        Arguments.of("a device", "SLU-4621", new Tar().special("d", TarConstants.LF_CHR).bytes()),
        Arguments.of("a pipe", "SLU-4621", new Tar().special("p", TarConstants.LF_FIFO).bytes()),
        Arguments.of(
            "a name twice",
            "SLU-4621",
            new Tar().file("a", "1", 0644).file("./a", "2", 0644).bytes()),
        Arguments.of(
            "a file under a file",
            "SLU-4621",
            new Tar().file("a", "1", 0644).file("a/b", "2", 0644).bytes()),
        Arguments.of(
            "a file over a folder",
            "SLU-4621",
            new Tar().file("a/b", "1", 0644).file("a", "2", 0644).bytes()),
        Arguments.of(
            "a deep path", "SLU-4621", new Tar().file("d/".repeat(70) + "x", "x", 0644).bytes()),
        Arguments.of(
            "a long name", "SLU-4621", new Tar().file("n".repeat(1001), "x", 0644).bytes()),
        Arguments.of(
            "a huge header",
            "SLU-4622",
            new Tar().file("a", "1", 0644, "comment", "c".repeat(2 << 20)).bytes()));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("hostile")
  void refusesAndKeepsNothingOf(String what, String id, byte[] archive) throws Exception {
    assertThat(receive(archive)).isEqualTo(2);
    assertThat(err.toString(UTF_8)).contains(id).doesNotContain("\tat ");
    assertThat(out.toString(UTF_8)).doesNotContain("sha256:");
  }

  @Test
  void countsWhatComesNotWhatAHeaderClaims() throws IOException {
    SourceArchive.Bounds bounds = new SourceArchive.Bounds(3, 64 << 10, 8 << 10);
    byte[] many =
        new Tar().file("1", "", 0644).file("2", "", 0644).file("3", "", 0644).folder("4/").bytes();
    assertTooLarge(many, bounds, "more than 3 entries");
    byte[] large = new Tar().file("1", "x".repeat(70_000), 0644).bytes();
    assertTooLarge(large, new SourceArchive.Bounds(3, 64 << 10, 8 << 10), "more than 0 MiB");
    byte[] claim = new Tar().file("1", "x".repeat(600), 0644).bytes();
    // the size field: eight gigabytes, of which nothing comes
    System.arraycopy("77777777777".getBytes(UTF_8), 0, claim, 124, 11);
    checksum(claim);
    assertThatThrownBy(() -> read(claim, bounds)).hasMessageContaining("SLU-4620");
  }

  @Test
  void aFullDiskIsNotTheArchivesFault() throws IOException {
    byte[] tar = new Tar().file("a", "x", 0644).bytes();
    assertThatThrownBy(() ->
            SourceArchive.read(
                new ByteArrayInputStream(tar),
                SourceArchive.Bounds.DEFAULT,
                new SourceArchive.Visitor() {
                  @Override
                  public void file(String p, boolean e, long s, InputStream c) throws IOException {
                    throw new IOException("disk full");
                  }

                  @Override
                  public void link(String p, String t) {}
                }))
        .isInstanceOf(IOException.class)
        .hasMessage("disk full");
  }

  private static void assertTooLarge(byte[] tar, SourceArchive.Bounds bounds, String word) {
    assertThatThrownBy(() -> read(tar, bounds))
        .hasMessageContaining("SLU-4622")
        .hasMessageContaining(word);
  }

  private static void read(byte[] tar, SourceArchive.Bounds bounds) throws IOException {
    SourceArchive.read(
        new ByteArrayInputStream(tar),
        bounds,
        new SourceArchive.Visitor() {
          @Override
          public void file(String p, boolean e, long s, InputStream c) throws IOException {
            c.transferTo(java.io.OutputStream.nullOutputStream());
          }

          @Override
          public void link(String p, String t) {}
        });
  }

  private static void checksum(byte[] tar) {
    Arrays.fill(tar, 148, 156, (byte) ' ');
    int sum = 0;
    for (int i = 0; i < 512; i++) {
      sum += tar[i] & 0xff;
    }
    System.arraycopy(String.format("%06o\0 ", sum).getBytes(UTF_8), 0, tar, 148, 8);
  }

  private int receive(byte[] archive, String... more) throws Exception {
    out.reset();
    Worker worker =
        new Worker(
            Clock.systemUTC(),
            (path, untrusted) -> new FolderStore(path),
            (env, says) -> {
              throw new AssertionError("receive has no business with the registry");
            });
    List<String> argv = new ArrayList<>(List.of("receive", "--store", "store"));
    argv.addAll(List.of(more));
    return worker.run(
        argv,
        Map.of(),
        folder,
        new ByteArrayInputStream(archive),
        new PrintStream(out, true, UTF_8),
        new PrintStream(err, true, UTF_8));
  }

  private List<String> lines() {
    return out.toString(UTF_8).lines().toList();
  }

  /** Writes archives that no honest program would. */
  private static final class Tar {
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    private final TarArchiveOutputStream tar = new TarArchiveOutputStream(bytes, "UTF-8");

    Tar() {
      tar.setLongFileMode(TarArchiveOutputStream.LONGFILE_POSIX);
    }

    Tar file(String name, String content, int mode, String... header) throws IOException {
      byte[] text = content.getBytes(UTF_8);
      TarArchiveEntry entry = new TarArchiveEntry(name, true);
      entry.setSize(text.length);
      entry.setMode(mode);
      for (int i = 0; i < header.length; i += 2) {
        entry.addPaxHeader(header[i], header[i + 1]);
      }
      tar.putArchiveEntry(entry);
      tar.write(text);
      tar.closeArchiveEntry();
      return this;
    }

    Tar folder(String name) throws IOException {
      tar.putArchiveEntry(new TarArchiveEntry(name, true));
      tar.closeArchiveEntry();
      return this;
    }

    Tar link(String name, String target, byte type) throws IOException {
      TarArchiveEntry entry = new TarArchiveEntry(name, type);
      entry.setLinkName(target);
      tar.putArchiveEntry(entry);
      tar.closeArchiveEntry();
      return this;
    }

    Tar special(String name, byte type) throws IOException {
      tar.putArchiveEntry(new TarArchiveEntry(name, type));
      tar.closeArchiveEntry();
      return this;
    }

    byte[] bytes() throws IOException {
      tar.close();
      return bytes.toByteArray();
    }
  }
}
