package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.yaml.TektonYaml;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** A run stage by stage: each call is an execution of what it needs and nothing that is there. */
class RunPlanTest {
  private static final StageSelector PREPROCESS = StageSelector.of(StageSelector.Kind.PREPROCESS);
  private static final StageSelector DRIFT = StageSelector.of(StageSelector.Kind.DRIFT);
  private static final StageSelector TUNE = StageSelector.of(StageSelector.Kind.TUNE);
  private static final StageSelector TRAIN = StageSelector.of(StageSelector.Kind.TRAIN);
  private static final StageSelector EVALUATE = StageSelector.of(StageSelector.Kind.EVALUATE);
  private static final StageSelector PROMOTE = StageSelector.of(StageSelector.Kind.PROMOTE);

  @Test
  void aCallRunsWhatItNeedsAndIsNotThereYet() throws Exception {
    var preprocess = submit(Example.opened(), "x-1", PREPROCESS, List.of());
    assertThat(preprocess.execution().stages())
        .extracting(StageName::value)
        .containsExactly("resolve", "data-returns", "preprocess");

    RunState after = Example.succeeded(preprocess.execution(), preprocess.state(), "PROMOTE");
    var tune = submit(after, "x-2", TUNE, List.of());
    assertThat(tune.execution().stages())
        .extracting(StageName::value)
        .containsExactly("tune-itransformer", "tune-xgboost");
    PipelineTask task = tune.submission().pipeline().spec().tasks().getLast();
    assertThat(array(task, "inputs"))
        .contains(
            "train="
                + after.stages().get(new StageName("preprocess")).results().get("outputs")
                + "#train");
  }

  @Test
  void evaluateAloneIsTheWholeRunWithoutPromotion() throws Exception {
    var evaluate = submit(Example.opened(), "x-1", EVALUATE, List.of());
    assertThat(evaluate.execution().stages())
        .extracting(StageName::value)
        .contains(
            "resolve", "drift", "tune-xgboost", "train-xgboost", "evaluate", "gate", "register")
        .doesNotContain("promote");
    assertThat(evaluate.submission().pipeline().spec().results())
        .extracting(r -> r.name())
        .containsExactly("verdict", "registered");
  }

  @Test
  void anExecutionHasItsOwnNameAndTheRunStaysTheRun() throws Exception {
    var submit = submit(Example.opened(), "x-1", PREPROCESS, List.of());
    var run = submit.submission().run();
    assertThat(run.metadata().name()).contains("x-1");
    assertThat(run.metadata().labels())
        .containsEntry("sluice.io/run", "x-1")
        .containsEntry("sluice.io/whole-run", "j-0123456789abcdef0123");
    assertThat(run.spec().params()).contains(Param.of("run", "j-0123456789abcdef0123"));
    assertThat(run.spec().pipelineRef()).isEmpty();
    assertThat(run.spec().taskRunSpecs())
        .extracting(s -> s.pipelineTaskName())
        .isSubsetOf("resolve", "data-returns", "preprocess", "record");
    String yaml = TektonYaml.write(List.of(run));
    assertThat(yaml).doesNotContain("tasks.tune").doesNotContain("tasks.gate");
    assertThat(
            TektonYaml.write(
                TektonYaml.parse(new io.sluice.core.diag.SourceFile("run.yaml", yaml))))
        .isEqualTo(yaml);
  }

  @Test
  void theRecordSaysOfEachStageHowItEndedWhateverTheExecution() throws Exception {
    var preprocess = submit(Example.opened(), "x-1", PREPROCESS, List.of());
    RunState after = Example.succeeded(preprocess.execution(), preprocess.state(), "PROMOTE");
    var tune = submit(after, "x-2", TUNE, List.of());
    PipelineTask record = tune.submission().pipeline().spec().last().getFirst();
    assertThat(array(record, "tasks"))
        .contains(
            "preprocess=Succeeded:Succeeded",
            "tune-xgboost=$(tasks.tune-xgboost.status):$(tasks.tune-xgboost.reason)",
            "gate=None:NotAskedFor");
  }

  @Test
  void aRepeatedStartIsTheSameSubmissionWhateverWasSetSince() throws Exception {
    var first = submit(Example.opened(), "x-1", TUNE, List.of("stages.tune.with.trials=7"));
    RunState later = first.state().with(List.of("stages.tune.with.trials=9"));
    var again = submit(later, "x-1", TUNE, List.of("stages.tune.with.trials=7"));
    assertThat(again.submission()).isEqualTo(first.submission());
    assertThat(again.state()).isEqualTo(later);
  }

  @Test
  void whatReachedTheRunnerIsFollowedAndNeverStartedAgain() throws Exception {
    var first = submit(Example.opened(), "x-1", TUNE, List.of());
    RunState reached = first.state().submitted(new RunId("x-1"));
    assertThat(Example.run(reached).next(new RunId("x-1"), TUNE, List.of(), Optional.empty()))
        .isEqualTo(new NextAction.Attach(reached.execution(new RunId("x-1")).orElseThrow()));
  }

  @Test
  void settingsOfACallHoldForTheCallsAfterIt() throws Exception {
    RunPlan run = Example.run(Example.opened());
    assertThat(run.settingsOf(TUNE, "trials", "7")).containsExactly("stages.tune.with.trials=7");
    var tune = submit(Example.opened(), "x-1", TUNE, run.settingsOf(TUNE, "trials", "7"));
    assertThat(text(tune, "with-tune-xgboost")).contains("\"trials\":7");
    RunState after = Example.succeeded(tune.execution(), tune.state(), "PROMOTE");
    var train = submit(after, "x-2", TRAIN, List.of());
    assertThat(text(train, "with-tune-xgboost")).contains("\"trials\":7");
  }

  @Test
  void whatAnotherExecutionIsDoingIsWaitedFor() throws Exception {
    var tune = submit(Example.opened(), "x-1", TUNE, List.of());
    NextAction next =
        Example.run(tune.state()).next(new RunId("x-2"), DRIFT, List.of(), Optional.empty());
    assertThat(next).isEqualTo(new NextAction.WaitFor(List.of(new RunId("x-1"))));

    RunState after = Example.succeeded(tune.execution(), tune.state(), "PROMOTE");
    assertThat(submit(after, "x-2", DRIFT, List.of()).execution().stages())
        .containsExactly(new StageName("drift"));
  }

  @Test
  void whatCameOfAStageIsVoidWhenItRunsAgain() throws Exception {
    var evaluate = submit(Example.opened(), "x-1", EVALUATE, List.of());
    RunState judged = Example.succeeded(evaluate.execution(), evaluate.state(), "PROMOTE");
    assertThat(judged.verdict()).contains("PROMOTE");
    var tune = submit(judged, "x-2", TUNE, List.of());
    RunState tuned = Example.succeeded(tune.execution(), tune.state(), "PROMOTE");
    assertThat(tuned.verdict()).isEmpty();
    assertThatThrownBy(() -> submit(tuned, "x-3", PROMOTE, List.of()))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9602");
  }

  @Test
  void aStageThatFailedRunsAgainWithWhatItNeeds() throws Exception {
    var preprocess = submit(Example.opened(), "x-1", PREPROCESS, List.of());
    RunState after = Example.failed(preprocess.execution(), preprocess.state());
    assertThat(submit(after, "x-2", PREPROCESS, List.of()).execution().stages())
        .isEqualTo(preprocess.execution().stages());
    assertThat(Example.run(after).next(new RunId("x-1"), PREPROCESS, List.of(), Optional.empty()))
        .isInstanceOf(NextAction.Finished.class);
  }

  @Test
  void promoteGoesByTheStoredVerdictAndTheHeadThatResolvePinned() throws Exception {
    var evaluate = submit(Example.opened(), "x-1", EVALUATE, List.of());
    RunState judged = Example.succeeded(evaluate.execution(), evaluate.state(), "PROMOTE");
    var promote = submit(judged, "x-2", PROMOTE, List.of());
    assertThat(promote.execution().stages()).containsExactly(new StageName("promote"));
    PipelineTask task = promote.submission().pipeline().spec().tasks().getFirst();
    assertThat(task.params())
        .contains(Param.of("verdict", "PROMOTE"))
        .contains(
            Param.of("head", judged.stages().get(new StageName("resolve")).results().get("head")));
  }

  @Test
  void whoApprovedAPromotionIsInWhoseNameItIs() throws Exception {
    var evaluate = submit(Example.opened(), "x-1", EVALUATE, List.of());
    RunState judged = Example.succeeded(evaluate.execution(), evaluate.state(), "PROMOTE");
    var promote =
        (NextAction.Submit)
            Example.run(judged).next(new RunId("x-2"), PROMOTE, List.of(), Optional.of("kim"));
    assertThat(promote.submission().run().spec().params()).contains(Param.of("who", "kim"));
    assertThat(evaluate.submission().run().spec().params()).contains(Param.of("who", "alex"));
    assertThat(RunState.parse(promote.state().json())).isEqualTo(promote.state());
  }

  @Test
  void onHoldNothingIsSubmitted() throws Exception {
    var evaluate = submit(Example.opened(), "x-1", EVALUATE, List.of());
    RunState held = Example.succeeded(evaluate.execution(), evaluate.state(), "HOLD");
    assertThat(Example.run(held).next(new RunId("x-2"), PROMOTE, List.of(), Optional.empty()))
        .isEqualTo(new NextAction.NoOp("HOLD: nothing is promoted"));
  }

  @Test
  void aPullRequestHasNothingToWriteWithAndPromotesNothing() throws Exception {
    RunState state = RunState.opened(Example.definition(true), List.of());
    var evaluate = submit(state, "x-1", EVALUATE, List.of());
    assertThat(evaluate.submission().run().spec().params()).contains(Param.of("untrusted", "yes"));
    assertThat(evaluate.submission().run().spec().workspaces())
        .extracting(w -> w.name())
        .doesNotContain("registry-write");
    RunState judged = Example.succeeded(evaluate.execution(), evaluate.state(), "PROMOTE");
    assertThat(Example.run(judged).next(new RunId("x-2"), PROMOTE, List.of(), Optional.empty()))
        .isInstanceOf(NextAction.NoOp.class);
  }

  @Test
  void aStageThatThereIsNotIsSaidWithTheNearest() {
    assertThatThrownBy(
            () -> submit(Example.opened(), "x-1", StageSelector.stage("preproces"), List.of()))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-9601")
        .hasMessageContaining("preproces");
  }

  @Test
  void aRunGoesOnFromWhatWasReadOfItsFolderAlone() throws Exception {
    RecordingSourceTree tree = new RecordingSourceTree(Example.tree());
    var opened = io.sluice.app.Pipelines.open(tree, "sluice.yaml");
    RunPlan whole = RunPlan.of(opened, Example.opened(), Example.WHEEL);
    var kept = new java.util.TreeMap<String, MemoryTree.Entry>();
    tree.recorded().forEach((path, bytes) -> kept.put(path, new MemoryTree.Entry(bytes, false)));
    assertThat(kept.keySet())
        .containsExactlyInAnyOrder("sluice.yaml", "envs/tabular.lock", "envs/deep.lock");
    RunPlan again =
        RunPlan.of(new MemoryTree("kept", kept, Optional.empty()), Example.opened(), Example.WHEEL);
    assertThat(again.whole()).isEqualTo(whole.whole());
  }

  @Test
  void stateSurvivesTheDisk() throws Exception {
    var evaluate = submit(Example.opened(), "x-1", EVALUATE, List.of("stages.tune.with.trials=7"));
    assertThat(RunState.parse(evaluate.state().json())).isEqualTo(evaluate.state());
    RunState ended = Example.failed(evaluate.execution(), evaluate.state());
    assertThat(RunState.parse(ended.json())).isEqualTo(ended);
  }

  private static NextAction.Submit submit(
      RunState state, String id, StageSelector call, List<String> settings) throws Exception {
    return (NextAction.Submit)
        Example.run(state).next(new RunId(id), call, settings, Optional.empty());
  }

  private static List<String> array(PipelineTask task, String param) {
    return task.params().stream()
        .filter(p -> p.name().equals(param))
        .map(p -> ((ParamValue.Array) p.value()).values())
        .findFirst()
        .orElseThrow();
  }

  private static String text(NextAction.Submit submit, String param) {
    return submit.submission().run().spec().params().stream()
        .filter(p -> p.name().equals(param))
        .map(p -> ((ParamValue.Text) p.value()).value().replaceAll("\\s", ""))
        .findFirst()
        .orElseThrow();
  }
}
