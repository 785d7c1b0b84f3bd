package io.sluice.app.newdata;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.app.Pipelines;
import io.sluice.app.run.Example;
import io.sluice.app.run.NextAction;
import io.sluice.app.run.RunState;
import io.sluice.app.run.Submission;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Spec;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.WorkspaceBinding;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What is submitted to ask a data source for its fingerprint. */
class FingerprintCheckTest {
  private static final RunId CHECK = new RunId("j-1");
  private static final RunId EXECUTION = new RunId("x-1");

  @Test
  void aCheckIsTheSourcesCommandInItsEnvironmentAndNothingElse() throws Exception {
    NextAction.Submit submit = submit(Instant.parse("2026-06-01T00:00:00Z"));
    var pipeline = submit.submission().pipeline().spec();
    assertThat(pipeline.tasks())
        .extracting(PipelineTask::name)
        .containsExactly("resolve", "data-returns");
    assertThat(pipeline.last()).as("a check has no record").isEmpty();
    assertThat(submit.submission().run().spec().pipelineRef()).isEmpty();

    PipelineTask task = pipeline.tasks().getLast();
    assertThat(task.timeout()).as("the wait for a node on top").contains(Duration.ofMinutes(70));
    assertThat(array(task, "outputs")).containsExactly("fingerprint");
    assertThat(array(task, "command")).startsWith("/bin/sh", "-eu", "-c");
    // an argument of the script, never a part of it
    assertThat(array(task, "command")).endsWith("fingerprint", "python", "-m", "rma.latest", "$x");
    assertThat(task.params())
        .contains(Param.of("image", "$(params.image-tabular)"))
        .noneMatch(p -> p.name().equals("kind"));
  }

  @Test
  void aCheckWritesNothingThatTrustedRunsRead() throws Exception {
    var run = submit(Instant.parse("2026-06-01T00:00:00Z")).submission().run();
    assertThat(run.spec().params()).contains(Param.of("untrusted", "yes"));
    assertThat(run.spec().workspaces())
        .extracting(WorkspaceBinding::name)
        .doesNotContain("registry-write");
    assertThat(run.spec().timeouts().orElseThrow().pipeline()).contains(Duration.ofMinutes(30));
  }

  @Test
  void anAnswerOfAnotherTimeIsNotTakenFromTheCache() throws Exception {
    var one = submit(Instant.parse("2026-06-01T00:00:00Z")).submission();
    var two = submit(Instant.parse("2026-06-02T00:00:00Z")).submission();
    assertThat(with(one)).isNotEqualTo(with(two)).contains("checkedAt");
  }

  @Test
  void aRepeatedStartIsTheSameSubmission() throws Exception {
    Instant at = Instant.parse("2026-06-01T00:00:00Z");
    assertThat(submit(at).submission()).isEqualTo(submit(at).submission());
    RunState state = submit(at).state();
    assertThat(RunState.parse(state.json())).isEqualTo(state);
  }

  @Test
  void whatWasFoundIsTheDigestOfWhatTheCommandPrinted() throws Exception {
    var submit = submit(Instant.parse("2026-06-01T00:00:00Z"));
    RunState after = Example.succeeded(submit.execution(), submit.state(), "");
    assertThat(FingerprintCheck.found(after).orElseThrow().toString())
        .isEqualTo(after.stages().get(new StageName("data-returns")).results().get("outputs"));
    assertThat(FingerprintCheck.found(submit.state())).isEmpty();
  }

  @Test
  void aLineOfTheLogSaysItForPeople() {
    assertThat(FingerprintCheck.shown("[data-returns] fingerprint: 2026-W22 "))
        .contains("2026-W22");
    assertThat(FingerprintCheck.shown("[data-returns] fingerprint: \u001b[31m")).contains("[31m");
    assertThat(FingerprintCheck.shown("[data-returns] fingerprint:  ")).isEmpty();
    assertThat(FingerprintCheck.shown("fingerprint: 1")).isEmpty();
    assertThat(FingerprintCheck.shown("[s] fingerprint: " + "x".repeat(500)).orElseThrow())
        .contains(" .. (400 characters left out) .. ")
        .hasSizeLessThan(150);
  }

  @Test
  void theSourceIsTheOneThatIsNamedOrTheOnlyOneThatCanBeAsked() throws Exception {
    Spec watched = Pipelines.open(Example.watchedTree(), "sluice.yaml").spec();
    assertThat(FingerprintCheck.source(watched, "")).isEqualTo("returns");
    assertThat(FingerprintCheck.source(watched, "returns")).isEqualTo("returns");
    assertThatThrownBy(() -> FingerprintCheck.source(watched, "return"))
        .hasMessageContaining("SLU-9606");
    Spec plain = Pipelines.open(Example.tree(), "sluice.yaml").spec();
    assertThatThrownBy(() -> FingerprintCheck.source(plain, ""))
        .hasMessageContaining("no data source of rma-forecast has a fingerprint");
    assertThatThrownBy(() -> FingerprintCheck.source(plain, "returns"))
        .hasMessageContaining("data source returns has no fingerprint");
  }

  private static NextAction.Submit submit(Instant at) throws Exception {
    RunState state = RunState.opened(Example.check(CHECK, at), List.of());
    return (NextAction.Submit)
        FingerprintCheck.planner("returns", EXECUTION, Example.WHEEL)
            .next(Example.watchedTree(), state);
  }

  private static String with(Submission submission) {
    return submission.pipeline().spec().params().stream()
        .filter(p -> p.name().equals("with-data-returns"))
        .map(p -> p.fallback().orElseThrow().toString())
        .findFirst()
        .orElseThrow();
  }

  private static List<String> array(PipelineTask task, String name) {
    return task.params().stream()
        .filter(p -> p.name().equals(name))
        .map(p -> ((ParamValue.Array) p.value()).values())
        .findFirst()
        .orElseThrow();
  }
}
