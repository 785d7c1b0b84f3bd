package io.sluice.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * The pinned MLflow server, real, for all integration tests of this JVM. Nothing closes it: it ends
 * when this JVM does, which is one of its promises.
 */
public final class RealServer {
  private static EmbeddedMlflow server;

  private RealServer() {}

  static synchronized EmbeddedMlflow shared() {
    if (server == null) {
      try {
        server = EmbeddedMlflow.start(Files.createTempDirectory("sluice-mlflow"), venv(), s -> {});
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server;
  }

  static MlflowRegistry registry() {
    return MlflowRegistry.connect(shared().config());
  }

  /**
   * The environment of all these tests, in the user's cache, made once: what the embedded server is
   * locked to, and beside it ONNX for MLflow's own client and a driver for PostgreSQL. One
   * environment of 800 MB instead of three; the embedded server's own is what `sluice` builds.
   */
  public static synchronized Path venv() {
    try {
      String lock = resource("client.lock") + "\n" + resource("psycopg2.lock");
      assertThat(requirements(lock)).containsAll(requirements(EmbeddedMlflow.lock()));
      Path cache =
          Optional.ofNullable(System.getenv("XDG_CACHE_HOME"))
              .map(Path::of)
              .orElse(Path.of(System.getProperty("user.home"), ".cache"))
              .resolve("sluice/test-mlflow");
      Files.createDirectories(cache);
      Path venv = cache.resolve(Digest.of(lock).brief());
      Path done = venv.resolve("complete");
      try (FileChannel channel =
          FileChannel.open(
              cache.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        channel.lock();
        if (!Files.exists(done)) {
          Path file = cache.resolve(Digest.of(lock).brief() + ".lock");
          Files.writeString(file, lock);
          Path uv = Path.of(System.getProperty("sluice.root"), "tools/uv");
          run(List.of(uv + "", "venv", "--quiet", "--clear", "--python", "3.11", venv + ""));
          run(
              List.of(
                  uv + "",
                  "pip",
                  "sync",
                  "--quiet",
                  "--require-hashes",
                  "--python",
                  venv.resolve("bin/python") + "",
                  file + ""));
          Files.createFile(done);
        }
      }
      return venv;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Set<String> requirements(String lock) {
    return lock.lines().filter(l -> l.matches("[a-z].*==.*")).collect(Collectors.toSet());
  }

  private static String resource(String name) throws IOException {
    try (InputStream in = RealServer.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /** Runs a program to its end and gives what it wrote; fails when it does. */
  static String run(List<String> command) throws IOException {
    Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    try {
      if (process.waitFor() != 0) {
        throw new IOException(command + " failed: " + out);
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      throw new IOException(e);
    }
    return out;
  }
}
