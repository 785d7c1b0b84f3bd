package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What a script and a page get of a run's record, from the contracts' own samples. */
class RunSummaryTest {
  private static final Path SAMPLES =
      Path.of(System.getProperty("sluice.root"), "src/contracts/resources/contracts/samples");

  @Test
  void aScriptGetsTextsNumbersTruthValuesAndLists() throws Exception {
    var result = judged().result("j-1", Optional.of("HOLD"));
    assertThat(result)
        .containsEntry("run", "j-1")
        .containsEntry("verdict", "HOLD")
        .containsEntry("candidate", "xgboost")
        .containsEntry("version", 1)
        .containsEntry("drift", "drifted")
        .containsEntry("needsReview", true);
    assertThat((Double) result.get("improvement")).isCloseTo(-0.388, within(0.001));
    assertThat(result.values())
        .allMatch(v ->
            v instanceof String
                || v instanceof Number
                || v instanceof Boolean
                || v instanceof List);
  }

  @Test
  void aPageGetsModelsAndSlices() throws Exception {
    assertThat(judged().models())
        .extracting(RunSummary.Row::name)
        .contains("champion", "candidate:xgboost");
    assertThat(judged().slices()).extracting(RunSummary.Row::name).contains("market = DE");
  }

  @Test
  void aPageNamesTheMetricOfAClassifierAsPeopleDo() throws Exception {
    ObjectNode record =
        (ObjectNode)
            Json.parse(Files.readAllBytes(SAMPLES.resolve("run-record/valid/promoted.json")));
    ObjectNode verdict =
        (ObjectNode) Json.parse(Files.readAllBytes(SAMPLES.resolve("verdict/valid/promote.json")));
    ((ObjectNode) verdict.path("policy")).put("metric", "average_precision").put("task", "binary");
    record.set("verdict", verdict);
    RunSummary summary = RunSummary.of(Json.write(record).getBytes(StandardCharsets.UTF_8));
    assertThat(summary.metric()).isEqualTo("average precision");
    assertThat(summary.verdict()).contains("PROMOTE");
  }

  @Test
  void withoutARecordThereIsTheVerdictOfTheRunItself() {
    assertThat(RunSummary.empty().result("j-1", Optional.of("HOLD")))
        .containsEntry("verdict", "HOLD")
        .doesNotContainKey("version");
  }

  @Test
  void aRecordOfAnotherVersionHidesNoOther() throws Exception {
    byte[] known = Files.readAllBytes(SAMPLES.resolve("run-record/valid/drifted.json"));
    ObjectNode record = (ObjectNode) Json.parse(known);
    RunId run = new RunId(record.path("run").asText());
    byte[] newer =
        Json.write(record.put("fieldOfANewerVersion", 1)).getBytes(StandardCharsets.UTF_8);
    assertThatIllegalArgumentException().isThrownBy(() -> RunSummary.of(newer));
    for (byte[] bytes : List.of(known, newer)) {
      assertThat(RunSummary.isOf(bytes, run)).isTrue();
      assertThat(RunSummary.isOf(bytes, new RunId("r-other"))).isFalse();
    }
    for (String text : List.of("", "{}", "[]", "{\"run\":null}", "not JSON")) {
      assertThat(RunSummary.isOf(text.getBytes(StandardCharsets.UTF_8), run)).as(text).isFalse();
    }
  }

  private static RunSummary judged() throws Exception {
    ObjectNode record =
        (ObjectNode)
            Json.parse(Files.readAllBytes(SAMPLES.resolve("run-record/valid/drifted.json")));
    try (var files = Files.list(SAMPLES.resolve("verdict/valid"))) {
      Path verdict =
          files.filter(f -> f.toString().endsWith("hold-guard.json")).findFirst().orElseThrow();
      record.set("verdict", Json.parse(Files.readAllBytes(verdict)));
    }
    return RunSummary.of(Json.write(record).getBytes(StandardCharsets.UTF_8));
  }
}
