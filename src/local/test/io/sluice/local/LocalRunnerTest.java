package io.sluice.local;

import static io.sluice.core.run.StageStatus.CANCELLED;
import static io.sluice.core.run.StageStatus.FAILED;
import static io.sluice.core.run.StageStatus.SKIPPED;
import static io.sluice.core.run.StageStatus.SUCCEEDED;
import static io.sluice.core.run.StageStatus.TIMED_OUT;
import static io.sluice.local.Objects.IMAGE;
import static io.sluice.local.Objects.run;
import static io.sluice.local.Objects.step;
import static io.sluice.local.Objects.task;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.local.Objects.RunOf;
import io.sluice.local.Objects.TaskOf;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

@Timeout(1800)
class LocalRunnerTest {
  @TempDir private Path folder;
  private final List<RunEvent> events = Collections.synchronizedList(new ArrayList<>());
  private int parallelism = 4;
  private Environment environment = Environment.machine("tools");

  private final WorkerProgram worker =
      (argv, env, directory, out, err) -> {
        out.println("worker got " + argv);
        out.println("registry " + env.getOrDefault("MLFLOW_TRACKING_URI", "none"));
        if (argv.contains("hang")) {
          Thread.sleep(600_000);
        }
        if (argv.contains("throw")) {
          throw new IllegalStateException("a bug");
        }
        if (argv.contains("fill")) {
          out.println(new long[Integer.MAX_VALUE].length);
        }
        return argv.contains("fail") ? 3 : 0;
      };

  @Test
  void resultsOfOneTaskAreParametersOfTheNext() throws Exception {
    RunOutcome outcome =
        go(
            run(
                    task("make")
                        .results("out")
                        .steps(step("s").script("printf 42 > $(results.out.path)")),
                    task("use")
                        .param("x", "$(tasks.make.results.out)")
                        .results("twice")
                        .steps(
                            step("s")
                                .env("X", "$(params.x)")
                                .script("printf $((X * 2)) > $(results.twice.path)")))
                .result("answer", "$(tasks.use.results.twice)"));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(outcome.results()).containsExactly(Map.entry("answer", "84"));
    assertThat(events.getFirst()).isInstanceOf(RunEvent.RunStarted.class);
    assertThat(events.getLast()).isInstanceOf(RunEvent.RunFinished.class);
  }

  @Test
  void aResultOfThePipelineMayComeFromItsLastTasks() throws Exception {
    RunOutcome outcome =
        go(
            run(task("t").steps(step("s").command("true")))
                .last(
                    task("close")
                        .results("out")
                        .steps(step("s").script("printf 7 > $(results.out.path)")),
                    task("never")
                        .when("yes", "no")
                        .results("out")
                        .steps(step("s").script("printf 8 > $(results.out.path)")))
                .result("closed", "$(finally.close.results.out)")
                .result("nothing", "$(finally.never.results.out)"));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(outcome.results()).containsExactly(Map.entry("closed", "7"));
  }

  @Test
  void anArrayParameterBecomesArguments() throws Exception {
    go(
        run(task("t")
                .param("words", List.of("a b", "$(params.more[*])", ""))
                .steps(step("s").command("printf", "<%s>").args("$(params.words[*])", "end")))
            .param("more", List.of("c", "d*")));
    assertThat(log()).containsExactly("<a b><c><d*><><end>");
  }

  @Test
  void anArrayIsMeantAsAWholeWithoutAStarAndByItsOldName() throws Exception {
    go(
        run(task("t")
                .param("words", List.of("$(params.more)"))
                .steps(step("s").command("printf", "<%s>").args("$(inputs.params.words)", "end")))
            .param("more", List.of("c", "d*")));
    assertThat(log()).containsExactly("<c><d*><end>");
  }

  @Test
  void dollarsReachTheProcessAsKubernetesWouldPassThem() throws Exception {
    go(
        run(
            task("t")
                .templateEnv("context.dollar", "$$")
                .param(
                    "c",
                    List.of(
                        "$(context.dollar)(HOME)",
                        "$$HOME",
                        "$(context.dollar)(params.nope)",
                        "5$"))
                .steps(step("s").command("printf", "%s\\n").args("$(params.c[*])", "$(NOPE)"))));
    assertThat(log()).containsExactly("$(HOME)", "$HOME", "$(params.nope)", "5$", "$(NOPE)");
  }

  @Test
  void aValueIsNeverLookedThroughAgain() throws Exception {
    go(
        run(task("t").param("x", "$(params.evil)").steps(step("s").command("echo", "$(params.x)")))
            .param("evil", "$(context.pipelineRun.name)"));
    assertThat(log()).containsExactly("$(context.pipelineRun.name)");
  }

  @Test
  void aStepResultDecidesWhetherTheNextStepRuns() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("t")
                    .results("outputs")
                    .steps(
                        step("fetch").result("hit").script("printf yes > $(step.results.hit.path)"),
                        step("run").when("$(steps.fetch.results.hit)", "no").script("exit 9"),
                        step("store").script("printf d > $(results.outputs.path)"))));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(outcome.tasks().get(new StageName("t")).cached()).isTrue();
    assertThat(outcome.tasks().get(new StageName("t")).results()).containsEntry("outputs", "d");
  }

  @Test
  void aStepThatMayFailLeavesItsExitCodeToTheNext() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("t")
                    .results("outputs")
                    .steps(
                        step("run").mayFail().script("exit 7"),
                        step("store")
                            .script(
                                "printf kept > $(results.outputs.path);"
                                    + " exit $(cat $(steps.step-run.exitCode.path))"))));
    assertThat(outcome.status()).isEqualTo(FAILED);
    assertThat(outcome.reason()).isEqualTo("task t: its command (step run) ended with exit code 7");
    assertThat(outcome.tasks().get(new StageName("t")).results()).containsEntry("outputs", "kept");
  }

  @Test
  void aFailedTaskStopsTheRunAndFinallySeesWhy() throws Exception {
    RunOutcome outcome =
        go(
            run(
                    task("bad").steps(step("s").script("exit 1")),
                    task("next").after("bad").steps(step("s").script("echo never")))
                .last(
                    task("record")
                        .param("bad", "$(tasks.bad.status)")
                        .param("next", "$(tasks.next.status)")
                        .param("all", "$(tasks.status)")
                        .steps(
                            step("s")
                                .command(
                                    "echo", "$(params.bad)", "$(params.next)", "$(params.all)"))));
    assertThat(outcome.status()).isEqualTo(FAILED);
    assertThat(status(outcome, "next")).isEqualTo(SKIPPED);
    assertThat(log()).containsExactly("Failed None Failed");
  }

  @Test
  void aTaskThatMayFailDoesNotFailTheRunAndItsResultsCount() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("bad")
                    .mayFail()
                    .results("r")
                    .steps(step("s").script("printf partial > $(results.r.path); exit 1")),
                task("use")
                    .param("r", "$(tasks.bad.results.r)")
                    .steps(step("s").command("echo", "$(params.r)"))));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(status(outcome, "bad")).isEqualTo(FAILED);
    assertThat(log()).containsExactly("partial");
  }

  @Test
  void aResultThatWasNotGivenEndsTheRun() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("bad").mayFail().results("r").steps(step("s").script("exit 1")),
                task("use")
                    .param("r", "$(tasks.bad.results.r)")
                    .steps(step("s").command("echo", "$(params.r)"))));
    assertThat(outcome.status()).isEqualTo(FAILED);
    assertThat(outcome.reason()).isEqualTo("task use takes the result r, which bad did not give");
  }

  @Test
  void skippingATaskSkipsThoseThatTakeItsResultsOnly() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("gate")
                    .results("v")
                    .steps(step("s").script("printf HOLD > $(results.v.path)")),
                task("promote")
                    .when("$(tasks.gate.results.v)", "PROMOTE")
                    .results("version")
                    .steps(step("s").script("exit 1")),
                task("tell")
                    .param("v", "$(tasks.promote.results.version)")
                    .steps(step("s").command("echo", "$(params.v)")),
                task("after").after("promote").steps(step("s").command("echo", "still"))));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(status(outcome, "promote")).isEqualTo(SKIPPED);
    assertThat(status(outcome, "tell")).isEqualTo(SKIPPED);
    assertThat(log()).containsExactly("still");
  }

  @Test
  void aFailedAttemptIsRepeatedInAFreshWorkspace() throws Exception {
    RunOutcome outcome =
        go(
            run(task("t")
                    .retries(2)
                    .workspace("stage")
                    .workspace("store")
                    .steps(
                        step("s")
                            .script(
                                "echo try $(context.task.retry-count);"
                                    + " [ ! -e $(workspaces.stage.path)/mark ] || echo dirty;"
                                    + " touch $(workspaces.stage.path)/mark;"
                                    + " echo x >> $(workspaces.store.path)/n;"
                                    + " [ $(wc -l < $(workspaces.store.path)/n) = 2 ]")))
                .emptyDir("stage")
                .claim("store"));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(outcome.tasks().get(new StageName("t")).attempts()).isEqualTo(2);
    assertThat(log()).containsExactly("try 0", "try 1");
  }

  @Test
  void aStepThatDoesNotMountAWorkspaceIsNotToldWhereItIs() throws Exception {
    go(
        run(task("t")
                .workspace("store")
                .steps(
                    step("fetch").uses("store").command("echo", "$(workspaces.store.path)"),
                    step("run").command("echo", "$(workspaces.store.path)")))
            .claim("store"));
    assertThat(log()).containsExactly(folder.resolve("store").toString(), "/workspace/store");
  }

  @Test
  void aHangingStepIsEndedWhenItsTimeIsOver() throws Exception {
    RunOutcome outcome =
        go(
            run(task("t")
                    .steps(
                        step("s")
                            .timeout(Duration.ofMillis(500))
                            .script("trap '' TERM; while :; do sleep 1; done")))
                .last(task("record").steps(step("s").command("echo", "recorded"))));
    assertThat(status(outcome, "t")).isEqualTo(TIMED_OUT);
    assertThat(outcome.status()).isEqualTo(FAILED);
    assertThat(log()).containsExactly("recorded");
  }

  @Test
  void whenTheTimeForTasksIsOverFinallyStillRuns() throws Exception {
    RunOutcome outcome =
        go(
            run(
                    task("t").steps(step("s").command("sleep", "600")),
                    task("next").after("t").steps(step("s").command("echo", "never")))
                .timeouts(Duration.ofMinutes(5), Duration.ofSeconds(1))
                .last(task("record").steps(step("s").command("echo", "recorded"))));
    assertThat(outcome.status()).isEqualTo(TIMED_OUT);
    assertThat(log()).containsExactly("recorded");
  }

  @Test
  void cancelEndsStepsAndLetsFinallyRun() throws Exception {
    Running running =
        start(
            run(
                    task("t").steps(step("s").script("echo up; while :; do sleep 1; done")),
                    task("next").after("t").steps(step("s").command("echo", "never")))
                .last(task("record").steps(step("s").command("echo", "recorded"))));
    await().atMost(Duration.ofMinutes(5)).until(() -> log().contains("up"));
    running.cancel();
    running.cancel();
    RunOutcome outcome = running.await();
    assertThat(outcome.status()).isEqualTo(CANCELLED);
    assertThat(status(outcome, "t")).isEqualTo(CANCELLED);
    assertThat(status(outcome, "next")).isEqualTo(SKIPPED);
    assertThat(log()).containsExactly("up", "recorded");
  }

  @Test
  void aSidecarRunsBesideTheStepsAndEndsAfterThem() throws Exception {
    RunOutcome outcome =
        go(
            run(task("t")
                    .workspace("stage")
                    .sidecar(
                        step("tuner")
                            .script(
                                "cd $(workspaces.stage.path); echo $$ > pid; mv pid ready;"
                                    + " while :; do sleep 1; done"))
                    .steps(
                        step("s")
                            .script(
                                "cd $(workspaces.stage.path);"
                                    + " while ! [ -e ready ]; do sleep 0.1; done; cat ready")))
                .emptyDir("stage"));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(Path.of("/proc/" + log().getFirst())).doesNotExist();
  }

  @Test
  void aSidecarThatDiesIsSaidAndDoesNotFailTheTask() throws Exception {
    RunOutcome outcome =
        go(
            run(task("t")
                    .workspace("stage")
                    .sidecar(step("tuner").script("exit 5"))
                    .steps(step("s").command("sleep", "1")))
                .emptyDir("stage"));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(log()).containsExactly("(the sidecar had ended by itself, with exit code 5)");
  }

  @Test
  void aBinaryStreamBecomesLinesThatCanBeShown() throws Exception {
    RunOutcome outcome =
        go(run(task("t").steps(step("s").script("head -c 300000 /dev/urandom; echo; echo end"))));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(log().getLast()).isEqualTo("end");
    assertThat(String.join("", log()).chars().filter(c -> c < ' ' && c != '\t')).isEmpty();
  }

  @Test
  void stepsSeeNothingOfTheCallersEnvironment() throws Exception {
    go(run(task("t").steps(step("s").command("env"))));
    assertThat(log().stream().map(l -> l.replaceFirst("=.*", "")))
        .containsExactlyInAnyOrder(
            "PATH",
            "LANG",
            "HOME",
            "TMPDIR",
            "PWD",
            "SLUICE_PROCESS",
            "DO_NOT_TRACK",
            "MLFLOW_DISABLE_TELEMETRY",
            "ORT_DISABLE_TELEMETRY");
  }

  @Test
  void workerCommandsRunHereAndAloneHaveTheRegistry() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("t")
                    .steps(
                        step("fetch").image("worker").command("sluice-worker", "fetch", "--run"),
                        step("run").script("echo registry ${MLFLOW_TRACKING_URI:-none}"))));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(log())
        .containsExactly("worker got [fetch, --run]", "registry http://registry", "registry none");
  }

  @Test
  void aWorkerThatThrowsFailsItsTaskAsAProcessWould() throws Exception {
    RunOutcome outcome =
        go(run(task("t").steps(step("s").image("worker").command("sluice-worker", "throw"))));
    assertThat(outcome.reason()).isEqualTo("task t: step s ended with exit code 1");
    assertThat(log()).anyMatch(l -> l.contains("IllegalStateException: a bug"));
  }

  @Test
  void aWorkerThatRunsOutOfMemoryFailsItsTaskAndSaysHowToGiveItMore() throws Exception {
    RunOutcome outcome =
        go(run(task("t").steps(step("s").image("worker").command("sluice-worker", "fill"))));
    assertThat(outcome.reason()).isEqualTo("task t: step s ended with exit code 1");
    assertThat(log()).anyMatch(l -> l.contains("SLU-3301")).anyMatch(l -> l.contains("-Xmx"));
  }

  @Test
  void aCommandThatHoldsMoreMemoryThanItMayIsKilledAndSaysSo() throws Exception {
    // tail keeps what it reads while there is no line in it; it holds that until it is ended.
    String holds = "(head -c 200m /dev/zero; sleep 600) | tail";
    RunOutcome outcome =
        go(
            run(task("t")
                    .steps(
                        step("run").script(holds).memory("4Gi").mayFail(),
                        step("store").script("exit $(cat $(steps.step-run.exitCode.path))")))
                .memory("t", "run", "64Mi"));
    assertThat(outcome.reason())
        .isEqualTo(
            "task t: its command (step run) was killed because its memory ran out (it may have"
                + " 64Mi): give the stage more by resources.memory, in sluice.yaml or in the"
                + " target");
    assertThat(outcome.tasks().get(new StageName("t")).status()).isEqualTo(FAILED);
    assertThat(notes()).isEmpty();
  }

  @Test
  void aSidecarIsNotHeldToAnAmountOfMemoryThatNoSpecCanRaise() throws Exception {
    // It holds far more for many looks of a watch, and only then says that it lives.
    String holds =
        "echo $$ > pid; x=$(head -c 40m /dev/zero | tr '\\0' x); i=0;"
            + " while [ $i -lt 40 ]; do i=$((i+1)); sleep 0.05; done; echo > lives; sleep 600";
    RunOutcome outcome =
        go(
            run(
                task("t")
                    .sidecar(step("s").script("cd " + folder + "; " + holds).memory("8Mi"))
                    .steps(
                        step("waits")
                            .script(
                                "cd "
                                    + folder
                                    + "; until [ -e lives ]; do"
                                    + " [ ! -s pid ] || kill -0 $(cat pid) || exit 9;"
                                    + " sleep 0.1; done"))));
    assertThat(outcome.status()).as(outcome.reason()).isEqualTo(SUCCEEDED);
  }

  @Test
  void aStepOfSluicesOwnIsNotHeldToAnAmountOfMemoryAndTheRunSaysThatOnce() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("t")
                    .steps(
                        step("one").image("worker").command("sluice-worker", "a").memory("1Mi"),
                        step("two").image("worker").command("sluice-worker", "b").memory("1Mi"))));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(notes())
        .singleElement()
        .asString()
        .contains("does not limit t on this machine", "SLUICE_JAVA_OPTIONS=-Xmx");
  }

  @Test
  void aHangingWorkerIsInterruptedByCancel() throws Exception {
    Running running =
        start(run(task("t").steps(step("s").image("worker").command("sluice-worker", "hang"))));
    await().atMost(Duration.ofMinutes(5)).until(() -> !log().isEmpty());
    running.cancel();
    assertThat(running.await().status()).isEqualTo(CANCELLED);
  }

  @Test
  void whatCannotRunHereIsRefusedBeforeAnythingStarts() {
    RunOf objects =
        run(
                task("a").steps(step("s").command("touch", folder.resolve("ran").toString())),
                task("b").after("a").steps(step("s").image("other/image:1").command("true")),
                task("c").steps(step("s").image("worker").command("sh", "-c", "true")),
                task("d").param("x", "$(tasks.a.results.nope)").steps(step("s").command("true")),
                task("e").after("nobody").steps(step("s").command("true")))
            .claim("elsewhere");
    assertThatThrownBy(() -> start(objects))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("task e waits for nobody");
    RunOf fewer = run();
    fewer.tasks.addAll(objects.tasks.subList(0, 4));
    fewer.claim("elsewhere");
    assertThatThrownBy(() -> start(fewer))
        .hasMessageContaining("other/image:1")
        .hasMessageContaining("runs sh in the worker's image")
        .hasMessageContaining("$(tasks.a.results.nope)")
        .hasMessageContaining("workspace elsewhere");
    assertThat(folder.resolve("ran")).doesNotExist();
    assertThat(events).isEmpty();
  }

  @Test
  void aMatrixWithoutValuesIsNotToldOf() throws Exception {
    RunOutcome outcome =
        go(
            run(
                    task("a").steps(step("s").command("echo", "a")),
                    task("many")
                        .mayFail()
                        .param("worker", "none")
                        .matrix("worker", "$(params.workers[*])")
                        .steps(step("s").command("echo", "$(params.worker)")))
                .param("workers", List.of()));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(status(outcome, "many")).isEqualTo(SKIPPED);
    assertThat(outcome.tasks().get(new StageName("many")).reason())
        .isEqualTo("its matrix has no values");
    assertThat(log()).containsExactly("a");
    assertThat(events.toString()).doesNotContain("many");
  }

  @Test
  void aMatrixThatItsConditionRulesOutIsNotToldOf() throws Exception {
    RunOutcome outcome =
        go(
            run(
                    task("a").steps(step("s").command("echo", "a")),
                    task("many")
                        .when("yes", "$(params.workers[*])")
                        .param("worker", "none")
                        .matrix("worker", "$(params.workers[*])")
                        .steps(step("s").command("echo", "$(params.worker)")))
                .param("workers", List.of("none")));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
    assertThat(status(outcome, "many")).isEqualTo(SKIPPED);
    assertThat(log()).containsExactly("a");
    assertThat(events.toString()).doesNotContain("many");
  }

  @Test
  void aMatrixWithValuesIsRefused() {
    RunOf objects =
        run(task("many")
                .param("worker", "none")
                .matrix("worker", "$(params.workers[*])")
                .steps(step("s").command("echo", "$(params.worker)")))
            .param("workers", List.of("1", "2"));
    assertThatThrownBy(() -> start(objects))
        .isInstanceOf(SluiceException.class)
        .hasMessageContaining("SLU-3004")
        .hasMessageContaining("task many has a matrix");
  }

  @Test
  void tasksThatWaitForEachOtherAreRefused() {
    assertThatThrownBy(() ->
            start(
                run(
                    task("a").after("b").steps(step("s").command("true")),
                    task("b").after("a").steps(step("s").command("true")))))
        .hasMessageContaining("in a circle: a, b");
  }

  @Test
  void independentTasksRunSideBySideUpToTheBound() throws Exception {
    // Each waits for the other: together they end, one after the other they would time out.
    String meet =
        "touch $(workspaces.store.path)/%s; while ! [ -e $(workspaces.store.path)/%s ]; do sleep"
            + " 0.05; done";
    parallelism = 2;
    RunOutcome outcome =
        go(
            run(
                    task("a")
                        .workspace("store")
                        .timeout(Duration.ofMinutes(5))
                        .steps(step("s").script(meet.formatted("a", "b"))),
                    task("b")
                        .workspace("store")
                        .timeout(Duration.ofMinutes(5))
                        .steps(step("s").script(meet.formatted("b", "a"))))
                .claim("store"));
    assertThat(outcome.status()).isEqualTo(SUCCEEDED);
  }

  @Test
  void twoHundredTasks() throws Exception {
    TaskOf[] tasks = new TaskOf[200];
    for (int i = 0; i < tasks.length; i++) {
      tasks[i] = task("t" + i).results("r").steps(step("s").script("printf 1 > $(results.r.path)"));
    }
    RunOutcome outcome = go(run(tasks));
    assertThat(outcome.tasks().values()).hasSize(200).allMatch(t -> t.status() == SUCCEEDED);
    assertThat(folder.resolve("runs/r1/work")).doesNotExist();
  }

  @Test
  void eventsComeOneAtATimeAndAConsumerThatThrowsEndsTheRun() throws Exception {
    AtomicInteger inside = new AtomicInteger();
    Running running =
        runner()
            .start(
                run(task("a").steps(step("s").script("while :; do echo a; sleep 0.01; done")))
                    .run(),
                run(task("a").steps(step("s").script("while :; do echo a; sleep 0.01; done")))
                    .pipeline(),
                List.of(),
                e -> {
                  assertThat(inside.incrementAndGet()).isEqualTo(1);
                  inside.decrementAndGet();
                  if (e instanceof RunEvent.LogLine) {
                    throw new IllegalStateException("the console broke");
                  }
                });
    assertThatThrownBy(running::await).hasMessage("the console broke");
  }

  @Test
  void theSameRunIsNotStartedTwice() throws Exception {
    RunOf objects = run(task("t").steps(step("s").script("echo up; sleep 600")));
    Running running = start(objects);
    await().atMost(Duration.ofMinutes(5)).until(() -> log().contains("up"));
    assertThatThrownBy(() -> start(objects)).hasMessageContaining("SLU-3006");
    running.cancel();
    running.await();
  }

  @Test
  void workspacesOfADeadRunAreRemovedByTheNext() throws Exception {
    Path left =
        Files.createDirectories(folder.resolve("runs/dead").resolve("work/t-0/workspaces/stage"));
    Files.writeString(left.resolve("half"), "written");
    go(run(task("t").steps(step("s").command("true"))));
    assertThat(folder.resolve("runs/dead/work")).doesNotExist();
  }

  @Test
  void aResultThatIsTooLongFailsInsteadOfVanishing() throws Exception {
    RunOutcome outcome =
        go(
            run(
                task("t")
                    .results("r")
                    .steps(step("s").script("head -c 5000 /dev/zero > $(results.r.path)"))));
    assertThat(outcome.status()).isEqualTo(FAILED);
    assertThat(outcome.reason()).contains("result r has 5000 bytes");
  }

  @Test
  void aScriptRunsInTheProgramOfItsFirstLine() throws Exception {
    go(
        run(
            task("t")
                .steps(
                    step("s").script("#!/usr/bin/env -S awk -f\nBEGIN { print \"$$ awk\" }\n"))));
    assertThat(log()).containsExactly("$$ awk");
  }

  @Test
  void aStepWhoseEnvironmentCouldNotBeSetUpSaysSoAndLeavesTheRestToTheNext() throws Exception {
    environment = Environment.broken("deep", "SLU-3012: no jax==9.9 for this machine");
    RunOutcome outcome = go(run(task("t").steps(step("s").script("echo never"))));
    assertThat(outcome.status()).isEqualTo(FAILED);
    assertThat(outcome.reason())
        .isEqualTo("task t: step s ended with exit code 78 (its environment could not be set up)");
    assertThat(log())
        .containsExactly(
            "the environment deep could not be set up: SLU-3012: no jax==9.9 for this machine");
  }

  private RunOutcome go(RunOf objects) throws InterruptedException {
    return start(objects).await();
  }

  private Running start(RunOf objects) {
    return runner().start(objects.run(), objects.pipeline(), List.of(), events::add);
  }

  private LocalRunner runner() {
    return new LocalRunner(
        new LocalRunner.Setting(
            Environments.of(Map.of(IMAGE, environment)),
            Set.of("worker"),
            worker,
            Map.of("MLFLOW_TRACKING_URI", "http://registry"),
            Map.of("store", folder.resolve("store")),
            folder.resolve("runs"),
            parallelism,
            Duration.ofSeconds(1),
            Clock.systemUTC()));
  }

  private List<String> log() {
    synchronized (events) {
      return events.stream()
          .filter(RunEvent.LogLine.class::isInstance)
          .map(e -> ((RunEvent.LogLine) e).text())
          .toList();
    }
  }

  private List<String> notes() {
    synchronized (events) {
      return events.stream()
          .filter(RunEvent.SetUp.class::isInstance)
          .map(e -> ((RunEvent.SetUp) e).detail())
          .toList();
    }
  }

  private static StageStatus status(RunOutcome outcome, String task) {
    return outcome.tasks().get(new StageName(task)).status();
  }
}
