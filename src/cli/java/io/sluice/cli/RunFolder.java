package io.sluice.cli;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunEventJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import java.util.function.Consumer;

/**
 * Keeps every event of a run, log lines included, in {@code .sluice/runs/<run>/events.jsonl}. A run
 * that is started again under its id continues the same file.
 */
final class RunFolder implements Consumer<RunEvent>, AutoCloseable {
  /** Characters of log lines kept of one execution: a command that never stops talking. */
  static final long MOST_LOG = 256L << 20;

  private final Path file;
  private final PrintWriter writer;
  private final long mostLog;
  private long logged;

  /**
   * Opens it for one execution.
   *
   * @throws SluiceException SLU-9301 when it cannot be written
   */
  RunFolder(Path state, String run) {
    this(state, run, MOST_LOG);
  }

  RunFolder(Path state, String run, long mostLog) {
    this.mostLog = mostLog;
    Path folder = state.resolve("runs").resolve(run);
    this.file = folder.resolve("events.jsonl");
    try {
      Files.createDirectories(folder);
      this.writer =
          new PrintWriter(
              Files.newBufferedWriter(
                  file,
                  StandardCharsets.UTF_8,
                  StandardOpenOption.CREATE,
                  StandardOpenOption.APPEND),
              /* autoFlush= */ false);
    } catch (IOException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-9301",
                  "the state of this project cannot be written: "
                      + e.getClass().getSimpleName()
                      + ": "
                      + e.getMessage(),
                  "is "
                      + state
                      + " a writable folder, and the disk not full? SLUICE_STATE names"
                      + " another")),
          e);
    }
  }

  Path file() {
    return file;
  }

  /** Whether every event so far is in the file: a disk that fills up does not end the run. */
  synchronized boolean isWhole() {
    return !writer.checkError();
  }

  @Override
  public synchronized void accept(RunEvent event) {
    if (event instanceof RunEvent.LogLine line) {
      boolean had = logged <= mostLog;
      logged += line.text().length();
      if (logged <= mostLog) {
        write(line);
      } else if (had) {
        write(
            new RunEvent.LogLine(
                line.at(), line.stage(), line.step(), "(too much: no further line is kept)"));
      }
      return;
    }
    write(event);
    writer.flush();
  }

  private void write(RunEvent event) {
    writer.println(Json.write(RunEventJson.write(event)));
  }

  @Override
  public synchronized void close() {
    writer.close();
  }
}
