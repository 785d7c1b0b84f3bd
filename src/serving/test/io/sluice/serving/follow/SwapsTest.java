package io.sluice.serving.follow;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.serving.FollowStatus.State;
import io.sluice.core.serving.Tensors.Tensor;
import io.sluice.inference.Predictor;
import io.sluice.serving.predict.Lease;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Real models in ONNX Runtime, swapped by the thread that follows, under callers that compare each
 * answer. A few swaps in a build; with {@code -Dsluice.swaps=1000 -Dsluice.swapsPerSecond=20} also
 * the figures of docs/benchmarks.md, on standard output.
 */
class SwapsTest {
  private static final int CALLERS = 8;
  private static final String[] BUNDLES = {"linear", "doubled"};
  private static final int SWAPS = Integer.getInteger("sluice.swaps", 30);
  private static final int PER_SECOND = Integer.getInteger("sluice.swapsPerSecond", 0);

  private final FakeRegistry registry = new FakeRegistry();
  private final Models.Events events = new Models.Events();
  private final AtomicBoolean over = new AtomicBoolean();
  private final AtomicBoolean swapping = new AtomicBoolean();
  private final ConcurrentLinkedQueue<String> failures = new ConcurrentLinkedQueue<>();
  private final List<float[]> expected = new ArrayList<>();

  @Test
  void everyAnswerIsBitForBitThatOfTheVersionItNames(@TempDir Path state) throws Exception {
    for (String name : BUNDLES) {
      try (Predictor model = Predictor.load(bundle(name))) {
        expected.add(answer(model));
      }
    }
    assertThat(expected.get(0)).isNotEqualTo(expected.get(1));
    version(1);
    registry.promote(1);
    FollowSettings settings =
        new FollowSettings(
            FakeRegistry.MODEL,
            Duration.ofMillis(20),
            Duration.ofSeconds(1),
            OptionalInt.empty(),
            false,
            state);
    List<Long> steady = new ArrayList<>();
    List<Long> during = new ArrayList<>();
    try (FollowedVersions versions =
            FollowedVersions.start(
                registry, settings, SwapsTest::warm, events, Clock.systemUTC(), new Random(1));
        ExecutorService callers = Executors.newFixedThreadPool(CALLERS)) {
      until(versions, 1);
      List<Future<Times>> calls = new ArrayList<>();
      for (int i = 0; i < CALLERS; i++) {
        calls.add(callers.submit(() -> call(versions)));
      }
      try {
        swaps(versions);
      } finally {
        over.set(true);
      }
      for (Future<Times> call : calls) {
        steady.addAll(call.get().steady());
        during.addAll(call.get().during());
      }
    }
    assertThat(failures).isEmpty();
    assertThat(during).isNotEmpty();
    events.areLegal();
    if (PER_SECOND > 0) {
      System.out.printf(
          "calls %d, p99 steady %d us, p99 during swaps %d us%n",
          steady.size() + during.size(), p99(steady), p99(during));
    }
  }

  private void swaps(FollowedVersions versions) throws Exception {
    if (PER_SECOND > 0) {
      Thread.sleep(10_000); // what calls take without swaps
    }
    swapping.set(true);
    Random random = new Random(7);
    long began = System.nanoTime();
    long early = 0;
    for (int i = 2; i <= SWAPS; i++) {
      version(i);
      if (random.nextInt(10) == 0) {
        int back = Math.max(1, i - 1 - random.nextInt(4));
        registry.append(Kind.ROLLBACK, back, Optional.of(registry.digest(back)));
      } else {
        registry.promote(i);
      }
      versions.wake();
      until(versions, i);
      registry.files.remove(i - 10); // the registry's own memory is not what is measured
      if (i == SWAPS / 5) {
        early = resident();
      }
      if (PER_SECOND > 0) {
        LockSupport.parkNanos(began + (i - 1) * 1_000_000_000L / PER_SECOND - System.nanoTime());
      }
    }
    if (PER_SECOND > 0) {
      System.out.printf(
          "%d swaps in %.1f s, resident %d kB after a fifth, %d kB at the end: %.2f kB a swap%n",
          SWAPS,
          (System.nanoTime() - began) / 1e9,
          early,
          resident(),
          (resident() - early) / (SWAPS * 0.8));
    }
  }

  /** Waits until an entry is served; a wake may come while an earlier look is going on. */
  private static void until(FollowedVersions versions, long entry) throws InterruptedException {
    while (true) {
      try (Lease lease = versions.acquire().orElse(null)) {
        if (lease != null
            && lease.version().entry() == entry
            && versions.status().state() == State.CURRENT) {
          return;
        }
      }
      Thread.sleep(1);
    }
  }

  private record Times(List<Long> steady, List<Long> during) {}

  private Times call(FollowedVersions versions) {
    Times times = new Times(new ArrayList<>(), new ArrayList<>());
    long newest = 0;
    while (!over.get()) {
      long began = System.nanoTime();
      try (Lease lease = versions.acquire().orElseThrow()) {
        float[] found = answer(lease.predictor());
        long entry = lease.version().entry();
        if (!Arrays.equals(found, expected.get(lease.version().version() % BUNDLES.length))) {
          failures.add("version " + lease.version().version() + " answers otherwise");
        }
        if (entry < newest) {
          failures.add("entry " + entry + " after " + newest);
        }
        newest = entry;
      } catch (RuntimeException e) {
        failures.add(e.toString());
      }
      (swapping.get() ? times.during() : times.steady()).add(System.nanoTime() - began);
      if (PER_SECOND > 0) {
        LockSupport.parkNanos(2_000_000); // open enough that two cores are not full
      }
    }
    return times;
  }

  private void version(int number) throws IOException {
    registry.version(number, "");
    TreeMap<String, byte[]> files = new TreeMap<>();
    Path bundle = bundle(BUNDLES[number % BUNDLES.length]);
    try (Stream<Path> list = Files.list(bundle)) {
      for (Path file : list.toList()) {
        files.put("model/" + file.getFileName(), Files.readAllBytes(file));
      }
    }
    files.put("model/number.txt", FakeRegistry.utf8("version " + number));
    registry.files.put(number, files);
    registry.tags.get(number).put("sluice.bundle", registry.digest(number).toString());
  }

  private static Path bundle(String name) {
    return Path.of(
        System.getProperty("sluice.root"), "src/inference/test/io/sluice/inference/bundles", name);
  }

  private static void warm(Predictor model) {
    for (int i = 0; i < 20; i++) {
      answer(model);
    }
  }

  private static float[] answer(Predictor model) {
    float[] window = new float[12];
    for (int i = 0; i < window.length; i++) {
      window[i] = i * 0.37f;
    }
    List<Tensor> answer =
        model.predict(
            List.of(
                new Tensor.Floats("window", 1, window.length, window),
                new Tensor.Longs("origin_day", 1, 1, new long[] {20_100})));
    return ((Tensor.Floats) answer.getFirst()).values();
  }

  private static long p99(List<Long> nanos) {
    LongStream sorted = nanos.stream().mapToLong(n -> n / 1000).sorted();
    return nanos.isEmpty() ? 0 : sorted.skip(nanos.size() * 99L / 100).findFirst().orElse(0);
  }

  private static long resident() throws IOException {
    Map<String, String> status = new TreeMap<>();
    for (String line : Files.readAllLines(Path.of("/proc/self/status"))) {
      int colon = line.indexOf(':');
      status.put(line.substring(0, colon), line.substring(colon + 1).strip());
    }
    return Long.parseLong(status.getOrDefault("VmRSS", "0 kB").split(" ")[0]);
  }
}
