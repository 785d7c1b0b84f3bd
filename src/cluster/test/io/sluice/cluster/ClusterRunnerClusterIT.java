package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.http.HttpRequest;
import io.sluice.cluster.Namespace.Story;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.lower.ObjectSizes;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.yaml.TektonYaml;
import java.time.Duration;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The runner on a real Kubernetes with a real Tekton. */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
class ClusterRunnerClusterIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static Namespace there;
  private ClusterRunner runner;
  private final Story story = new Story();

  @BeforeAll
  static void aNamespace(TestCluster cluster) {
    there = new Namespace(cluster, "it");
  }

  @AfterAll
  static void gone() {
    there.close();
  }

  @BeforeEach
  void aClient() {
    runner = there.runner();
  }

  @AfterEach
  void closed() {
    runner.close();
  }

  @Test
  void aRunIsToldWhileItGoesAndItsEndWhenItEnds() throws Exception {
    Running run =
        there.start(
            runner,
            "whole",
            story,
            "for i in 1 2 3 4 5; do echo line $i; sleep 1; done; printf hello > $(results.said.path)",
            "echo over");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(story.lines("a", "run")).contains("line 1"));
    assertThat(story.finished()).as("lines come while the step runs").isEmpty();

    RunOutcome outcome = run.await();
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(story.lines("a", "run"))
        .containsExactly("line 1", "line 2", "line 3", "line 4", "line 5");
    assertThat(story.lines("b", "run")).containsExactly("over");
    assertThat(story.finished("a").results()).containsEntry("said", "hello");
    assertThat(story.events().getFirst()).isInstanceOf(RunEvent.RunStarted.class);
    assertThat(story.events().getLast()).isInstanceOf(RunEvent.RunFinished.class);
  }

  @ParameterizedTest
  @ValueSource(strings = {"pods", "pipelineruns", "taskruns"})
  void oneWatchOutlivesTheEventsOfItsObjects(String kind) throws Exception {
    Queue<String> lists = new ConcurrentLinkedQueue<>();
    Consumer<HttpRequest> watcher =
        request -> {
          String query = String.valueOf(request.uri().getQuery());
          if (request.method().equals("GET")
              && request.uri().getPath().endsWith("/" + kind)
              && !query.contains("watch=true")) {
            lists.add(request.uri().toString());
          }
        };
    String id = "counted-" + kind;
    try (ClusterRunner counted = there.runner(watcher)) {
      assertThat(there.start(counted, id, story, "echo one", "echo two").await().status())
          .isEqualTo(StageStatus.SUCCEEDED);
    }
    int byTheClient = kind.equals("pipelineruns") ? 0 : 1;
    assertThat(lists)
        .as("one by the watch, and one of the run's own by the client that follows it")
        .hasSize(1 + byTheClient);
  }

  @Test
  void startingTheSameRunTwiceIsStartingItOnce() throws Exception {
    String script = "echo once; sleep 3";
    Running one = there.start(runner, "twice", story, script);
    Story other = new Story();
    try (ClusterRunner second = there.runner()) {
      Running two = there.start(second, "twice", other, script);
      assertThat(one.await().status()).isEqualTo(StageStatus.SUCCEEDED);
      assertThat(two.await().status()).isEqualTo(StageStatus.SUCCEEDED);
    }
    assertThat(story.lines("a", "run")).containsExactly("once");
    assertThat(other.lines("a", "run")).containsExactly("once");
  }

  @Test
  void cancellingLetsFinallyRun() throws Exception {
    Running run =
        there.start(runner, "cancelled", story, "echo going; sleep 300", "echo still here");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(story.lines("a", "run")).contains("going"));
    run.cancel();
    RunOutcome outcome = run.await();
    assertThat(outcome.status()).isEqualTo(StageStatus.CANCELLED);
    assertThat(story.finished("a").status()).isEqualTo(StageStatus.CANCELLED);
    assertThat(story.finished("b").status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(story.lines("b", "run")).containsExactly("still here");
  }

  @Test
  void aClientThatDiedIsFollowedByAnotherThatMissesNothing() throws Exception {
    there.start(
        runner,
        "left",
        story,
        "for i in $(seq 1 40); do echo line $i; sleep 0.3; done",
        "echo over");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(story.lines("a", "run")).hasSizeGreaterThan(5));
    runner.close();

    runner = there.runner();
    Story again = new Story();
    RunOutcome outcome = runner.attach(new RunId("left"), again).await();
    assertThat(outcome.status()).isEqualTo(StageStatus.SUCCEEDED);
    List<String> all = IntStream.rangeClosed(1, 40).mapToObj(i -> "line " + i).toList();
    assertThat(again.lines("a", "run")).isEqualTo(all);

    Story late = new Story();
    assertThat(runner.attach(new RunId("left"), late).await().status())
        .as("a run that is over is reported as well")
        .isEqualTo(StageStatus.SUCCEEDED);
    assertThat(late.lines("a", "run")).isEqualTo(all);
  }

  @Test
  void aFailureSaysWhichStepAndItsExitCode() throws Exception {
    RunOutcome outcome =
        there.start(runner, "failing", story, "echo no good; exit 3", "echo over").await();
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.reason()).isEqualTo("task a: step run ended with exit code 3");
    assertThat(story.lines("a", "run")).containsExactly("no good");
  }

  @Test
  void anImageThatIsNotThereIsSaid() throws Exception {
    RunOutcome outcome =
        there.start(runner, "pulling", story, "image: 127.0.0.1:5000/nothing:9\ntrue").await();
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.reason()).contains("127.0.0.1:5000/nothing:9").contains("cannot be pulled");
  }

  @Test
  void memoryThatRanOutIsSaid() throws Exception {
    RunOutcome outcome =
        there
            .start(
                runner,
                "oom",
                story,
                "resources: {limits: {memory: 64Mi}, requests: {memory: 64Mi}}\n"
                    + "exec tail /dev/zero")
            .await();
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.reason()).contains("memory");
  }

  @Test
  void aPodThatNoNodeTakesIsSaidWhileItWaits() throws Exception {
    Running run =
        there.start(
            runner, "waiting", story, "resources: {requests: {cpu: '500'}}\ntrue", "echo over");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() ->
            assertThat(story.lines("a", "")).anyMatch(l -> l.contains("no node can take its pod")));
    run.cancel();
    assertThat(run.await().status()).isEqualTo(StageStatus.CANCELLED);
  }

  @Test
  void aRunThatSomebodyDeletesEnds() throws Exception {
    Running run = there.start(runner, "deleted", story, "echo going; sleep 300");
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(story.lines("a", "run")).contains("going"));
    there.cluster().pipelineRuns().withName("deleted").delete();
    RunOutcome outcome = run.await();
    assertThat(outcome.status()).isEqualTo(StageStatus.FAILED);
    assertThat(outcome.reason()).contains("deleted");
  }

  @Test
  void aRunKeepsItsStagesWhateverOthersApplyUnderTheirNames(TestCluster fixture) throws Exception {
    String main = there.objects("shared", "echo going; sleep 20", "echo gate of main", "echo over");
    String branch = there.objects("shared", "echo going", "echo weaker gate", "echo over");
    Running one = there.start(runner, main + Namespace.run("main-1", "shared"), story);
    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(story.lines("a", "run")).contains("going"));

    // somebody applies what another branch compiled to, or the catalog of another version
    fixture.kubectlWith(branch, "apply", "-n", there.name, "-f", "-").orFail();
    Story other = new Story();
    Running two = there.start(runner, branch + Namespace.run("branch-1", "shared"), other);

    assertThat(two.await().status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(one.await().status()).isEqualTo(StageStatus.SUCCEEDED);
    assertThat(other.lines("b", "run")).containsExactly("weaker gate");
    assertThat(story.lines("b", "run")).containsExactly("gate of main");
    assertThat(there.cluster().pipelineRuns().withName("main-1").get().getSpec().getPipelineRef())
        .as("nothing of it is looked up by name")
        .isNull();
    Story late = new Story();
    RunOutcome again = runner.attach(new RunId("main-1"), late).await();
    assertThat(again.tasks().keySet().stream().map(StageName::value)).contains("a", "b");
  }

  @Test
  void aTaskRunWhoseStatusEtcdCannotKeepIsTold() throws Exception {
    String text = "x".repeat(200_000);
    String ten = "\"$(params.text)\", ".repeat(10);
    PipelineRun run =
        (PipelineRun)
            TektonYaml.parse(
                    new SourceFile(
                        "test",
                        Namespace.run("too-large", "none")
                            .replace(
                                "  pipelineRef:\n    name: none\n",
                                "  pipelineSpec:\n    tasks:\n    - name: a\n      taskSpec:\n"
                                    + "        params:\n        - name: text\n"
                                    + "        steps:\n        - name: run\n          image: x\n"
                                    + "          command: [\"true\", "
                                    + ten
                                    + "end]\n      params:\n      - name: text\n        value: "
                                    + text
                                    + "\n")))
                .getFirst();
    assertThatThrownBy(() -> ObjectSizes.check(run)).hasMessageContaining("SLU-2031");
    there.cluster().create(run);
    Running running = runner.attach(new RunId("too-large"), story);
    await()
        .atMost(PATIENCE)
        .untilAsserted(
            () -> assertThat(story.lines("a", "")).anyMatch(l -> l.contains("no status for 60 s")));
    there.cluster().pipelineRuns().withName("too-large").delete();
    assertThat(running.await().status()).isEqualTo(StageStatus.FAILED);
  }

  @Test
  void aRunThatIsNotThereCannotBeFollowed() {
    assertThatThrownBy(() -> runner.attach(new RunId("nowhere"), story))
        .hasMessageContaining("SLU-3711");
  }
}
