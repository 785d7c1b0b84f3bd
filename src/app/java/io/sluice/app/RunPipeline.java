package io.sluice.app;

import io.sluice.app.Target.Images;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.plan.Plan;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.core.spec.Overlay;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.RunOutcome;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Runs a pipeline on a target: code into the store, objects compiled, started, watched to the end.
 * Everything that decides happens inside the run; this only starts and watches.
 */
public final class RunPipeline {
  private final Target target;
  private final Digest wheel;

  /**
   * A use case for one target.
   *
   * @param wheel digest of the {@code sluice_ml} wheel
   */
  public RunPipeline(Target target, Digest wheel) {
    this.target = target;
    this.wheel = wheel;
  }

  /**
   * What to run.
   *
   * @param id of the run; the same id again is the same run
   * @param profile of the spec
   * @param overlays applied after the profile, in order
   * @param asOf what the data sources may know; empty: decided by resolve
   * @param who in whose name it promotes
   */
  public record Request(
      Pipelines.Opened pipeline,
      RunId id,
      Optional<String> profile,
      List<Overlay> overlays,
      Optional<Instant> asOf,
      Optional<String> who) {}

  /** A run that is going on. */
  public interface Started {
    /** Waits for its end. */
    RunReport await() throws InterruptedException;

    /** Ends what is running; its {@code finally} tasks still run. */
    void cancel();
  }

  /**
   * Prepares and starts a run.
   *
   * @param events receives what happens, in order
   * @throws SluiceException when the spec takes no files, or the target cannot run it
   */
  public Started start(Request request, Consumer<RunEvent> events) {
    Compilation compilation = Compilation.of(request.pipeline(), wheel);
    Plan base = compilation.base();
    Plan plan = request.pipeline().plan(request.profile(), request.overlays(), wheel);
    Images images = target.prepare(plan, events);
    Digest code = target.upload(compilation.code());
    ExitCodeTracker exits = new ExitCodeTracker(events);
    Running running =
        target
            .runner()
            .start(
                compilation.run(request, code, images, target.file()),
                compilation.pipeline(),
                compilation.tasks(),
                exits);
    return new Started() {
      @Override
      public RunReport await() throws InterruptedException {
        RunOutcome outcome = running.await();
        return RunReport.of(request.id(), base.model(), outcome, exits.of(outcome));
      }

      @Override
      public void cancel() {
        running.cancel();
      }
    };
  }
}
