package io.sluice.serving.follow;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.serving.FollowStatus;
import io.sluice.core.serving.Following;
import io.sluice.core.serving.ServedVersion;
import io.sluice.core.serving.VersionState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicReference;
import java.util.random.RandomGenerator;

/**
 * Looks at the promotion log, brings the version that it names here, and puts it in front. {@link
 * #recall} and {@link #step} are called by one thread; {@link #acquire} and {@link #status} by any,
 * and wait for nothing.
 *
 * @param <T> the loaded model
 */
public final class Follower<T extends AutoCloseable> {
  /** Versions that calls are still inside of, before another one is loaded. */
  static final int MAX_DRAINING = 1;

  /** How often it is written down that the log still says so. */
  private static final Duration REMEMBER_EVERY = Duration.ofMinutes(1);

  private final PromotionLog log;
  private final FollowSettings settings;
  private final Loader<T> loader;
  private final FollowEvents events;
  private final Clock clock;
  private final RandomGenerator chance;
  private final LocalVersions versions;
  private final AtomicReference<Optional<Held<T>>> front = new AtomicReference<>(Optional.empty());
  private final List<Held<T>> draining = new ArrayList<>();
  private Optional<LogState> known = Optional.empty();
  private Optional<Instant> remembered = Optional.empty();

  /** Why what was served last is not served from the cache, where that may be otherwise later. */
  private Optional<String> unrecalled = Optional.empty();

  private volatile Following following;

  public Follower(
      ModelRegistry registry,
      FollowSettings settings,
      Loader<T> loader,
      FollowEvents events,
      Clock clock,
      RandomGenerator chance) {
    this.log = registry.promotions(settings.model());
    this.settings = settings;
    this.loader = loader;
    this.events = events;
    this.clock = clock;
    this.chance = chance;
    this.versions = new LocalVersions(registry, settings, events, clock);
    this.following = Following.begin(clock.instant());
  }

  /**
   * What answers now, held until it is let go of.
   *
   * @return empty before anything was loaded
   */
  public Optional<Hold<T>> acquire() {
    while (true) {
      Optional<Held<T>> now = front.get();
      if (now.isEmpty()) {
        return Optional.empty();
      }
      if (now.get().retain()) {
        return Optional.of(new Hold<>(now.get()));
      }
      // It was let go of by all between the two calls, so that another one is in front by now.
    }
  }

  /** How well what is served follows the log. */
  public FollowStatus status() {
    return following.status();
  }

  /**
   * Serves what was served last, from the cache, before the registry is asked for anything. While
   * that fails and nothing else is served, {@link #step} tries it again.
   */
  public void recall() {
    unrecalled = Optional.empty();
    try {
      Optional<Remembered> last =
          settings.pin().isPresent()
              ? versions.remembered(settings.pin().getAsInt())
              : versions.current();
      if (last.isPresent()
          && last.get().version().model().equals(settings.model())
          && (last.get().version().verified() || settings.acceptUnverified())) {
        recall(last.get());
      }
    } catch (IOException e) {
      unrecalled("what was served last is not known: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      unrecalled("what was served last does not load: " + e);
    }
  }

  private void recall(Remembered last) {
    Instant now = clock.instant();
    ServedVersion version = last.version();
    Optional<Path> folder = versions.folder(version);
    if (folder.isEmpty()) {
      unrecalled("the cache no longer has the files of version " + version.version());
      return;
    }
    events.moved(now, version.entry(), version.version(), VersionState.ASPIRED, "");
    events.moved(now, version.entry(), version.version(), VersionState.VERIFIED, "");
    try {
      front(version, loaded(version.entry(), version.version(), folder.get()));
      following =
          settings.pin().isPresent()
              ? following.pinned(version, now)
              : Following.remembered(version, last.seen(), last.at());
    } catch (RefusedException e) {
      events.trouble(
          now,
          "version " + version.version() + " of the cache cannot be served: " + e.getMessage());
    }
  }

  private void unrecalled(String why) {
    unrecalled = Optional.of(why);
    following = following.unrecalled(why, clock.instant());
    events.trouble(clock.instant(), why);
  }

  /**
   * Looks once, and does what follows.
   *
   * @return how long to wait before the next time
   */
  public Duration step() {
    draining.removeIf(held -> held.holds() == 0);
    try {
      if (unrecalled.isPresent() && front.get().isEmpty()) {
        recall();
      }
      if (settings.pin().isPresent()) {
        pinned(settings.pin().getAsInt());
      } else {
        follow();
      }
    } catch (RuntimeException | Error e) {
      // What is served stays; a thread that ended here would follow nothing, and nobody would know.
      following = following.broken(String.valueOf(e), clock.instant());
      events.trouble(clock.instant(), "following failed: " + e);
    }
    return following.pause(settings.interval(), settings.longest(), chance.nextDouble());
  }

  private void follow() {
    Optional<LogState> read = read();
    if (read.isEmpty()) {
      return;
    }
    Following.Next next = following.read(read.get(), clock.instant());
    following = next.following();
    next.load().ifPresent(entry -> bring(entry, read.get()));
    if (following.status().state() == FollowStatus.State.CURRENT) {
      remember();
    }
  }

  /** The log; what cannot be read is in the status. A damaged one is read whole the next time. */
  private Optional<LogState> read() {
    try {
      LogState state = log.follow(known);
      known = state.damage().isEmpty() ? Optional.of(state) : Optional.empty();
      events.looked(true);
      return Optional.of(state);
    } catch (SluiceException e) {
      if (following.failures() == 0) { // once for an outage; the status says it all the time
        events.trouble(clock.instant(), "the promotion log cannot be read: " + e.getMessage());
      }
      String cache = unrecalled.map(why -> "; and from the cache: " + why).orElse("");
      following = following.unreadable(e.getMessage() + cache, clock.instant());
      events.looked(false);
      return Optional.empty();
    }
  }

  private void bring(Entry entry, LogState state) {
    if (draining.size() >= MAX_DRAINING) {
      Held<T> old = draining.getFirst();
      following =
          following.waiting(
              entry,
              old.holds()
                  + (old.holds() == 1 ? " call is" : " calls are")
                  + " still inside version "
                  + old.version().version()
                  + ", which was replaced",
              clock.instant());
      return;
    }
    moved(entry, VersionState.ASPIRED, "");
    try {
      LocalVersions.Placed placed =
          versions.place(entry.to(), Optional.of(entry), state, following.seen());
      moved(entry, VersionState.VERIFIED, "");
      T model = loaded(entry.number(), entry.to(), placed.folder());
      front(placed.version(), model);
      following = following.swapped(placed.version(), clock.instant());
      remembered = Optional.empty();
      tidy(placed.version());
    } catch (RefusedException e) {
      moved(entry, VersionState.REFUSED, e.why());
      following = following.refuse(entry, e.why(), clock.instant());
    } catch (SluiceException | IOException e) {
      String why = String.valueOf(e.getMessage());
      moved(entry, VersionState.ASPIRED, why);
      following = following.failed(entry, why, clock.instant());
    } catch (RuntimeException | Error e) {
      following = following.failed(entry, String.valueOf(e), clock.instant());
      moved(entry, VersionState.ASPIRED, String.valueOf(e));
      events.trouble(clock.instant(), "following failed: " + e);
    }
  }

  private void pinned(int number) {
    if (front.get().isPresent()) {
      return;
    }
    Optional<LogState> state = read();
    if (state.isEmpty()) {
      following = following.unpinned(number, following.status().why(), clock.instant());
      return;
    }
    List<String> damage = state.get().damage();
    try {
      if (!damage.isEmpty()) {
        throw new RefusedException(
            "SLU-9253", "the promotion log is damaged: " + String.join("; ", damage));
      }
      Optional<Entry> entry =
          state.get().entries().stream()
              .filter(e -> e.valid() && e.to() == number)
              .reduce((first, last) -> last);
      long at = entry.map(Entry::number).orElse(0L);
      events.moved(clock.instant(), at, number, VersionState.ASPIRED, "");
      LocalVersions.Placed placed = versions.place(number, entry, state.get(), following.seen());
      events.moved(clock.instant(), at, number, VersionState.VERIFIED, "");
      front(placed.version(), loaded(at, number, placed.folder()));
      following = following.pinned(placed.version(), clock.instant());
      tidy(placed.version());
    } catch (RefusedException | SluiceException | IOException e) {
      following = following.unpinned(number, String.valueOf(e.getMessage()), clock.instant());
    }
  }

  /** The model of a bundle, warm; a bundle that cannot be loaded is refused. */
  private T loaded(long entry, int number, Path folder) throws RefusedException {
    T model;
    try {
      model = loader.load(folder);
    } catch (SluiceException e) {
      throw new RefusedException(e);
    }
    try {
      events.moved(clock.instant(), entry, number, VersionState.LOADED, "");
      loader.warm(model);
    } catch (SluiceException e) {
      // It has passed its probe: what the warm-up asks may be nothing that a caller would.
      events.trouble(
          clock.instant(), "version " + number + " could not be warmed up: " + e.getMessage());
    } catch (RuntimeException | Error e) {
      close(model);
      throw e;
    }
    events.moved(clock.instant(), entry, number, VersionState.WARM, "");
    return model;
  }

  private void front(ServedVersion version, T model) {
    Held<T> held = new Held<>(model, version, this::gone);
    Optional<Held<T>> old = front.getAndSet(Optional.of(held));
    unrecalled = Optional.empty();
    events.moved(clock.instant(), version.entry(), version.version(), VersionState.SERVING, "");
    old.ifPresent(this::retire);
  }

  private void retire(Held<T> old) {
    draining.add(old);
    ServedVersion version = old.version();
    events.moved(clock.instant(), version.entry(), version.version(), VersionState.DRAINING, "");
    old.release();
  }

  private void gone(Held<T> held) {
    close(held.model());
    ServedVersion version = held.version();
    events.moved(clock.instant(), version.entry(), version.version(), VersionState.CLOSED, "");
  }

  private void close(T model) {
    try {
      model.close();
    } catch (Exception | Error e) {
      events.trouble(clock.instant(), "a model could not be closed: " + e);
    }
  }

  private void moved(Entry entry, VersionState state, String why) {
    events.moved(clock.instant(), entry.number(), entry.to(), state, why);
  }

  /** Writes down what is served, for a start without the registry. */
  private void remember() {
    Instant now = clock.instant();
    Optional<ServedVersion> serving = following.serving();
    if (serving.isEmpty()
        || remembered.filter(at -> now.isBefore(at.plus(REMEMBER_EVERY))).isPresent()) {
      return;
    }
    try {
      versions.current(new Remembered(serving.get(), following.seen(), now));
      remembered = Optional.of(now);
    } catch (IOException e) {
      events.trouble(
          now, "a start without the registry would not find what is served: " + e.getMessage());
    }
  }

  private void tidy(ServedVersion served) {
    try {
      versions.prune(served);
    } catch (IOException | RuntimeException e) {
      events.trouble(clock.instant(), "old bundles stay in the cache: " + e.getMessage());
    }
  }

  /** Lets go of what is in front. Calls that are inside end on it. */
  public void end() {
    front.getAndSet(Optional.empty()).ifPresent(this::retire);
  }

  /** The hold on a model for the time of one call. */
  public static final class Hold<T> implements AutoCloseable {
    private final AtomicReference<Optional<Held<T>>> held;
    private final T model;
    private final ServedVersion version;

    Hold(Held<T> held) {
      this.held = new AtomicReference<>(Optional.of(held));
      this.model = held.model();
      this.version = held.version();
    }

    public T model() {
      return model;
    }

    public ServedVersion version() {
      return version;
    }

    /** Lets go; the second call does nothing. */
    @Override
    public void close() {
      held.getAndSet(Optional.empty()).ifPresent(Held::release);
    }
  }
}
