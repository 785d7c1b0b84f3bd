package io.sluice.cli;

import io.sluice.app.run.LogPosition;
import io.sluice.app.run.RunFailure;
import io.sluice.app.run.RunLog;
import io.sluice.app.run.RunReport;
import io.sluice.core.registry.RegistryVariables;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageStatus;
import io.sluice.state.StateFile;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;
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

  /**
   * A file for one run.
   *
   * @param record where the record goes; null: nobody asked
   */
  FailureFile(@Nullable Path record) {
    this.record = record;
    this.log = new RunLog(line -> {}, line -> {}, LogPosition.start(), () -> {}, secrets());
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

  /** Writes the failure, if it is one. */
  void write(RunReport report) {
    if (record == null || report.status() == StageStatus.SUCCEEDED) {
      return;
    }
    RunFailure failure =
        new RunFailure(report.exitCode(), log.failedStage(), log.failure(report.reason()));
    new StateFile(Path.of(record + ".failure")).write(failure.json());
  }
}
