package io.sluice.serving.follow;

import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.serving.FollowStatus;
import io.sluice.core.serving.ServedVersion;
import io.sluice.inference.Predictor;
import io.sluice.serving.predict.Lease;
import io.sluice.serving.predict.Versions;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.random.RandomGenerator;

/** The versions of a service that follows a promotion log, each with its model in memory. */
public final class FollowedVersions implements Versions, AutoCloseable {
  private final Follower<Predictor> follower;
  private final FollowThread thread;

  private FollowedVersions(Follower<Predictor> follower) {
    this.follower = follower;
    this.thread = FollowThread.start(follower);
  }

  /**
   * Begins to follow; what is in the cache is served within moments.
   *
   * @param warm has a model answer as callers will ask it
   * @param chance spreads the looks of several replicas
   */
  public static FollowedVersions start(
      ModelRegistry registry,
      FollowSettings settings,
      Consumer<Predictor> warm,
      FollowEvents events,
      Clock clock,
      RandomGenerator chance) {
    Loader<Predictor> loader =
        new Loader<>() {
          @Override
          public Predictor load(Path folder) {
            return Predictor.load(folder);
          }

          @Override
          public void warm(Predictor model) {
            warm.accept(model);
          }
        };
    return new FollowedVersions(new Follower<>(registry, settings, loader, events, clock, chance));
  }

  @Override
  public Optional<Lease> acquire() {
    return follower.acquire().map(Leased::new);
  }

  @Override
  public FollowStatus status() {
    return follower.status();
  }

  /** Has the log looked at now, because somebody said that it grew. */
  public void wake() {
    thread.wake();
  }

  /** Ends following. Calls that are inside end on their version. */
  @Override
  public void close() {
    thread.close();
  }

  /** A hold as the rest of the service sees it. */
  private record Leased(Follower.Hold<Predictor> hold) implements Lease {
    @Override
    public ServedVersion version() {
      return hold.version();
    }

    @Override
    public Predictor predictor() {
      return hold.model();
    }

    @Override
    public void close() {
      hold.close();
    }
  }
}
