package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** What the contracts call valid is read and written back as the same value. */
class RecordsTest {

  @Test
  void stageRecordsSurviveARoundTrip() throws IOException {
    for (JsonNode sample : valid("stage-record")) {
      assertThat(StageRecord.parse(sample).json()).isEqualTo(sample);
    }
  }

  @Test
  void runRecordsSurviveARoundTrip() throws IOException {
    for (JsonNode sample : valid("run-record")) {
      assertThat(RunRecord.parse(sample).json()).isEqualTo(sample);
    }
  }

  @Test
  void manifestsSurviveARoundTrip() throws IOException {
    for (JsonNode sample : valid("manifest")) {
      byte[] bytes = Json.write(sample).getBytes(StandardCharsets.UTF_8);
      assertThat(Json.parse(Manifest.parse(bytes).bytes())).isEqualTo(sample);
    }
  }

  private static List<JsonNode> valid(String contract) throws IOException {
    Path folder =
        Path.of(
            System.getProperty("sluice.root"),
            "src/contracts/resources/contracts/samples",
            contract,
            "valid");
    try (Stream<Path> files = Files.list(folder)) {
      List<JsonNode> samples = files.sorted().map(RecordsTest::read).toList();
      assertThat(samples).isNotEmpty();
      return samples;
    }
  }

  private static JsonNode read(Path file) {
    try {
      return Json.parse(Files.readAllBytes(file));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
