package io.jenkins.plugins.sluice;

import hudson.model.Run;
import io.sluice.app.SourceTree;
import io.sluice.app.staged.Driver;
import io.sluice.app.staged.MemoryTree;
import io.sluice.app.staged.RunState;
import io.sluice.app.staged.Seen;
import io.sluice.app.staged.StateFile;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
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
 * What a build keeps of a run: {@code sluice/<run id>/} in its folder. The state as JSON, the files
 * of the pipeline that it goes on from, how much of each log was shown, the record at the end. No
 * secret is in it.
 */
final class RunFolder implements Driver.Home {
  private static final String FOLDER = "sluice";
  private static final String SOURCE = "source";

  private final Path folder;

  RunFolder(Run<?, ?> build, RunId run) {
    this(build.getRootDir().toPath().resolve(FOLDER).resolve(run.value()));
  }

  RunFolder(Path folder) {
    this.folder = folder;
  }

  @Override
  public Optional<RunState> state() {
    return new StateFile(folder.resolve("state.json")).text().map(RunState::parse);
  }

  @Override
  public void keep(RunState state) {
    new StateFile(folder.resolve("state.json")).write(state.json());
  }

  /** Keeps the files that a run goes on from. Before its first state, which says they are there. */
  void keepSource(SortedMap<String, byte[]> files) {
    Path source = folder.resolve(SOURCE);
    files.forEach((path, content) -> {
      Path file = source.resolve(path).normalize();
      if (!file.startsWith(source)) {
        throw new IllegalArgumentException("outside of the pipeline's folder: " + path);
      }
      new StateFile(file).write(content);
    });
  }

  /** Takes over a run of another build: its files first, then its state, which says so. */
  void adopt(RunFolder original, RunState state) {
    SourceTree tree = original.snapshot();
    TreeMap<String, byte[]> files = new TreeMap<>();
    for (SourceTree.CodeFile file : tree.files()) {
      tree.read(file.path()).ifPresent(content -> files.put(file.path(), content));
    }
    keepSource(files);
    keep(state);
  }

  @Override
  public SourceTree snapshot() {
    Path source = folder.resolve(SOURCE);
    Map<String, MemoryTree.Entry> entries = new TreeMap<>();
    try (Stream<Path> files = Files.walk(source)) {
      for (Path file : (Iterable<Path>) files.filter(Files::isRegularFile)::iterator) {
        entries.put(
            source.relativize(file).toString().replace('\\', '/'),
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
                  "the snapshot of the pipeline in the build's folder cannot be read: "
                      + e.getMessage(),
                  "start the pipeline again")),
          e);
    }
    return new MemoryTree("the run's snapshot", entries, Optional.empty());
  }

  @Override
  public Seen seen(RunId execution) {
    return new StateFile(folder.resolve(execution + ".seen.json"))
        .text()
        .map(Seen::parse)
        .orElseGet(Seen::nothing);
  }

  @Override
  public void keepSeen(RunId execution, Seen seen) {
    new StateFile(folder.resolve(execution + ".seen.json")).write(seen.json());
  }

  /** The run's record, as the registry has it. */
  Optional<byte[]> record() {
    return new StateFile(folder.resolve("run.json")).read();
  }

  /** Where the registry shows the version that the run registered. */
  Optional<String> page() {
    return new StateFile(folder.resolve("page.txt")).text();
  }

  void keepPage(String address) {
    new StateFile(folder.resolve("page.txt")).write(address);
  }

  void keepRecord(byte[] runJson) {
    new StateFile(folder.resolve("run.json")).write(runJson);
  }
}
