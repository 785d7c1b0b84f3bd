package io.sluice.cluster;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sluice.cluster.fold.ObservedRun;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.lower.ObjectSizes;
import io.sluice.tekton.lower.RunLabels;
import io.sluice.tekton.lower.SelfContained;
import io.sluice.tekton.v1.Metadata;
import io.sluice.tekton.v1.OnError;
import io.sluice.tekton.v1.Pipeline;
import io.sluice.tekton.v1.PipelineRun;
import io.sluice.tekton.v1.PipelineTask;
import io.sluice.tekton.v1.Task;
import java.time.Clock;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Runs pipelines on a cluster. Each run is a PipelineRun named after the run id: starting a run
 * twice starts it once, and any client that knows the id can follow it. The client keeps no state
 * of a run.
 *
 * <p>One runner serves any number of runs of its namespace, see {@link Informers}.
 */
public final class ClusterRunner implements PipelineRunner, AutoCloseable {
  private static final int CONFLICT = 409;

  private final Cluster cluster;
  private final Clock clock;
  private final Informers informers;
  private final List<Session> sessions = new ArrayList<>();

  /**
   * A runner of a namespace.
   *
   * @param clock stamps events
   */
  public ClusterRunner(Cluster cluster, Clock clock) {
    this.cluster = cluster;
    this.clock = clock;
    this.informers = new Informers(cluster);
  }

  /**
   * {@inheritDoc}
   *
   * <p>The PipelineRun carries its pipeline and tasks within itself; nothing else is written to the
   * namespace, and nothing that others apply there changes the run.
   *
   * <p>A run of this id that is there already is followed from where it stands.
   *
   * @throws SluiceException exit code 2: SLU-2030 (too large for a cluster), SLU-3705 (we may not),
   *     3706 (no such namespace), 3707 (no Tekton), 3708 (refused), 3709 (quota), 3710 (the id is
   *     taken), 3712 (a Tekton too old); exit code 3: SLU-3703 (no answer), 3704 (our credentials
   *     are refused)
   */
  @Override
  public Running start(
      PipelineRun run, Pipeline pipeline, List<Task> tasks, Consumer<RunEvent> events) {
    RunId id = new RunId(run.metadata().name().orElse(""));
    refuseOldTekton();
    PipelineRun whole = SelfContained.of(run, pipeline, tasks);
    ObjectSizes.check(whole);
    return follow(id, create(id, labelled(id, whole)), stages(pipeline), events);
  }

  /** The run with the label by which it and all that comes of it is watched. */
  private static PipelineRun labelled(RunId id, PipelineRun run) {
    Metadata m = run.metadata();
    Map<String, String> labels = new LinkedHashMap<>(m.labels());
    labels.put(RunObjects.RUN_LABEL, id.value());
    return new PipelineRun(
        new Metadata(m.name(), m.generateName(), m.namespace(), labels, m.annotations()),
        run.spec());
  }

  /**
   * An old webhook would refuse fields that it does not know, or drop them and run something else.
   */
  private void refuseOldTekton() {
    Optional<String> version = Preflight.tektonVersion(cluster);
    if (version.isPresent() && !Preflight.isNoOlder(version.get(), Access.OLDEST_TEKTON)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-3712",
              "the cluster has Tekton Pipelines "
                  + version.get()
                  + ", and the tasks are written for "
                  + Access.OLDEST_TEKTON,
              "upgrade Tekton, or name the context of another cluster in the target"));
    }
  }

  /**
   * Follows an existing run from its beginning, and reads the output of its pods again as far as
   * the cluster still has it.
   *
   * @throws SluiceException SLU-3711 when the namespace has no such run; else as {@link #start}
   */
  public Running attach(RunId id, Consumer<RunEvent> events) {
    return follow(id, Observations.of(find(cluster, id)), List.of(), events);
  }

  /**
   * What the labels of a run say about it.
   *
   * @throws SluiceException SLU-3711 when the namespace has no such run; else as {@link #start}
   */
  public RunLabels labels(RunId id) {
    Map<String, String> labels = find(cluster, id).getMetadata().getLabels();
    return RunLabels.of(id, labels == null ? Map.of() : labels);
  }

  /**
   * Asks a run to end; its {@code finally} tasks still run.
   *
   * @throws SluiceException SLU-3711 when the namespace has no such run; else as {@link #start}
   */
  public void cancel(RunId id) {
    find(cluster, id);
    cancel(cluster, id, "CancelledRunFinally");
  }

  static void cancel(Cluster cluster, RunId id, String how) {
    try {
      cluster.merge(id.value(), "{\"spec\":{\"status\":\"" + how + "\"}}");
    } catch (SluiceException e) {
      boolean over =
          e.getCause() instanceof KubernetesClientException refusal
              && ApiErrors.message(refusal).contains("PipelineRun is complete");
      if (!over) {
        throw e;
      }
      // The run ended before the request arrived, which is what the caller wants.
    }
  }

  private static io.fabric8.tekton.v1.PipelineRun find(Cluster cluster, RunId id) {
    io.fabric8.tekton.v1.PipelineRun found =
        cluster.call(
            "get", "pipelineruns", () -> cluster.pipelineRuns().withName(id.value()).get());
    if (found == null) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-3711",
              "namespace " + cluster.namespace() + " has no run " + id,
              "`kubectl get pipelineruns -n "
                  + cluster.namespace()
                  + " -l "
                  + RunObjects.RUN_LABEL
                  + "` lists those that it has; one that was cleaned up is still in the registry"));
    }
    return found;
  }

  private ObservedRun create(RunId id, PipelineRun run) {
    return cluster.call(
        "create",
        "pipelineruns",
        () -> {
          try {
            return Observations.of(cluster.create(run));
          } catch (KubernetesClientException e) {
            if (e.getCode() != CONFLICT) {
              throw e;
            }
            return ours(id, e);
          }
        });
  }

  /** The run of this id that is there: it may be that our first request got through after all. */
  private ObservedRun ours(RunId id, KubernetesClientException conflict) {
    io.fabric8.tekton.v1.PipelineRun found = cluster.pipelineRuns().withName(id.value()).get();
    if (found == null) {
      throw conflict;
    }
    Map<String, String> labels = found.getMetadata().getLabels();
    if (labels == null || !id.value().equals(labels.get(RunObjects.RUN_LABEL))) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-3710",
              "namespace "
                  + cluster.namespace()
                  + " has a PipelineRun "
                  + id
                  + " that Sluice did not create",
              "start the run under another id"));
    }
    return Observations.of(found);
  }

  private Running follow(
      RunId id, ObservedRun run, List<ObservedRun.Stage> stages, Consumer<RunEvent> events) {
    Session session =
        new Session(cluster, informers, id, stages, clock, Session.Patience.DEFAULT, events);
    synchronized (sessions) {
      sessions.add(session);
    }
    var unused = session.end().whenComplete((outcome, failure) -> forget(session));
    try {
      session.follow(run);
    } catch (SluiceException e) {
      session.leave();
      forget(session);
      throw e;
    }
    return session;
  }

  private void forget(Session session) {
    synchronized (sessions) {
      sessions.remove(session);
    }
  }

  private static List<ObservedRun.Stage> stages(Pipeline pipeline) {
    return Stream.concat(pipeline.spec().tasks().stream(), pipeline.spec().last().stream())
        .map(ClusterRunner::stage)
        .toList();
  }

  private static ObservedRun.Stage stage(PipelineTask task) {
    return new ObservedRun.Stage(
        task.name(),
        SelfContained.taskName(task),
        task.onError().filter(e -> e == OnError.CONTINUE).isPresent(),
        task.matrix().isPresent());
  }

  /** Stops following; the runs continue. */
  @Override
  public void close() {
    List<Session> open;
    synchronized (sessions) {
      open = List.copyOf(sessions);
      sessions.clear();
    }
    open.forEach(Session::leave);
    informers.close();
  }
}
