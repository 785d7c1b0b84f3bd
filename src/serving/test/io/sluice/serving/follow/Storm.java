package io.sluice.serving.follow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.serving.FollowStatus.State;
import io.sluice.serving.follow.Models.Model;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.BooleanSupplier;

/**
 * Entries at random, of which each tenth is a rollback, each twentieth names a broken bundle and
 * each twentieth other files, with the registry gone before a tenth of the rest, under callers that
 * check each answer.
 */
final class Storm {
  private static final int CALLERS = 8;
  private static final int MOST_STEPS = 10_000;
  private static final String ANSWER = "answer of ";

  private final FakeRegistry registry;
  private final Models.MovedClock clock;
  private final Follower<Model> follower;
  private final Models models;
  private final Random random;
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicLong answers = new AtomicLong();

  /** The entry that is in front at least; a call may see a newer one. */
  private final AtomicLong certain = new AtomicLong();

  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();

  Storm(
      FakeRegistry registry,
      Models.MovedClock clock,
      Follower<Model> follower,
      Models models,
      Random random) {
    this.registry = registry;
    this.clock = clock;
    this.follower = follower;
    this.models = models;
    this.random = random;
  }

  /** Calls that were answered. */
  long answers() {
    return answers.get();
  }

  List<String> failures() {
    return List.copyOf(failures);
  }

  void run(int swaps) throws Exception {
    registry.version(1, ANSWER + 1);
    registry.promote(1);
    follower.step();
    certain.set(1);
    try (ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      List<Future<?>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(callers.submit(this::call));
      }
      try {
        for (int i = 2; i <= swaps; i++) {
          swap(i);
        }
      } finally {
        over.set(true);
      }
      for (Future<?> call : calls) {
        call.get();
      }
    }
    follower.end();
  }

  private void swap(int i) {
    registry.version(i, ANSWER + i);
    switch (random.nextInt(20)) {
      case 0, 1 -> {
        int back = 1 + random.nextInt(i);
        int to = answer(back).startsWith(ANSWER) ? back : 1;
        registry.append(Kind.ROLLBACK, to, Optional.of(registry.digest(to)));
        caughtUp();
      }
      case 2 -> {
        registry.version(i, "broken");
        registry.promote(i);
        staysBehind();
      }
      case 3 -> {
        registry.append(Kind.PROMOTE, i, Optional.of(Digest.of("other files " + i)));
        registry.version(i, "broken"); // no rollback goes there: its entry has another digest
        registry.tags.get(i).remove("sluice.bundle");
        staysBehind();
      }
      default -> {
        registry.promote(i);
        if (random.nextInt(10) == 0) {
          registry.weather(FakeRegistry.Weather.DOWN);
          follower.step();
          if (follower.status().state() != State.STALE) {
            failures.add(follower.status().toString());
          }
          registry.weather(FakeRegistry.Weather.FINE);
        }
        caughtUp();
      }
    }
    clock.add(Duration.ofSeconds(1));
    if (models.open.get() > 3) {
      failures.add(models.open.get() + " models in memory");
    }
  }

  private String answer(int version) {
    byte[] bytes = registry.files.get(version).get("model/answer");
    return new String(bytes, StandardCharsets.UTF_8);
  }

  private void caughtUp() {
    long head = registry.log.size();
    steps("CURRENT", () -> follower.status().state() == State.CURRENT && served() == head);
    certain.set(head);
  }

  private void staysBehind() {
    long before = served();
    steps("refused", () -> follower.status().why().contains("cannot be served"));
    if (served() != before) {
      failures.add("a version that cannot be served is");
    }
  }

  /** Several, because a call that is inside of the version before lets the next swap wait. */
  private void steps(String until, BooleanSupplier reached) {
    for (int step = 0; step < MOST_STEPS; step++) {
      follower.step();
      if (reached.getAsBoolean()) {
        return;
      }
    }
    throw new IllegalStateException("not " + until + ": " + follower.status());
  }

  private long served() {
    try (Follower.Hold<Model> hold = follower.acquire().orElseThrow()) {
      return hold.version().entry();
    }
  }

  private void call() {
    long newest = 0;
    while (!over.get()) {
      long least = Math.max(newest, certain.get());
      try (Follower.Hold<Model> hold = follower.acquire().orElseThrow()) {
        newest = hold.version().entry();
        if (newest < least) {
          failures.add("entry " + newest + " after " + least);
        }
        for (int i = 0; i < 50; i++) {
          String answer = hold.model().answer();
          if (!answer.equals(ANSWER + hold.version().version())) {
            failures.add(answer + " of version " + hold.version().version());
          }
        }
        answers.incrementAndGet();
      } catch (RuntimeException e) {
        failures.add(e.toString());
      }
      Thread.yield();
    }
  }
}
