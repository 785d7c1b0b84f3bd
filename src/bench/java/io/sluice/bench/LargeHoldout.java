package io.sluice.bench;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.inference.Evaluation;
import io.sluice.worker.step.HoldoutTable;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.MemoryPoolMXBean;
import java.lang.management.MemoryType;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.stream.Stream;

/**
 * Times evaluate and gate on a holdout of a million rows: the figures in {@code docs/evaluate.md}
 * and {@code docs/gate.md}. Arguments: a folder with the bundles {@code linear} and {@code doubled}
 * (the tests of inference have them), units (20000), origins (17; three horizons each).
 */
public final class LargeHoldout {
  private static final LocalDate FIRST_WEEK = LocalDate.parse("2025-01-06");
  private static final int HORIZONS = 3;
  private static final int VALIDATION_ORIGIN = 30;
  private static final int HOLDOUT_ORIGIN = 40;

  private final Path folder;
  private final int origins;
  private final int[][] returned;

  private LargeHoldout(Path folder, int units, int origins) {
    this.folder = folder;
    this.origins = origins;
    this.returned = new int[units][HOLDOUT_ORIGIN + origins + HORIZONS];
    SplittableRandom random = new SplittableRandom(1);
    for (int[] weeks : returned) {
      double mean = Math.exp(2 * random.nextGaussian());
      for (int w = 0; w < weeks.length; w++) {
        weeks[w] = (int) (-Math.log(1 - random.nextDouble()) * mean);
      }
    }
  }

  /** Runs it; everything lies in a new temporary folder, which is deleted at the end. */
  public static void main(String[] args) throws Exception {
    Path bundles = Path.of(args[0]);
    int units = args.length > 1 ? Integer.parseInt(args[1]) : 20_000;
    int origins = args.length > 2 ? Integer.parseInt(args[2]) : 17;
    Path folder = Files.createTempDirectory("sluice-large");
    try {
      Path inputs = Files.createDirectories(folder.resolve("inputs"));
      Path outputs = Files.createDirectories(folder.resolve("outputs"));
      Instant asOf = new LargeHoldout(inputs, units, origins).write(bundles);
      EvaluationReport report =
          timed(
              "evaluate: tables, audit, windows, 3 bundles, 4 baselines, rows.csv",
              () -> {
                Evaluation.run(inputs, outputs, Json.parse(WITH), asOf, new java.util.TreeMap<>());
                return EvaluationReport.parse(
                    Json.parse(Files.readAllBytes(outputs.resolve("rows/evaluation.json"))));
              });
      HoldoutRows rows =
          timed(
              "gate: rows.csv into columns",
              () ->
                  HoldoutTable.read(
                      outputs.resolve("rows"),
                      new GateContext(asOf, Optional.empty(), Optional.empty())));
      Verdict verdict =
          timed(
              "gate: verdict, B = 1999",
              () -> Gate.decide(rows, GatePolicy.parse(Json.parse(POLICY)), History.NONE, 1));
      System.out.printf(
          Locale.ROOT,
          "%d rows, %d units, %s: %s; unaudited: %s; resident at most %s%n",
          rows.size(),
          units,
          report.chosen(),
          verdict.decision(),
          report.audit().why().orElse("no"),
          resident());
    } finally {
      delete(folder);
    }
  }

  private static final String POLICY =
      """
      {"metric":"poisson_deviance"}
      """;

  private static final String WITH =
      """
      {"metric":"poisson_deviance","unit":["product","market"],"slices":["market"],
       "labels":{"column":"returned","eventTime":"week","knownAt":"reported","matureAfter":"P14D"},
       "baselines":["zero","movingAverage","seasonal","rate"]}
      """;

  /** Heap as used at its fullest, garbage included: bounded by -Xmx, not by need. */
  static <T> T timed(String what, Callable<T> work) throws Exception {
    System.gc();
    List<MemoryPoolMXBean> pools =
        ManagementFactory.getMemoryPoolMXBeans().stream()
            .filter(p -> p.getType() == MemoryType.HEAP)
            .toList();
    pools.forEach(MemoryPoolMXBean::resetPeakUsage);
    long start = System.nanoTime();
    T result = work.call();
    double seconds = (System.nanoTime() - start) / 1e9;
    long peak = pools.stream().mapToLong(p -> p.getPeakUsage().getUsed()).sum();
    System.out.printf(Locale.ROOT, "%6.1f s  heap %5d MiB  %s%n", seconds, peak >> 20, what);
    return result;
  }

  /** Of the whole process, native memory included; only Linux tells. */
  static String resident() throws IOException {
    Path status = Path.of("/proc/self/status");
    if (!Files.exists(status)) {
      return "unknown";
    }
    try (Stream<String> lines = Files.lines(status)) {
      return lines
          .filter(l -> l.startsWith("VmHWM:"))
          .map(l -> l.substring(6).strip())
          .findFirst()
          .orElse("unknown");
    }
  }

  private Instant write(Path bundles) throws IOException {
    copy(bundles.resolve("linear"), folder.resolve("candidates/linear"));
    copy(bundles.resolve("doubled"), folder.resolve("candidates/doubled"));
    copy(bundles.resolve("doubled"), folder.resolve("champion"));
    tables("validation", VALIDATION_ORIGIN, VALIDATION_ORIGIN);
    tables("holdout", HOLDOUT_ORIGIN, HOLDOUT_ORIGIN + origins - 1);
    int weeks = HOLDOUT_ORIGIN + origins + HORIZONS;
    try (BufferedWriter out = Files.newBufferedWriter(folder.resolve("snapshot"))) {
      out.write("week,reported,product,market,returned,shipped\n");
      vintages(weeks, (u, w) -> week(w) + "," + week(w + 1) + "," + unit(u) + values(u, w), out);
    }
    return FIRST_WEEK.plusWeeks(weeks + 2L).atStartOfDay(ZoneOffset.UTC).toInstant();
  }

  private void tables(String name, int first, int last) throws IOException {
    Path set = Files.createDirectories(folder.resolve(name));
    Files.writeString(
        set.resolve("panel.json"),
        """
        {"unit":["product","market"],"slices":["market"],"channels":["returned","shipped"],
         "period":"P7D","label":"returned"}
        """);
    try (BufferedWriter out = Files.newBufferedWriter(set.resolve("panel.csv"))) {
      out.write("product,market,eventTime,knownAt,returned,shipped\n");
      vintages(last, (u, w) -> unit(u) + "," + week(w) + "," + week(w + 1) + values(u, w), out);
    }
    try (BufferedWriter out = Files.newBufferedWriter(set.resolve("rows.csv"))) {
      out.write("product,market,origin,horizon,targetEnd,knownAt,actual,weight\n");
      for (int u = 0; u < returned.length; u++) {
        for (int o = first; o <= last; o++) {
          for (int h = 1; h <= HORIZONS; h++) {
            out.write(
                unit(u) + "," + week(o) + "," + h + "," + week(o + h) + "," + week(o + h + 2));
            out.write("," + returned[u][o + h - 1] + ",1\n");
          }
        }
      }
    }
  }

  /** One line of a table. */
  private interface Line {
    String of(int unit, int week);
  }

  private void vintages(int weeks, Line line, BufferedWriter out) throws IOException {
    for (int u = 0; u < returned.length; u++) {
      for (int w = 0; w < weeks; w++) {
        out.write(line.of(u, w));
        out.write('\n');
      }
    }
  }

  private static String unit(int u) {
    return "P-" + u / 5 + ",M" + u % 5;
  }

  private String values(int u, int w) {
    return "," + returned[u][w] + "," + (100 + (u + w) % 50);
  }

  private static LocalDate week(int w) {
    return FIRST_WEEK.plusWeeks(w);
  }

  static void copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
  }

  static void delete(Path folder) throws IOException {
    try (Stream<Path> files = Files.walk(folder)) {
      files
          .sorted(Comparator.reverseOrder())
          .forEach(file -> {
            try {
              Files.delete(file);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          });
    }
  }
}
