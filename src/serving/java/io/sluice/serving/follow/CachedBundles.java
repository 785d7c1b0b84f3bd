package io.sluice.serving.follow;

import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.Optional;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * The bundle that a prediction was made with, by its digest: from the service's cache, else from
 * the registry. Whatever the registry gives is compared with the digest before anybody loads it.
 */
public final class CachedBundles {
  private final String model;
  private final BundleCache cache;
  private final Clock clock;

  /**
   * The bundles of a model.
   *
   * @param state the state folder of the service
   */
  public CachedBundles(String model, Path state, Clock clock) {
    this.model = model;
    this.cache = new BundleCache(FollowSettings.folder(state, model).resolve("cache"));
    this.clock = clock;
  }

  /**
   * The folder with the files of a bundle.
   *
   * @param registry asked only for what the cache does not have
   * @throws SluiceException SLU-9251 when the registry's files of the version are other ones,
   *     SLU-9252 when it has no such version, SLU-9254 when they cannot be kept or read whole
   */
  public Path folder(int version, Digest bundle, Supplier<ModelRegistry> registry) {
    try {
      Optional<Path> here = cache.find(bundle);
      if (here.isPresent()) {
        return here.get();
      }
      ModelRegistry from = registry.get();
      Version registered =
          from.version(model, version)
              .orElseThrow(() ->
                  refused("SLU-9252", "the registry has no version " + version + " of " + model));
      try (BundleCache.Fetched fetched = cache.fetch(from, registered)) {
        if (!fetched.digest().equals(bundle)) {
          throw refused(
              "SLU-9251",
              "version "
                  + version
                  + " of "
                  + model
                  + " is not what it was: its files in the registry are "
                  + fetched.digest()
                  + ", and "
                  + bundle
                  + " is wanted");
        }
        return cache.keep(fetched, clock.instant());
      }
    } catch (IOException e) {
      throw problem(
          ExitCode.UNREACHABLE,
          "SLU-9254",
          "the files of version "
              + version
              + " of "
              + model
              + " could not be brought here: "
              + e.getMessage(),
          e);
    }
  }

  private static SluiceException refused(String id, String message) {
    return problem(ExitCode.RUN_FAILED, id, message, null);
  }

  private static SluiceException problem(
      ExitCode code, String id, String message, @Nullable Throwable cause) {
    return new SluiceException(
        code,
        List.of(
            Diagnostic.of(
                id,
                message,
                "look at the registry, at the free space of the state folder, and at `sluice doctor`")),
        cause);
  }
}
