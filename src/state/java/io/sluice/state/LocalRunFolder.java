package io.sluice.state;

import io.sluice.app.SourceTree;
import io.sluice.app.run.RunState;
import io.sluice.app.run.SharedRunRepository;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.function.Supplier;

/**
 * A run in a folder of this machine that several processes share. Locks are file locks: they end
 * with the process that holds them, however it ends.
 */
public final class LocalRunFolder implements SharedRunRepository {
  private static final String STATE_LOCK = "state.lock";

  private final Path folder;

  /**
   * A run's folder.
   *
   * @param folder of this run alone; made when it is not there
   */
  public LocalRunFolder(Path folder) {
    this.folder = folder;
  }

  @Override
  public Optional<RunState> state() {
    return read("state.json").or(this::firstState);
  }

  @Override
  public Optional<RunState> firstState() {
    return read("opened.json");
  }

  @Override
  public void save(RunState state) {
    file("state.json").write(state.json());
  }

  @Override
  public Optional<String> pipeline() {
    return file("pipeline.txt").text();
  }

  @Override
  public void open(RunState first, String pipeline, SortedMap<String, byte[]> files) {
    source().keep(files);
    file("pipeline.txt").write(pipeline);
    file("opened.json").write(first.json()); // the last: it says that the others are there
  }

  @Override
  public SourceTree snapshot() {
    return source().snapshot();
  }

  @Override
  public <T> T exclusively(Supplier<T> work) {
    return holding(STATE_LOCK, work);
  }

  @Override
  public Claim claim(RunId execution) {
    try {
      FileChannel channel = lock(lockOf(execution));
      return () -> {
        try {
          channel.close();
        } catch (IOException e) {
          throw unusable(e);
        }
      };
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  @Override
  public void awaitRelease(RunId execution, Runnable whenReleased) {
    var unused =
        holding(
            lockOf(execution),
            () -> {
              whenReleased.run();
              return execution;
            });
  }

  private Optional<RunState> read(String name) {
    try {
      return file(name).text().map(RunState::parse);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-9604",
                  folder.resolve(name) + " is not a state of a run that this version can read",
                  "is it from a newer version, or damaged? begin another run")),
          e);
    }
  }

  private StateFile file(String name) {
    return new StateFile(folder.resolve(name));
  }

  private SourceSnapshot source() {
    return new SourceSnapshot(folder.resolve("source"));
  }

  private static String lockOf(RunId execution) {
    return execution + ".lock";
  }

  /** Waits for a lock; it is held until the channel is closed, or the process ends. */
  private FileChannel lock(String name) throws IOException {
    Files.createDirectories(folder);
    FileChannel channel =
        FileChannel.open(folder.resolve(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      channel.lock();
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  private <T> T holding(String name, Supplier<T> work) {
    try {
      FileChannel lock = lock(name);
      try (lock) {
        return work.get();
      }
    } catch (IOException e) {
      throw unusable(e);
    }
  }

  private static SluiceException unusable(IOException e) {
    if (e instanceof FileLockInterruptionException) {
      Thread.currentThread().interrupt();
      return new SluiceException(
          ExitCode.INTERRUPTED,
          List.of(
              Diagnostic.of("SLU-9027", "interrupted while waiting for a call", "run it again")),
          e);
    }
    return new SluiceException(
        ExitCode.RUN_FAILED,
        List.of(
            Diagnostic.of(
                "SLU-9604",
                "the run's folder cannot be used: " + e.getMessage(),
                "is the disk full, or the folder not ours?")),
        e);
  }
}
