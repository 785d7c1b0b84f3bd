package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import io.fabric8.kubernetes.client.Config;
import io.fabric8.kubernetes.client.jdkhttp.JdkHttpClientFactory;
import io.sluice.app.CodeFiles;
import io.sluice.app.Pipelines;
import io.sluice.app.run.ClusterConnection;
import io.sluice.app.run.ExecutionSupervisor;
import io.sluice.app.run.Identity;
import io.sluice.app.run.StageSelector;
import io.sluice.app.run.Submission;
import io.sluice.app.run.Timeouts;
import io.sluice.cluster.Cluster;
import io.sluice.cluster.ClusterRunner;
import io.sluice.cluster.TestCluster;
import io.sluice.cluster.Upload;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SourceFile;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.TargetParser;
import io.sluice.core.spec.TargetSpec;
import io.sluice.ml.Wheel;
import io.sluice.platform.PipelineFolder;
import io.sluice.systemtests.OneBuild.Ended;
import io.sluice.systemtests.OneBuild.Home;
import io.sluice.tekton.PipelineRunner.Running;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * What the Jenkins plugin does, without Jenkins, on a real cluster: a build's steps, each an
 * execution of its own, driven by a controller that may die in between.
 */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StagedRunClusterIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);
  private static final String BEGUN = "begun to split";

  private final String model = "staged-" + Long.toString(System.currentTimeMillis(), 36);
  private final Identity build = new Identity("controller", model);
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private PreparedNamespace namespace;
  private TinyPipeline pipeline;
  private Path folder;
  private Pipelines.Opened opened;
  private TargetSpec target;
  private String targetText;
  private Digest code;
  private Controller controller;

  /** What a Jenkins process is to a run: gone with its connection, and all that it knew. */
  private final class Controller implements AutoCloseable {
    private final Cluster cluster = cluster();
    private final ClusterRunner runner = new ClusterRunner(cluster, Clock.systemUTC());
    private final ExecutionSupervisor supervisor =
        new ExecutionSupervisor(
            Executors.newVirtualThreadPerTaskExecutor(),
            timer,
            new Timeouts(Duration.ofSeconds(1), 30, Duration.ofMinutes(2), Duration.ofMinutes(1)));

    OneBuild.Step drive(Home run, String node, StageSelector call) {
      return new OneBuild(supervisor, build, s -> connection()).drive(run, node, call);
    }

    private ClusterConnection connection() {
      return new ClusterConnection() {
        @Override
        public Running start(Submission submission, Consumer<RunEvent> events) {
          return runner.start(submission.run(), submission.pipeline(), submission.tasks(), events);
        }

        @Override
        public Running attach(RunId execution, Consumer<RunEvent> events) {
          return runner.attach(execution, events);
        }

        @Override
        public List<String> secrets() {
          return List.of();
        }

        @Override
        public void close() {}
      };
    }

    @Override
    public void close() {
      supervisor.pause();
      runner.close();
      cluster.close();
    }
  }

  @BeforeAll
  void start(TestCluster cluster, @TempDir Path temporary) throws Exception {
    folder = temporary;
    namespace = new PreparedNamespace(cluster, "staged", folder);
    pipeline = new TinyPipeline(folder.resolve("pipeline")).model(model);
    pipeline.split(
        "echo "
            + BEGUN
            + "; sleep 15; cp -r src/validation src/holdout \"$SLUICE_OUTPUTS\"; echo split",
        "");
    namespace.target(pipeline, "");
    targetText = Files.readString(pipeline.file("targets/cluster.yaml"));
    target = TargetParser.parse(new SourceFile("targets/cluster.yaml", targetText)).orThrow();
    opened =
        Pipelines.open(
            new PipelineFolder(Path.of(pipeline.path()), "sluice.yaml").tree(), "sluice.yaml");
    try (Cluster there = cluster()) {
      code =
          new Upload(there, target, words -> {})
              .put(
                  CodeFiles.of(opened, Wheel.digest()).stream()
                      .map(c -> new Upload.File(c.path(), c.executable(), c.content()))
                      .toList());
    }
  }

  @AfterEach
  void closed() {
    controller.close();
  }

  @AfterAll
  void end() {
    timer.shutdownNow();
  }

  @Test
  @Order(2)
  void aBuildGoesStageByStageToAPromotionThoughItsControllerDies() throws Exception {
    Home run = home("whole");
    controller = new Controller();
    OneBuild.Step before = controller.drive(run, "1", StageSelector.of(StageSelector.Kind.TRAIN));
    await().atMost(PATIENCE).until(() -> before.log.stream().anyMatch(l -> l.contains(BEGUN)));
    controller.close();

    controller = new Controller();
    OneBuild.Step after = controller.drive(run, "1", StageSelector.of(StageSelector.Kind.TRAIN));
    Ended train = after.ended();
    assertThat(train.told()).as(train.shown()).isEqualTo("succeeded");
    List<String> log = new ArrayList<>(before.log);
    log.addAll(train.log());
    assertThat(Collections.frequency(log.stream().map(l -> l.contains(BEGUN)).toList(), true))
        .as("shown once, by either: " + String.join("\n", log))
        .isEqualTo(1);
    assertThat(log).anyMatch(l -> l.contains("[split] split"));
    assertThat(executions()).as("started once").containsExactly(build.execution("1").value());

    Ended evaluate = ended(run, "2", StageSelector.Kind.EVALUATE);
    assertThat(evaluate.told()).as(evaluate.shown()).isEqualTo("succeeded");
    assertThat(run.state().orElseThrow().verdict()).contains("PROMOTE");
    assertThat(promotions()).isZero();

    Ended promote = ended(run, "3", StageSelector.Kind.PROMOTE);
    assertThat(promote.told()).as(promote.shown()).isEqualTo("succeeded");
    assertThat(promotions()).isEqualTo(1);
  }

  @Test
  @Order(1) // afterwards the stage is a cache hit
  void cancelsAnAbortedStepOnTheClusterBeforeReportingIt() throws Exception {
    Home run = home("aborted");
    controller = new Controller();
    OneBuild.Step step = controller.drive(run, "11", StageSelector.stage("split"));
    await().atMost(PATIENCE).until(() -> step.log.stream().anyMatch(l -> l.contains(BEGUN)));
    assertThat(controller.supervisor.stop(build.execution("11"))).isTrue();
    Ended ended = step.ended();
    assertThat(ended.told()).as(ended.shown()).startsWith("stopped: ");
    assertThat(
            namespace.kubectl(
                "get",
                "pipelinerun",
                build.execution("11").value(),
                "-o",
                "jsonpath={.status.conditions[0].reason}"))
        .isEqualTo("Cancelled");
  }

  private Ended ended(Home run, String node, StageSelector.Kind kind) {
    return controller.drive(run, node, StageSelector.of(kind)).ended();
  }

  private List<String> executions() {
    return namespace
        .kubectl("get", "pipelineruns", "-o", "jsonpath={.items[*].metadata.name}")
        .lines()
        .flatMap(l -> List.of(l.split(" ")).stream())
        .filter(n -> !n.equals(build.execution("11").value()))
        .toList();
  }

  private int promotions() throws Exception {
    ForkedSluice.Ended history =
        namespace.sluice(folder.resolve("state")).run("history", pipeline.path(), "--json");
    assertThat(history.code()).as(history.shown()).isZero();
    return Json.parse(history.out().getBytes(StandardCharsets.UTF_8)).path("entries").size();
  }

  private Cluster cluster() {
    try {
      return Cluster.of(
          Config.fromKubeconfig(Files.readString(namespace.access())),
          namespace.name(),
          new JdkHttpClientFactory());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private Home home(String name) {
    return new Home(folder.resolve(name), build.run(name), opened.tree())
        .opened(model, code, targetText);
  }
}
