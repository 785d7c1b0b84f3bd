package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The state of a run as bytes: the same ones in every version, and nothing else is read. */
class RunStateTest {
  private static final String FULL =
      """
      {
        "format" : "sluice.io/staged-run/v1",
        "order" : {
          "run" : "j-0123456789abcdef0123",
          "spec" : "sluice.yaml",
          "model" : "rma-forecast",
          "asOf" : "2026-06-01T00:00:00Z",
          "untrusted" : false,
          "code" : "sha256:5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b",
          "target" : "kind: local",
          "profile" : "smoke",
          "who" : "alex",
          "commit" : "0123456789abcdef0123456789abcdef01234567"
        },
        "settings" : [ "stages.tune.with.trials=7", "model=x" ],
        "stages" : {
          "evaluate" : {
            "status" : "timed_out",
            "attempts" : 2,
            "cached" : false,
            "reason" : "it took too long",
            "results" : { }
          },
          "prepare" : {
            "status" : "succeeded",
            "attempts" : 1,
            "cached" : true,
            "reason" : "",
            "results" : {
              "alpha" : "1",
              "outputs" : "sha256:abc"
            }
          }
        },
        "executions" : [ {
          "id" : "x-1",
          "call" : "evaluate",
          "submitted" : true,
          "stages" : [ "prepare", "evaluate" ],
          "settings" : [ "stages.tune.with.trials=7" ],
          "who" : "kim",
          "ended" : "timed_out",
          "reason" : "it took too long"
        }, {
          "id" : "x-2",
          "call" : "promote",
          "submitted" : false,
          "stages" : [ ],
          "settings" : [ ],
          "reason" : ""
        } ]
      }
      """;

  private static final String SPARSE =
      """
      {
        "format" : "sluice.io/staged-run/v1",
        "order" : {
          "run" : "j-1",
          "spec" : "sluice.yaml",
          "model" : "rma-forecast",
          "asOf" : "2026-06-01T00:00:00.123456Z",
          "untrusted" : true,
          "code" : "sha256:5694d08a2e53ffcae0c3103e5ad6f6076abd960eb1f8a56577040bc1028f702b",
          "target" : ""
        },
        "settings" : [ ],
        "stages" : { },
        "executions" : [ ]
      }
      """;

  @Test
  void writesTheBytesThatEarlierVersionsWrote() {
    assertThat(full().json()).isEqualTo(FULL);
    assertThat(sparse().json()).isEqualTo(SPARSE);
  }

  @Test
  void readsWhatEarlierVersionsWrote() {
    assertThat(RunState.parse(FULL)).isEqualTo(full());
    assertThat(RunState.parse(SPARSE)).isEqualTo(sparse());
  }

  /** Versions before the check for new data was a planner of its own wrote its source there. */
  @Test
  void readsTheStateOfACheckOfAnEarlierVersion() {
    String earlier =
        SPARSE.replace(
            "\"target\" : \"\"", "\"target\" : \"\", \"fingerprint\" : \"data.returns\"");
    assertThat(earlier).isNotEqualTo(SPARSE);
    assertThat(RunState.parse(earlier)).isEqualTo(sparse());
    assertThat(RunState.parse(earlier).json()).isEqualTo(SPARSE);
  }

  @Test
  void anExecutionThatHasNotEndedIsRunning() {
    assertThat(RunState.parse(FULL).executions())
        .extracting(RunState.Execution::isRunning)
        .containsExactly(false, true);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "settings" : [ "stages  | "more" : 1, "settings" : [ "stages | more: unknown field
          "model" : "rma          | "extra" : 1, "model" : "rma        | order.extra: unknown field
          "cached" : true         | "cached" : true, "running" : true  | stages.prepare.running: unknown field
          "call" : "promote"      | "call" : "p", "running" : true     | executions[1].running: unknown field
          """)
  void refusesAFieldThatIsNotOfTheFormat(String old, String damaged, String message) {
    refuses(FULL.replace(old, damaged), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "model" : "rma-forecast"       | order.model: missing
          "untrusted" : false            | order.untrusted: missing
          "asOf" : "2026-06-01T00:00:00Z"| order.asOf: missing
          "status" : "succeeded"         | stages.prepare.status: missing
          "attempts" : 2                 | stages.evaluate.attempts: missing
          "submitted" : true             | executions[0].submitted: missing
          "id" : "x-1"                   | executions[0].id: missing
          """)
  void refusesAMissingField(String field, String message) {
    String without = FULL.replace(field + ",", "");
    refuses(without, message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      textBlock =
          """
          "attempts" : 2          | "attempts" : "2"         | stages.evaluate.attempts
          "cached" : true         | "cached" : "true"        | stages.prepare.cached
          "status" : "timed_out"  | "status" : "late"        | stages.evaluate.status
          "run" : "j-             | "run" : "J-              | order.run
          "asOf" : "2026-06-01T   | "asOf" : "June           | order.asOf
          "evaluate" : {          | "Evaluate" : {           | stages
          """)
  void refusesAValueOfAnotherType(String old, String damaged, String message) {
    refuses(FULL.replace(old, damaged), message);
  }

  @Test
  void refusesTheStateOfAnotherVersion() {
    refuses(FULL.replace("staged-run/v1", "staged-run/v2"), "sluice.io/staged-run/v1");
    refuses(FULL.replace("\"format\" : \"sluice.io/staged-run/v1\",", ""), "staged-run/v1");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "{", "[]", "null", "\"text\"", "{}"})
  void refusesWhatIsNoState(String text) {
    assertThatThrownBy(() -> RunState.parse(text)).isInstanceOf(IllegalArgumentException.class);
  }

  private static void refuses(String damaged, String message) {
    assertThat(damaged).isNotEqualTo(FULL);
    assertThatThrownBy(() -> RunState.parse(damaged))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  private static RunState full() {
    TreeMap<StageName, TaskOutcome> stages = new TreeMap<>();
    TreeMap<String, String> results = new TreeMap<>(java.util.Comparator.reverseOrder());
    results.putAll(Map.of("outputs", "sha256:abc", "alpha", "1"));
    stages.put(
        new StageName("prepare"), new TaskOutcome(StageStatus.SUCCEEDED, 1, true, results, ""));
    stages.put(
        new StageName("evaluate"),
        new TaskOutcome(StageStatus.TIMED_OUT, 2, false, Map.of(), "it took too long"));
    return new RunState(
        new RunDefinition(
            new RunId("j-0123456789abcdef0123"),
            "sluice.yaml",
            "rma-forecast",
            Optional.of("smoke"),
            Instant.parse("2026-06-01T00:00:00Z"),
            Optional.of("alex"),
            Optional.of("0123456789abcdef0123456789abcdef01234567"),
            false,
            Digest.of("code"),
            "kind: local"),
        List.of("stages.tune.with.trials=7", "model=x"),
        stages,
        List.of(
            new RunState.Execution(
                new RunId("x-1"),
                "evaluate",
                List.of(new StageName("prepare"), new StageName("evaluate")),
                List.of("stages.tune.with.trials=7"),
                Optional.of("kim"),
                true,
                Optional.of(StageStatus.TIMED_OUT),
                "it took too long",
                Optional.empty(),
                Optional.empty()),
            new RunState.Execution(
                new RunId("x-2"),
                "promote",
                List.of(),
                List.of(),
                Optional.empty(),
                false,
                Optional.empty(),
                "",
                Optional.empty(),
                Optional.empty())));
  }

  private static RunState sparse() {
    return RunState.opened(
        new RunDefinition(
            new RunId("j-1"),
            "sluice.yaml",
            "rma-forecast",
            Optional.empty(),
            Instant.parse("2026-06-01T00:00:00.123456Z"),
            Optional.empty(),
            Optional.empty(),
            true,
            Digest.of("code"),
            ""),
        List.of());
  }

  @Test
  void aFailureIsReadBackAsItWasWritten() {
    RunFailure failure =
        new RunFailure(
            ExitCode.CHAMPION_MOVED, Optional.of(new StageName("promote")), "two\nlines");
    assertThat(RunFailure.parse(failure.json())).isEqualTo(failure);
    assertThat(RunFailure.parse(RunFailure.of("it broke").json()))
        .isEqualTo(RunFailure.of("it broke"));
  }

  @Test
  void howAnExecutionFailedIsKept() {
    RunFailure lost =
        new RunFailure(ExitCode.CHAMPION_MOVED, Optional.of(new StageName("promote")), "it moved");
    RunState.Execution begun =
        RunState.Execution.begun(
            new RunId("x-1"), "promote", List.of(), List.of(), Optional.empty());
    RunState state =
        sparse()
            .begun(begun, Set.of())
            .ended(
                begun.id(),
                RunOutcome.withoutTasks(StageStatus.FAILED, "it moved"),
                Optional.of(lost));
    RunState.Execution back = RunState.parse(state.json()).execution(begun.id()).orElseThrow();
    assertThat(back.failure()).isEqualTo(lost);
    assertThat(begun.over(StageStatus.FAILED, Optional.empty()).failure().code())
        .as("one that an earlier version kept")
        .isEqualTo(ExitCode.RUN_FAILED);
  }
}
