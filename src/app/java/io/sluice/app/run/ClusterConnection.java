package io.sluice.app.run;

import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.tekton.PipelineRunner.Running;
import java.util.List;
import java.util.function.Consumer;

/** A connection to a cluster, for one execution. */
public interface ClusterConnection {
  /** As {@link io.sluice.tekton.PipelineRunner#start}; an execution that exists is followed. */
  Running start(Submission submission, Consumer<RunEvent> events);

  /** Follows an execution that exists, from its beginning. */
  Running attach(RunId execution, Consumer<RunEvent> events);

  /** Texts that must not be shown. */
  List<String> secrets();

  /** Called once, when the execution no longer needs it; ends nothing on the cluster. */
  void close();
}
