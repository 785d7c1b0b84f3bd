package io.sluice.mlflow;

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

/**
 * The pinned MLflow server, real, for all integration tests of this JVM. Nothing closes it: it ends
 * when this JVM does, which is one of its promises.
 */
final class RealServer {
  private static EmbeddedMlflow server;

  private RealServer() {}

  static synchronized EmbeddedMlflow shared() {
    if (server == null) {
      try {
        server =
            EmbeddedMlflow.start(
                Files.createTempDirectory("sluice-mlflow"), venv(EmbeddedMlflow.lock()), s -> {});
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
    return server;
  }

  static MlflowRegistry registry() {
    return MlflowRegistry.connect(shared().config());
  }

  /** An environment with MLflow's own client and ONNX. */
  static Path clientVenv() {
    try (InputStream in = RealServer.class.getResourceAsStream("client.lock")) {
      return venv(new String(in.readAllBytes(), StandardCharsets.UTF_8));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The environment of a lock, in the user's cache, made once. */
  static synchronized Path venv(String lock) {
    try {
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
                  "--compile-bytecode",
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
