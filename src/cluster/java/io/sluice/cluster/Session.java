package io.sluice.cluster;

import io.fabric8.kubernetes.client.KubernetesClientException;
import io.sluice.cluster.RunObjects.Kind;
import io.sluice.cluster.fold.ContainerId;
import io.sluice.cluster.fold.Observation;
import io.sluice.cluster.fold.ObservedPod;
import io.sluice.cluster.fold.ObservedRun;
import io.sluice.cluster.fold.ObservedTaskRun;
import io.sluice.cluster.fold.RunFold;
import io.sluice.cluster.fold.RunFold.Missing;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.run.RunEvent;
import io.sluice.core.run.RunId;
import io.sluice.tekton.PipelineRunner;
import io.sluice.tekton.RunOutcome;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Supplier;

/**
 * Follows one run: passes observations to the fold, delivers the resulting events one at a time,
 * and reads the output of the run's containers.
 */
final class Session implements PipelineRunner.Running, Informers.Listener, LogReader.Owner {
  /**
   * How long the informers may take for objects that must exist; then each is requested by name.
   */
  private static final Duration LAG = Duration.ofMillis(700);

  /** All objects of the run are listed anew with every so manieth tick: what a watch lost. */
  private static final int TICKS_TO_A_LIST = 4;

  private static final String CANCEL = "CancelledRunFinally";
  private static final String CANCEL_ALL = "Cancelled";

  /**
   * How long a run is followed in spite of what is in the way.
   *
   * @param tick how often the fold learns that time passes, and the run is asked for by its name
   * @param refused how long the cluster may refuse our requests before the client stops following:
   *     rights that are applied anew are away for seconds
   * @param away how long the cluster may not answer: a control plane that is upgraded is away for
   *     minutes
   */
  record Patience(Duration tick, Duration refused, Duration away) {
    static final Patience DEFAULT =
        new Patience(Duration.ofSeconds(15), Duration.ofSeconds(45), Duration.ofMinutes(10));
  }

  private final Cluster cluster;
  private final Informers informers;
  private final RunId run;
  private final Clock clock;
  private final Patience patience;
  private final Consumer<RunEvent> consumer;
  private final RunFold fold;
  private final ReentrantLock lock = new ReentrantLock(/* fair= */ true);
  private final Map<ContainerId, CompletableFuture<Void>> ends = new HashMap<>();
  private final Set<ContainerId> read = new HashSet<>();
  private final List<Future<?>> threads = new ArrayList<>();
  private final CompletableFuture<RunOutcome> outcome = new CompletableFuture<>();
  private boolean asking;
  private int cancels;

  /** Since when each kind of the run's objects is refused to us, or the cluster is away. */
  private final Map<Kind, Trouble> troubles = new EnumMap<>(Kind.class);

  private record Trouble(Instant since, boolean refused) {}

  Session(
      Cluster cluster,
      Informers informers,
      RunId run,
      List<ObservedRun.Stage> stages,
      Clock clock,
      Patience patience,
      Consumer<RunEvent> consumer) {
    this.cluster = cluster;
    this.patience = patience;
    this.informers = informers;
    this.run = run;
    this.clock = clock;
    this.consumer = consumer;
    this.fold = new RunFold(run, stages);
  }

  /** Begins to follow the run from its present state. */
  void follow(ObservedRun pipelineRun) {
    informers.add(run, this);
    seen(pipelineRun);
    // Pods first: what a TaskRun says of its steps follows what they wrote.
    for (Kind kind : List.of(Kind.POD, Kind.TASK_RUN)) {
      RunObjects<?> objects = RunObjects.of(kind, cluster);
      cluster.call("list", objects.plural(), () -> objects.list(run)).forEach(this::seen);
    }
    lock.lock();
    try {
      threads.add(cluster.executor().submit(this::tick));
    } finally {
      lock.unlock();
    }
  }

  private void tick() {
    try {
      for (int n = 1; !outcome.isDone(); n++) {
        Thread.sleep(patience.tick);
        step(RunFold::tick);
        look(n % TICKS_TO_A_LIST == 0);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt(); // nobody follows the run any more
    }
  }

  /**
   * Asks for the run, and at times for all its objects, whatever the watches say: so a client that
   * may not look any more, or that nobody answers, ends, and what a watch lost is found.
   */
  private void look(boolean all) {
    ask(Kind.PIPELINE_RUN, "get", () -> RunObjects.of(Kind.PIPELINE_RUN, cluster).get(run.value()))
        .ifPresent(found ->
            found.ifPresentOrElse(
                this::seen, () -> step((f, at) -> f.deleted(Optional.empty(), at))));
    if (all) {
      for (Kind kind : List.of(Kind.POD, Kind.TASK_RUN)) {
        ask(kind, "list", () -> RunObjects.of(kind, cluster).list(run))
            .ifPresent(found -> found.forEach(this::seen));
      }
    }
  }

  /**
   * The answer to a request; empty when there is none. Ends the session when that lasts: requests
   * that are repeated in silence would follow the run for ever.
   */
  private <T> Optional<T> ask(Kind kind, String verb, Supplier<T> request) {
    try {
      T answer = request.get();
      lock.lock();
      try {
        troubles.remove(kind);
      } finally {
        lock.unlock();
      }
      return Optional.of(answer);
    } catch (KubernetesClientException e) {
      if (isTooLong(kind, ApiErrors.isRefused(e))) {
        failed(ApiErrors.toException(e, verb, RunObjects.of(kind, cluster).plural(), cluster));
      }
      return Optional.empty();
    }
  }

  private boolean isTooLong(Kind kind, boolean refused) {
    Instant now = clock.instant();
    lock.lock();
    try {
      Trouble trouble = troubles.get(kind);
      if (trouble == null || trouble.refused != refused) {
        trouble = new Trouble(now, refused);
        troubles.put(kind, trouble);
      }
      return !trouble.since.plus(refused ? patience.refused : patience.away).isAfter(now);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public RunOutcome await() throws InterruptedException {
    try {
      return outcome.get();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RuntimeException known) {
        throw known;
      }
      throw new IllegalStateException("run " + run + " could not be followed", e.getCause());
    }
  }

  @Override
  public CompletionStage<RunOutcome> end() {
    return outcome.minimalCompletionStage();
  }

  @Override
  public void cancel() {
    String how;
    lock.lock();
    try {
      how = cancels++ == 0 ? CANCEL : CANCEL_ALL;
    } finally {
      lock.unlock();
    }
    ClusterRunner.cancel(cluster, run, how);
  }

  /** Stops following; the run continues. */
  void leave() {
    informers.remove(run, this);
    lock.lock();
    try {
      threads.forEach(t -> t.cancel(true));
      threads.clear();
    } finally {
      lock.unlock();
    }
  }

  @Override
  public void seen(Observation now) {
    step((f, at) -> f.see(now, at));
  }

  @Override
  public void deleted(Observation last) {
    step((f, at) ->
        switch (last) {
          case ObservedRun r -> f.deleted(Optional.of(r), at);
          case ObservedTaskRun t -> f.see(t, at);
          case ObservedPod p -> f.deleted(p, at);
        });
  }

  @Override
  public void vanished(Kind kind, String name) {
    switch (kind) {
      case PIPELINE_RUN -> step((f, at) -> f.deleted(Optional.empty(), at));
      case TASK_RUN -> {
        // The fold reports it as missing when it needs it.
      }
      case POD -> step((f, at) -> f.gone(new Missing(Missing.Kind.POD, name), at));
    }
  }

  @Override
  public void failed(SluiceException why) {
    outcome.completeExceptionally(why);
    leave();
  }

  @Override
  public void line(ContainerId from, String text) {
    step((f, at) -> f.line(from, text, at));
  }

  @Override
  public void drained(ContainerId container) {
    step((f, at) -> f.drained(container, at));
  }

  @Override
  public boolean gone(ContainerId container) {
    lock.lock();
    try {
      return fold.isGone(container);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public boolean outOfReach(ContainerId container) {
    lock.lock();
    try {
      return fold.isOutOfReach(container);
    } finally {
      lock.unlock();
    }
  }

  @Override
  public CompletableFuture<Void> ended(ContainerId container) {
    lock.lock();
    try {
      CompletableFuture<Void> end = ends.computeIfAbsent(container, c -> new CompletableFuture<>());
      if (fold.hasEnded(container)) {
        end.complete(null);
      }
      return end;
    } finally {
      lock.unlock();
    }
  }

  /** Passes one observation to the fold and delivers its events, under the lock. */
  private void step(BiFunction<RunFold, Instant, List<RunEvent>> observation) {
    lock.lock();
    try {
      if (outcome.isDone()) {
        return;
      }
      for (RunEvent event : observation.apply(fold, clock.instant())) {
        consumer.accept(event);
      }
      ends.forEach((container, end) -> {
        if (fold.hasEnded(container)) {
          end.complete(null);
        }
      });
      for (ContainerId container : fold.unread()) {
        if (read.add(container)) {
          threads.add(cluster.executor().submit(new LogReader(cluster, container, this, clock)));
        }
      }
      if (!asking && !fold.missing().isEmpty()) {
        asking = true;
        threads.add(cluster.executor().submit(this::askForMissing));
      }
      Optional<RunOutcome> done = fold.outcome();
      if (done.isPresent()) {
        outcome.complete(done.get());
        informers.remove(run, this);
      }
    } catch (RuntimeException e) {
      // The consumer failed, so nobody receives events any more: the run is cancelled.
      if (outcome.completeExceptionally(e)) {
        informers.remove(run, this);
        var unused = cluster.executor().submit(() -> ClusterRunner.cancel(cluster, run, CANCEL));
      }
    } finally {
      lock.unlock();
    }
  }

  private void askForMissing() {
    List<Missing> missing;
    try {
      Thread.sleep(LAG);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return;
    }
    lock.lock();
    try {
      asking = false;
      missing = fold.missing();
    } finally {
      lock.unlock();
    }
    for (Missing object : missing) {
      ask(object);
    }
    // Nothing new was seen: look again.
    step((f, at) -> List.of());
  }

  private void ask(Missing object) {
    Kind kind =
        switch (object.kind()) {
          case TASK_RUN -> Kind.TASK_RUN;
          case POD -> Kind.POD;
        };
    ask(kind, "get", () -> RunObjects.of(kind, cluster).get(object.name()))
        .ifPresent(
            found -> found.ifPresentOrElse(this::seen, () -> step((f, at) -> f.gone(object, at))));
  }
}
