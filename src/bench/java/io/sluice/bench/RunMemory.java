package io.sluice.bench;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * How much memory a whole command takes: the sum over it and everything that it started, at the
 * moment when that is largest. Start it with the command as arguments, for example {@code ./sluice
 * run pipelines/rma-forecast}; ends with the command's exit code. Linux only.
 *
 * <p>Two figures for each moment, because neither is the truth: the sum of resident sets counts
 * pages that processes share once for each, the sum of proportional sets (proc(5), {@code
 * smaps_rollup}) counts them once. A process belongs to the command as long as a chain of parents
 * leads to it, or if it was seen to belong before.
 */
public final class RunMemory {
  private static final Duration INTERVAL = Duration.ofMillis(100);

  private RunMemory() {}

  /** One process at one moment, in KiB. */
  private record Part(String name, long residentKib, long proportionalKib) {}

  /** All processes at one moment. */
  private record Sample(Duration at, List<Part> parts) {
    long residentKib() {
      return parts.stream().mapToLong(Part::residentKib).sum();
    }

    long proportionalKib() {
      return parts.stream().mapToLong(Part::proportionalKib).sum();
    }
  }

  public static void main(String[] command) throws IOException, InterruptedException {
    if (command.length == 0) {
      throw new IllegalArgumentException("RunMemory COMMAND [ARGUMENT ..]");
    }
    Process process = new ProcessBuilder(command).inheritIO().start();
    long began = System.nanoTime();
    Set<Long> known = new HashSet<>();
    Sample resident = new Sample(Duration.ZERO, List.of());
    Sample proportional = resident;
    int samples = 0;
    while (process.isAlive()) {
      Sample now = sample(process.pid(), known, Duration.ofNanos(System.nanoTime() - began));
      resident = now.residentKib() > resident.residentKib() ? now : resident;
      proportional = now.proportionalKib() > proportional.proportionalKib() ? now : proportional;
      samples++;
      Thread.sleep(INTERVAL);
    }
    System.out.printf(
        Locale.ROOT,
        "peak of %d samples: resident %d MiB after %.1f s, proportional %d MiB after %.1f s%n",
        samples,
        resident.residentKib() >> 10,
        resident.at().toMillis() / 1000.0,
        proportional.proportionalKib() >> 10,
        proportional.at().toMillis() / 1000.0);
    System.out.println("processes at the peak of resident memory:");
    Map<String, List<Part>> byName =
        resident.parts().stream()
            .collect(Collectors.groupingBy(Part::name, TreeMap::new, Collectors.toList()));
    byName.entrySet().stream()
        .sorted(
            Comparator.comparingLong(
                e -> -e.getValue().stream().mapToLong(Part::residentKib).sum()))
        .forEach(e ->
            System.out.printf(
                Locale.ROOT,
                "  %5d MiB  %d x %s%n",
                e.getValue().stream().mapToLong(Part::residentKib).sum() >> 10,
                e.getValue().size(),
                e.getKey()));
    System.exit(process.exitValue());
  }

  private static Sample sample(long root, Set<Long> known, Duration at) throws IOException {
    Map<Long, Long> parents = new HashMap<>();
    try (Stream<Path> all = Files.list(Path.of("/proc"))) {
      for (Path proc : all.filter(p -> p.getFileName().toString().matches("\\d+")).toList()) {
        long pid = Long.parseLong(proc.getFileName().toString());
        parent(proc).ifPresent(parent -> parents.put(pid, parent));
      }
    }
    known.retainAll(parents.keySet());
    for (long pid : parents.keySet()) {
      for (Long ancestor = pid;
          ancestor != null && ancestor != 0;
          ancestor = parents.get(ancestor)) {
        if (ancestor == root || known.contains(ancestor)) {
          known.add(pid);
          break;
        }
      }
    }
    List<Part> parts = new ArrayList<>();
    for (long pid : known) {
      part(Path.of("/proc", Long.toString(pid))).ifPresent(parts::add);
    }
    return new Sample(at, List.copyOf(parts));
  }

  private static Optional<Long> parent(Path proc) {
    try {
      String stat = Files.readString(proc.resolve("stat"), StandardCharsets.ISO_8859_1);
      // The name in parentheses may hold anything: fields are counted from its end.
      String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", 3);
      return Optional.of(Long.parseLong(fields[1]));
    } catch (IOException e) {
      return Optional.empty(); // it ended meanwhile
    }
  }

  private static Optional<Part> part(Path proc) {
    try {
      Map<String, Long> kib = new HashMap<>();
      for (String line : Files.readAllLines(proc.resolve("smaps_rollup"))) {
        String[] words = line.split("\\s+", -1);
        if (words.length == 3 && words[2].equals("kB")) {
          kib.put(words[0], Long.parseLong(words[1]));
        }
      }
      String name = Files.readString(proc.resolve("comm")).strip();
      return Optional.of(
          new Part(name, kib.getOrDefault("Rss:", 0L), kib.getOrDefault("Pss:", 0L)));
    } catch (IOException e) {
      return Optional.empty(); // it ended meanwhile, or is a zombie
    }
  }
}
