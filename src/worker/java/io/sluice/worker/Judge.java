package io.sluice.worker;

import com.fasterxml.jackson.databind.JsonNode;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.DriftStatus;
import io.sluice.core.gate.Evaluation;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Policy;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * {@code sluice-worker gate}: reads the holdout, asks {@link Gate} and writes down what it says.
 * The results {@code verdict} and {@code bundle} say what was decided, and about which bundle.
 */
final class Judge {
  private final Step step;
  private final JsonNode evaluation;
  private final Path table;

  private Judge(Step step) throws IOException {
    this.step = step;
    Path rows = step.inputs().resolve("rows");
    this.evaluation = Register.json(rows.resolve("evaluation.json"));
    this.table = rows.resolve("rows.csv");
  }

  static int run(Worker.Context context, List<String> argv) throws IOException {
    Step step = Step.of(context, argv);
    Judge judge = new Judge(step);
    Verdict verdict =
        Gate.decide(judge.rows(), Policy.parse(step.with()), judge.history(), step.seed());
    Files.writeString(step.outputs().resolve("verdict"), Json.pretty(verdict.toJson()));
    Path bundles = step.inputs().resolve("rows").resolve(Evaluate.BUNDLES);
    if (Files.isRegularFile(bundles)) {
      step.result("bundle", Register.json(bundles).path(verdict.candidate()).asText());
    }
    step.result("verdict", verdict.decision().name());
    verdict.sentences().forEach(context.out()::println);
    return ExitCode.DONE.code();
  }

  private History history() throws IOException {
    Path gates = step.inputs().resolve("gates");
    return Files.isRegularFile(gates) ? History.parse(Register.json(gates)) : History.NONE;
  }

  private HoldoutRows rows() throws IOException {
    List<String> unit = texts(evaluation.path("unit"));
    List<String> slices = texts(evaluation.path("slices"));
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder()
            .missingFieldStrategy(FieldMismatchStrategy.STRICT)
            .extraFieldStrategy(FieldMismatchStrategy.STRICT)
            .ofCsvRecord(table)) {
      Iterator<CsvRecord> records = reader.iterator();
      if (!records.hasNext()) {
        throw broken("rows.csv is empty");
      }
      Columns columns = new Columns(records.next().getFields());
      List<String> models =
          columns.index.keySet().stream().filter(Judge::isModel).sorted().toList();
      HoldoutRows.Builder builder = HoldoutRows.builder(slices, models);
      while (records.hasNext()) {
        CsvRecord row = records.next();
        double[] predictions = new double[models.size()];
        for (int m = 0; m < predictions.length; m++) {
          predictions[m] = columns.number(row, models.get(m));
        }
        builder.add(
            // the separator occurs in no name, so different units stay different
            unit.stream().map(u -> columns.text(row, u)).collect(Collectors.joining("\u001f")),
            slices.stream().map(s -> columns.text(row, s)).toList(),
            columns.instant(row, "origin"),
            columns.whole(row, "horizon"),
            columns.instant(row, "targetEnd"),
            columns.number(row, "actual"),
            columns.number(row, "weight"),
            predictions);
      }
      return builder.build(facts());
    } catch (CsvParseException e) {
      throw broken("rows.csv: " + e.getMessage());
    }
  }

  private static boolean isModel(String column) {
    return column.equals(HoldoutRows.CHAMPION)
        || column.startsWith("candidate:")
        || column.startsWith("baseline:");
  }

  private Evaluation facts() {
    String chosen = evaluation.path("chosen").asText();
    Optional<Instant> newest = Optional.empty();
    for (JsonNode family : evaluation.path("families")) {
      if (family.path("name").asText().equals(chosen)) {
        newest = instant(family.path("newestLabel"));
      }
    }
    JsonNode expected = evaluation.path("rows").path("expected");
    return new Evaluation(
        chosen,
        text(evaluation.path("bestBaseline")),
        newest,
        instant(evaluation.path("champion").path("newestLabel")),
        step.resolved().champion().map(Resolved.Champion::run).filter(r -> !r.isEmpty()),
        step.asOf(),
        expected.isIntegralNumber() ? OptionalLong.of(expected.asLong()) : OptionalLong.empty(),
        DriftStatus.UNKNOWN);
  }

  private static Optional<String> text(JsonNode node) {
    return node.isTextual() ? Optional.of(node.asText()) : Optional.empty();
  }

  private static Optional<Instant> instant(JsonNode node) {
    try {
      return text(node).map(Instant::parse);
    } catch (DateTimeException e) {
      throw broken("evaluation.json: not an instant: " + node);
    }
  }

  private static List<String> texts(JsonNode list) {
    List<String> texts = new ArrayList<>();
    list.forEach(n -> texts.add(n.asText()));
    return texts;
  }

  private static SluiceException broken(String message) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4031", message, "tables are CSV by RFC 4180; see docs/adr/0001-tables.md"));
  }

  /** Typed fields of a row; what is wrong is named with line and column. */
  private static final class Columns {
    private final Map<String, Integer> index = new TreeMap<>();

    Columns(List<String> header) {
      for (int i = 0; i < header.size(); i++) {
        if (index.put(header.get(i), i) != null) {
          throw broken("rows.csv has the column " + header.get(i) + " twice");
        }
      }
    }

    String text(CsvRecord row, String column) {
      Integer i = index.get(column);
      if (i == null) {
        throw broken("rows.csv has no column " + column);
      }
      return row.getField(i);
    }

    double number(CsvRecord row, String column) {
      String text = text(row, column);
      try {
        return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
      } catch (NumberFormatException e) {
        throw bad(row, column, "number");
      }
    }

    int whole(CsvRecord row, String column) {
      try {
        return Integer.parseInt(text(row, column));
      } catch (NumberFormatException e) {
        throw bad(row, column, "whole number");
      }
    }

    Instant instant(CsvRecord row, String column) {
      try {
        return KnownUntil.parse(text(row, column));
      } catch (DateTimeException e) {
        throw bad(row, column, "instant");
      }
    }

    private static SluiceException bad(CsvRecord row, String column, String what) {
      return broken(
          "rows.csv, line " + row.getStartingLineNumber() + ", " + column + ": not a " + what);
    }
  }
}
