package io.sluice.cli;

import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunEventJson;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.function.Consumer;

/** Keeps every event of a run, log lines included, in {@code .sluice/runs/<run>/events.jsonl}. */
final class RunFolder implements Consumer<RunEvent>, AutoCloseable {
  private final Path file;
  private final PrintWriter writer;

  RunFolder(Path state, String run) throws IOException {
    Path folder = Files.createDirectories(state.resolve("runs").resolve(run));
    this.file = folder.resolve("events.jsonl");
    this.writer =
        new PrintWriter(
            Files.newBufferedWriter(file, StandardCharsets.UTF_8), /* autoFlush= */ false);
  }

  Path file() {
    return file;
  }

  @Override
  public synchronized void accept(RunEvent event) {
    writer.println(Json.write(RunEventJson.write(event)));
    if (!(event instanceof RunEvent.LogLine)) {
      writer.flush();
    }
  }

  @Override
  public synchronized void close() {
    writer.close();
  }
}
