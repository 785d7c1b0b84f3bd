package io.sluice.tekton.lower;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * The busybox of small images: of this machine or, where there is none, the one in Debian's package
 * busybox-static, unpacked once into the user's cache folder. Nothing is installed.
 */
final class Busybox {
  private static final int MINUTES = 10;

  private Busybox() {}

  /** Its path; empty where it is not to be had. */
  static Optional<String> program() {
    Optional<Path> here =
        Stream.of(System.getenv("PATH").split(":"))
            .map(folder -> Path.of(folder, "busybox"))
            .filter(Files::isExecutable)
            .findFirst();
    return here.or(Busybox::unpacked).map(Path::toString);
  }

  private static Optional<Path> unpacked() {
    String cache = System.getenv("XDG_CACHE_HOME");
    Path folder =
        (cache == null || cache.isEmpty()
                ? Path.of(System.getProperty("user.home"), ".cache")
                : Path.of(cache))
            .resolve("sluice/test-busybox");
    Path program = folder.resolve("bin/busybox");
    try {
      Files.createDirectories(folder);
      try (FileChannel lock =
          FileChannel.open(
              folder.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
        lock.lock();
        if (!Files.isExecutable(program)
            && runs(folder, "apt-get", "--quiet", "download", "busybox-static")) {
          runs(folder, "sh", "-c", "dpkg-deb -x busybox-static_*.deb . && rm busybox-static_*.deb");
        }
      }
      return Files.isExecutable(program) ? Optional.of(program) : Optional.empty();
    } catch (IOException e) {
      return Optional.empty(); // no apt-get, or no cache folder: the test says that it did not run
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return Optional.empty();
    }
  }

  /** The file by which fetch hands a command to the shell. */
  static String words(String... command) {
    return "set --"
        + Stream.of(command)
            .map(w -> " '" + w.replace("'", "'\\''") + "'")
            .collect(Collectors.joining())
        + "\n";
  }

  private static boolean runs(Path folder, String... command)
      throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(List.of(command))
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(MINUTES, TimeUnit.MINUTES)) {
      process.destroyForcibly();
      return false;
    }
    return process.exitValue() == 0;
  }
}
