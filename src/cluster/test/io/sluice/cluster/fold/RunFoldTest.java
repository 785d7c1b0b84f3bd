package io.sluice.cluster.fold;

import static io.sluice.cluster.fold.Objects.pod;
import static io.sluice.cluster.fold.Objects.run;
import static io.sluice.cluster.fold.Objects.step;
import static io.sluice.cluster.fold.Objects.taskRun;
import static io.sluice.cluster.fold.Objects.unbegun;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.cluster.AsRead;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunFoldTest {
  private static final Instant AT = Instant.parse("2026-11-24T10:00:00Z");
  private static final String SKIPPED =
      "2026/11/24 21:51:14 INFO Step was skipped due to when expressions were evaluated to false.";
  private static final String UP = "phase: 'Running',";
  private static final Map<String, String> RUNNING = Map.of("step-run", "{running: {}}");
  private static final ContainerId RUN_OF_A = new ContainerId("r-1-a-pod", "u-a", "step-run");
  private static final ContainerId RUN_OF_B = new ContainerId("r-1-b-pod", "u-b", "step-run");
  private static final ContainerId RUN_OF_Z = new ContainerId("r-1-z-pod", "u-z", "step-run");

  private final RunFold fold = new RunFold(new RunId("r-1"), List.of());
  private final List<String> told = new ArrayList<>();

  private void see(List<RunEvent> events) {
    events.forEach(e -> told.add(brief(e)));
  }

  private static String brief(RunEvent event) {
    return switch (event) {
      case RunEvent.SetUp e -> "setup " + e.what() + ": " + e.detail();
      case RunEvent.RunStarted e -> "run " + e.stages();
      case RunEvent.StageStarted e -> e.stage() + " starts " + e.attempt();
      case RunEvent.StepStarted e -> e.stage() + "." + e.step() + " starts";
      case RunEvent.LogLine e -> e.stage() + "." + e.step() + ": " + e.text();
      case RunEvent.StepFinished e ->
          e.stage()
              + "."
              + e.step()
              + " ends "
              + e.exitCode().map(String::valueOf).orElse("skipped");
      case RunEvent.StageFinished e ->
          e.stage()
              + " "
              + e.status()
              + (e.cached() ? " cached" : "")
              + (e.reason().isEmpty() ? "" : " because " + e.reason());
      case RunEvent.RunFinished e ->
          "run " + e.status() + (e.reason().isEmpty() ? "" : " because " + e.reason());
    };
  }

  /** The run is going, and the pod of its stage a is up with these containers. */
  private void begin(Map<String, String> containers) {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(pod("a", UP, containers), AT));
  }

  /** Stage a has failed, and its steps are these. */
  private void fail(String... steps) {
    see(fold.see(taskRun("a", "False", "Failed", String.join(",", steps)), AT));
  }

  private void whole(String task) {
    ContainerId container = new ContainerId("r-1-" + task + "-pod", "u-" + task, "step-run");
    see(fold.see(pod(task, UP, RUNNING), AT));
    see(fold.line(container, "hello from " + task, AT));
    see(fold.drained(container, AT));
    see(fold.see(taskRun(task, "True", "Succeeded", step("run", 0, "Completed")), AT));
  }

  private static final String WITH_MATRIX =
      """
      {metadata: {name: 'r-1'}, spec: {}, status: {
        conditions: [{type: 'Succeeded', status: '%s', reason: '%s', message: 'said Tekton'}],
        pipelineSpec: {tasks: [{name: 'a'}, {name: 'many', onError: 'continue',
          matrix: {params: [{name: 'worker', value: ['1', '2']}]}}]}, %s}}
      """;

  private static ObservedRun withMatrix(String status, String reason, String rest) {
    return AsRead.run(WITH_MATRIX.formatted(status, reason, rest));
  }

  private static ObservedTaskRun oneOfMany(int position, String status) {
    return AsRead.taskRun(
        """
        {metadata: {name: 'r-1-many-%1$d', labels: {'tekton.dev/pipelineTask': 'many'}}, status: {
          conditions: [{type: 'Succeeded', status: '%2$s', reason: 'Done', message: 'said Tekton'}],
          podName: 'r-1-many-%1$d-pod', startTime: '2026-11-24T10:00:00Z',
          completionTime: '2026-11-24T10:00:07Z', steps: [%3$s]}}
        """
            .formatted(position, status, step("run", 0, "Completed")));
  }

  private static ObservedPod podOfMany(int position) {
    return AsRead.pod(
        """
        {metadata: {name: 'r-1-many-%1$d-pod', uid: 'u-%1$d', labels: {
           'tekton.dev/pipelineTask': 'many', 'tekton.dev/taskRun': 'r-1-many-%1$d'}},
         spec: {nodeName: 'n1', containers: [{name: 'step-run', image: 'x'}]},
         status: {phase: 'Running', containerStatuses: [{name: 'step-run', state: {running: {}}}]}}
        """
            .formatted(position));
  }

  private static final ObservedTaskRun UNTOUCHED =
      AsRead.taskRun(
          "{metadata: {name: 'r-1-a', labels: {'tekton.dev/pipelineTask': 'a'}}, spec: {}}");

  @Test
  void aTaskRunToWhichTektonGivesNoStatusIsToldOnce() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(UNTOUCHED, AT));
    told.clear();
    see(fold.tick(AT.plusSeconds(59)));
    assertThat(told).isEmpty();
    see(fold.tick(AT.plusSeconds(60)));
    see(fold.tick(AT.plusSeconds(600)));
    assertThat(told)
        .singleElement()
        .asString()
        .startsWith("a.: (Tekton has given the TaskRun r-1-a no status for 60 s:")
        .contains("too large for etcd");
  }

  @Test
  void aRunToWhichTektonGivesNoStatusIsToldOnce() {
    see(fold.see(AsRead.run("{metadata: {name: 'r-1'}, spec: {}}"), AT));
    see(fold.tick(AT.plusSeconds(61)));
    see(fold.tick(AT.plusSeconds(600)));
    assertThat(told)
        .singleElement()
        .asString()
        .startsWith("setup run r-1: Tekton has given the PipelineRun r-1 no status for 60 s");
  }

  /** A watch that lost the last state, a kubelet that gives no output: the run is over. */
  @Test
  void aRunIsNotFollowedLongPastItsEnd() {
    begin(RUNNING);
    see(fold.see(taskRun("a", "Unknown", "Running", step("run")), AT));
    see(
        fold.see(
            run(
                "False",
                "Failed",
                "childReferences: [{kind: 'TaskRun', name: 'r-1-a'}, {kind: 'TaskRun', name: 'r-1-z'}]"),
            AT));
    see(fold.tick(AT.plusSeconds(15)));
    assertThat(fold.outcome()).isEmpty();
    see(fold.tick(AT.plusSeconds(120)));
    assertThat(fold.outcome()).isEmpty();
    see(fold.tick(AT.plusSeconds(136)));
    assertThat(fold.outcome().orElseThrow().status()).isEqualTo(StageStatus.FAILED);
    assertThat(told).anyMatch(t -> t.contains("step-run wrote cannot be read"));
    assertThat(told.getLast()).startsWith("run FAILED");
  }

  @Test
  void whatTektonHasTakenUpIsNotToldAsSilent() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(taskRun("a", "Unknown", "Pending", ""), AT));
    told.clear();
    see(fold.tick(AT.plusSeconds(600)));
    assertThat(told).isEmpty();
  }

  @Test
  void theEndOfAContainerWhoseNodeIsLostIsNotWaitedFor() {
    Map<String, String> waiting = Map.of("step-run", "{waiting: {reason: 'PodInitializing'}}");
    ObservedPod there = pod("a", "", waiting);
    ObservedPod lost =
        pod(
            "a",
            "conditions: [{type: 'DisruptionTarget', status: 'True', reason: 'DeletionByTaintManager'}],",
            waiting);
    see(fold.see(there, AT));
    assertThat(fold.hasEnded(RUN_OF_A)).isFalse();
    assertThat(fold.isOutOfReach(RUN_OF_A)).isFalse();
    see(fold.see(lost, AT));
    assertThat(fold.hasEnded(RUN_OF_A)).isTrue();
    assertThat(fold.isOutOfReach(RUN_OF_A)).isTrue();
    assertThat(fold.isOutOfReach(new ContainerId("r-1-a-pod", "another", "step-run"))).isFalse();
  }

  @Test
  void eachTaskRunOfAMatrixIsAStage() {
    see(fold.see(withMatrix("Unknown", "Running", "childReferences: []"), AT));
    for (int k = 0; k < 2; k++) {
      ContainerId container = new ContainerId("r-1-many-" + k + "-pod", "u-" + k, "step-run");
      see(fold.see(podOfMany(k), AT));
      see(fold.line(container, "hello", AT));
      see(fold.drained(container, AT));
      see(fold.see(oneOfMany(k, k == 0 ? "True" : "False"), AT));
    }
    whole("a");
    see(fold.see(withMatrix("True", "Succeeded", "childReferences: []"), AT));

    assertThat(told.getFirst()).isEqualTo("run [a]");
    assertThat(told)
        .contains("many-0 starts 0", "many-0.run: hello", "many-0 SUCCEEDED", "many-1.run: hello");
    assertThat(fold.outcome().orElseThrow().tasks().keySet())
        .extracting(StageName::value)
        .containsExactlyInAnyOrder("a", "many-0", "many-1");
    assertThat(fold.outcome().orElseThrow().status()).isEqualTo(StageStatus.SUCCEEDED);
  }

  @Test
  void aMatrixWithoutValuesIsNotToldOf() {
    see(fold.see(withMatrix("Unknown", "Running", "childReferences: []"), AT));
    whole("a");
    see(
        fold.see(
            withMatrix(
                "True",
                "Completed",
                "skippedTasks: [{name: 'many', reason: 'Matrix Parameters have an empty array'}]"),
            AT));
    assertThat(told).noneMatch(t -> t.contains("many"));
    assertThat(fold.outcome().orElseThrow().status()).isEqualTo(StageStatus.SUCCEEDED);
  }

  @Test
  void aRunIsToldAsTheLocalRunnerTellsIt() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    whole("a");
    whole("b");
    whole("z");
    see(fold.see(run("True", "Succeeded", "results: [{name: 'verdict', value: 'HOLD'}]"), AT));

    assertThat(told)
        .containsExactly(
            "run [a, b, z]",
            "a starts 0",
            "a.run starts",
            "a.run: hello from a",
            "a.run ends 0",
            "a SUCCEEDED",
            "b starts 0",
            "b.run starts",
            "b.run: hello from b",
            "b.run ends 0",
            "b SUCCEEDED",
            "z starts 0",
            "z.run starts",
            "z.run: hello from z",
            "z.run ends 0",
            "z SUCCEEDED",
            "run SUCCEEDED");
    assertThat(fold.outcome().orElseThrow().results()).isEqualTo(Map.of("verdict", "HOLD"));
  }

  @Test
  void seeingEverythingTwiceTellsNothingTwice() {
    for (int i = 0; i < 2; i++) {
      see(fold.see(run("Unknown", "Running", ""), AT));
      see(fold.see(pod("a", UP, RUNNING), AT));
      see(fold.see(taskRun("a", "Unknown", "Running", step("run")), AT));
    }
    assertThat(told).containsExactly("run [a, b, z]", "a starts 0", "a.run starts");
  }

  /** Whatever the order in which objects come, each stage's own story is the same. */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void theOrderOfObjectsDoesNotMatter(long seed) {
    List<Function<RunFold, List<RunEvent>>> seen = new ArrayList<>();
    for (String task : List.of("a", "b", "z")) {
      seen.add(f -> f.see(pod(task, UP, RUNNING), AT));
      seen.add(f -> f.see(taskRun(task, "Unknown", "Running", step("run")), AT));
      seen.add(f -> f.see(taskRun(task, "True", "Succeeded", step("run", 0, "Completed")), AT));
    }
    seen.add(f -> f.see(run("Unknown", "Running", ""), AT));
    String children =
        "childReferences: [{kind: 'TaskRun', name: 'r-1-a'}, {kind: 'TaskRun', name: 'r-1-b'},"
            + " {kind: 'TaskRun', name: 'r-1-z'}]";
    seen.add(f -> f.see(run("True", "Succeeded", children), AT));
    Collections.shuffle(seen, new Random(seed));

    seen.forEach(s -> see(s.apply(fold)));
    for (ContainerId c : List.copyOf(fold.unread())) {
      see(fold.line(c, "late", AT));
      see(fold.drained(c, AT));
    }

    for (String task : List.of("a", "b", "z")) {
      assertThat(told.stream().filter(t -> t.startsWith(task)))
          .containsExactly(
              task + " starts 0",
              task + ".run starts",
              task + ".run: late",
              task + ".run ends 0",
              task + " SUCCEEDED");
    }
    assertThat(told.getFirst()).isEqualTo("run [a, b, z]");
    assertThat(told.getLast()).isEqualTo("run SUCCEEDED");
  }

  /** Tekton's object may be seen at its end while the pod is known as one that has not begun. */
  @Test
  void theEndOfAStageWaitsForAPodThatWasSeenWaiting() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(pod("a", "phase: 'Pending',", Map.of("step-run", "{waiting: {}}")), AT));
    see(fold.see(taskRun("a", "True", "Succeeded", step("run", 0, "Completed")), AT));
    see(
        fold.see(
            run("True", "Succeeded", "childReferences: [{kind: 'TaskRun', name: 'r-1-a'}]"), AT));
    assertThat(told).doesNotContain("a SUCCEEDED");
    assertThat(fold.outcome()).isEmpty();

    see(
        fold.see(
            pod("a", UP, Map.of("step-run", "{terminated: {reason: 'Completed', exitCode: 0}}")),
            AT));
    assertThat(fold.unread()).containsExactly(RUN_OF_A);
    see(fold.line(RUN_OF_A, "late", AT));
    see(fold.drained(RUN_OF_A, AT));
    assertThat(told).containsSequence("a.run: late", "a.run ends 0", "a SUCCEEDED");
    assertThat(told.getLast()).isEqualTo("run SUCCEEDED");
  }

  @Test
  void theEndOfAStageWaitsForItsLastLine() {
    begin(RUNNING);
    see(fold.see(taskRun("a", "True", "Succeeded", step("run", 0, "Completed")), AT));
    assertThat(told).last().isEqualTo("a.run starts");
    assertThat(fold.unread()).containsExactly(RUN_OF_A);

    see(fold.line(RUN_OF_A, "late", AT));
    see(fold.drained(RUN_OF_A, AT));
    assertThat(told).endsWith("a.run: late", "a.run ends 0", "a SUCCEEDED");
  }

  @Test
  void aCacheHitSkipsTheStepAndIsSaid() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    String fetch =
        "{name: 'fetch', container: 'step-fetch', terminated: {startedAt: '2026-11-24T10:00:01Z', exitCode: 0, reason: 'Completed'},"
            + " terminationReason: 'Completed', results: [{name: 'hit', value: 'yes'}]}";
    see(fold.see(pod("a", UP, Map.of()), AT));
    see(
        fold.see(
            taskRun(
                "a",
                "True",
                "Succeeded",
                fetch + "," + step("run", 0, "Skipped") + "," + step("store", 0, "Completed")),
            AT));
    assertThat(told)
        .containsExactly(
            "run [a, b, z]",
            "a starts 0",
            "a.fetch starts",
            "a.fetch ends 0",
            "a.run ends skipped",
            "a.store starts",
            "a.store ends 0",
            "a SUCCEEDED cached");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "2026/11/24 21:51:14 INFO Step was skipped due to when expressions were evaluated to false.",
        "2026/11/24 21:51:14 Skipping step because a previous step failed"
      })
  void whatTektonWritesIntoTheOutputOfASkippedStepIsNotTheStepsOwn(String line) {
    begin(RUNNING);
    see(fold.line(RUN_OF_A, line, AT));
    assertThat(told).containsExactly("run [a, b, z]", "a starts 0");
  }

  @Test
  void ofASkippedStepNothingIsToldAlsoWhenItsContainerWasSeenToRun() {
    begin(RUNNING);
    see(fold.see(taskRun("a", "Unknown", "Running", step("run")), AT));
    see(fold.line(RUN_OF_A, SKIPPED, AT));
    see(fold.drained(RUN_OF_A, AT));
    see(fold.see(taskRun("a", "True", "Succeeded", step("run", 0, "Skipped")), AT));
    assertThat(told)
        .containsExactly(
            "run [a, b, z]", "a starts 0", "a.run starts", "a.run ends skipped", "a SUCCEEDED");
  }

  @Test
  void aStepThatSaysWhatTektonSaysOfSkippedOnesIsHeard() {
    begin(RUNNING);
    see(fold.line(RUN_OF_A, SKIPPED, AT));
    see(fold.line(RUN_OF_A, "and more", AT));
    see(fold.line(RUN_OF_A, SKIPPED, AT));
    assertThat(told)
        .endsWith("a.run starts", "a.run: " + SKIPPED, "a.run: and more", "a.run: " + SKIPPED);
  }

  @Test
  void aStepThatSaysNothingElseIsHeardAtItsEnd() {
    begin(RUNNING);
    see(fold.line(RUN_OF_A, SKIPPED, AT));
    see(fold.drained(RUN_OF_A, AT));
    see(fold.see(taskRun("a", "True", "Succeeded", step("run", 0, "Completed")), AT));
    assertThat(told).endsWith("a.run starts", "a.run: " + SKIPPED, "a.run ends 0", "a SUCCEEDED");
  }

  @Test
  void stepsAfterOneThatFailedAreNotTold() {
    begin(Map.of());
    fail(step("run", 3, "Error"), step("store", 1, "Skipped"));
    assertThat(told)
        .endsWith(
            "a.run starts", "a.run ends 3", "a FAILED because step run ended with exit code 3");
  }

  @Test
  void aStepThatMayFailIsFollowedByTheNext() {
    begin(Map.of());
    fail(step("run", 3, "Continued"), step("store", 3, "Error"));
    assertThat(told)
        .endsWith(
            "a.run starts",
            "a.run ends 3",
            "a.store starts",
            "a.store ends 3",
            "a FAILED because its command (step run) ended with exit code 3");
  }

  @Test
  void attemptsAreToldOneAfterAnother() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(
        fold.see(
            AsRead.taskRun(
                """
                {metadata: {name: 'r-1-a', labels: {'tekton.dev/pipelineTask': 'a'}}, status: {
                  conditions: [{type: 'Succeeded', status: 'Unknown', reason: 'Running'}], podName: '',
                  retriesStatus: [{conditions: [{type: 'Succeeded', status: 'False', reason: 'Failed'}],
                    podName: '', steps: [{name: 'run', container: 'step-run', terminated: {startedAt: '2026-11-24T10:00:01Z', exitCode: 1}, terminationReason: 'Error'}]}]}}
                """),
            AT));
    assertThat(told)
        .containsExactly(
            "run [a, b, z]",
            "a starts 0",
            "a.run starts",
            "a.run ends 1",
            "a FAILED because step run ended with exit code 1",
            "a starts 1");
  }

  @Test
  void anAttemptWithoutAPodYetHasNoStepsWhateverTektonLeftThere() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    String ended =
        "[{name: 'run', container: 'step-run', terminated: {startedAt: '2026-11-24T10:00:01Z',"
            + " exitCode: 1}, terminationReason: 'Error'}]";
    see(
        fold.see(
            AsRead.taskRun(
                """
                {metadata: {name: 'r-1-a', labels: {'tekton.dev/pipelineTask': 'a'}}, status: {
                  conditions: [{type: 'Succeeded', status: 'Unknown', reason: 'ToBeRetried'}],
                  podName: '', steps: %1$s,
                  retriesStatus: [{conditions: [{type: 'Succeeded', status: 'False', reason: 'Failed'}],
                    podName: '', steps: %1$s}]}}
                """
                    .formatted(ended)),
            AT));
    assertThat(told).last().isEqualTo("a starts 1");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          When Expressions evaluated to false | its `when` says no
          Results were missing                | it takes a result that was not given
          PipelineRun was stopping            | the run was over before its turn: an earlier task failed
          """)
  void skippedTasksSayWhy(String tekton, String words) {
    see(
        fold.see(
            run(
                "Unknown",
                "Running",
                "skippedTasks: [{name: 'b', reason: '%s'}]".formatted(tekton)),
            AT));
    assertThat(told).containsExactly("run [a, b, z]", "b SKIPPED because " + words);
  }

  @Test
  void aRunThatFailedNamesTheTaskThatDidIt() {
    begin(Map.of());
    fail(step("run", 2, "Error"));
    see(
        fold.see(
            run(
                "False",
                "Failed",
                "childReferences: [{kind: 'TaskRun', name: 'r-1-a', pipelineTaskName: 'a'}],"
                    + "skippedTasks: [{name: 'b', reason: 'PipelineRun was stopping'}]"),
            AT));
    assertThat(told).last().isEqualTo("run FAILED because task a: step run ended with exit code 2");
    assertThat(fold.outcome().orElseThrow().tasks().get(new StageName("z")).status())
        .isEqualTo(StageStatus.SKIPPED);
  }

  @Test
  void theEndOfARunWaitsForItsTaskRuns() {
    String children = "childReferences: [{kind: 'TaskRun', name: 'r-1-a', pipelineTaskName: 'a'}]";
    see(fold.see(run("True", "Succeeded", children), AT));
    assertThat(told).containsExactly("run [a, b, z]");
    assertThat(fold.missing())
        .containsExactly(new RunFold.Missing(RunFold.Missing.Kind.TASK_RUN, "r-1-a"));

    see(fold.gone(fold.missing().getFirst(), AT));
    assertThat(told).last().isEqualTo("run SUCCEEDED");
  }

  @Test
  void whatAPodThatIsGoneWroteIsReportedMissing() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(taskRun("a", "True", "Succeeded", step("run", 0, "Completed")), AT));
    see(fold.gone(fold.missing().getFirst(), AT));
    assertThat(told)
        .containsExactly(
            "run [a, b, z]",
            "a starts 0",
            "a.run starts",
            "a.: (its pod is gone, and what it wrote cannot be read any more)",
            "a.run ends 0",
            "a SUCCEEDED");
  }

  @Test
  void aStepWhoseImageIsNotThereNeverBeganAndIsNotWaitedFor() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(
        fold.see(
            pod(
                "a",
                "phase: 'Pending',",
                Map.of(
                    "step-run", "{waiting: {reason: 'ImagePullBackOff', message: 'no such tag'}}")),
            AT));
    see(
        fold.see(
            taskRun(
                "a", "False", "TaskRunImagePullFailed", unbegun("run", "TaskRunImagePullFailed")),
            AT));
    see(fold.see(run("False", "Failed", "childReferences: []"), AT));
    assertThat(told).noneMatch(t -> t.startsWith("a.run"));
    assertThat(told).anyMatch(t -> t.startsWith("a FAILED") && t.contains("cannot be pulled"));
    assertThat(fold.outcome().orElseThrow().status()).isEqualTo(StageStatus.FAILED);
  }

  @Test
  void aPodWhoseEndWasMissedIsAskedFor() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(pod("a", "phase: 'Pending',", Map.of("step-run", "{waiting: {}}")), AT));
    see(fold.see(taskRun("a", "True", "Succeeded", step("run", 0, "Completed")), AT));
    assertThat(told).containsExactly("run [a, b, z]", "a starts 0", "a.run starts");
    assertThat(fold.missing())
        .containsExactly(new RunFold.Missing(RunFold.Missing.Kind.POD, "r-1-a-pod"));

    see(fold.gone(fold.missing().getFirst(), AT));
    assertThat(fold.missing()).isEmpty();
    assertThat(told).endsWith("a.run ends 0", "a SUCCEEDED");
  }

  @Test
  void aRunThatIsDeletedEndsCleanly() {
    begin(RUNNING);
    see(fold.see(taskRun("a", "Unknown", "Running", step("run")), AT));
    see(fold.deleted(Optional.empty(), AT));
    assertThat(fold.outcome()).isEmpty();

    see(fold.drained(RUN_OF_A, AT));
    assertThat(told)
        .last()
        .isEqualTo("run FAILED because its PipelineRun was deleted while it was running");
    assertThat(told).contains("a.run ends 143");
  }

  @Test
  void aRunThatIsDeletedAfterItsEndHasEndedWell() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.deleted(Optional.of(run("True", "Succeeded", "")), AT));
    assertThat(told).last().isEqualTo("run SUCCEEDED");
  }

  @Test
  void aCancelledStepEndsLikeAKilledProcess() {
    begin(RUNNING);
    see(fold.see(taskRun("a", "Unknown", "Running", step("run")), AT));
    see(fold.drained(RUN_OF_A, AT));
    String killed =
        "{name: 'run', container: 'step-run', terminated: {startedAt: '2026-11-24T10:00:01Z', exitCode: 1, reason: 'TaskRunCancelled'}}";
    see(fold.see(taskRun("a", "False", "TaskRunCancelled", killed), AT));
    assertThat(told).endsWith("a.run ends 143", "a CANCELLED because cancelled");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {waiting: {reason: 'ImagePullBackOff', message: 'Back-off pulling image'}} | the image acme/step-run:1 of step run cannot be pulled
          {waiting: {reason: 'ErrImagePull', message: 'not found'}} | the image acme/step-run:1 of step run cannot be pulled: the registry does not have it
          {waiting: {reason: 'CreateContainerConfigError', message: 'secret "x" not found'}} | the container of step run cannot be made: secret "x" not found
          """)
  void aPodThatDoesNotStartSaysWhyOnce(String state, String words) {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(taskRun("a", "Unknown", "Pending", ""), AT));
    for (int i = 0; i < 3; i++) {
      see(fold.see(pod("a", "phase: 'Pending',", Map.of("step-run", state)), AT));
    }
    assertThat(told).containsExactly("run [a, b, z]", "a starts 0", "a.: (" + words + ")");
  }

  @Test
  void aPodThatNoNodeTakesSaysWhyAndItIsTheReasonWhenTimeRunsOut() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(taskRun("a", "Unknown", "Pending", ""), AT));
    see(
        fold.see(
            pod(
                "a",
                "phase: 'Pending', conditions: [{type: 'PodScheduled', status: 'False', reason: 'Unschedulable',"
                    + " message: '0/2 nodes are available: 2 Insufficient cpu.'}],",
                Map.of()),
            AT));
    see(fold.see(taskRun("a", "False", "TaskRunTimeout", ""), AT));
    assertThat(told)
        .last()
        .isEqualTo(
            "a TIMED_OUT because the time for it was over; no node can take its pod: 0/2 nodes are"
                + " available: 2 Insufficient cpu.");
  }

  @Test
  void anEvictionIsTheReasonAlthoughThePodIsGoneLater() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(fold.see(taskRun("a", "Unknown", "Running", step("run")), AT));
    see(
        fold.see(
            pod(
                "a",
                "phase: 'Failed', reason: 'Evicted', message: 'The node was low on resource: memory.',",
                Map.of()),
            AT));
    fail(
        "{name: 'run', container: 'step-run', terminated: {startedAt: '2026-11-24T10:00:01Z', exitCode: 0}}");
    assertThat(told)
        .last()
        .isEqualTo(
            "a FAILED because its pod was evicted from node n1: The node was low on resource: memory.");
  }

  @Test
  void memoryThatRanOutIsSaid() {
    begin(Map.of());
    fail(
        "{name: 'run', container: 'step-run', terminated: {startedAt: '2026-11-24T10:00:01Z', exitCode: 137, reason: 'OOMKilled'}, terminationReason: 'Error'}");
    assertThat(told)
        .last()
        .isEqualTo(
            "a FAILED because step run was killed because its memory ran out: give the stage more"
                + " by resources.memory, in sluice.yaml or in the target");
  }

  /** The entrypoint outlives its child: the step may fail, and what follows repeats a code. */
  @Test
  void memoryThatRanOutInACommandThatMayFailIsSaidOfTheCommand() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(
        fold.see(
            AsRead.pod(
                """
                {metadata: {name: 'r-1-a-pod', uid: 'u-a', labels: {'tekton.dev/pipelineTask': 'a'}},
                 spec: {nodeName: 'n1', containers: [
                   {name: 'step-run', image: 'i', resources: {limits: {memory: '512Mi'}}}]},
                 status: {phase: 'Running', containerStatuses: [
                   {name: 'step-run', state: {terminated: {exitCode: 0, reason: 'OOMKilled'}}}]}}
                """),
            AT));
    see(fold.drained(RUN_OF_A, AT));
    fail(step("run", -1, "Continued"), step("store", 255, "Error"));
    assertThat(told)
        .last()
        .isEqualTo(
            "a FAILED because its command (step run) was killed because its memory ran out (it may"
                + " have 512Mi): give the stage more by resources.memory, in sluice.yaml or in the"
                + " target");
  }

  /** As Tekton 1.15 was seen to: it does not wait for the step after the command. */
  @Test
  void memoryThatRanOutIsSaidThoughTheNextStepIsNotSeenToEnd() {
    begin(Map.of());
    fail(
        "{name: 'run', container: 'step-run', terminated: {startedAt: '2026-11-24T10:00:01Z',"
            + " exitCode: 137, reason: 'OOMKilled'}, terminationReason: 'Continued'}",
        step("store"));
    assertThat(told)
        .last()
        .asString()
        .startsWith(
            "a FAILED because its command (step run) was killed because its memory ran out");
  }

  @Test
  void aPodThatSomebodyDeletedIsNamed() {
    begin(Map.of());
    see(
        fold.deleted(
            AsRead.pod(
                """
                {metadata: {name: 'r-1-a-pod', uid: 'u-a', deletionTimestamp: '2026-11-24T10:00:05Z',
                   labels: {'tekton.dev/pipelineTask': 'a'}},
                 spec: {nodeName: 'n1', containers: []}, status: {phase: 'Running'}}
                """),
            AT));
    fail(step("run", 143, "Error"));
    assertThat(told)
        .last()
        .isEqualTo(
            "a FAILED because its pod r-1-a-pod was deleted from node n1 while it ran: by a person,"
                + " or by what empties or replaces nodes; run it again");
  }

  @Test
  void aCommandThatFailedBeforeItsPodWasCleanedUpIsNotSaidToBeDeleted() {
    begin(Map.of());
    see(fold.deleted(pod("a", UP, Map.of()), AT));
    fail(step("run", 3, "Error"));
    assertThat(told).last().isEqualTo("a FAILED because step run ended with exit code 3");
  }

  @Test
  void everyContainerOfARunIsReadOnce() {
    see(fold.see(run("Unknown", "Running", ""), AT));
    see(
        fold.see(
            pod(
                "b",
                UP,
                Map.of(
                    "step-run",
                    "{running: {}}",
                    "sidecar-tuner",
                    "{running: {}}",
                    "other",
                    "{running: {}}")),
            AT));
    assertThat(fold.unread())
        .containsExactlyInAnyOrder(RUN_OF_B, new ContainerId("r-1-b-pod", "u-b", "sidecar-tuner"));
    see(fold.line(new ContainerId("r-1-b-pod", "u-b", "sidecar-tuner"), "trial 1", AT));
    assertThat(told).last().isEqualTo("b.tuner: trial 1");
    assertThat(fold.unread()).doesNotContain(RUN_OF_Z);
  }
}
