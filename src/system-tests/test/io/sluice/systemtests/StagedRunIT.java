package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.CodeFiles;
import io.sluice.app.Pipelines;
import io.sluice.app.Target.CodeContent;
import io.sluice.app.Target.Images;
import io.sluice.app.newdata.FingerprintCheck;
import io.sluice.app.run.ClusterConnection;
import io.sluice.app.run.ExecutionSupervisor;
import io.sluice.app.run.Identity;
import io.sluice.app.run.RunDefinition;
import io.sluice.app.run.RunState;
import io.sluice.app.run.RunSummary;
import io.sluice.app.run.StageSelector;
import io.sluice.app.run.Submission;
import io.sluice.app.run.Timeouts;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.ImageRole;
import io.sluice.ml.Wheel;
import io.sluice.platform.LocalMachine;
import io.sluice.platform.PipelineFolder;
import io.sluice.systemtests.OneBuild.Ended;
import io.sluice.systemtests.OneBuild.Home;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.v1.Param;
import io.sluice.tekton.v1.ParamValue;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineRunSpec;
import io.sluice.tekton.v1.PipelineSpec;
import io.sluice.tekton.v1.PipelineTask;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Runs that are driven stage by stage, as steps of a Jenkinsfile do it, on real processes, a real
 * store and a real registry. One story told in order.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class StagedRunIT {
  private static final StageSelector TRAIN = StageSelector.of(StageSelector.Kind.TRAIN);
  private static final StageSelector EVALUATE = StageSelector.of(StageSelector.Kind.EVALUATE);
  private static final StageSelector PROMOTE = StageSelector.of(StageSelector.Kind.PROMOTE);

  /** Images that no machine has: what really runs is put in their place below. */
  private static final String TARGET =
      """
      apiVersion: sluice.io/v1alpha1
      kind: Target
      namespace: models
      store: { claim: sluice-store }
      images:
        worker: registry.example/worker@sha256:1111111111111111111111111111111111111111111111111111111111111111
        environments:
          shell: registry.example/shell@sha256:2222222222222222222222222222222222222222222222222222222222222222
      """;

  private final Identity build = new Identity("controller", "job#1");
  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private Path folder;
  private Pipelines.Opened opened;
  private LocalMachine machine;
  private Images images;
  private Digest code;
  private ExecutionSupervisor supervisor;

  @BeforeAll
  void start(@TempDir Path temporary) throws Exception {
    folder = temporary;
    TinyPipeline pipeline =
        new TinyPipeline(folder.resolve("tiny")).limits("fingerprint: [cat, src/weeks]");
    var located = new PipelineFolder(Path.of(pipeline.path()), "sluice.yaml");
    opened = Pipelines.open(located.tree(), "sluice.yaml");
    Consumer<RunEvent> nobody = e -> {};
    machine = LocalMachine.open(located.state(), opened, Clock.systemUTC(), nobody);
    images = machine.target().prepare(opened.base(Wheel.digest()), nobody);
    code = machine.target().upload(CodeFiles.of(opened, Wheel.digest()));
    supervisor = supervisor();
  }

  @AfterAll
  void end() {
    timer.shutdownNow();
    machine.close();
  }

  @Test
  @Order(1)
  void stagesRunOneByOneAndEachOnce() {
    Home run = opened("first");
    Ended split = drive(run, "1", StageSelector.stage("split"));
    assertThat(split.told()).as(split.shown()).isEqualTo("succeeded");
    assertThat(split.log()).contains("[split] started").doesNotContain("[train-linear] started");

    Ended train = drive(run, "2", TRAIN);
    assertThat(train.told()).as(train.shown()).isEqualTo("succeeded");
    assertThat(train.log()).contains("[train-linear] started").doesNotContain("[split] started");

    Ended evaluate = drive(run, "3", EVALUATE);
    assertThat(evaluate.told()).as(evaluate.shown()).isEqualTo("succeeded");
    assertThat(evaluate.log())
        .contains("[evaluate] started", "[gate] started", "[register] started");
    assertThat(run.state().orElseThrow().verdict()).contains("PROMOTE");
    assertThat(machine.registry().promotions("tiny").entries()).isEmpty();
  }

  @Test
  @Order(2)
  void anotherRunIsPromotedByAnotherProcessFromTheStoredVerdict() {
    Home run = opened("second");
    Ended evaluate = drive(run, "11", EVALUATE);
    assertThat(evaluate.told()).as(evaluate.shown()).isEqualTo("succeeded");

    supervisor = supervisor(); // as after a restart
    Ended promote = drive(run, "12", PROMOTE);
    assertThat(promote.told()).as(promote.shown()).isEqualTo("succeeded");
    assertThat(promote.log()).doesNotContain("[evaluate] started");
    assertThat(machine.registry().promotions("tiny").champion()).isPresent();

    RunSummary record = record(run);
    assertThat(record.status()).isEqualTo("succeeded");
    assertThat(record.verdict()).contains("PROMOTE");
    assertThat(record.promoted()).isEqualTo(record.version()).isPresent();
    assertThat(record.result("", Optional.empty()))
        .containsEntry("candidate", "linear")
        .containsKeys("improvement", "version", "promoted");
  }

  @Test
  @Order(3)
  void theFirstRunIsNotPromotedAfterTheChampionMoved() {
    Home run = home("first");
    Ended promote = drive(run, "4", PROMOTE);
    assertThat(promote.told()).startsWith("failed: stage promote failed").contains("SLU-5020");
    assertThat(machine.registry().promotions("tiny").entries()).hasSize(1);
  }

  @Test
  @Order(4)
  void readsTheFingerprintOfADataSourceBetweenRuns() {
    Digest first = fingerprint("check-1", Instant.parse("2026-03-02T00:00:00Z"), code);
    assertThat(fingerprint("check-2", Instant.parse("2026-03-03T00:00:00Z"), code))
        .as("the same data at another time")
        .isEqualTo(first);
    Digest changed =
        machine
            .target()
            .upload(
                CodeFiles.of(opened, Wheel.digest()).stream()
                    .map(f ->
                        f.path().equals("src/weeks")
                            ? new CodeContent(
                                f.path(), f.executable(), "61\n".getBytes(StandardCharsets.UTF_8))
                            : f)
                    .toList());
    assertThat(fingerprint("check-3", Instant.parse("2026-03-04T00:00:00Z"), changed))
        .isNotEqualTo(first);
    assertThat(machine.registry().recordedRuns("tiny", 20))
        .as("a check is not a run of the model")
        .noneMatch(r -> RunSummary.of(r).run().equals(home("check-1").id().value()));
  }

  private Digest fingerprint(String name, Instant at, Digest tree) {
    Home check = home(name);
    check.save(
        RunState.opened(
            new RunDefinition(
                check.id(),
                "sluice.yaml",
                "tiny",
                Optional.empty(),
                at,
                Optional.empty(),
                Optional.empty(),
                /* untrusted= */ true,
                tree,
                TARGET),
            List.of()));
    Ended ended =
        oneBuild()
            .drive(
                check,
                name,
                FingerprintCheck.planner("weeks", build.execution(name), Wheel.digest()))
            .ended();
    assertThat(ended.told()).as(ended.shown()).isEqualTo("succeeded");
    assertThat(ended.log().stream().flatMap(l -> FingerprintCheck.shown(l).stream()))
        .as(ended.shown())
        .isNotEmpty();
    return FingerprintCheck.found(check.state().orElseThrow()).orElseThrow();
  }

  private RunSummary record(Home run) {
    return machine.registry().recordedRuns("tiny", 10).stream()
        .map(RunSummary::of)
        .filter(s -> s.run().equals(run.id().value()))
        .findFirst()
        .orElseThrow();
  }

  private ExecutionSupervisor supervisor() {
    return new ExecutionSupervisor(
        Executors.newVirtualThreadPerTaskExecutor(),
        timer,
        new Timeouts(Duration.ofSeconds(1), 3, Duration.ofMinutes(1), Duration.ofMinutes(1)));
  }

  private Home home(String name) {
    return new Home(folder.resolve(name), build.run(name), opened.tree());
  }

  private Home opened(String name) {
    return home(name).opened("tiny", code, TARGET);
  }

  private Ended drive(Home run, String node, StageSelector call) {
    return oneBuild().drive(run, node, call).ended();
  }

  private OneBuild oneBuild() {
    return new OneBuild(supervisor, build, s -> new Machine());
  }

  /** This machine in the place of a cluster. */
  private final class Machine implements ClusterConnection {
    @Override
    public Running start(Submission submission, Consumer<RunEvent> events) {
      return machine
          .target()
          .runner()
          .start(here(submission.run()), submission.pipeline(), submission.tasks(), events);
    }

    @Override
    public Running attach(RunId execution, Consumer<RunEvent> events) {
      throw new UnsupportedOperationException(
          "a machine's processes end with the process that started them");
    }

    @Override
    public List<String> secrets() {
      return List.of();
    }

    @Override
    public void close() {}

    private PipelineRun here(PipelineRun run) {
      PipelineRunSpec spec = run.spec();
      PipelineSpec part = spec.pipelineSpec().orElseThrow();
      return new PipelineRun(
          run.metadata(),
          new PipelineRunSpec(
              spec.pipelineRef(),
              Optional.of(
                  new PipelineSpec(
                      part.displayName(),
                      part.description(),
                      part.params(),
                      part.workspaces(),
                      part.results(),
                      part.tasks().stream().map(this::here).toList(),
                      part.last())),
              spec.params().stream().map(this::here).toList(),
              spec.workspaces(),
              spec.timeouts(),
              spec.taskRunTemplate(),
              spec.taskRunSpecs(),
              spec.status()));
    }

    /**
     * Without a champion its predict stage is skipped, in the worker's image, which on this machine
     * is not a place for a step of a user; written in beforehand, the runner here refuses it.
     */
    private PipelineTask here(PipelineTask t) {
      List<Param> params =
          t.params().stream()
              .map(p ->
                  p.equals(Param.of("image", images.roles().get(ImageRole.WORKER)))
                      ? Param.of("image", images.environments().get("shell"))
                      : p)
              .toList();
      return new PipelineTask(
          t.name(),
          t.displayName(),
          t.description(),
          t.taskRef(),
          t.taskSpec(),
          t.runAfter(),
          t.when(),
          t.onError(),
          t.retries(),
          t.timeout(),
          params,
          t.matrix(),
          t.workspaces());
    }

    private Param here(Param param) {
      return switch (param.name()) {
        case "worker-image" -> Param.of(param.name(), images.roles().get(ImageRole.WORKER));
        case "image-shell" ->
            new Param(param.name(), ParamValue.of(images.environments().get("shell")));
        default -> param;
      };
    }
  }
}
