package io.sluice.app.run;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.Pipelines;
import io.sluice.app.SourceTree;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.AbstractExecutorService;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ScheduledFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Executions are brought to their ends whatever happens to the process, the cluster or the person.
 * Everything runs on the test's own thread; what is to be done later is done when the test says so.
 */
class ExecutionSupervisorTest {
  private static final StageSelector TUNE = StageSelector.of(StageSelector.Kind.TUNE);
  private static final StageSelector DRIFT = StageSelector.of(StageSelector.Kind.DRIFT);
  private static final RunId X1 = new RunId("x-1");
  private static final RunId X2 = new RunId("x-2");

  private final Later later = new Later();
  private final FakeCluster cluster = new FakeCluster();
  private final Kept home = new Kept();
  private ExecutionSupervisor supervisor = supervisor();

  @BeforeEach
  void opened() throws Exception {
    home.state = Optional.of(Example.opened());
    var opened = Pipelines.open(home.tree, "sluice.yaml");
    RunPlan.of(opened, Example.opened(), Example.WHEEL);
  }

  @Test
  void anExecutionIsStartedFollowedAndItsEndToldOnce() {
    Steps step = drive(X1, TUNE);
    assertThat(cluster.started).containsExactly(X1);
    cluster.line(X1, "tune-xgboost", "trial 1");
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(step.log).contains("[tune-xgboost] trial 1");
    assertThat(step.told).containsExactly("succeeded");
    assertThat(home.state.orElseThrow().isDone(new StageName("tune-xgboost"))).isTrue();
    assertThat(cluster.open).isZero();
  }

  @Test
  void askedTwiceItIsStartedOnce() {
    drive(X1, TUNE);
    drive(X1, TUNE);
    assertThat(cluster.started).containsExactly(X1);
  }

  @Test
  void anotherProcessGoesOnWhereThisOneWasAndShowsOnlyWhatIsNew() {
    drive(X1, TUNE);
    cluster.line(X1, "tune-xgboost", "trial 1");
    supervisor = supervisor(); // the controller was started again
    Steps after = drive(X1, TUNE);
    cluster.line(X1, "tune-xgboost", "trial 1");
    cluster.line(X1, "tune-xgboost", "trial 2");
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(cluster.started).containsExactly(X1);
    assertThat(cluster.attached).containsExactly(X1);
    assertThat(after.told).containsExactly("succeeded");
  }

  @Test
  void aProcessThatStopsLeavesLinesAndEndsToTheNext() {
    Steps before = drive(X1, TUNE);
    cluster.line(X1, "tune-xgboost", "trial 1");
    supervisor.pause();
    cluster.line(X1, "tune-xgboost", "trial 2");
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(before.told).isEmpty();
    assertThat(before.log).doesNotContain("[tune-xgboost] trial 2");

    supervisor = supervisor();
    Steps after = drive(X1, TUNE);
    cluster.line(X1, "tune-xgboost", "trial 1");
    cluster.line(X1, "tune-xgboost", "trial 2");
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(after.log)
        .contains("[tune-xgboost] trial 2")
        .doesNotContain("[tune-xgboost] trial 1");
    assertThat(after.told).containsExactly("succeeded");
  }

  @Test
  void aCrashBeforeTheStartWasNotedStartsUnderTheSameId() {
    cluster.dieAfterStart = true;
    Steps lost = new Steps();
    drive(X1, TUNE, lost);
    assertThat(home.state.orElseThrow().execution(X1).orElseThrow().submitted()).isFalse();
    home.state = Optional.of(reopened(home.state.orElseThrow()));
    cluster.dieAfterStart = false;
    supervisor = supervisor();
    drive(X1, TUNE);
    assertThat(cluster.started).containsExactly(X1, X1);
    assertThat(cluster.submissions.get(0)).isEqualTo(cluster.submissions.get(1));
  }

  @Test
  void anEndThatWasNotTakenNoteOfIsToldAgain() {
    drive(X1, TUNE);
    cluster.end(X1, StageStatus.SUCCEEDED);
    supervisor = supervisor();
    assertThat(drive(X1, TUNE).told).containsExactly("succeeded");
    assertThat(cluster.started).containsExactly(X1);
  }

  @Test
  void aFailureNamesTheStageAndItsLastLines() {
    Steps step = drive(X1, TUNE);
    cluster.line(X1, "tune-xgboost", "no such column");
    cluster
        .events
        .get(X1)
        .accept(
            new RunEvent.StageFinished(
                Instant.EPOCH,
                new StageName("tune-xgboost"),
                0,
                StageStatus.FAILED,
                false,
                Duration.ofSeconds(1),
                Map.of(),
                "exit code 1"));
    cluster.end(X1, StageStatus.FAILED);
    assertThat(step.told)
        .containsExactly(
            "failed: stage tune-xgboost failed: exit code 1\nits last lines:\n  no such column");
  }

  @Test
  void stoppedItIsAskedToEndAndItsEndIsWaitedFor() {
    Steps step = drive(X1, TUNE);
    assertThat(supervisor.stop(X1)).isTrue();
    assertThat(cluster.cancels).containsExactly(X1);
    assertThat(step.told).isEmpty();
    cluster.end(X1, StageStatus.CANCELLED);
    assertThat(step.told).containsExactly("stopped: it was ended, and its record written");
  }

  @Test
  void whatNobodyWaitsForIsAskedToEndOnce() {
    Steps step = drive(X1, TUNE);
    supervisor.abandon(X1);
    supervisor.abandon(X1);
    assertThat(cluster.cancels).containsExactly(X1);
    cluster.end(X1, StageStatus.CANCELLED);
    assertThat(step.told).containsExactly("stopped: it was ended, and its record written");
    supervisor.abandon(X1);
    assertThat(cluster.cancels).containsExactly(X1);
  }

  @Test
  void whatIsEndingAlreadyIsNotEndedByForceBecauseNobodyWaitsForIt() {
    drive(X1, TUNE);
    supervisor.stop(X1);
    supervisor.abandon(X1);
    assertThat(cluster.cancels).containsExactly(X1);
    later.run();
    assertThat(cluster.cancels).as("after its time, by force").containsExactly(X1, X1);
  }

  @Test
  void whatDoesNotEndIsEndedByForceAndThenLeft() {
    Steps step = drive(X1, TUNE);
    supervisor.stop(X1);
    later.run();
    assertThat(cluster.cancels).containsExactly(X1, X1);
    later.run();
    assertThat(step.told).containsExactly("stopped: it may still be running on the cluster, left");
    assertThat(home.state.orElseThrow().execution(X1).orElseThrow().ended())
        .contains(StageStatus.CANCELLED);
  }

  @Test
  void stoppedBeforeItIsFollowedAgainItIsEndedOnceItIs() {
    drive(X1, TUNE);
    supervisor = supervisor();
    cluster.unreachable = true;
    Steps step = drive(X1, TUNE);
    supervisor.stop(X1);
    cluster.unreachable = false;
    later.run();
    assertThat(cluster.cancels).containsExactly(X1);
    cluster.end(X1, StageStatus.CANCELLED);
    assertThat(step.told).containsExactly("stopped: it was ended, and its record written");
  }

  @Test
  void aClusterOutOfReachIsBorneForAWhile() {
    cluster.unreachable = true;
    Steps step = drive(X1, TUNE);
    later.run();
    assertThat(step.told).isEmpty();
    assertThat(step.log)
        .hasSize(1)
        .first()
        .asString()
        .contains("SLU-3703")
        .contains("trying again");
    cluster.unreachable = false;
    later.run();
    assertThat(cluster.started).containsExactly(X1);
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(step.told).containsExactly("succeeded");
  }

  @Test
  void aClusterThatStaysOutOfReachFailsTheStepAndSaysThatItMayGoOn() {
    cluster.unreachable = true;
    Steps step = drive(X1, TUNE);
    later.run();
    later.run();
    assertThat(step.told)
        .hasSize(1)
        .first()
        .asString()
        .startsWith("failed: error[SLU-3703]")
        .endsWith("left");
    // and a retry of the step is free to begin
    cluster.unreachable = false;
    drive(X2, TUNE);
    assertThat(cluster.started).containsExactly(X2);
  }

  @Test
  void whatCannotBeFollowedForAWhileIsFollowedAgain() {
    Steps step = drive(X1, TUNE);
    cluster
        .ends
        .get(X1)
        .completeExceptionally(
            new SluiceException(
                ExitCode.UNREACHABLE,
                List.of(Diagnostic.of("SLU-3703", "no answer", "is it up?")),
                new java.io.IOException("connection reset")));
    later.run();
    assertThat(cluster.attached).containsExactly(X1);
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(step.told).containsExactly("succeeded");
    assertThat(cluster.started).containsExactly(X1);
  }

  @Test
  void whatWeMayNoLongerFollowFailsAndIsLeftToOthers() {
    Steps step = drive(X1, TUNE);
    cluster
        .ends
        .get(X1)
        .completeExceptionally(
            new SluiceException(
                ExitCode.INPUT_WRONG,
                List.of(Diagnostic.of("SLU-3705", "we may not watch pods", "ask for the right")),
                new java.io.IOException("403")));
    assertThat(step.told).hasSize(1).first().asString().contains("SLU-3705").endsWith("left");
  }

  @Test
  void whatAnotherStepRunsIsWaitedForAndThenUsed() {
    drive(X1, TUNE);
    Steps second = drive(X2, DRIFT);
    assertThat(cluster.started).containsExactly(X1);
    assertThat(supervisor.status(X2)).hasValueSatisfying(s -> assertThat(s).startsWith("waiting"));
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(cluster.started).containsExactly(X1, X2);
    cluster.end(X2, StageStatus.SUCCEEDED);
    assertThat(second.told).containsExactly("succeeded");
  }

  @Test
  void failsWhenTheExecutionItWaitsForFails() {
    drive(X1, TUNE);
    Steps second = drive(X2, DRIFT);
    cluster.end(X1, StageStatus.FAILED);
    assertThat(second.told)
        .hasSize(1)
        .first()
        .asString()
        .contains("run by another step, and failed");
    assertThat(cluster.started).containsExactly(X1);
  }

  @Test
  void anExecutionThatWaitsMayBeStopped() {
    drive(X1, TUNE);
    Steps second = drive(X2, DRIFT);
    supervisor.stop(X2);
    assertThat(second.told).containsExactly("stopped: it was not started yet");
    cluster.end(X1, StageStatus.SUCCEEDED);
    assertThat(cluster.started).containsExactly(X1);
  }

  @Test
  void aWholeRunIsOneExecutionUnderTheRunsId() {
    Steps step = new Steps();
    RunId run = Example.definition(false).run();
    supervisor.supervise(
        new ExecutionRequest(
            run,
            run,
            ExecutionRequest.wholeRun(Example.WHEEL),
            home,
            s -> cluster.connect(),
            step));
    assertThat(cluster.started).containsExactly(run);
    assertThat(cluster.submissions.getFirst().run().spec().pipelineRef()).isPresent();
    cluster.end(run, StageStatus.SUCCEEDED);
    assertThat(step.told).containsExactly("succeeded");
  }

  @Test
  void withoutAStateTheStepFailsInWords() {
    home.state = Optional.empty();
    assertThat(drive(X1, TUNE).told).hasSize(1).first().asString().contains("SLU-9605");
  }

  /** As a crash leaves it: begun and not known to be submitted. */
  private static RunState reopened(RunState state) {
    return RunState.parse(
        state.json().replace("\"ended\" : \"failed\",", "").replace("it was given up", ""));
  }

  private ExecutionSupervisor supervisor() {
    return new ExecutionSupervisor(
        Runnable::run,
        later,
        new Timeouts(Duration.ofSeconds(30), 3, Duration.ofMinutes(10), Duration.ofMinutes(1)));
  }

  private Steps drive(RunId id, StageSelector call) {
    Steps step = new Steps();
    drive(id, call, step);
    return step;
  }

  private void drive(RunId id, StageSelector call, Steps step) {
    supervisor.supervise(
        new ExecutionRequest(
            Example.definition(false).run(),
            id,
            ExecutionRequest.stage(Example.WHEEL, id, call, plan -> List.of(), Optional.empty()),
            home,
            s -> cluster.connect(),
            step));
  }

  private static final class Steps implements ExecutionListener {
    final List<String> log = new ArrayList<>();
    final List<String> told = new ArrayList<>();

    @Override
    public void line(String text) {
      log.add(text);
    }

    @Override
    public void flush() {}

    @Override
    public void succeeded(RunState state) {
      told.add("succeeded");
    }

    @Override
    public void nothingToDo(RunState state, String why) {
      told.add("nothing: " + why);
    }

    @Override
    public void failed(RunFailure failure, boolean mayStillRun) {
      told.add("failed: " + failure.text() + (mayStillRun ? ", left" : ""));
    }

    @Override
    public void stopped(String text, boolean mayStillRun) {
      told.add("stopped: " + text + (mayStillRun ? ", left" : ""));
    }
  }

  private static final class Kept implements RunRepository {
    final MemoryTree tree;
    Optional<RunState> state = Optional.empty();
    final Map<RunId, String> seen = new HashMap<>();

    Kept() {
      try {
        tree = Example.tree();
      } catch (java.io.IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    @Override
    public Optional<RunState> state() {
      return state.map(s -> RunState.parse(s.json()));
    }

    @Override
    public void save(RunState changed) {
      state = Optional.of(changed);
    }

    @Override
    public SourceTree snapshot() {
      return tree;
    }

    @Override
    public LogPosition logPosition(RunId execution) {
      return Optional.ofNullable(seen.get(execution))
          .map(LogPosition::parse)
          .orElseGet(LogPosition::start);
    }

    @Override
    public void saveLogPosition(RunId execution, LogPosition s) {
      seen.put(execution, s.json());
    }
  }

  /** Notes what it is asked, and ends what the test says; what a cluster does is tested on one. */
  private static final class FakeCluster {
    final List<RunId> started = new ArrayList<>();
    final List<RunId> attached = new ArrayList<>();
    final List<RunId> cancels = new ArrayList<>();
    final List<Submission> submissions = new ArrayList<>();
    final Map<RunId, Consumer<RunEvent>> events = new HashMap<>();
    final Map<RunId, CompletableFuture<RunOutcome>> ends = new HashMap<>();
    final Map<RunId, List<StageName>> stages = new HashMap<>();
    boolean unreachable;
    boolean dieAfterStart;
    int open;

    ClusterConnection connect() {
      open++;
      return new ClusterConnection() {
        @Override
        public Running start(Submission submission, Consumer<RunEvent> consumer) {
          reach();
          RunId id = new RunId(submission.run().metadata().name().orElseThrow());
          started.add(id);
          submissions.add(submission);
          stages.put(
              id,
              submission.pipeline().spec().tasks().stream()
                  .map(t -> new StageName(t.name()))
                  .toList());
          if (dieAfterStart) {
            throw new IllegalStateException("the process died here");
          }
          return follow(id, consumer);
        }

        @Override
        public Running attach(RunId id, Consumer<RunEvent> consumer) {
          reach();
          attached.add(id);
          return follow(id, consumer);
        }

        @Override
        public List<String> secrets() {
          return List.of();
        }

        @Override
        public void close() {
          open--;
        }
      };
    }

    private void reach() {
      if (unreachable) {
        throw new SluiceException(
            ExitCode.UNREACHABLE, Diagnostic.of("SLU-3703", "no answer", "is it up?"));
      }
    }

    private Running follow(RunId id, Consumer<RunEvent> consumer) {
      events.put(id, consumer);
      CompletableFuture<RunOutcome> end = new CompletableFuture<>();
      ends.put(id, end);
      return new Running() {
        @Override
        public RunOutcome await() {
          throw new UnsupportedOperationException("nobody holds a thread here");
        }

        @Override
        public CompletionStage<RunOutcome> end() {
          return end;
        }

        @Override
        public void cancel() {
          cancels.add(id);
        }
      };
    }

    void line(RunId id, String stage, String text) {
      events.get(id).accept(new RunEvent.LogLine(Instant.EPOCH, new StageName(stage), "run", text));
    }

    void end(RunId id, StageStatus status) {
      Map<StageName, TaskOutcome> tasks = new LinkedHashMap<>();
      for (StageName stage : stages.get(id)) {
        tasks.put(
            stage,
            new TaskOutcome(
                status,
                1,
                false,
                Map.of("outputs", "sha256:" + "0".repeat(64), "head", "0@sha256:" + "0".repeat(64)),
                ""));
      }
      ends.get(id)
          .complete(
              new RunOutcome(status, tasks, Map.of(), "", Optional.empty(), Optional.empty()));
    }
  }

  /** What is scheduled, until the test lets time pass. */
  private static final class Later extends AbstractExecutorService
      implements ScheduledExecutorService {
    private record Task(long at, Runnable what) {}

    private final List<Task> tasks = new ArrayList<>();
    private long now;

    /** Lets time pass until something is due, and does that. */
    void run() {
      now = tasks.stream().mapToLong(Task::at).min().orElseThrow();
      List<Task> due = tasks.stream().filter(t -> t.at() == now).toList();
      tasks.removeAll(due);
      due.forEach(t -> t.what().run());
    }

    @Override
    public @Nullable ScheduledFuture<?> schedule(Runnable task, long delay, TimeUnit unit) {
      tasks.add(new Task(now + unit.toMillis(delay), task));
      return null;
    }

    @Override
    public <V> ScheduledFuture<V> schedule(Callable<V> task, long delay, TimeUnit unit) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleAtFixedRate(Runnable t, long i, long p, TimeUnit u) {
      throw new UnsupportedOperationException();
    }

    @Override
    public ScheduledFuture<?> scheduleWithFixedDelay(Runnable t, long i, long d, TimeUnit u) {
      throw new UnsupportedOperationException();
    }

    @Override
    public void execute(Runnable command) {
      command.run();
    }

    @Override
    public void shutdown() {}

    @Override
    public List<Runnable> shutdownNow() {
      return List.of();
    }

    @Override
    public boolean isShutdown() {
      return false;
    }

    @Override
    public boolean isTerminated() {
      return false;
    }

    @Override
    public boolean awaitTermination(long timeout, TimeUnit unit) {
      return true;
    }
  }
}
