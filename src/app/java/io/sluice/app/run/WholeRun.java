package io.sluice.app.run;

import io.sluice.app.CodeFiles;
import io.sluice.app.Pipelines;
import io.sluice.app.Setting;
import io.sluice.app.Target;
import io.sluice.app.Target.Images;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.spec.Overlay;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import io.sluice.tekton.lower.RunParameters;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.function.Consumer;

/**
 * Runs a whole pipeline on a target for a client that waits for it: code into the store, objects
 * compiled, started, watched to the end. Everything that decides happens inside the run; this only
 * starts and watches.
 */
public final class WholeRun {
  private final Target target;
  private final Digest wheel;
  private final Clock clock;

  /**
   * A use case for one target.
   *
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public WholeRun(Target target, Digest wheel, Clock clock) {
    this.target = target;
    this.wheel = wheel;
    this.clock = clock;
  }

  /**
   * Prepares and starts a run.
   *
   * @param events receives what happens, in order
   * @throws SluiceException when the spec takes no files, or the target cannot run it
   */
  public StartedRun start(
      Pipelines.Opened pipeline, RunRequest request, Consumer<RunEvent> events) {
    Instant asOf = request.asOf().orElseGet(() -> clock.instant().truncatedTo(ChronoUnit.SECONDS));
    List<Overlay> overlays =
        request.settings().stream().map(s -> Setting.overlay(s, pipeline.spec())).toList();
    Plan plan = pipeline.plan(request.profile(), overlays, wheel);
    Images images = target.prepare(plan, events);
    Digest code = target.upload(CodeFiles.of(pipeline, wheel));
    RunDefinition definition =
        RunDefinition.of(request, pipeline, asOf, code, /* targetText= */ "");
    RunParameters parameters = images.parameters(request.id(), code);
    Submission submission =
        RunPlan.with(
                pipeline,
                RunState.opened(definition, request.settings()),
                wheel,
                target.file().map(parameters::on).orElse(parameters),
                request.asOf())
            .wholeSubmission();
    ExitCodeTracker exits = new ExitCodeTracker(events);
    Running running =
        target.runner().start(submission.run(), submission.pipeline(), submission.tasks(), exits);
    return new StartedRun() {
      @Override
      public RunReport await() throws InterruptedException {
        RunOutcome outcome = running.await();
        return RunReport.of(request.id(), definition.model(), outcome, exits.of(outcome));
      }

      @Override
      public void cancel() {
        running.cancel();
      }
    };
  }
}
