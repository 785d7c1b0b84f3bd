package io.sluice.app.run;

import io.sluice.app.CodeFiles;
import io.sluice.app.Pipelines;
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
import java.time.Clock;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * A local run executed stage by stage, each stage by a process of its own. The processes share a
 * {@link SharedRunRepository} with the pipeline's files as they were when the run was opened, and
 * its state. A process waits for another one that runs stages which it needs.
 */
public final class LocalStagedRun {
  /** So that the ids of its executions are ids as well. */
  private static final int MAX_ID_LENGTH = 46;

  private final SharedRunRepository repository;
  private final RunId id;

  /**
   * A run, whether it is open or not.
   *
   * @param repository of this run alone
   * @throws SluiceException SLU-9035 for an id that is too long
   */
  public LocalStagedRun(SharedRunRepository repository, RunId id) {
    if (id.value().length() > MAX_ID_LENGTH) {
      throw wrong(
          "SLU-9035",
          "the id of a run whose stages run one by one has at most "
              + MAX_ID_LENGTH
              + " characters",
          "give a shorter --run-id");
    }
    this.repository = repository;
    this.id = id;
  }

  /**
   * The pipeline of this run: as it was when the run was opened, else as it is now.
   *
   * @throws SluiceException exit code 2: what is wrong with it, or SLU-9036 when the run was opened
   *     otherwise than is requested now
   */
  public Pipelines.Opened pipeline(SourceTree tree, StageRequest request) {
    Optional<RunState> first = repository.firstState();
    if (first.isEmpty()) {
      return Pipelines.open(new RecordingSourceTree(tree), request.run().specFile());
    }
    check(first.get(), request);
    return RunPlan.reopened(repository.snapshot(), first.get().definition());
  }

  /** Refuses what is requested of the whole run when it was opened otherwise. */
  private void check(RunState first, StageRequest request) {
    RunDefinition definition = first.definition();
    RunRequest run = request.run();
    String pipeline = repository.pipeline().orElse("");
    same("for the pipeline " + pipeline, pipeline.equals(request.pipeline()));
    same("of the spec " + definition.specFile(), definition.specFile().equals(run.specFile()));
    same(
        definition.profile().map(p -> "with the profile " + p).orElse("without a profile"),
        run.profile().isEmpty() || run.profile().equals(definition.profile()));
    same(
        "as of " + definition.asOf(),
        run.asOf().isEmpty() || run.asOf().get().equals(definition.asOf()));
    same(
        "with the settings " + first.settings(),
        run.settings().isEmpty() || run.settings().equals(first.settings()));
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
   * Starts what the request comes to; waits first for other processes that run stages which it
   * needs.
   *
   * @param pipeline as {@link #pipeline} gave it
   * @param events receives what happens, in order
   * @throws SluiceException when the pipeline or the request is wrong, or this machine cannot run
   *     it
   */
  public StartedRun start(
      Pipelines.Opened pipeline,
      StageRequest request,
      Target target,
      Digest wheel,
      Clock clock,
      Consumer<RunEvent> events) {
    List<String> all = new ArrayList<>(request.run().settings());
    all.addAll(request.changes());
    List<Overlay> overlays = all.stream().map(s -> Setting.overlay(s, pipeline.spec())).toList();
    Plan plan = pipeline.plan(request.run().profile(), overlays, wheel);
    Target.Images images = target.prepare(plan, events);
    PipelineRunner runner = target.runner(); // may wait for the registry: not with the lock held
    ExitCodeTracker exits = new ExitCodeTracker(events);
    while (true) {
      Step step =
          repository.exclusively(() -> {
            RunState state = state(pipeline, request, target, wheel, clock);
            RunDefinition definition = state.definition();
            RunPlan run =
                RunPlan.with(
                    RunPlan.reopened(repository.snapshot(), definition),
                    state,
                    wheel,
                    images.parameters(definition.run(), definition.code()),
                    Optional.of(definition.asOf()));
            return step(run, state, request, runner, exits);
          });
      switch (step) {
        case Step.Started started -> {
          return started.run();
        }
        case Step.Waiting waiting ->
            waiting.others().forEach(other -> awaitOther(other, clock, events));
      }
    }
  }

  /** What one attempt to start comes to. */
  private sealed interface Step {
    record Started(StartedRun run) implements Step {}

    record Waiting(List<RunId> others) implements Step {}
  }

  /** With the run's lock held. */
  private Step step(
      RunPlan run,
      RunState state,
      StageRequest request,
      PipelineRunner runner,
      ExitCodeTracker exits) {
    return switch (next(run, state, request)) {
      case NextAction.Submit next -> new Step.Started(submit(state, next, runner, exits));
      case NextAction.NoOp next ->
          new Step.Started(
              new NothingToDo(
                  report(
                      state,
                      RunOutcome.withoutTasks(StageStatus.SUCCEEDED, next.why()),
                      ExitCode.DONE)));
      case NextAction.WaitFor next -> new Step.Waiting(next.executions());
      case NextAction.Attach next -> throw used(next.execution());
      case NextAction.Finished next -> throw used(next.execution());
    };
  }

  private NextAction next(RunPlan run, RunState state, StageRequest request) {
    List<String> changes = new ArrayList<>(request.changes());
    request
        .trials()
        .ifPresent(
            n -> changes.addAll(run.settingsOf(request.stage(), "trials", Integer.toString(n))));
    RunId execution = new RunId(id + "-" + (state.executions().size() + 1));
    return run.next(execution, request.stage(), changes, Optional.of(request.run().who()));
  }

  private static IllegalStateException used(RunState.Execution execution) {
    return new IllegalStateException("an id that was used: " + execution.id());
  }

  /** Waits until the other process has saved its end, or is gone. */
  private void awaitOther(RunId other, Clock clock, Consumer<RunEvent> events) {
    events.accept(
        new RunEvent.SetUp(
            clock.instant(),
            "run " + id,
            RunEvent.SetUp.Phase.PROGRESS,
            "waits for " + other + ", which is at work on stages that are needed"));
    repository.awaitRelease(
        other,
        () -> {
          RunOutcome gone = RunOutcome.withoutTasks(StageStatus.FAILED, "its process is gone");
          var unused = repository.exclusively(() -> ended(other, gone, ExitCode.RUN_FAILED));
        });
  }

  /** With the run's lock held. */
  private StartedRun submit(
      RunState before, NextAction.Submit next, PipelineRunner runner, ExitCodeTracker exits) {
    RunId execution = next.execution().id();
    SharedRunRepository.Claim claim = repository.claim(execution);
    try {
      repository.save(next.state());
      Submission s = next.submission();
      Running running = runner.start(s.run(), s.pipeline(), s.tasks(), exits);
      return new StartedStage(execution, exits, running, claim);
    } catch (RuntimeException e) {
      try (claim) {
        repository.save(before); // nothing ran, so nothing is void
      }
      throw e;
    }
  }

  /** An execution that is running; the claim on it is held until its end is saved. */
  private final class StartedStage implements StartedRun {
    private final RunId execution;
    private final ExitCodeTracker exits;
    private final Running running;
    private final SharedRunRepository.Claim claim;

    StartedStage(
        RunId execution, ExitCodeTracker exits, Running running, SharedRunRepository.Claim claim) {
      this.execution = execution;
      this.exits = exits;
      this.running = running;
      this.claim = claim;
    }

    @Override
    public RunReport await() throws InterruptedException {
      RunOutcome outcome = running.await();
      try (claim) {
        ExitCode code = exits.of(outcome);
        RunState state = repository.exclusively(() -> ended(execution, outcome, code));
        return report(state, outcome, code);
      }
    }

    @Override
    public void cancel() {
      running.cancel();
    }
  }

  /** There was nothing to do. */
  private record NothingToDo(RunReport report) implements StartedRun {
    @Override
    public RunReport await() {
      return report;
    }

    @Override
    public void cancel() {
      // it is over
    }
  }

  private RunReport report(RunState state, RunOutcome outcome, ExitCode code) {
    return RunReport.of(id, state.definition().model(), outcome, state.verdict(), code);
  }

  /** With the run's lock held. */
  private RunState ended(RunId execution, RunOutcome outcome, ExitCode code) {
    Optional<RunFailure> why =
        outcome.status() == StageStatus.SUCCEEDED
            ? Optional.empty()
            : Optional.of(
                new RunFailure(
                    code, outcome.failure().map(RunOutcome.Failure::stage), outcome.reason()));
    RunState state = repository.state().orElseThrow().ended(execution, outcome, why);
    repository.save(state);
    return state;
  }

  /** With the run's lock held: where the run stands; opened now when it is not. */
  private RunState state(
      Pipelines.Opened pipeline, StageRequest request, Target target, Digest wheel, Clock clock) {
    Optional<RunState> there = repository.state();
    if (there.isPresent()) {
      check(repository.firstState().orElseThrow(), request); // another process may have opened it
      return there.get();
    }
    // nothing but what was read so far is kept: the next process reads the same again
    SortedMap<String, byte[]> read =
        pipeline.tree() instanceof RecordingSourceTree tree ? tree.recorded() : new TreeMap<>();
    Digest code = target.upload(CodeFiles.of(pipeline, wheel));
    RunState first =
        RunState.opened(
            RunDefinition.of(
                request.run(),
                pipeline,
                request
                    .run()
                    .asOf()
                    .orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.SECONDS)),
                code,
                /* targetText= */ ""),
            request.run().settings());
    repository.open(first, request.pipeline(), read);
    return first;
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
