package io.sluice.serving.http;

import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.serving.FollowStatus;
import io.sluice.core.serving.ServedVersion;
import io.sluice.inference.BundleParts;
import io.sluice.inference.Predictor;
import io.sluice.serving.predict.Lease;
import io.sluice.serving.predict.Versions;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;

/** Versions of which there is one, or none; a test may hold its answers back. */
final class OneVersion implements Versions, AutoCloseable {
  static final Path BUNDLES =
      Path.of(System.getProperty("sluice.root", "."))
          .resolve("src/inference/test/io/sluice/inference");

  final Predictor predictor;
  private final ServedVersion version;
  final AtomicInteger leases = new AtomicInteger();

  /** Counted down by each request that reaches the model. */
  volatile CountDownLatch inside = new CountDownLatch(0);

  /** A request that reaches the model waits for it. */
  volatile CountDownLatch gate = new CountDownLatch(0);

  volatile boolean there = true;

  OneVersion(String bundle, Map<String, String> tags) {
    predictor = Predictor.load(complete(BUNDLES.resolve(bundle)));
    version =
        ServedVersion.of(
            "rma-forecast", 3, Optional.empty(), Digest.of("bundle"), true, tags, Map.of());
  }

  /** A folder as a train stage would leave it: bundles of tests have no probe of their own. */
  private static Path complete(Path bundle) {
    if (Files.exists(bundle.resolve("probe.json"))) {
      return bundle;
    }
    try (Stream<Path> files = Files.list(bundle)) {
      Path copy = Files.createTempDirectory("bundle");
      for (Path file : files.toList()) {
        Files.copy(file, copy.resolve(file.getFileName()));
      }
      BundleParts.complete(copy, bundle.getFileName().toString(), Json.object());
      return copy;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Override
  public Optional<Lease> acquire() {
    if (!there) {
      return Optional.empty();
    }
    leases.incrementAndGet();
    return Optional.of(
        new Lease() {
          private boolean closed;
          private boolean asked;

          @Override
          public ServedVersion version() {
            return version;
          }

          @Override
          public Predictor predictor() {
            if (!asked) {
              asked = true;
              CountDownLatch wait = gate;
              inside.countDown();
              try {
                wait.await();
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
            }
            return predictor;
          }

          @Override
          public void close() {
            if (!closed) {
              closed = true;
              leases.decrementAndGet();
            }
          }
        });
  }

  @Override
  public FollowStatus status() {
    return new FollowStatus(
        there ? FollowStatus.State.PINNED : FollowStatus.State.NONE,
        there ? "" : "the registry cannot be reached",
        Optional.empty());
  }

  @Override
  public void close() {
    predictor.close();
  }
}
