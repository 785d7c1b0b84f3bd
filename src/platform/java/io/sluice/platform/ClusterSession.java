package io.sluice.platform;

import io.sluice.app.Target;
import io.sluice.core.diag.CheckResult;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.tekton.PipelineRunner.Running;
import io.sluice.tekton.lower.RunLabels;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/** A target's cluster for the time of a command. Closing it ends no run. */
public interface ClusterSession extends AutoCloseable {

  /** Where pipelines run. */
  Target target();

  /** Follows a run from its beginning. */
  Running attach(RunId run, Consumer<RunEvent> events);

  /** What the labels of a run say about it. */
  RunLabels labels(RunId run);

  /** Asks a run to end; its {@code finally} tasks still run. */
  void cancel(RunId run);

  /** Whether the cluster has what runs take. */
  List<CheckResult> checkup();

  /** What is past its time. */
  List<Leftover> leftovers(Instant now);

  /** The registry as it is reached from here; empty when neither target nor variables name it. */
  Optional<RegistrySession> registry();

  @Override
  void close();

  /** Something that a run or an upload left, and how it is removed. */
  record Leftover(String what, String name, String why, Runnable remove) {}
}
