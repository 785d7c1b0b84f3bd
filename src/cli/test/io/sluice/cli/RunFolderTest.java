package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RunFolderTest {
  private static final Instant NOW = Instant.parse("2026-11-24T00:00:00Z");

  @TempDir private Path state;

  @Test
  void aRestartedRunKeepsItsEarlierEvents() throws IOException {
    for (int execution = 0; execution < 2; execution++) {
      try (RunFolder folder = new RunFolder(state, "again")) {
        folder.accept(new RunEvent.RunStarted(NOW, new RunId("again"), List.of()));
      }
    }
    assertThat(events()).hasSize(2);
  }

  @Test
  void keepsTheBeginningOfEndlessOutputAndEveryOtherEvent() throws IOException {
    try (RunFolder folder = new RunFolder(state, "again", 100)) {
      for (int i = 0; i < 1000; i++) {
        folder.accept(line("line " + i));
      }
      folder.accept(new RunEvent.RunStarted(NOW, new RunId("again"), List.of()));
    }
    List<JsonNode> events = events();
    assertThat(events).hasSizeBetween(10, 25);
    assertThat(events.get(0).path("text").asText()).isEqualTo("line 0");
    assertThat(events.get(events.size() - 2).path("text").asText()).contains("no further line");
    assertThat(events.getLast().path("event").asText()).isEqualTo("runStarted");
  }

  @Test
  void reportsAStateFolderThatCannotBeMade() throws IOException {
    Path file = Files.writeString(state.resolve("file"), "");
    assertThatExceptionOfType(SluiceException.class)
        .isThrownBy(() -> new RunFolder(file, "again"))
        .satisfies(e -> assertThat(e.exitCode()).isEqualTo(ExitCode.RUN_FAILED))
        .satisfies(e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-9301"));
  }

  private static RunEvent line(String text) {
    return new RunEvent.LogLine(NOW, new StageName("talk"), "run", text);
  }

  private List<JsonNode> events() throws IOException {
    return Files.readAllLines(state.resolve("runs/again/events.jsonl")).stream()
        .map(line -> Json.parse(line.getBytes(StandardCharsets.UTF_8)))
        .toList();
  }
}
