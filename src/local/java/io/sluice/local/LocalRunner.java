package io.sluice.local;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.local.files.Folders;
import io.sluice.local.interpret.Execution;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Runs pipelines on this machine: Tekton's objects interpreted as processes, worker commands inside
 * this JVM.
 *
 * <p>A run holds a file lock on {@code <runs>/<run>/lock} while it goes; a later run of any process
 * removes the {@code work} folder of every run whose lock is free, which is what a killed one left.
 * Its steps end by themselves within seconds of the JVM's death, see {@link
 * io.sluice.local.process.SupervisedProcess}.
 */
public final class LocalRunner implements PipelineRunner {
  /** How long steps of a run that was killed may take to end; see supervisor.sh. */
  private static final Duration DYING = Duration.ofSeconds(5);

  /**
   * This machine, as a run sees it.
   *
   * @param environments what each image means here
   * @param workerImages images whose {@code sluice-worker} is {@code worker}
   * @param worker the worker's commands
   * @param registryVariables {@code MLFLOW_TRACKING_URI} and credentials: worker steps have them,
   *     other steps never
   * @param workspaces folders of the pipeline's workspaces, by name ({@code store}); those that a
   *     run binds to an emptyDir need none
   * @param runs folder for the runner's state, {@code .sluice/runs}
   * @param parallelism how many tasks run side by side
   * @param grace how long a step that was asked to end (SIGTERM, an interrupt) may take until it is
   *     killed
   * @param clock stamps events
   */
  public record Setting(
      Environments environments,
      Set<String> workerImages,
      WorkerProgram worker,
      Map<String, String> registryVariables,
      Map<String, Path> workspaces,
      Path runs,
      int parallelism,
      Duration grace,
      Clock clock) {
    public Setting {
      workerImages = java.util.Collections.unmodifiableSet(new TreeSet<>(workerImages));
      registryVariables = Map.copyOf(registryVariables);
      Map<String, Path> absolute = new TreeMap<>();
      workspaces.forEach((name, path) -> absolute.put(name, path.toAbsolutePath().normalize()));
      workspaces = java.util.Collections.unmodifiableMap(absolute);
      runs = runs.toAbsolutePath().normalize();
    }
  }

  private final Setting setting;

  public LocalRunner(Setting setting) {
    this.setting = setting;
  }

  /**
   * {@inheritDoc}
   *
   * @throws SluiceException SLU-3001 (an image or program that is not to be had here), 3002 (the
   *     objects contradict themselves), 3004 (a part of Tekton that this runner does not have),
   *     3005 (a workspace without a folder), 3006 (this run is already going)
   */
  @Override
  public Running start(
      PipelineRun run, Pipeline pipeline, List<Task> tasks, Consumer<RunEvent> events) {
    RunId id;
    try {
      id = new RunId(run.metadata().name().orElse(""));
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-3002", String.valueOf(e.getMessage()), "give the run's metadata a name")),
          e);
    }
    MachineLauncher launcher = new MachineLauncher(setting);
    Execution.Ready ready =
        Execution.check(id, run, pipeline, tasks, setting.workspaces()::containsKey, launcher);
    try {
      Path folder = Files.createDirectories(setting.runs().resolve(id.value()));
      FileChannel lock = lock(folder);
      if (lock == null) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-3006",
                "run " + id + " is already going",
                "wait for its end, or start a run of another id"));
      }
      Path work = folder.resolve("work");
      try {
        repair();
        removeWork(work);
        Files.createDirectories(work);
      } catch (IOException | RuntimeException e) {
        lock.close();
        throw e;
      }
      return ready.begin(
          new Execution.Machine(
              launcher,
              work,
              setting.workspaces(),
              setting.parallelism(),
              setting.grace(),
              setting.clock(),
              () -> close(work, lock)),
          events);
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-3007",
                  "the folder of runs cannot be used: " + e,
                  "see that " + setting.runs() + " is writable and has space")),
          e);
    }
  }

  /** Removes what runs left that were killed. */
  private void repair() throws IOException {
    List<Path> left = new ArrayList<>();
    try (DirectoryStream<Path> runs = Files.newDirectoryStream(setting.runs())) {
      for (Path run : runs) {
        if (Files.isDirectory(run.resolve("work"))) {
          left.add(run);
        }
      }
    }
    for (Path run : left) {
      FileChannel lock = lock(run);
      if (lock != null) {
        try (lock) {
          removeWork(run.resolve("work"));
        }
      }
    }
  }

  /** Removes it, with patience for steps that are just being killed and still write there. */
  private static void removeWork(Path work) throws IOException {
    long end = System.nanoTime() + DYING.toNanos();
    while (true) {
      try {
        Folders.remove(work);
        return;
      } catch (IOException e) {
        if (System.nanoTime() - end > 0) {
          throw e;
        }
        try {
          Thread.sleep(50);
        } catch (InterruptedException interrupted) {
          Thread.currentThread().interrupt();
          throw e;
        }
      }
    }
  }

  /** The lock of a run, held until the channel is closed; null when someone else holds it. */
  private static @Nullable FileChannel lock(Path run) throws IOException {
    FileChannel channel =
        FileChannel.open(run.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by this very process, for another run object.
      lock = null;
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
    return lock == null ? null : channel;
  }

  private static void close(Path work, FileChannel lock) {
    try (lock) {
      Folders.remove(work);
    } catch (IOException e) {
      // The next run removes it: its lock is free from here on.
      return;
    }
  }
}
