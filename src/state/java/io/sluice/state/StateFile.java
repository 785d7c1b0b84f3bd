package io.sluice.state;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;

/**
 * A file that is there whole or not at all, whatever happens to the process or the machine: written
 * beside itself, forced to the disk, put in place.
 */
public final class StateFile {
  private final Path path;

  public StateFile(Path path) {
    this.path = path;
  }

  /** Its content; empty when it was never written. */
  public Optional<byte[]> read() {
    try {
      return Optional.of(Files.readAllBytes(path));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw broken("read", e);
    }
  }

  /** Its content as text. */
  public Optional<String> text() {
    return read().map(b -> new String(b, StandardCharsets.UTF_8));
  }

  /** Replaces the content. One writer at a time. */
  public void write(String text) {
    write(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Replaces the content. One writer at a time. */
  public void write(byte[] content) {
    Path folder = path.toAbsolutePath().getParent();
    try {
      Files.createDirectories(folder);
      Path beside = Files.createTempFile(folder, path.getFileName().toString(), ".new");
      try {
        try (FileChannel channel = FileChannel.open(beside, StandardOpenOption.WRITE)) {
          ByteBuffer bytes = ByteBuffer.wrap(content);
          while (bytes.hasRemaining()) {
            channel.write(bytes);
          }
          channel.force(true);
        }
        Files.move(
            beside, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(beside);
      }
    } catch (IOException e) {
      throw broken("written", e);
    }
  }

  private SluiceException broken(String what, IOException e) {
    return new SluiceException(
        ExitCode.RUN_FAILED,
        List.of(
            Diagnostic.of(
                "SLU-9604",
                path.getFileName()
                    + " of the run's state cannot be "
                    + what
                    + ": "
                    + e.getMessage(),
                "is the disk full, or the folder not ours?")),
        e);
  }
}
