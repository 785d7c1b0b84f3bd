package io.sluice.cluster;

import io.fabric8.kubernetes.client.http.AsyncBody;
import io.fabric8.kubernetes.client.http.HttpClient;
import io.fabric8.kubernetes.client.http.HttpRequest;
import io.fabric8.kubernetes.client.http.HttpResponse;
import io.sluice.cluster.fold.ContainerId;
import java.net.URI;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Consumer;

/**
 * Reads one container's output while it runs, in a virtual thread of its own, until all of it is
 * read or no longer available. After a broken connection it resumes at the last position; it
 * reports lines that cannot be recovered as a gap with its start and end time.
 */
final class LogReader implements Runnable {
  private static final Duration MIN_PAUSE = Duration.ofMillis(200);
  private static final Duration MAX_PAUSE = Duration.ofSeconds(5);

  /** How often reading is tried again once the container has ended: some 40 s. */
  private static final int MAX_FAILURES = 12;

  /** How long an answer may say nothing after the container has ended. */
  private static final Duration MAX_SILENCE = Duration.ofSeconds(10);

  private static final int NOT_FOUND = 404;
  private static final int BAD_REQUEST = 400;

  /** What the reader asks and tells the session. */
  interface Owner {
    void line(ContainerId from, String text);

    void drained(ContainerId container);

    /** Whether its pod is gone; a pod that has its name now is another one. */
    boolean gone(ContainerId container);

    /** Whether its node does not answer. */
    boolean outOfReach(ContainerId container);

    /** Completes when the container has ended, its pod is gone, or its node does not answer. */
    CompletableFuture<Void> ended(ContainerId container);
  }

  private enum End {
    /** The API server said that this is all, for now. */
    COMPLETE,
    /** The container has not written anything yet, nor begun. */
    EARLY,
    /** The pod or the container does not exist any more. */
    GONE,
    BROKEN
  }

  private final Cluster cluster;
  private final ContainerId container;
  private final Owner owner;
  private final Clock clock;
  private final LogLines lines;

  /** Parts of answers so far: whether something comes. */
  private final AtomicLong taken = new AtomicLong();

  /** Why the last answer was not all of it, in the kubelet's words. */
  private Optional<String> excuse = Optional.empty();

  LogReader(Cluster cluster, ContainerId container, Owner owner, Clock clock) {
    this.cluster = cluster;
    this.container = container;
    this.owner = owner;
    this.clock = clock;
    Consumer<String> toOwner = text -> owner.line(container, text);
    this.lines = new LogLines(toOwner);
  }

  @Override
  public void run() {
    try {
      read();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return; // The runner is closed: nobody listens any more.
    }
    lines.close();
    owner.drained(container);
  }

  private void read() throws InterruptedException {
    CompletableFuture<Void> ended = owner.ended(container);
    int failures = 0;
    boolean lastWasComplete = false;
    while (true) {
      boolean hadEnded = ended.isDone();
      End end = owner.gone(container) ? End.GONE : once();
      switch (end) {
        case COMPLETE -> {
          if (hadEnded) {
            return;
          }
          failures = 0;
          lastWasComplete = true;
          // It may be going on all the same: an API server that restarts ends its answers too.
          await(ended, MAX_PAUSE);
        }
        case EARLY -> await(ended, Duration.ofSeconds(1));
        case GONE -> {
          if (!lastWasComplete) {
            missing("its pod was gone before they could be read");
          }
          return;
        }
        case BROKEN -> {
          lastWasComplete = false;
          failures = hadEnded ? failures + 1 : 0;
          if (failures > 0 && owner.outOfReach(container)) {
            missing("its node does not answer");
            return;
          }
          if (failures > MAX_FAILURES) {
            missing(excuse.orElse("the cluster cannot give them"));
            return;
          }
          await(new CompletableFuture<>(), pause(failures));
        }
      }
    }
  }

  private static Duration pause(int failures) {
    Duration pause = MIN_PAUSE.multipliedBy(1L << Math.min(failures, 5));
    return pause.compareTo(MAX_PAUSE) < 0 ? pause : MAX_PAUSE;
  }

  private static void await(CompletableFuture<Void> what, Duration limit)
      throws InterruptedException {
    try {
      what.get(limit.toMillis(), TimeUnit.MILLISECONDS);
    } catch (TimeoutException e) {
      return; // Time to look again.
    } catch (ExecutionException e) {
      throw new IllegalStateException("never completed exceptionally", e);
    }
  }

  private void missing(String why) {
    Instant now = clock.instant().truncatedTo(ChronoUnit.MILLIS);
    String from = lines.position().map(p -> "between " + p + " and " + now).orElse("until " + now);
    owner.line(container, "(lines " + from + " may be missing: " + why + ")");
  }

  /** Reads one answer to its end and reports a gap before it. */
  private End once() throws InterruptedException {
    Optional<Instant> from = lines.position();
    End end = answer();
    lines
        .gapEnd()
        .ifPresent(g ->
            owner.line(
                container,
                "(lines between "
                    + from.orElse(Instant.EPOCH)
                    + " and "
                    + g
                    + " are missing: the kubelet does not have them any more)"));
    return end;
  }

  private End answer() throws InterruptedException {
    lines.resume();
    HttpClient http = cluster.client().getHttpClient();
    HttpRequest request =
        http.newHttpRequestBuilder().uri(address(lines.since())).forStreaming().build();
    CompletableFuture<HttpResponse<AsyncBody>> answer = http.consumeBytes(request, this::take);
    AsyncBody body = null;
    try {
      HttpResponse<AsyncBody> response = answer.get();
      body = response.body();
      if (!response.isSuccessful()) {
        body.cancel();
        return switch (response.code()) {
          case NOT_FOUND -> End.GONE;
          case BAD_REQUEST -> End.EARLY;
          default -> End.BROKEN;
        };
      }
      body.consume();
      if (!isOver(body)) {
        body.cancel();
        return End.BROKEN;
      }
      excuse = lines.excuse();
      if (excuse.isPresent()) {
        return End.BROKEN;
      }
      return End.COMPLETE;
    } catch (ExecutionException e) {
      return End.BROKEN;
    } catch (InterruptedException e) {
      answer.cancel(true);
      if (body != null) {
        body.cancel();
      }
      throw e;
    }
  }

  /** Waits for the answer's end; false when a container has ended and yet nothing comes. */
  private boolean isOver(AsyncBody body) throws InterruptedException, ExecutionException {
    CompletableFuture<Void> ended = owner.ended(container);
    while (true) {
      long before = taken.get();
      boolean hadEnded = ended.isDone();
      try {
        body.done().get(MAX_SILENCE.toSeconds(), TimeUnit.SECONDS);
        return true;
      } catch (TimeoutException e) {
        if (hadEnded && taken.get() == before) {
          return false; // A connection to a node that lost its power does not end by itself.
        }
      }
    }
  }

  private void take(List<ByteBuffer> buffers, AsyncBody body) {
    taken.incrementAndGet();
    for (ByteBuffer buffer : buffers) {
      byte[] bytes = new byte[buffer.remaining()];
      buffer.get(bytes);
      lines.write(bytes, 0, bytes.length);
    }
    body.consume();
  }

  private URI address(Optional<Instant> from) {
    Map<String, String> query = new LinkedHashMap<>();
    query.put("container", container.container());
    query.put("follow", "true");
    query.put("timestamps", "true");
    from.ifPresent(f -> query.put("sinceTime", f.toString()));
    return cluster.ofPod(container.pod(), "log", query);
  }
}
