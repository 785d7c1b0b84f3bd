package io.sluice.serving.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.serving.VersionState;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/** Loads models that answer with the text in their bundle, and counts how many are open. */
final class Models implements Loader<Models.Model> {
  final AtomicInteger open = new AtomicInteger();
  final AtomicInteger loads = new AtomicInteger();

  @Override
  public Model load(Path folder) {
    loads.incrementAndGet();
    String answer;
    try {
      answer = Files.readString(folder.resolve("answer"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    if (answer.equals("broken")) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG, Diagnostic.of("SLU-6001", "the model is broken", ""));
    }
    if (answer.equals("bug")) {
      throw new IllegalStateException("a bug in the loader");
    }
    return new Model(answer, open);
  }

  @Override
  public void warm(Model model) {
    if (model.answer().equals("cold")) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG, Diagnostic.of("SLU-6008", "it does not answer", ""));
    }
  }

  /** Fails as a loader fails of which nobody foresaw it. */
  static void raise(Throwable failure) {
    switch (failure) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalArgumentException(failure);
    }
  }

  /** A model that answers with a text, and fails once it is closed. */
  static final class Model implements AutoCloseable {
    private final String answer;
    private final AtomicInteger open;
    private final AtomicBoolean closed = new AtomicBoolean();

    Model(String answer, AtomicInteger open) {
      this.answer = answer;
      this.open = open;
      open.incrementAndGet();
    }

    String answer() {
      if (closed.get()) {
        throw new IllegalStateException("asked after it was closed");
      }
      return answer;
    }

    @Override
    public void close() {
      if (closed.getAndSet(true)) {
        throw new IllegalStateException("closed twice");
      }
      open.decrementAndGet();
    }
  }

  /** What happened, and whether each version went its way in order. */
  static final class Events implements FollowEvents {
    final ConcurrentLinkedQueue<String> trouble = new ConcurrentLinkedQueue<>();
    private final TreeMap<String, VersionState> now = new TreeMap<>();
    private final List<String> illegal = new ArrayList<>();

    @Override
    public synchronized void moved(
        Instant at, long entry, int version, VersionState state, String why) {
      String key = entry + "/" + version;
      VersionState before = now.put(key, state);
      boolean legal =
          before == null || before == state
              ? state == VersionState.ASPIRED
              : before.mayBecome(state);
      if (!legal) {
        illegal.add(key + ": " + before + " -> " + state);
      }
    }

    @Override
    public void looked(boolean answered) {
      // how often, the registry counts
    }

    @Override
    public void trouble(Instant at, String what) {
      trouble.add(what);
    }

    synchronized void areLegal() {
      assertThat(illegal).isEmpty();
    }
  }

  /** A clock that a test moves. */
  static final class MovedClock extends Clock {
    private final AtomicLong millis =
        new AtomicLong(Instant.parse("2026-11-30T10:00:00Z").toEpochMilli());

    void add(Duration duration) {
      millis.addAndGet(duration.toMillis());
    }

    @Override
    public Instant instant() {
      return Instant.ofEpochMilli(millis.get());
    }

    @Override
    public ZoneId getZone() {
      return ZoneOffset.UTC;
    }

    @Override
    public Clock withZone(ZoneId zone) {
      return this;
    }
  }
}
