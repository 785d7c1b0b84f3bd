package io.sluice.worker;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.json.Json;
import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.record.Resolved;
import io.sluice.core.run.RunId;
import io.sluice.store.FolderStore;
import io.sluice.store.Trees;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The local runner calls the worker in process, a pod starts it as a process: both must leave the
 * same exit codes, texts, results and store behind.
 */
class WorkerProcessIT {
  private static final Instant AS_OF = Instant.parse("2026-03-01T00:00:00Z");
  private static final String EVALUATE =
      """
      {"metric":"poisson_deviance","unit":["product"],"slices":["market"],
       "labels":{"column":"returned","eventTime":"eventTime","knownAt":"knownAt",
                 "matureAfter":"P14D"},
       "baselines":["zero","movingAverage"]}
      """;

  @TempDir Path folder;

  /** How a command is run; its standard output and error go to the streams. */
  private interface Launch {
    int run(List<String> argv, Path cwd, Path out, Path err) throws Exception;
  }

  @Test
  void aProcessDoesWhatTheWorkerDoesInProcess() throws Exception {
    World inProcess = new World(folder.resolve("in-process"), WorkerProcessIT::inProcess);
    World process = new World(folder.resolve("a-process"), WorkerProcessIT::process);

    inProcess.playAll();
    process.playAll();

    assertThat(inProcess.exitCodes())
        .containsExactly(
            "fetch 0",
            "evaluate 0",
            "store 0", // scored
            "fetch 0",
            "gate 0",
            "store 0", // judged
            "fetch 0",
            "store 0", // a cache hit
            "fetch 0",
            "evaluate 2",
            "store 2", // no holdout: refused, and passed on
            "fetch 1",
            "store 1", // a broken resolved.json
            "dance 2");
    assertThat(inProcess.said.toString()).contains("SLU-6043", "SLU-4060", "SLU-4020");
    assertThat(process.exitCodes()).isEqualTo(inProcess.exitCodes());
    assertThat(process.said.toString()).isEqualTo(inProcess.said.toString());
    assertThat(process.stored()).isEqualTo(inProcess.stored());
    assertThat(inProcess.stored().keySet())
        .anyMatch(p -> p.startsWith("cache/"))
        .contains("runs/run-1/gate/0000.json");
  }

  private static int inProcess(List<String> argv, Path cwd, Path out, Path err) throws Exception {
    var outBytes = new ByteArrayOutputStream();
    var errBytes = new ByteArrayOutputStream();
    int code =
        WorkerMain.worker()
            .run(
                argv,
                Map.of(),
                cwd,
                new PrintStream(outBytes, true, UTF_8),
                new PrintStream(errBytes, true, UTF_8));
    Files.write(out, outBytes.toByteArray());
    Files.write(err, errBytes.toByteArray());
    return code;
  }

  private static int process(List<String> argv, Path cwd, Path out, Path err) throws Exception {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(List.of("-Xshare:auto", "-XX:TieredStopAtLevel=1"));
    command.add("--enable-native-access=ALL-UNNAMED");
    command.add("-Dsun.misc.unsafe.memory.access=allow"); // as the launcher does
    command.addAll(List.of("-cp", System.getProperty("java.class.path")));
    command.add("io.sluice.worker.WorkerMain");
    command.addAll(argv);
    ProcessBuilder builder = new ProcessBuilder(command).directory(cwd.toFile());
    builder.environment().clear();
    return builder
        .redirectOutput(Redirect.to(out.toFile()))
        .redirectError(Redirect.to(err.toFile()))
        .start()
        .waitFor();
  }

  /** A store and a stage workspace of its own, and what was said and done there. */
  private static final class World {
    private final Path root;
    private final Launch launch;
    private final FolderStore store;
    private final StringBuilder said = new StringBuilder();
    private final List<String> exitCodes = new ArrayList<>();
    private Digest resolved;

    /** Where fetch failed there is no result of it, and Tekton would not run store. */
    private static final String NO_CALL = Digest.of("nothing").toString();

    World(Path root, Launch launch) throws IOException {
      this.root = Files.createDirectories(root);
      this.launch = launch;
      this.store = new FolderStore(root.resolve("store"));
      this.resolved = pin();
    }

    List<String> exitCodes() {
      return List.copyOf(exitCodes);
    }

    void playAll() throws Exception {
      Digest bundle = artifact("model", bundle());
      String candidate = "candidates/linear=" + bundle + "#model";
      String validation = "validation=" + artifact("t", table("validation", 30, 31)) + "#t";
      String holdout = "holdout=" + artifact("t", table("holdout", 40, 42)) + "#t";
      List<String> inputs =
          List.of(candidate, "champion=" + bundle + "#model", holdout, validation);

      String rows = stage("evaluate", inputs, "rows", EVALUATE);
      stage(
          "gate",
          List.of("rows=" + rows + "#rows", candidate),
          "verdict",
          "{\"metric\":\"poisson_deviance\"}");
      assertThat(stage("evaluate", inputs, "rows", EVALUATE)).isEqualTo(rows);
      assertThat(stage("evaluate", List.of(candidate, validation), "rows", EVALUATE))
          .isEqualTo("failed:2");
      resolved = put(List.of(entry("resolved.json", "{")), Optional.empty());
      assertThat(stage("evaluate", inputs, "rows", EVALUATE)).isEqualTo("failed:1");
      run(List.of("dance"));
    }

    /** Fetch, run if there was no hit, store; the result {@code outputs}. */
    private String stage(String kind, List<String> inputs, String output, String with)
        throws Exception {
      List<String> common = new ArrayList<>();
      common.addAll(List.of("--run", "run-1", "--stage", kind, "--kind", kind, "--attempt", "0"));
      common.addAll(List.of("--resolved", resolved.toString(), "--environment", ""));
      common.addAll(List.of("--image", "i", "--family", "", "--seed", "7", "--with", with));
      common.addAll(List.of("--workspace", "w", "--store", "store", "--inputs"));
      common.addAll(inputs);
      common.addAll(List.of("--outputs", output, "--command"));

      Path hit = root.resolve("hit");
      Files.deleteIfExists(hit);
      run(argv(List.of("fetch", "--result-hit", "hit", "--result-call", "call"), common));
      String found = Files.exists(hit) ? Files.readString(hit) : "no";
      said.append("hit ").append(found).append('\n');
      if (found.equals("no") && Files.exists(hit)) {
        int code = run(List.of(kind, "--workspace", "w"));
        Files.writeString(root.resolve("exit"), Integer.toString(code));
      }
      String call = Files.exists(hit) ? Files.readString(root.resolve("call")) : NO_CALL;
      List<String> own = List.of("--hit", found, "--exit-code-file", "exit", "--call", call);
      run(argv(List.of("store", "--result-outputs", "outputs", "--workspace", "w"), own));
      String outputs = Files.readString(root.resolve("outputs"));
      said.append("outputs ").append(outputs).append('\n');
      return outputs;
    }

    private static List<String> argv(List<String> first, List<String> then) {
      return Stream.concat(first.stream(), then.stream()).toList();
    }

    private int run(List<String> argv) throws Exception {
      Path out = root.resolve("out");
      Path err = root.resolve("err");
      int code = launch.run(argv, root, out, err);
      exitCodes.add(argv.getFirst() + " " + code);
      said.append(Files.readString(out)).append(Files.readString(err));
      return code;
    }

    /** Every file of the store by path; a record without its times, which do differ. */
    Map<String, String> stored() throws IOException {
      Path base = root.resolve("store");
      Map<String, String> files = new TreeMap<>();
      try (Stream<Path> all = Files.walk(base)) {
        for (Path file : all.filter(Files::isRegularFile).toList()) {
          String text =
              Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1)
                  .replaceAll("(\"(?:started|finished)\"\\s*:\\s*)\"[^\"]*\"", "$1\"-\"");
          files.put(base.relativize(file).toString(), text);
        }
      }
      return files;
    }

    private static Path bundle() {
      return Path.of(
          System.getProperty("sluice.root"),
          "src/inference/test/io/sluice/inference/bundles/linear");
    }

    /** Two units, weekly, each week known when it is over; horizons 1 to 3. */
    private Path table(String name, int first, int last) throws IOException {
      Path table = Files.createDirectories(root.resolve("tables").resolve(name));
      Files.writeString(
          table.resolve("panel.json"),
          """
          {"unit":["product"],"slices":["market"],"channels":["returned","shipped"],
           "period":"P7D","label":"returned"}
          """);
      StringBuilder panel = new StringBuilder("product,eventTime,knownAt,returned,shipped\n");
      StringBuilder rows =
          new StringBuilder("product,market,origin,horizon,targetEnd,knownAt,actual,weight\n");
      for (int u = 0; u < 2; u++) {
        for (int w = 0; w < last; w++) {
          panel.append("P-%d,%s,%s,%d,40\n".formatted(u, week(w), week(w + 1), returned(u, w)));
        }
        for (int o = first; o <= last; o++) {
          for (int h = 1; h <= 3; h++) {
            rows.append(
                "P-%d,EU,%s,%d,%s,%s,%d,1\n"
                    .formatted(
                        u, week(o), h, week(o + h), week(o + h + 2), returned(u, o + h - 1)));
          }
        }
      }
      Files.writeString(table.resolve("panel.csv"), panel);
      Files.writeString(table.resolve("rows.csv"), rows);
      return table;
    }

    private static LocalDate week(int w) {
      return LocalDate.parse("2025-01-06").plusWeeks(w);
    }

    private static int returned(int u, int w) {
      return (u + 1) * (2 + (w * 7 + u) % 5);
    }

    private Digest artifact(String output, Path from) throws IOException {
      return put(Trees.put(store, from, output), Optional.of(AS_OF));
    }

    private Digest pin() throws IOException {
      Manifest code =
          new Manifest(Optional.empty(), Map.of(), List.of(entry("rma/train.py", "print()")));
      Resolved pinned =
          new Resolved(
              "m",
              new RunId("run-1"),
              AS_OF,
              code.digest(),
              Optional.empty(),
              7,
              PromotionLog.Head.EMPTY,
              Optional.empty(),
              Optional.empty());
      return put(
          List.of(
              entry("code/rma/train.py", "print()"),
              entry("resolved.json", Json.write(pinned.json()))),
          Optional.of(AS_OF));
    }

    private Manifest.Entry entry(String path, String text) throws IOException {
      byte[] bytes = text.getBytes(UTF_8);
      Digest digest = store.put(new ByteArrayInputStream(bytes));
      return new Manifest.Entry(path, false, bytes.length, digest);
    }

    private Digest put(List<Manifest.Entry> entries, Optional<Instant> asOf) throws IOException {
      return store.put(new ByteArrayInputStream(new Manifest(asOf, Map.of(), entries).bytes()));
    }
  }
}
