package io.sluice.serving.follow;

import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * What a service remembers on disk: the version that it serves, in {@code current.json}, and each
 * version whose bundle it fetched, in {@code versions/N.json}. A file is replaced as a whole.
 */
final class Memory {
  private final Path current;
  private final Path versions;

  Memory(Path folder) {
    this.current = folder.resolve("current.json");
    this.versions = folder.resolve("versions");
  }

  /**
   * The version that was served last.
   *
   * @throws IOException also when the file does not read
   */
  Optional<Remembered> current() throws IOException {
    return read(current);
  }

  void current(Remembered remembered) throws IOException {
    write(current, remembered);
  }

  /**
   * A version as it was when its bundle was fetched.
   *
   * @throws IOException also when the file does not read
   */
  Optional<Remembered> version(int number) throws IOException {
    return read(versions.resolve(number + ".json"));
  }

  void version(Remembered remembered) throws IOException {
    write(versions.resolve(remembered.version().version() + ".json"), remembered);
  }

  private static Optional<Remembered> read(Path file) throws IOException {
    byte[] bytes;
    try {
      bytes = Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
    try {
      return Optional.of(Remembered.parse(Json.parse(bytes)));
    } catch (IllegalArgumentException e) {
      throw new IOException(file + " does not read: " + e.getMessage(), e);
    }
  }

  private static void write(Path file, Remembered remembered) throws IOException {
    Files.createDirectories(file.getParent());
    Path beside = Files.createTempFile(file.getParent(), "." + file.getFileName(), ".tmp");
    try {
      try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
        ByteBuffer bytes =
            ByteBuffer.wrap(Json.pretty(remembered.json()).getBytes(StandardCharsets.UTF_8));
        while (bytes.hasRemaining()) {
          channel.write(bytes);
        }
        channel.force(true);
      }
      Files.move(beside, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } finally {
      Files.deleteIfExists(beside);
    }
  }
}
