package io.sluice.cli;

import io.sluice.app.run.LogPosition;
import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunLog;
import io.sluice.app.run.RunReport;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageStatus;
import io.sluice.state.StateFile;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Why a run failed, for the program that called this one: beside the record that it asked for. The
 * Jenkins plugin shows it as it shows the failure of a run on a cluster.
 */
final class FailureFile implements Consumer<RunEvent> {
  private final @Nullable Path record;
  private final RunLog log;

  /** Whether it says why the run failed: what breaks afterwards is not why. */
  private boolean written;

  /**
   * A file for one run.
   *
   * @param record where the record goes; null: nobody asked
   */
  FailureFile(@Nullable Path record) {
    this(record, secrets());
  }

  /**
   * A file for one run.
   *
   * @param secrets texts that it does not have
   */
  FailureFile(@Nullable Path record, List<String> secrets) {
    this.record = record;
    this.log = new RunLog(line -> {}, line -> {}, LogPosition.start(), () -> {}, secrets);
  }

  /** Removes that of a run before which had the same file, which would stand for this one. */
  void begin(Consumer<String> console) {
    if (record != null) {
      write(record, Optional.empty(), console);
    }
  }

  /** What this process knows of the registry and no error may show. */
  private static List<String> secrets() {
    return Stream.of(RegistryVariables.TOKEN, RegistryVariables.PASSWORD)
        .map(System::getenv)
        .filter(Objects::nonNull)
        .toList();
  }

  @Override
  public void accept(RunEvent event) {
    if (record != null) {
      log.accept(event);
    }
  }

  /**
   * Writes why the run failed, where it did. The run's own report and exit code do not depend on
   * it.
   *
   * @param console gets the reason where the file cannot be written
   */
  void write(RunReport report, Consumer<String> console) {
    if (record != null && report.status() != StageStatus.SUCCEEDED) {
      written = true;
      write(
          record,
          Optional.of(
              new RunFailure(
                  report.exitCode(),
                  report.failed(),
                  log.failure(report.reason(), report.failed()))),
          console);
    }
  }

  /**
   * Writes why nothing ran, or why the run cannot be reported; not over the failure of the run
   * itself.
   */
  void write(SluiceException refusal, Consumer<String> console) {
    if (record != null && !written) {
      RunFailure why = RunFailure.of(refusal);
      write(
          record,
          Optional.of(new RunFailure(why.code(), why.stage(), log.masked(why.text()))),
          console);
    }
  }

  private static void write(Path record, Optional<RunFailure> failure, Consumer<String> console) {
    Path file = Path.of(record + ".failure");
    try {
      if (failure.isPresent()) {
        new StateFile(file).write(failure.get().json());
      } else {
        Files.deleteIfExists(file);
      }
    } catch (SluiceException | IOException e) {
      console.accept("(why the run failed is not written: " + e.getMessage() + ")");
    }
  }
}
