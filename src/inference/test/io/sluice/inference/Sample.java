package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * An evaluate stage's inputs on disk: three units, sixty weeks, each week reported when it ends and
 * revised two weeks later. A label matures 14 days after its target. Tests plant their errors by
 * editing one file.
 */
final class Sample {
  static final Instant AS_OF = Instant.parse("2026-03-01T00:00:00Z");
  static final LocalDate FIRST_WEEK = LocalDate.parse("2025-01-06");
  static final int WEEKS = 60;
  static final List<String> PRODUCTS = List.of("P-1", "P-2", "P, \"3\"");

  final Path inputs;
  final Path outputs;

  /** Families that made no candidate, and how they ended. */
  final Map<String, String> lost = new TreeMap<>();

  Sample(Path folder) throws IOException {
    inputs = Files.createDirectories(folder.resolve("inputs"));
    outputs = Files.createDirectories(folder.resolve("outputs"));
    candidate("linear");
    candidate("doubled");
    table("training/train", 20, 24);
    table("validation", 30, 34);
    table("holdout", 40, 45);
    StringBuilder raw = new StringBuilder("week,reported,product,market,returned,shipped,note\n");
    for (int u = 0; u < PRODUCTS.size(); u++) {
      for (int w = 0; w < WEEKS; w++) {
        for (int v = 0; v < 2; v++) {
          if (!known(w, v).isAfter(LocalDate.parse("2026-03-01"))) {
            raw.append(
                "%s,%s,%s,EU,%d,%d,x\n"
                    .formatted(week(w), known(w, v), quoted(u), returned(u, w, v), shipped(u, w)));
          }
        }
      }
    }
    Files.writeString(inputs.resolve("snapshot"), raw);
  }

  static LocalDate week(int w) {
    return FIRST_WEEK.plusWeeks(w);
  }

  /** Version 0 is known when the week is over, version 1 two weeks later. */
  static LocalDate known(int w, int version) {
    return week(w + 1).plusWeeks(2L * version);
  }

  static int returned(int u, int w, int version) {
    return (u + 1) * (2 + (w * 7 + u) % 5) + version;
  }

  static int shipped(int u, int w) {
    return 40 + 10 * u + w % 3;
  }

  private static String quoted(int u) {
    return "\"" + PRODUCTS.get(u).replace("\"", "\"\"") + "\"";
  }

  /** A bundle that says it was trained on {@code training/train}. */
  void candidate(String name) throws IOException {
    copy(bundle(name), inputs.resolve("candidates").resolve(name));
    newestLabel(name, week(29).toString());
  }

  /** Changes what a candidate says of its newest label. */
  void newestLabel(String candidate, String instant) {
    edit(
        "candidates/" + candidate + "/signature.json",
        s -> s.replaceFirst("(\"newestLabel\": ?\")[^\"]*", "$1" + instant));
  }

  static Path bundle(String name) {
    try {
      return Path.of(Sample.class.getResource("bundles").toURI()).resolve(name);
    } catch (java.net.URISyntaxException e) {
      throw new IllegalStateException(e);
    }
  }

  static Path copy(Path from, Path to) throws IOException {
    Files.createDirectories(to);
    try (Stream<Path> files = Files.list(from)) {
      for (Path file : files.toList()) {
        Files.copy(file, to.resolve(file.getFileName()));
      }
    }
    return to;
  }

  /** Rows with origins at the start of weeks {@code first} to {@code last}, horizons 1 to 3. */
  void table(String name, int first, int last) throws IOException {
    Path folder = Files.createDirectories(inputs.resolve(name));
    Files.writeString(
        folder.resolve("panel.json"),
        """
        {"unit":["product","market"],"slices":["market"],"channels":["returned","shipped"],
         "period":"P7D","label":"returned"}
        """);
    StringBuilder rows =
        new StringBuilder("product,market,origin,horizon,targetEnd,knownAt,actual,weight\n");
    StringBuilder panel = new StringBuilder("product,market,eventTime,knownAt,returned,shipped\n");
    for (int u = 0; u < PRODUCTS.size(); u++) {
      for (int w = 0; w < last; w++) {
        for (int v = 0; v < 2; v++) {
          if (!known(w, v).isAfter(week(last))) {
            panel.append(
                "%s,EU,%s,%s,%d,%d\n"
                    .formatted(quoted(u), week(w), known(w, v), returned(u, w, v), shipped(u, w)));
          }
        }
      }
      for (int o = first; o <= last; o++) {
        for (int h = 1; h <= 3; h++) {
          rows.append(
              "%s,EU,%s,%d,%s,%s,%d,1\n"
                  .formatted(
                      quoted(u),
                      week(o),
                      h,
                      week(o + h),
                      week(o + h + 2),
                      returned(u, o + h - 1, 1)));
        }
      }
    }
    Files.writeString(folder.resolve("rows.csv"), rows);
    Files.writeString(folder.resolve("panel.csv"), panel);
  }

  static ObjectNode with() {
    return (ObjectNode)
        Json.parse(
            """
            {"metric":"poisson_deviance","unit":["product","market"],"slices":["market"],
             "labels":{"column":"returned","eventTime":"week","knownAt":"reported",
                       "matureAfter":"P14D"},
             "baselines":["zero","movingAverage","seasonal","rate"]}
            """);
  }

  void edit(String file, UnaryOperator<String> change) {
    try {
      Path path = inputs.resolve(file);
      String before = Files.readString(path);
      String after = change.apply(before);
      if (after.equals(before)) {
        throw new IllegalStateException("the edit of " + file + " changes nothing");
      }
      Files.writeString(path, after);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Replaces a field of the first record of a table, counted from 0 after the product's. */
  void editFirstRow(String file, int field, String value) {
    edit(
        file,
        text -> {
          List<String> lines = new ArrayList<>(text.lines().toList());
          List<String> fields = new ArrayList<>(List.of(lines.get(1).split(",")));
          fields.set(field, value);
          lines.set(1, String.join(",", fields));
          return String.join("\n", lines) + "\n";
        });
  }

  EvaluationReport run() throws IOException {
    return run(with());
  }

  /**
   * Evaluates; of whatever a test plants in tables, the stage that writes them gets the same before
   * there are models.
   */
  EvaluationReport run(JsonNode with) throws IOException {
    Optional<List<Diagnostic>> early = refused(() -> Evaluation.check(tables(), with, AS_OF));
    Optional<List<Diagnostic>> late =
        refused(() -> Evaluation.run(inputs, outputs, with, AS_OF, new TreeMap<>(lost)));
    if (early.isPresent()
        || late.filter(d -> d.stream().noneMatch(Sample::isAboutModels)).isPresent()) {
      assertThat(early).as("what the stage that writes the tables gets").isEqualTo(late);
    }
    if (late.isPresent()) {
      throw new SluiceException(ExitCode.INPUT_WRONG, late.get());
    }
    return EvaluationReport.parse(evaluation());
  }

  /** Ids that no table brings about: bundles, candidates, the champion, and having none. */
  private static boolean isAboutModels(Diagnostic d) {
    return d.id().matches("SLU-60(0.|10|37|41|42|43|47)|SLU-63..");
  }

  /** Every input but bundles and forecasts, by its name. */
  private SortedMap<String, Path> tables() throws IOException {
    SortedMap<String, Path> found = new TreeMap<>();
    try (Stream<Path> all = Files.walk(inputs, 2)) {
      all.filter(p -> !p.equals(inputs))
          .filter(p -> Files.isDirectory(p) || p.endsWith("snapshot"))
          .forEach(p -> found.put(inputs.relativize(p).toString(), p));
    }
    return found;
  }

  private interface Step {
    void go() throws IOException;
  }

  private static Optional<List<Diagnostic>> refused(Step step) throws IOException {
    try {
      step.go();
      return Optional.empty();
    } catch (SluiceException e) {
      assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
      return Optional.of(e.diagnostics());
    }
  }

  JsonNode evaluation() throws IOException {
    return Json.parse(Files.readAllBytes(outputs.resolve("rows/evaluation.json")));
  }
}
