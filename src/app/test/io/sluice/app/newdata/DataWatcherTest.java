package io.sluice.app.newdata;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.app.SourceTree;
import io.sluice.app.newdata.WatchState.Code;
import io.sluice.app.newdata.WatchState.Outcome;
import io.sluice.app.run.ClusterConnection;
import io.sluice.app.run.ClusterConnector;
import io.sluice.app.run.Example;
import io.sluice.app.run.ExecutionSupervisor;
import io.sluice.app.run.Identity;
import io.sluice.app.run.LogPosition;
import io.sluice.app.run.MemoryTree;
import io.sluice.app.run.RunRepository;
import io.sluice.app.run.RunState;
import io.sluice.app.run.Submission;
import io.sluice.app.run.Timeouts;
import io.sluice.core.artifact.Digest;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageName;
import io.sluice.core.run.StageStatus;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.RunOutcome.TaskOutcome;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A data source is looked at; what is new starts a build, once, whatever happens in between. */
class DataWatcherTest {
  private static final Instant NOW = Instant.parse("2026-06-01T00:00:00Z");

  private final ScheduledExecutorService timer = Executors.newScheduledThreadPool(1);
  private final Cluster cluster = new Cluster();
  private final Job job = new Job();
  private final Memory memory = new Memory();
  private DataWatcher watcher = watcher();
  private DataWatcher.@Nullable Watch watch;

  @BeforeEach
  void watch() {
    watch = new DataWatcher.Watch(new Identity("controller", "job"), memory, job);
  }

  @AfterEach
  void end() {
    timer.shutdownNow();
  }

  @Test
  void whatWasThereAtFirstIsNotedWhenABuildHasSeenTheData() throws Exception {
    job.built = true;
    look();
    cluster.answer("w1");
    assertThat(job.started).isEmpty();
    assertThat(last()).isEqualTo(Outcome.FIRST);

    look();
    cluster.answer("w1");
    assertThat(job.started).isEmpty();
    assertThat(last()).isEqualTo(Outcome.SAME);

    look();
    cluster.answer("w2");
    assertThat(job.started).containsExactly("returns w2");
    assertThat(last()).isEqualTo(Outcome.STARTED);
  }

  @Test
  void aJobThatWasNeverBuiltIsBuilt() throws Exception {
    look();
    cluster.answer("w1");
    assertThat(job.started).containsExactly("returns w1");
  }

  @Test
  void aCheckThatFailsStartsNothingAndForgetsNothing() throws Exception {
    job.built = true;
    look();
    cluster.answer("w1");
    look();
    cluster.fail();
    assertThat(last()).isEqualTo(Outcome.FAILED);
    assertThat(job.started).isEmpty();
    look();
    cluster.answer("w1");
    assertThat(last()).isEqualTo(Outcome.SAME);
    look();
    cluster.answer("w2");
    assertThat(job.started).containsExactly("returns w2");
  }

  @Test
  void aPipelineThatCannotBeReadIsSaidAndTriedAgain() throws Exception {
    job.broken = "the repository has no folder x";
    look();
    assertThat(last()).isEqualTo(Outcome.FAILED);
    assertThat(state().last().orElseThrow().text()).isEqualTo("the repository has no folder x");
    assertThat(cluster.started).isEmpty();
    job.broken = "";
    look();
    cluster.answer("w1");
    assertThat(last()).isEqualTo(Outcome.STARTED);
  }

  @Test
  void oneCheckAtATime() throws Exception {
    assertThat(look()).isTrue();
    assertThat(look()).isFalse();
    assertThat(cluster.started).hasSize(1);
    cluster.answer("w1");
    assertThat(look()).isTrue();
    assertThat(cluster.started).doesNotHaveDuplicates().hasSize(2);
  }

  @Test
  void afterARestartTheCheckUnderWayIsFollowedAndNoOtherBegun() throws Exception {
    look();
    watcher = watcher();
    look();
    assertThat(cluster.started).hasSize(1);
    assertThat(cluster.attached).isEqualTo(cluster.started);
    cluster.answer("w1");
    assertThat(job.started).containsExactly("returns w1");
    assertThat(state().going()).isEmpty();
  }

  @Test
  void aBuildThatCannotBeStartedIsTriedAgain() throws Exception {
    job.refuses = true;
    look();
    cluster.answer("w1");
    assertThat(last()).isEqualTo(Outcome.REFUSED);
    job.refuses = false;
    look();
    cluster.answer("w1");
    assertThat(job.started).containsExactly("returns w1");
    look();
    cluster.answer("w1");
    assertThat(job.started).hasSize(1);
  }

  @Test
  void codeIsUploadedAgainOnlyAfterAFailure() throws Exception {
    look();
    cluster.answer("w1");
    look();
    cluster.fail();
    look();
    cluster.answer("w1");
    assertThat(job.before).containsExactly("", "r1", "");
  }

  @Test
  void aJobThatIsMadeAnewAsksAnew() throws Exception {
    look();
    cluster.answer("w1");
    memory.state = WatchState.NEW;
    watcher = watcher(NOW.plusSeconds(10));
    look();
    assertThat(cluster.started)
        .as("the old answer is not taken")
        .doesNotHaveDuplicates()
        .hasSize(2);
  }

  @Test
  void whatHasAnsweredMayGoAndWhatFailedStays() throws Exception {
    look();
    cluster.fail();
    assertThat(job.answered).isEmpty();
    look();
    cluster.answer("w1");
    assertThat(job.answered).containsExactly(cluster.started.getLast());
  }

  @Test
  void theStateSurvivesTheDisk() throws Exception {
    look();
    assertThat(WatchState.parse(state().json())).isEqualTo(state());
    cluster.answer("w1");
    assertThat(WatchState.parse(state().json())).isEqualTo(state());
    assertThat(state().seen().orElseThrow().words()).isEqualTo("w1");
  }

  private boolean look() throws Exception {
    return watcher.look(java.util.Objects.requireNonNull(watch));
  }

  private WatchState state() {
    return java.util.Objects.requireNonNull(watch).state();
  }

  private Outcome last() {
    return state().last().orElseThrow().outcome();
  }

  private DataWatcher watcher() {
    return watcher(NOW);
  }

  private DataWatcher watcher(Instant now) {
    return new DataWatcher(
        new ExecutionSupervisor(
            Runnable::run,
            timer,
            new Timeouts(Duration.ofSeconds(1), 3, Duration.ofMinutes(1), Duration.ofMinutes(1))),
        Example.WHEEL,
        Clock.fixed(now, ZoneOffset.UTC));
  }

  /** The job that has its data watched. */
  private final class Job implements DataWatcher.Host {
    final List<String> started = new ArrayList<>();
    final List<String> before = new ArrayList<>();
    final Map<RunId, Kept> homes = new HashMap<>();
    final List<RunId> answered = new ArrayList<>();
    boolean built;
    boolean refuses;
    String broken = "";

    @Override
    public RunRepository home(RunId check) {
      return homes.computeIfAbsent(check, c -> new Kept());
    }

    @Override
    public void forget(RunId butThis) {
      homes.keySet().removeIf(id -> !id.equals(butThis));
    }

    @Override
    public DataWatcher.Opened open(RunId check, RunId execution, Optional<Code> known)
        throws IOException {
      if (!broken.isEmpty()) {
        throw new IOException(broken);
      }
      Optional<Code> code = Optional.of(new Code("r1", Digest.of("code")));
      Optional<RunState> there = home(check).state();
      if (there.isPresent()) {
        return new DataWatcher.Opened(there.get(), "returns", code);
      }
      before.add(known.map(Code::key).orElse(""));
      RunState state = RunState.opened(Example.check(check, NOW), List.of());
      home(check).save(state);
      return new DataWatcher.Opened(state, "returns", code);
    }

    @Override
    public ClusterConnector connecting(RunId execution) {
      return s -> cluster;
    }

    @Override
    public boolean isBuilt() {
      return built;
    }

    @Override
    public boolean start(String source, WatchState.Seen fingerprint) {
      if (!refuses) {
        started.add(source + " " + fingerprint.words());
      }
      return !refuses;
    }

    @Override
    public void ended(RunId execution, boolean mayStillRun) {}

    @Override
    public void answered(RunId execution, RunState state) {
      answered.add(execution);
    }

    @Override
    public void line(String text) {}
  }

  /** What is known about the source, in memory. */
  private static final class Memory implements WatchRepository {
    private WatchState state = WatchState.NEW;

    @Override
    public WatchState state() {
      return state;
    }

    @Override
    public void save(WatchState changed) {
      state = WatchState.parse(changed.json());
    }
  }

  /** A check's home. */
  private static final class Kept implements RunRepository {
    private final MemoryTree tree;
    private Optional<RunState> state = Optional.empty();
    private String seen = LogPosition.start().json();

    Kept() {
      try {
        tree = Example.watchedTree();
      } catch (IOException e) {
        throw new java.io.UncheckedIOException(e);
      }
    }

    @Override
    public Optional<RunState> state() {
      return state;
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
      return LogPosition.parse(seen);
    }

    @Override
    public void saveLogPosition(RunId execution, LogPosition s) {
      seen = s.json();
    }
  }

  /** Notes what it is asked, and answers what the test says. */
  private static final class Cluster implements ClusterConnection {
    final List<RunId> started = new ArrayList<>();
    final List<RunId> attached = new ArrayList<>();
    private Consumer<RunEvent> events = e -> {};
    private CompletableFuture<RunOutcome> end = new CompletableFuture<>();

    @Override
    public Running start(Submission submission, Consumer<RunEvent> consumer) {
      started.add(new RunId(submission.run().metadata().name().orElseThrow()));
      return follow(consumer);
    }

    @Override
    public Running attach(RunId execution, Consumer<RunEvent> consumer) {
      attached.add(execution);
      return follow(consumer);
    }

    private Running follow(Consumer<RunEvent> consumer) {
      events = consumer;
      CompletableFuture<RunOutcome> own = new CompletableFuture<>();
      end = own;
      return new Running() {
        @Override
        public RunOutcome await() {
          throw new UnsupportedOperationException("nobody holds a thread here");
        }

        @Override
        public CompletionStage<RunOutcome> end() {
          return own;
        }

        @Override
        public void cancel() {}
      };
    }

    void answer(String fingerprint) {
      StageName stage = new StageName("data-returns");
      events.accept(new RunEvent.LogLine(NOW, stage, "run", "fingerprint: " + fingerprint));
      Map<String, String> results = Map.of("outputs", Digest.of(fingerprint).toString());
      TaskOutcome task = new TaskOutcome(StageStatus.SUCCEEDED, 1, false, results, "");
      end.complete(
          new RunOutcome(
              StageStatus.SUCCEEDED,
              Map.of(stage, task),
              Map.of(),
              "",
              Optional.empty(),
              Optional.empty()));
    }

    void fail() {
      end.complete(RunOutcome.withoutTasks(StageStatus.FAILED, "exit code 1"));
    }

    @Override
    public List<String> secrets() {
      return List.of();
    }

    @Override
    public void close() {}
  }
}
