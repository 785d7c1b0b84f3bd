package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.sluice.core.run.RunId;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Finds and removes what runs and uploads left in a namespace. Kubernetes removes the TaskRuns and
 * pods of a PipelineRun together with it; the store and the registry are not touched.
 */
public final class GarbageCollector {
  /** An upload takes minutes; a client that died left any that is older. */
  private static final Duration MAX_UPLOAD = Duration.ofHours(1);

  private final Cluster cluster;

  public GarbageCollector(Cluster cluster) {
    this.cluster = cluster;
  }

  /** An object that can be removed. */
  public record Expired(Kind kind, String name, Instant since, String why) {
    /** What it is. */
    public enum Kind {
      RUN,
      UPLOAD
    }
  }

  /**
   * The objects whose time is over, oldest first.
   *
   * @param keep how long a run stays after its end
   */
  public List<Expired> find(Duration keep, Instant now) {
    List<Expired> out = new ArrayList<>();
    cluster
        .call(
            "list",
            "pipelineruns",
            () -> cluster.pipelineRuns().withLabel(RunObjects.RUN_LABEL).list().getItems())
        .forEach(run ->
            Optional.ofNullable(run.getStatus())
                .flatMap(s -> Observations.time(s.getCompletionTime()))
                .filter(ended -> ended.plus(keep).isBefore(now))
                .ifPresent(ended ->
                    out.add(
                        new Expired(
                            Expired.Kind.RUN,
                            run.getMetadata().getName(),
                            ended,
                            "ended " + ended))));
    cluster
        .call("list", "pods", () -> cluster.pods().withLabel(Upload.LABEL).list().getItems())
        .forEach(pod ->
            Observations.time(pod.getMetadata().getCreationTimestamp())
                .filter(made -> made.plus(MAX_UPLOAD).isBefore(now))
                .ifPresent(made ->
                    out.add(
                        new Expired(
                            Expired.Kind.UPLOAD,
                            pod.getMetadata().getName(),
                            made,
                            "left by a client that died"))));
    out.sort(Comparator.comparing(Expired::since).thenComparing(Expired::name));
    return List.copyOf(out);
  }

  /** Removes a run and all its objects, whether its time is over or not. */
  public void removeRun(RunId run) {
    delete("pipelineruns", cluster.pipelineRuns(), run.value());
  }

  /** Removes an object that was found, and all that belongs to it. */
  public void remove(Expired object) {
    switch (object.kind()) {
      case RUN -> delete("pipelineruns", cluster.pipelineRuns(), object.name());
      case UPLOAD -> delete("pods", cluster.pods(), object.name());
    }
  }

  private <T extends HasMetadata> void delete(
      String resource, NonNamespaceOperation<T, ?, Resource<T>> objects, String name) {
    var unused = cluster.call("delete", resource, () -> objects.withName(name).delete());
  }
}
