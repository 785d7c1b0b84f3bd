package io.sluice.cluster.fold;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.sluice.cluster.AsRead;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Objects of runs on a real cluster (Kubernetes 1.34.4, Tekton 1.15.0), as they were at the end.
 */
class RecordedTest {
  private static final Instant AT = Instant.parse("2026-11-24T22:00:00Z");
  private final List<RunEvent> told = new ArrayList<>();

  private RunOutcome fold(String recording, long seed) throws IOException {
    RunFold fold = new RunFold(new RunId(recording), List.of());
    List<Observation> objects = new ArrayList<>();
    try (InputStream in = getClass().getResourceAsStream("/recorded/" + recording + ".json")) {
      for (JsonNode object : new ObjectMapper().readTree(Objects.requireNonNull(in))) {
        objects.add(AsRead.any(object.toString()));
      }
    }
    Collections.shuffle(objects, new Random(seed));
    for (Observation object : objects) {
      told.addAll(fold.see(object, AT));
    }
    for (RunFold.Missing missing : fold.missing()) {
      told.addAll(fold.gone(missing, AT));
    }
    for (ContainerId container : List.copyOf(fold.unread())) {
      told.addAll(fold.drained(container, AT));
    }
    return fold.outcome().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({"left,1", "left,2", "left,3"})
  void aRunThatWentWell(String recording, long seed) throws IOException {
    RunOutcome outcome = fold(recording, seed);
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(outcome.tasks().keySet()).containsExactly(new StageName("a"), new StageName("b"));
    assertThat(told).first().isInstanceOf(RunEvent.RunStarted.class);
    assertThat(told).last().isInstanceOf(RunEvent.RunFinished.class);
  }

  @ParameterizedTest
  @CsvSource({"failing,1", "failing,2", "failing,3"})
  void aStepThatFailed(String recording, long seed) throws IOException {
    RunOutcome outcome = fold(recording, seed);
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.reason()).isEqualTo("task a: step run ended with exit code 3");
    assertThat(outcome.tasks().get(new StageName("b")).status()).isEqualTo(StageStatus.SUCCEEDED);
  }

  @ParameterizedTest
  @CsvSource({"cancelled,1", "cancelled,2", "cancelled,3"})
  void aRunThatWasCancelledWhileAStepRan(String recording, long seed) throws IOException {
    RunOutcome outcome = fold(recording, seed);
    assertThat(outcome.status()).isEqualTo(StageStatus.CANCELLED);
    assertThat(outcome.reason()).isEqualTo("cancelled");
    assertThat(outcome.tasks().get(new StageName("a")).status()).isEqualTo(StageStatus.CANCELLED);
    assertThat(outcome.tasks().get(new StageName("b")).status()).isEqualTo(StageStatus.SUCCEEDED);
  }

  @Test
  void aRunThatWasCancelledBeforeANodeTookItsPod() throws IOException {
    RunOutcome outcome = fold("waiting", 1);
    assertThat(outcome.status()).isEqualTo(StageStatus.CANCELLED);
    assertThat(outcome.tasks().get(new StageName("a")).status()).isEqualTo(StageStatus.CANCELLED);
    assertThat(told)
        .as("a step that never ran did not start")
        .noneMatch(
            e -> e instanceof RunEvent.StepStarted s && s.stage().equals(new StageName("a")));
    assertThat(Map.copyOf(outcome.tasks())).hasSize(2);
  }

  @ParameterizedTest
  @CsvSource({"matrix,1", "matrix,2", "matrix,3"})
  void aTaskWithAMatrixIsToldOfAsItsTaskRuns(String recording, long seed) throws IOException {
    RunOutcome outcome = fold(recording, seed);
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(outcome.tasks().keySet())
        .extracting(StageName::value)
        .containsExactlyInAnyOrder("a", "a-workers-0", "a-workers-1", "z");
  }

  @ParameterizedTest
  @CsvSource({"empty-matrix,1", "empty-matrix,2"})
  void aMatrixWithoutValuesIsNotToldOf(String recording, long seed) throws IOException {
    RunOutcome outcome = fold(recording, seed);
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(told.toString()).doesNotContain("a-workers");
  }
}
