package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.sluice.cluster.fold.Tree;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * What runs and uploads leave in a namespace when their time is over. TaskRuns and pods belong to
 * their PipelineRun and go with it; the store and the registry are not touched.
 */
public final class Leftovers {
  /** An upload takes minutes; one that is older was left by a client that died. */
  private static final Duration UPLOAD = Duration.ofHours(1);

  private final Cluster cluster;

  public Leftovers(Cluster cluster) {
    this.cluster = cluster;
  }

  /** Something that can go. */
  public record Leftover(Kind kind, String name, Instant since, String why) {
    /** What it is. */
    public enum Kind {
      RUN,
      UPLOAD
    }
  }

  /**
   * What is past its time, oldest first.
   *
   * @param keep how long a run stays after its end
   */
  public List<Leftover> find(Duration keep, Instant now) {
    List<Leftover> out = new ArrayList<>();
    for (Tree run : list(Cluster.PIPELINE_RUNS, Watches.RUN_LABEL)) {
      Optional<Instant> ended = run.at("status", "completionTime").time();
      ended
          .filter(e -> e.plus(keep).isBefore(now))
          .ifPresent(e -> out.add(new Leftover(Leftover.Kind.RUN, name(run), e, "ended " + e)));
    }
    for (Tree pod : list(Cluster.PODS, Upload.LABEL)) {
      Optional<Instant> made = pod.at("metadata", "creationTimestamp").time();
      made.filter(m -> m.plus(UPLOAD).isBefore(now))
          .ifPresent(m ->
              out.add(
                  new Leftover(Leftover.Kind.UPLOAD, name(pod), m, "left by a client that died")));
    }
    out.sort(Comparator.comparing(Leftover::since).thenComparing(Leftover::name));
    return List.copyOf(out);
  }

  /** Removes it, and what belongs to it. */
  public void remove(Leftover leftover) {
    ResourceDefinitionContext kind =
        switch (leftover.kind()) {
          case RUN -> Cluster.PIPELINE_RUNS;
          case UPLOAD -> Cluster.PODS;
        };
    cluster.asking(
        "delete", kind.getPlural(), () -> cluster.objects(kind).withName(leftover.name()).delete());
  }

  private List<Tree> list(ResourceDefinitionContext kind, String label) {
    return cluster
        .asking(
            "list",
            kind.getPlural(),
            () -> cluster.objects(kind).withLabel(label).list().getItems())
        .stream()
        .map((GenericKubernetesResource o) -> Cluster.tree(o))
        .toList();
  }

  private static String name(Tree object) {
    return object.at("metadata", "name").text();
  }
}
