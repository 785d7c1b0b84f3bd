package io.sluice.state;

import io.sluice.app.SourceTree;
import io.sluice.app.run.MemoryTree;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The files of a pipeline that a run resumes from, in a folder: what stands in the pipeline's own
 * folder may change meanwhile.
 */
public final class SourceSnapshot {
  private final Path folder;

  public SourceSnapshot(Path folder) {
    this.folder = folder.toAbsolutePath().normalize();
  }

  /**
   * Keeps files.
   *
   * @throws IllegalArgumentException for a path that leaves the folder
   */
  public void keep(SortedMap<String, byte[]> files) {
    files.forEach((path, content) -> {
      Path file = folder.resolve(path).normalize();
      if (!file.startsWith(folder)) {
        throw new IllegalArgumentException("outside of the pipeline's folder: " + path);
      }
      new StateFile(file).write(content);
    });
  }

  /**
   * What was kept; nothing when nothing was.
   *
   * @throws SluiceException SLU-9613 when it cannot be read
   */
  public SourceTree snapshot() {
    Map<String, MemoryTree.Entry> entries = new TreeMap<>();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        entries.put(
            folder.relativize(file).toString().replace('\\', '/'),
            new MemoryTree.Entry(Files.readAllBytes(file), /* executable= */ false));
      }
    } catch (NoSuchFileException e) {
      return new MemoryTree("the run's snapshot", Map.of(), Optional.empty());
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-9613",
                  "the snapshot of the pipeline that the run resumes from cannot be read: "
                      + e.getMessage(),
                  "start the pipeline again")),
          e);
    }
    return new MemoryTree("the run's snapshot", entries, Optional.empty());
  }
}
