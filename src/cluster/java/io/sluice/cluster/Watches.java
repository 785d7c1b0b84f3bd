package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.GenericKubernetesResource;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.dsl.base.ResourceDefinitionContext;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Watches the objects of all runs of a namespace: three watches however many runs there are, begun
 * when the first run wants them. The client's informers do what a watch takes: they list again when
 * the server has forgotten where they were (410), and connect again when it was away.
 */
final class Watches implements AutoCloseable {
  /** On every object of a run: Tekton hands a PipelineRun's labels down. */
  static final String RUN_LABEL = "sluice.io/run";

  /** Refusals in a row after which waiting for better rights is given up. */
  private static final int MOST_REFUSALS = 5;

  /** Who wants to know about one run; called by one thread at a time per kind of object. */
  interface Listener {
    void seen(Kind kind, GenericKubernetesResource object);

    void deleted(Kind kind, String name, Optional<GenericKubernetesResource> last);

    /** Nothing will be seen any more. */
    void blind(SluiceException why);
  }

  /** What is watched. */
  enum Kind {
    PIPELINE_RUN,
    TASK_RUN,
    POD;

    ResourceDefinitionContext context() {
      return switch (this) {
        case PIPELINE_RUN -> Cluster.PIPELINE_RUNS;
        case TASK_RUN -> Cluster.TASK_RUNS;
        case POD -> Cluster.PODS;
      };
    }
  }

  private final Cluster cluster;
  private final Map<String, Listener> listeners = new ConcurrentHashMap<>();
  private final List<SharedIndexInformer<GenericKubernetesResource>> informers = new ArrayList<>();

  Watches(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * From now on a listener hears of its run; what is there already is told by the caller's own
   * request.
   */
  void add(RunId run, Listener listener) {
    listeners.put(run.value(), listener);
    start();
  }

  void remove(RunId run, Listener listener) {
    listeners.remove(run.value(), listener);
  }

  private synchronized void start() {
    if (!informers.isEmpty()) {
      return;
    }
    for (Kind kind : Kind.values()) {
      SharedIndexInformer<GenericKubernetesResource> informer =
          cluster
              .client()
              .genericKubernetesResources(kind.context())
              .inNamespace(cluster.namespace())
              .withLabel(RUN_LABEL)
              .runnableInformer(0);
      AtomicInteger refusals = new AtomicInteger();
      informer
          .itemStore(new Versions())
          .exceptionHandler((started, t) -> retry(kind, t, refusals))
          .addEventHandler(new Handler(kind, refusals));
      informers.add(informer);
      var unused = informer.start();
    }
  }

  /** Always, but when we are told again and again that we may not. */
  private boolean retry(Kind kind, Throwable t, AtomicInteger refusals) {
    Throwable cause = t instanceof WatcherException && t.getCause() != null ? t.getCause() : t;
    boolean refused =
        cause instanceof KubernetesClientException k && (k.getCode() == 403 || k.getCode() == 401);
    if (!refused) {
      return true;
    }
    if (refusals.incrementAndGet() < MOST_REFUSALS) {
      return true;
    }
    SluiceException why =
        Refusals.told(
            (KubernetesClientException) cause, "watch", kind.context().getPlural(), cluster);
    listeners.values().forEach(l -> l.blind(why));
    return true;
  }

  /** Tells the listener of the run that an object belongs to. */
  private final class Handler implements ResourceEventHandler<GenericKubernetesResource> {
    private final Kind kind;
    private final AtomicInteger refusals;

    Handler(Kind kind, AtomicInteger refusals) {
      this.kind = kind;
      this.refusals = refusals;
    }

    private @Nullable Listener of(GenericKubernetesResource object) {
      Map<String, String> labels = object.getMetadata().getLabels();
      String run = labels == null ? null : labels.get(RUN_LABEL);
      return run == null ? null : listeners.get(run);
    }

    @Override
    public void onAdd(GenericKubernetesResource object) {
      refusals.set(0);
      Listener listener = of(object);
      if (listener != null) {
        listener.seen(kind, object);
      }
    }

    @Override
    public void onUpdate(GenericKubernetesResource before, GenericKubernetesResource object) {
      onAdd(object);
    }

    @Override
    public void onDelete(GenericKubernetesResource object, boolean finalStateUnknown) {
      Listener listener = of(object);
      if (listener != null) {
        listener.deleted(
            kind,
            object.getMetadata().getName(),
            finalStateUnknown ? Optional.empty() : Optional.of(object));
      }
    }
  }

  /**
   * What an informer must remember: which version of each object it saw. The objects themselves,
   * some 40 KiB each with the pipeline that Tekton writes into them, are not kept.
   */
  static final class Versions implements ItemStore<GenericKubernetesResource> {
    private final Map<String, GenericKubernetesResource> items = new ConcurrentHashMap<>();

    @Override
    public String getKey(GenericKubernetesResource object) {
      return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }

    @Override
    public @Nullable GenericKubernetesResource put(String key, GenericKubernetesResource object) {
      GenericKubernetesResource brief = new GenericKubernetesResource();
      brief.setApiVersion(object.getApiVersion());
      brief.setKind(object.getKind());
      var m = object.getMetadata();
      String run = m.getLabels() == null ? null : m.getLabels().get(RUN_LABEL);
      brief.setMetadata(
          new ObjectMetaBuilder()
              .withName(m.getName())
              .withNamespace(m.getNamespace())
              .withUid(m.getUid())
              .withResourceVersion(m.getResourceVersion())
              .withLabels(run == null ? Map.of() : Map.of(RUN_LABEL, run))
              .build());
      return items.put(key, brief);
    }

    @Override
    public @Nullable GenericKubernetesResource remove(String key) {
      return items.remove(key);
    }

    @Override
    public Stream<String> keySet() {
      return items.keySet().stream();
    }

    @Override
    public Stream<GenericKubernetesResource> values() {
      return items.values().stream();
    }

    @Override
    public int size() {
      return items.size();
    }

    @Override
    public @Nullable GenericKubernetesResource get(String key) {
      return items.get(key);
    }

    @Override
    public boolean isFullState() {
      return false;
    }
  }

  @Override
  public synchronized void close() {
    informers.forEach(SharedIndexInformer::stop);
    informers.clear();
  }
}
