package io.sluice.cluster;

import io.fabric8.kubernetes.api.model.HasMetadata;
import io.fabric8.kubernetes.api.model.ObjectMetaBuilder;
import io.fabric8.kubernetes.client.KubernetesClientException;
import io.fabric8.kubernetes.client.WatcherException;
import io.fabric8.kubernetes.client.informers.ResourceEventHandler;
import io.fabric8.kubernetes.client.informers.SharedIndexInformer;
import io.fabric8.kubernetes.client.informers.cache.ItemStore;
import io.sluice.cluster.RunObjects.Kind;
import io.sluice.cluster.fold.Observation;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunId;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Watches the objects of all runs of a namespace with three informers of the client library, which
 * start with the first run. An informer lists again when the server has forgotten its position
 * (410) and reconnects when the server was unreachable.
 */
final class Informers implements AutoCloseable {
  /** After how many refusals in a row the informers give up waiting for the right to watch. */
  private static final int MAX_REFUSALS = 5;

  /** Receives the states of one run's objects; one thread at a time calls it for each kind. */
  interface Listener {
    void seen(Observation now);

    /** An object was deleted; this is its last state. */
    void deleted(Observation last);

    /** An object was deleted while nobody watched; its last state is not known. */
    void vanished(Kind kind, String name);

    /** The objects cannot be watched any more. */
    void failed(SluiceException why);
  }

  private final Cluster cluster;
  private final Map<String, Listener> listeners = new ConcurrentHashMap<>();
  private final List<SharedIndexInformer<?>> informers = new ArrayList<>();

  Informers(Cluster cluster) {
    this.cluster = cluster;
  }

  /**
   * Calls a listener for every change of its run from now on; the caller lists the present state.
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
      start(kind, RunObjects.of(kind, cluster));
    }
  }

  private <T extends HasMetadata> void start(Kind kind, RunObjects<T> objects) {
    SharedIndexInformer<T> informer =
        objects.all().withLabel(RunObjects.RUN_LABEL).runnableInformer(0);
    AtomicInteger refusals = new AtomicInteger();
    informer
        .itemStore(new Versions<>(objects.blank()))
        .exceptionHandler((started, t) -> retry(objects.plural(), t, refusals))
        .addEventHandler(new Handler<>(kind, objects, refusals));
    informers.add(informer);
    var unused = informer.start();
  }

  /**
   * Whether to try again: always; listeners fail when the server denies the right again and again.
   */
  private boolean retry(String plural, Throwable t, AtomicInteger refusals) {
    Throwable cause = t instanceof WatcherException && t.getCause() != null ? t.getCause() : t;
    boolean refused = cause instanceof KubernetesClientException k && ApiErrors.isRefused(k);
    if (!refused) {
      return true;
    }
    if (refusals.incrementAndGet() < MAX_REFUSALS) {
      return true;
    }
    SluiceException why =
        ApiErrors.toException((KubernetesClientException) cause, "watch", plural, cluster);
    listeners.values().forEach(l -> l.failed(why));
    return true;
  }

  /** Calls the listener of the run that an object belongs to. */
  private final class Handler<T extends HasMetadata> implements ResourceEventHandler<T> {
    private final Kind kind;
    private final RunObjects<T> objects;
    private final AtomicInteger refusals;

    Handler(Kind kind, RunObjects<T> objects, AtomicInteger refusals) {
      this.kind = kind;
      this.objects = objects;
      this.refusals = refusals;
    }

    private @Nullable Listener of(T object) {
      Map<String, String> labels = object.getMetadata().getLabels();
      String run = labels == null ? null : labels.get(RunObjects.RUN_LABEL);
      return run == null ? null : listeners.get(run);
    }

    @Override
    public void onAdd(T object) {
      refusals.set(0);
      Listener listener = of(object);
      if (listener != null) {
        listener.seen(objects.reader().apply(object));
      }
    }

    @Override
    public void onUpdate(T before, T object) {
      onAdd(object);
    }

    @Override
    public void onDelete(T object, boolean finalStateUnknown) {
      Listener listener = of(object);
      if (listener == null) {
        return;
      }
      if (finalStateUnknown) {
        listener.vanished(kind, object.getMetadata().getName());
      } else {
        listener.deleted(objects.reader().apply(object));
      }
    }
  }

  /**
   * Keeps which version of each object an informer saw, which is all that it needs. The objects
   * themselves, some 40 KiB each with the pipeline that Tekton writes into them, are not kept.
   */
  static final class Versions<T extends HasMetadata> implements ItemStore<T> {
    private final Map<String, T> items = new ConcurrentHashMap<>();
    private final Supplier<T> blank;

    Versions(Supplier<T> blank) {
      this.blank = blank;
    }

    @Override
    public String getKey(T object) {
      return object.getMetadata().getNamespace() + "/" + object.getMetadata().getName();
    }

    @Override
    public @Nullable T put(String key, T object) {
      T brief = blank.get();
      var m = object.getMetadata();
      String run = m.getLabels() == null ? null : m.getLabels().get(RunObjects.RUN_LABEL);
      brief.setMetadata(
          new ObjectMetaBuilder()
              .withName(m.getName())
              .withNamespace(m.getNamespace())
              .withUid(m.getUid())
              .withResourceVersion(m.getResourceVersion())
              .withLabels(run == null ? Map.of() : Map.of(RunObjects.RUN_LABEL, run))
              .build());
      return items.put(key, brief);
    }

    @Override
    public @Nullable T remove(String key) {
      return items.remove(key);
    }

    @Override
    public Stream<String> keySet() {
      return items.keySet().stream();
    }

    @Override
    public Stream<T> values() {
      return items.values().stream();
    }

    @Override
    public int size() {
      return items.size();
    }

    @Override
    public @Nullable T get(String key) {
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
