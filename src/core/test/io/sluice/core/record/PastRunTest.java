package io.sluice.core.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Decision;
import io.sluice.core.gate.History.PastGate;
import io.sluice.core.gate.HoldoutKeys;
import io.sluice.core.gate.Reason;
import io.sluice.core.json.Json;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The gate of an earlier run counts, whichever version of Sluice wrote the run's record. */
class PastRunTest {
  private static final Instant FINISHED = Instant.parse("2026-03-01T00:00:00Z");

  @Test
  void aRecordOfAnotherVersionIsReadAsFarAsLaterGatesNeedIt() {
    PastRun run =
        PastRun.parse(
            Json.parse(
                """
                {"apiVersion": "sluice.io/run-record/v9", "run": "run-1", "novelty": {"x": 1},
                 "finished": "2026-03-01T00:00:00Z",
                 "verdict": {"decision": "HOLD", "reason": "worse", "holdoutKeys": 200,
                             "confidence": 0.5}}
                """));

    assertThat(run.gate())
        .contains(
            new PastGate(
                "run-1",
                FINISHED,
                Decision.HOLD,
                Optional.of(Reason.WORSE),
                new HoldoutKeys.Count(200)));
  }

  @Test
  void aReasonThatIsNotKnownIsAsGoodAsNone() {
    PastRun run =
        PastRun.parse(
            Json.parse(
                """
                {"run": "run-1", "finished": "2026-03-01T00:00:00Z",
                 "verdict": {"decision": "HOLD", "reason": "moonPhase", "holdoutKeys": 200}}
                """));

    assertThat(run.gate().orElseThrow().reason()).isEmpty();
  }

  @Test
  void aRunWithoutAVerdictHasNoGate() {
    assertThat(
            PastRun.parse(
                    Json.parse(
                        """
                        {"run": "run-1", "finished": "2026-03-01T00:00:00Z", "stages": []}
                        """))
                .gate())
        .isEmpty();
  }

  @Test
  void aForeignRecordHasNoGate() {
    assertThat(PastRun.parse(Json.parse("{}")).gate()).isEmpty();
    assertThat(PastRun.parse(Json.parse("{\"verdict\": null, \"note\": 1}")).gate()).isEmpty();
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "{\"run\": \"r\", \"finished\": \"2026-03-01T00:00:00Z\", \"verdict\": {\"decision\":"
            + " \"HOLD\"}}",
        "{\"run\": \"r\", \"finished\": \"2026-03-01T00:00:00Z\", \"verdict\": {\"decision\":"
            + " \"MAYBE\", \"holdoutKeys\": 1}}",
        "{\"run\": \"r\", \"finished\": \"yesterday\", \"verdict\": {\"decision\": \"HOLD\","
            + " \"holdoutKeys\": 1}}"
      })
  void aGateThatCannotBeReadIsRefused(String json) {
    assertThatThrownBy(() -> PastRun.parse(Json.parse(json)))
        .isInstanceOfSatisfying(
            SluiceException.class,
            e -> assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-8006"));
  }
}
