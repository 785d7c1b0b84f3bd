package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.KubernetesResourceList;
import io.fabric8.kubernetes.client.dsl.NonNamespaceOperation;
import io.fabric8.kubernetes.client.dsl.Resource;
import io.fabric8.tekton.v1.PipelineRun;
import io.fabric8.tekton.v1.TaskRun;
import io.sluice.cluster.fold.Observation;
import io.sluice.core.run.RunId;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * One kind of the objects that a run consists of: how the namespace is asked for them, and how one
 * reads as an observation. PipelineRuns and TaskRuns have the types of Tekton's model; pods are
 * generic, because 7.1 of the client library cannot convert a typed one of a watch.
 *
 * @param plural its name in addresses and in RBAC
 * @param all the objects of the namespace
 * @param blank makes an object of the kind without any content
 */
record RunObjects<T extends HasMetadata>(
    String plural,
    NonNamespaceOperation<T, ? extends KubernetesResourceList<T>, Resource<T>> all,
    Supplier<T> blank,
    Function<T, Observation> reader) {
  /** Labels every object of a run; Tekton copies the labels of a PipelineRun to its objects. */
  static final String RUN_LABEL = "sluice.io/run";

  /** The kinds. */
  enum Kind {
    PIPELINE_RUN,
    TASK_RUN,
    POD
  }

  /** The objects of a kind in a namespace. */
  static RunObjects<? extends HasMetadata> of(Kind kind, Cluster cluster) {
    return switch (kind) {
      case PIPELINE_RUN ->
          new RunObjects<>(
              "pipelineruns", cluster.pipelineRuns(), PipelineRun::new, Observations::of);
      case TASK_RUN ->
          new RunObjects<>("taskruns", cluster.taskRuns(), TaskRun::new, Observations::of);
      case POD -> new RunObjects<>("pods", cluster.pods(), RunObjects::pod, Observations::of);
    };
  }

  private static GenericKubernetesResource pod() {
    GenericKubernetesResource pod = new GenericKubernetesResource();
    pod.setApiVersion("v1");
    pod.setKind("Pod");
    return pod;
  }

  /** Those of one run, as they are now. */
  List<Observation> list(RunId run) {
    return all.withLabel(RUN_LABEL, run.value()).list().getItems().stream().map(reader).toList();
  }

  /** The object of this name; empty when there is none. */
  Optional<Observation> get(String name) {
    @Nullable T found = all.withName(name).get();
    return Optional.ofNullable(found).map(reader);
  }
}
