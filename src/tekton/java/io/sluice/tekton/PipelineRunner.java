package io.sluice.tekton;

import io.sluice.core.run.RunEvent;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import java.util.List;
import java.util.concurrent.CompletionStage;
import java.util.function.Consumer;

/**
 * Runs pipelines: the port that the runner on this machine and the runner on a cluster share. The
 * same objects give the same events and the same outcome on both.
 */
public interface PipelineRunner {

  /**
   * Starts a run and returns while it runs.
   *
   * @param run its name is the run id; {@code pipelineRef} names {@code pipeline}, or {@code
   *     pipelineSpec} is the same
   * @param pipeline what to run
   * @param tasks every task that the pipeline refers to by name
   * @param events called for everything that happens, in order, never by two threads at once; the
   *     first is {@code RunStarted}, the last {@code RunFinished}. What it throws ends the run.
   * @throws io.sluice.core.diag.SluiceException when the objects cannot be run here: an unknown
   *     task, a missing parameter, an image that this runner cannot provide
   */
  Running start(PipelineRun run, Pipeline pipeline, List<Task> tasks, Consumer<RunEvent> events);

  /** A run that was started. */
  interface Running {

    /**
     * Waits for the end.
     *
     * @throws InterruptedException when the calling thread is interrupted; the run continues
     */
    RunOutcome await() throws InterruptedException;

    /**
     * The same end for who holds no thread while waiting: completed by the thread that saw it,
     * after the last event; with what {@link #await} would throw when the run could not be
     * followed.
     */
    CompletionStage<RunOutcome> end();

    /** Ends what is running; {@code finally} tasks still run. May be called more than once. */
    void cancel();
  }
}
