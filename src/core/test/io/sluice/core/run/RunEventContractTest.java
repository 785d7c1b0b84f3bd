package io.sluice.core.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.networknt.schema.InputFormat;
import com.networknt.schema.Schema;
import com.networknt.schema.SchemaRegistry;
import com.networknt.schema.SpecificationVersion;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent.SetUp.Phase;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What {@code --json} prints keeps to events.schema.json, whatever happens in a run. */
class RunEventContractTest {
  private static final Instant AT = Instant.parse("2026-06-01T08:00:00.000000001Z");
  private static final RunId RUN = new RunId("run-1");
  private static final StageName STAGE = new StageName("train-xgboost");

  private static List<RunEvent> events() {
    List<RunEvent> events = new ArrayList<>();
    for (Phase phase : Phase.values()) {
      events.add(new RunEvent.SetUp(AT, "environment torch", phase, ""));
    }
    events.add(new RunEvent.RunStarted(AT, RUN, List.of(STAGE, new StageName("record"))));
    events.add(new RunEvent.StageStarted(AT, STAGE, 0));
    events.add(new RunEvent.StepStarted(AT, STAGE, "run"));
    events.add(new RunEvent.LogLine(AT, STAGE, "run", "\"quoted\" \\ \u00e9 \ud83d\ude00"));
    events.add(new RunEvent.StepFinished(AT, STAGE, "run", Optional.of(137)));
    events.add(new RunEvent.StepFinished(AT, STAGE, "run", Optional.empty()));
    for (StageStatus status : StageStatus.values()) {
      String reason = status == StageStatus.SUCCEEDED ? "" : "exit code 1";
      events.add(
          new RunEvent.StageFinished(
              AT, STAGE, 2, status, true, Duration.ofMillis(1), Map.of("outputs", "x"), reason));
      events.add(new RunEvent.RunFinished(AT, RUN, status, Map.of("verdict", "HOLD"), reason));
    }
    return events;
  }

  @Test
  void everyKindOfEventKeepsTheContract() throws IOException {
    List<RunEvent> events = events();
    assertThat(events.stream().map(e -> (Object) e.getClass()).distinct())
        .as("a kind of event that this test does not write")
        .containsExactlyInAnyOrderElementsOf(
            Arrays.asList((Object[]) RunEvent.class.getPermittedSubclasses()));

    Schema schema =
        SchemaRegistry.withDefaultDialect(SpecificationVersion.DRAFT_2020_12)
            .getSchema(contract(), InputFormat.JSON);
    for (RunEvent event : events) {
      String line = Json.write(RunEventJson.write(event));
      assertThat(line).doesNotContain("\n");
      assertThat(schema.validate(line, InputFormat.JSON)).as(line).isEmpty();
    }
  }

  @Test
  void theContractHasNoKindThatIsNeverWritten() throws IOException {
    List<String> written =
        events().stream().map(e -> RunEventJson.write(e).get("event").asText()).toList();
    List<String> promised = new ArrayList<>();
    for (JsonNode kind : Json.parse(contract()).get("oneOf")) {
      promised.add(kind.at("/properties/event/const").asText());
    }
    assertThat(promised).doesNotHaveDuplicates().isNotEmpty();
    assertThat(written).containsAll(promised);
  }

  private static String contract() throws IOException {
    try (var in = RunEventContractTest.class.getResourceAsStream("/contracts/events.schema.json")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }
}
