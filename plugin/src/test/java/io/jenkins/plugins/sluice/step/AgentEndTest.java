package io.jenkins.plugins.sluice.step;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageSelector;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Programs that a signal ended before, in and after the last moments of their work. */
class AgentEndTest {
  private static final int TERMINATED = 143;

  @Test
  void aSignalAfterTheWorkTakesNothingFromIt() throws Exception {
    AgentEnd end = new AgentEnd(TERMINATED, null, record("succeeded", null));

    assertThat(end.isDone()).isTrue();
    assertThat(end.verdict()).contains("HOLD");
  }

  @Test
  void whatWasPromotedStaysThoughTheRestWasCancelled() throws Exception {
    AgentEnd end = new AgentEnd(TERMINATED, null, record("cancelled", 7));

    assertThat(end.isDone()).isTrue();
    assertThat(end.verdict()).contains("HOLD");
    assertThat(
            new AgentEnd(TERMINATED, StageSelector.Kind.PROMOTE, record("cancelled", 7)).isDone())
        .isTrue();
  }

  @Test
  void aSignalInTheWorkEndsIt() throws Exception {
    for (AgentEnd end :
        new AgentEnd[] {
          new AgentEnd(TERMINATED, null, record("cancelled", null)),
          new AgentEnd(TERMINATED, null, RunSummary.empty()),
          // the record of the evaluation before
          new AgentEnd(TERMINATED, StageSelector.Kind.PROMOTE, record("succeeded", null)),
          new AgentEnd(TERMINATED, StageSelector.Kind.TUNE, record("succeeded", 7)),
        }) {
      assertThat(end.isDone()).as("%s", end.kind()).isFalse();
      assertThat(end.verdict()).as("%s", end.kind()).isEmpty();
    }
  }

  @Test
  void aStageWithoutAVerdictIsDoneByItsCode() throws Exception {
    AgentEnd end = new AgentEnd(0, StageSelector.Kind.TUNE, record("succeeded", null));

    assertThat(end.isDone()).isTrue();
    assertThat(end.judges()).isFalse();
    assertThat(end.verdict()).isEmpty();
  }

  private static RunSummary record(String status, @Nullable Integer promoted) throws IOException {
    Path samples =
        Path.of(System.getProperty("sluice.root"), "src/contracts/resources/contracts/samples");
    ObjectNode record =
        (ObjectNode)
            Json.parse(Files.readAllBytes(samples.resolve("run-record/valid/drifted.json")));
    record.set(
        "verdict",
        Json.parse(Files.readAllBytes(samples.resolve("verdict/valid/hold-guard.json"))));
    record.put("status", status).remove("promoted");
    if (promoted != null) {
      record.put("promoted", promoted);
    }
    return RunSummary.of(Json.write(record).getBytes(StandardCharsets.UTF_8));
  }
}
