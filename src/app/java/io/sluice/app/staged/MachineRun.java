package io.sluice.app.staged;

import io.sluice.app.ExitCodeTracker;
import io.sluice.app.Pipelines;
import io.sluice.app.RunPipeline;
import io.sluice.app.RunReport;
import io.sluice.app.Setting;
import io.sluice.app.SourceTree;
import io.sluice.app.Target;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.run.StageStatus;
import io.sluice.core.spec.Overlay;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLockInterruptionException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A run on this machine whose stages are asked for call by call, each call from a process of its
 * own. What they have in common is a folder: the pipeline's files as they were when the run was
 * opened, its state, and locks, which end with the process that holds them, however it ends. Calls
 * that need each other's stages wait for each other.
 */
public final class MachineRun {
  /** So that the ids of its executions are ids as well. */
  private static final int LONGEST_ID = 46;

  private static final String STATE_LOCK = "state.lock";

  private final Path folder;
  private final RunId id;

  /**
   * A run's folder, whether the run is open or not.
   *
   * @param folder of this run alone; made when it is not there
   * @throws SluiceException SLU-9035 for an id that is too long
   */
  public MachineRun(Path folder, RunId id) {
    if (id.value().length() > LONGEST_ID) {
      throw wrong(
          "SLU-9035",
          "the id of a run whose stages run one by one has at most " + LONGEST_ID + " characters",
          "give a shorter --run-id");
    }
    this.folder = folder;
    this.id = id;
  }

  /**
   * What is asked for.
   *
   * @param folder the pipeline's, by a name that is the same for each call
   * @param specFile name of the spec in it
   * @param profile of the whole run; empty: none, or the one that it was opened with
   * @param settings of the whole run, {@code PATH=VALUE}; empty: none, or those it was opened with
   * @param asOf of the whole run; empty: now, or what it was opened with
   * @param changes {@code PATH=VALUE} from this call on
   * @param trials of a search, for this call's stages; empty: as the run says
   * @param who in whose name it promotes
   */
  public record Asked(
      StageCall call,
      String folder,
      String specFile,
      Optional<String> profile,
      List<String> settings,
      Optional<Instant> asOf,
      List<String> changes,
      Optional<Integer> trials,
      String who) {
    public Asked {
      settings = List.copyOf(settings);
      changes = List.copyOf(changes);
    }
  }

  /**
   * The pipeline of this run: as it was when the run was opened, else as it stands.
   *
   * @throws SluiceException exit code 2: what is wrong with it, or SLU-9036 when the run was opened
   *     otherwise than is asked for now
   */
  public Pipelines.Opened pipeline(SourceTree tree, Asked asked) {
    Optional<RunState> first = firstState();
    if (first.isEmpty()) {
      return Pipelines.open(new AskedTree(tree), asked.specFile());
    }
    check(first.get(), asked);
    return StagedRun.reopened(source().snapshot(), first.get().order());
  }

  /** Refuses what is asked of the whole run when it was opened otherwise. */
  private void check(RunState first, Asked asked) {
    RunOrder order = first.order();
    String of = new StateFile(folder.resolve("pipeline.txt")).text().orElse("");
    same("for the pipeline " + of, of.equals(asked.folder()));
    same("of the spec " + order.specFile(), order.specFile().equals(asked.specFile()));
    same(
        order.profile().map(p -> "with the profile " + p).orElse("without a profile"),
        asked.profile().isEmpty() || asked.profile().equals(order.profile()));
    same(
        "as of " + order.asOf(), asked.asOf().isEmpty() || asked.asOf().get().equals(order.asOf()));
    same(
        "with the settings " + first.settings(),
        asked.settings().isEmpty() || asked.settings().equals(first.settings()));
  }

  private void same(String how, boolean so) {
    if (!so) {
      throw wrong(
          "SLU-9036",
          "run " + id + " was opened " + how,
          "leave it away, or begin another run; --change changes a value from this stage on");
    }
  }

  /**
   * Starts what the call comes to; waits first for other calls that are at work on stages that it
   * needs.
   *
   * @param pipeline as {@link #pipeline} gave it
   * @param events receives what happens, in order
   * @throws SluiceException when the pipeline or what is asked for is wrong, or this machine cannot
   *     run it
   */
  public RunPipeline.Started start(
      Pipelines.Opened pipeline,
      Asked asked,
      Target target,
      Digest wheel,
      Clock clock,
      Consumer<RunEvent> events) {
    List<String> all = new ArrayList<>(asked.settings());
    all.addAll(asked.changes());
    List<Overlay> overlays = all.stream().map(s -> Setting.overlay(s, pipeline.spec())).toList();
    Plan plan = pipeline.plan(asked.profile(), overlays, wheel);
    Target.Images images = target.prepare(plan, events);
    PipelineRunner runner = target.runner(); // may wait for the registry: not with the lock held
    ExitCodeTracker exits = new ExitCodeTracker(events);
    while (true) {
      List<RunId> others = new ArrayList<>();
      Optional<RunPipeline.Started> started =
          holding(
              STATE_LOCK,
              () -> {
                RunState state = state(pipeline, asked, target, wheel, clock);
                StagedRun run =
                    StagedRun.here(
                        StagedRun.reopened(source().snapshot(), state.order()),
                        state,
                        wheel,
                        images);
                return switch (next(run, state, asked)) {
                  case StagedRun.Next.Submit next ->
                      Optional.of(submit(state, next, runner, exits));
                  case StagedRun.Next.Nothing next ->
                      Optional.of(
                          new Done(
                              report(state, StageStatus.SUCCEEDED, next.why(), ExitCode.DONE)));
                  case StagedRun.Next.Await next -> {
                    others.addAll(next.executions());
                    yield Optional.empty();
                  }
                  case StagedRun.Next.Attach next -> throw used(next.execution());
                  case StagedRun.Next.Over next -> throw used(next.execution());
                };
              });
      if (started.isPresent()) {
        return started.get();
      }
      for (RunId other : others) {
        events.accept(
            new RunEvent.SetUp(
                clock.instant(),
                "run " + id,
                RunEvent.SetUp.Phase.PROGRESS,
                "waits for " + other + ", which is at work on stages that are needed"));
        // until its process has written down its end, or is gone
        var unused =
            holding(
                lockOf(other),
                () -> holding(STATE_LOCK, () -> over(other, failed("its process is gone"))));
      }
    }
  }

  private StagedRun.Next next(StagedRun run, RunState state, Asked asked) {
    List<String> changes = new ArrayList<>(asked.changes());
    asked
        .trials()
        .ifPresent(
            n -> changes.addAll(run.settingsOf(asked.call(), "trials", Integer.toString(n))));
    RunId execution = new RunId(id + "-" + (state.executions().size() + 1));
    return run.next(execution, asked.call(), changes, Optional.of(asked.who()));
  }

  private static IllegalStateException used(RunState.Execution execution) {
    return new IllegalStateException("an id that was used: " + execution.id());
  }

  /** With the state's lock held. */
  private RunPipeline.Started submit(
      RunState before, StagedRun.Next.Submit next, PipelineRunner runner, ExitCodeTracker exits)
      throws IOException {
    RunId execution = next.execution().id();
    FileChannel mine = lock(lockOf(execution));
    try {
      keep(next.state());
      Submission s = next.submission();
      Running running = runner.start(s.run(), s.pipeline(), s.tasks(), exits);
      return new Going(execution, exits, running, mine);
    } catch (RuntimeException e) {
      try (mine) {
        keep(before); // nothing ran, so nothing is void
      }
      throw e;
    }
  }

  /** An execution that is running; its lock is held until its end is written down. */
  private final class Going implements RunPipeline.Started {
    private final RunId execution;
    private final ExitCodeTracker exits;
    private final Running running;
    private final FileChannel mine;

    Going(RunId execution, ExitCodeTracker exits, Running running, FileChannel mine) {
      this.execution = execution;
      this.exits = exits;
      this.running = running;
      this.mine = mine;
    }

    @Override
    public RunReport await() throws InterruptedException {
      RunOutcome outcome = running.await();
      try (mine) {
        RunState state = holding(STATE_LOCK, () -> over(execution, outcome));
        return report(state, outcome.status(), outcome.reason(), exits.of(outcome));
      } catch (IOException e) {
        throw broken(e);
      }
    }

    @Override
    public void cancel() {
      running.cancel();
    }
  }

  /** Nothing was to be done. */
  private record Done(RunReport report) implements RunPipeline.Started {
    @Override
    public RunReport await() {
      return report;
    }

    @Override
    public void cancel() {
      // it is over
    }
  }

  private RunReport report(RunState state, StageStatus status, String reason, ExitCode code) {
    return RunReport.of(id, state.order().model(), status, state.verdict(), reason, code);
  }

  private static RunOutcome failed(String why) {
    return RunOutcome.withoutTasks(StageStatus.FAILED, why);
  }

  /** With the state's lock held. */
  private RunState over(RunId execution, RunOutcome outcome) {
    RunState state = current().orElseThrow().ended(execution, outcome, outcome.reason());
    keep(state);
    return state;
  }

  /** With the state's lock held: where the run is, opened now when it is not. */
  private RunState state(
      Pipelines.Opened pipeline, Asked asked, Target target, Digest wheel, Clock clock) {
    Optional<RunState> there = current();
    if (there.isPresent()) {
      check(firstState().orElseThrow(), asked); // another call may have opened it just now
      return there.get();
    }
    // nothing but what was read for it so far is kept: what goes on reads the same again
    SortedMap<String, byte[]> read =
        pipeline.tree() instanceof AskedTree tree ? tree.asked() : new TreeMap<>();
    Digest code = target.upload(StagedRun.code(pipeline, wheel));
    RunState first =
        RunState.opened(
            new RunOrder(
                id,
                asked.specFile(),
                pipeline.spec().model(),
                asked.profile(),
                asked.asOf().orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.SECONDS)),
                Optional.of(asked.who()),
                pipeline.tree().commit().map(c -> c.id() + (c.dirty() ? "-dirty" : "")),
                /* untrusted= */ false,
                code,
                /* target= */ ""),
            asked.settings());
    source().keep(read);
    new StateFile(folder.resolve("pipeline.txt")).write(asked.folder());
    new StateFile(folder.resolve("opened.json")).write(first.json());
    return first;
  }

  private Optional<RunState> current() {
    return read("state.json").or(this::firstState);
  }

  private Optional<RunState> firstState() {
    return read("opened.json");
  }

  private Optional<RunState> read(String name) {
    Path file = folder.resolve(name);
    try {
      return new StateFile(file).text().map(RunState::parse);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.RUN_FAILED,
          List.of(
              Diagnostic.of(
                  "SLU-9604",
                  file + " is no state of a run that this version can read",
                  "is it from a newer version, or damaged? begin another run")),
          e);
    }
  }

  private void keep(RunState state) {
    new StateFile(folder.resolve("state.json")).write(state.json());
  }

  private KeptSource source() {
    return new KeptSource(folder.resolve("source"));
  }

  private static String lockOf(RunId execution) {
    return execution + ".lock";
  }

  /** Waits for a lock; it is held until the channel is closed, or the process ends. */
  private FileChannel lock(String name) throws IOException {
    Files.createDirectories(folder);
    FileChannel channel =
        FileChannel.open(folder.resolve(name), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      channel.lock();
      return channel;
    } catch (IOException | RuntimeException e) {
      channel.close();
      throw e;
    }
  }

  /** Something to do with a lock held. */
  private interface Work<T> {
    T run() throws IOException;
  }

  private <T> T holding(String name, Work<T> work) {
    try {
      FileChannel lock = lock(name);
      try (lock) {
        return work.run();
      }
    } catch (IOException e) {
      throw broken(e);
    }
  }

  private static SluiceException broken(IOException e) {
    if (e instanceof FileLockInterruptionException) {
      Thread.currentThread().interrupt();
      return new SluiceException(
          ExitCode.INTERRUPTED,
          List.of(
              Diagnostic.of("SLU-9027", "interrupted while waiting for a call", "run it again")),
          e);
    }
    return new SluiceException(
        ExitCode.RUN_FAILED,
        List.of(
            Diagnostic.of(
                "SLU-9604",
                "the run's folder cannot be used: " + e.getMessage(),
                "is the disk full, or the folder not ours?")),
        e);
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
