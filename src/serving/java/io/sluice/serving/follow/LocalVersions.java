package io.sluice.serving.follow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.promotion.LogState;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Entry;
import io.sluice.core.registry.BundleEvidence;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.serving.ServedVersion;
import io.sluice.core.serving.VersionState;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Map;
import java.util.Optional;

/**
 * The versions of a model whose files lie in the service's own folder, and how one comes there: the
 * registry is asked for what the log recorded and this folder does not have.
 */
final class LocalVersions {
  private final ModelRegistry registry;
  private final FollowSettings settings;
  private final FollowEvents events;
  private final Clock clock;
  private final BundleCache cache;
  private final Memory memory;

  LocalVersions(ModelRegistry registry, FollowSettings settings, FollowEvents events, Clock clock) {
    this.registry = registry;
    this.settings = settings;
    this.events = events;
    this.clock = clock;
    Path folder = FollowSettings.folder(settings.state(), settings.model());
    this.cache = new BundleCache(folder.resolve("cache"));
    this.memory = new Memory(folder);
  }

  /** The version that was served last. */
  Optional<Remembered> current() throws IOException {
    return memory.current();
  }

  /** Writes down which version is served. */
  void current(Remembered remembered) throws IOException {
    memory.current(remembered);
  }

  /** A version whose files were fetched before. */
  Optional<Remembered> remembered(int number) throws IOException {
    return memory.version(number);
  }

  /** The folder of a version's files, if they are here and still are what they were. */
  Optional<Path> folder(ServedVersion version) {
    return cache.find(version.bundle());
  }

  /** Removes the files of versions that were not served for the longest time. */
  void prune(ServedVersion served) throws IOException {
    cache.prune(served.bundle(), clock.instant());
  }

  /**
   * A version whose files lie in the cache.
   *
   * @param folder of its files
   */
  record Placed(ServedVersion version, Path folder) {}

  /** Sees to it that the files of a version are here and are those that the log recorded. */
  Placed place(int number, Optional<Entry> entry, LogState state, Optional<LogState.Anchor> seen)
      throws IOException, RefusedException {
    Optional<Digest> recorded = PromotionLog.bundle(state.entries(), number);
    if (recorded.isEmpty() && !settings.acceptUnverified()) {
      throw new RefusedException(
          "SLU-9250", "the promotion log does not say which files version " + number + " has");
    }
    if (recorded.isPresent()) {
      Optional<ServedVersion> before = fetched(number, recorded.get());
      Optional<Path> folder = before.isPresent() ? cache.find(recorded.get()) : Optional.empty();
      if (folder.isPresent()) {
        return new Placed(
            described(
                number, entry, recorded.get(), true, before.get().tags(), before.get().params()),
            folder.get());
      }
    }
    Version version = version(number);
    events.moved(
        clock.instant(), entry.map(Entry::number).orElse(0L), number, VersionState.FETCHING, "");
    try (BundleCache.Fetched fetched = fetch(version)) {
      Optional<String> against =
          BundleEvidence.of(version, fetched.digest(), state.entries()).contradiction();
      if (against.isPresent()) {
        throw new RefusedException(
            "SLU-9251", "version " + number + " is not what it was: " + against.get());
      }
      Map<String, String> params = registry.params(version);
      Path folder = cache.keep(fetched, clock.instant());
      ServedVersion described =
          described(number, entry, fetched.digest(), recorded.isPresent(), version.tags(), params);
      memory.version(new Remembered(described, seen, clock.instant()));
      return new Placed(described, folder);
    }
  }

  private Version version(int number) throws RefusedException {
    return registry
        .version(settings.model(), number)
        .orElseThrow(
            () -> new RefusedException("SLU-9252", "the registry has no version " + number));
  }

  /** What the registry says it cannot serve is refused; what it does not answer is tried again. */
  private BundleCache.Fetched fetch(Version version) throws IOException, RefusedException {
    try {
      return cache.fetch(registry, version);
    } catch (SluiceException e) {
      if (e.exitCode() == ExitCode.INPUT_WRONG) {
        throw new RefusedException(e);
      }
      throw e;
    }
  }

  private Optional<ServedVersion> fetched(int number, Digest bundle) {
    try {
      return memory
          .version(number)
          .map(Remembered::version)
          .filter(v -> v.model().equals(settings.model()) && v.bundle().equals(bundle));
    } catch (IOException e) {
      events.trouble(clock.instant(), e.getMessage() + "; it is asked for again");
      return Optional.empty();
    }
  }

  private ServedVersion described(
      int number,
      Optional<Entry> entry,
      Digest bundle,
      boolean verified,
      Map<String, String> tags,
      Map<String, String> params) {
    return ServedVersion.of(settings.model(), number, entry, bundle, verified, tags, params);
  }
}
