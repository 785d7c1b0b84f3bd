package io.sluice.app.run;

import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.Task;
import java.util.List;

/** Tekton's objects of one execution, as a {@code PipelineRunner} starts them. */
public record Submission(PipelineRun run, Pipeline pipeline, List<Task> tasks) {
  public Submission {
    tasks = List.copyOf(tasks);
  }
}
