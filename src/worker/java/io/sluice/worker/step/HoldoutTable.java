package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import de.siegmar.fastcsv.reader.CsvParseException;
import de.siegmar.fastcsv.reader.CsvReader;
import de.siegmar.fastcsv.reader.CsvRecord;
import de.siegmar.fastcsv.reader.FieldMismatchStrategy;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import java.io.IOException;
import java.nio.file.Path;
import java.time.DateTimeException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.Iterator;
import java.util.List;
import java.util.Map;

/**
 * Reads what evaluate left in its output {@code rows} ({@code rows.csv}, {@code evaluation.json})
 * as the gate wants it. A custom stage may have written it: what is wrong is named with line and
 * column.
 */
public final class HoldoutTable {
  /** Holdouts have few distinct instants; a column of many is parsed each time beyond this. */
  private static final int MAX_INSTANTS = 1 << 16;

  private final List<String> header;
  private final Map<String, Instant> instants = new HashMap<>();

  private HoldoutTable(List<String> header) {
    this.header = header;
    for (int i = 0; i < header.size(); i++) {
      if (header.indexOf(header.get(i)) != i) {
        throw broken("rows.csv has the column " + header.get(i) + " twice");
      }
    }
  }

  /**
   * Reads the holdout.
   *
   * @param folder with {@code rows.csv} and {@code evaluation.json}
   * @param context what the gate knows of the run besides
   * @throws SluiceException (exit code 2) SLU-4031 for a broken table or report, SLU-4046 for a
   *     report that is not JSON, SLU-8003 for rows that do not make a holdout
   */
  public static HoldoutRows read(Path folder, GateContext context) throws IOException {
    EvaluationReport evaluation = report(folder);
    List<String> slices = evaluation.slices();
    try (CsvReader<CsvRecord> reader =
        CsvReader.builder()
            .missingFieldStrategy(FieldMismatchStrategy.STRICT)
            .extraFieldStrategy(FieldMismatchStrategy.STRICT)
            .ofCsvRecord(folder.resolve("rows.csv"))) {
      Iterator<CsvRecord> records = reader.iterator();
      if (!records.hasNext()) {
        throw broken("rows.csv is empty");
      }
      HoldoutTable table = new HoldoutTable(records.next().getFields());
      List<String> models = table.header.stream().filter(HoldoutTable::isModel).sorted().toList();
      HoldoutRows.Builder builder = HoldoutRows.builder(slices, models);
      table.add(
          builder,
          records,
          table.columns(evaluation.unit()),
          table.columns(slices),
          table.columns(models));
      return builder.build(evaluation, context);
    } catch (CsvParseException e) {
      throw broken("rows.csv: " + e.getMessage());
    }
  }

  private void add(
      HoldoutRows.Builder builder,
      Iterator<CsvRecord> records,
      int[] unit,
      int[] slices,
      int[] models) {
    int origin = column("origin");
    int horizon = column("horizon");
    int targetEnd = column("targetEnd");
    int actual = column("actual");
    int weight = column("weight");
    double[] predictions = new double[models.length];
    while (records.hasNext()) {
      CsvRecord row = records.next();
      for (int m = 0; m < models.length; m++) {
        predictions[m] = number(row, models[m]);
      }
      builder.add(
          key(row, unit),
          fields(row, slices),
          instant(row, origin),
          whole(row, horizon),
          instant(row, targetEnd),
          number(row, actual),
          number(row, weight),
          predictions);
    }
  }

  private static boolean isModel(String column) {
    return column.equals(HoldoutRows.CHAMPION)
        || column.startsWith("candidate:")
        || column.startsWith("baseline:");
  }

  /**
   * Reads {@code evaluation.json}.
   *
   * @throws SluiceException (exit code 2) SLU-4031 when it is not an evaluation report, SLU-4046
   *     when it is not JSON
   */
  static EvaluationReport report(Path folder) throws IOException {
    JsonNode json = JsonFile.read(folder.resolve("evaluation.json"));
    try {
      return EvaluationReport.parse(json);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-4031",
                  "evaluation.json is not an evaluation report: " + e.getMessage(),
                  "write it as evaluation.schema.json has it; see docs/evaluate.md")),
          e);
    }
  }

  private int column(String name) {
    int i = header.indexOf(name);
    if (i < 0) {
      throw broken("rows.csv has no column " + name);
    }
    return i;
  }

  private int[] columns(List<String> names) {
    return names.stream().mapToInt(this::column).toArray();
  }

  /** The separator occurs in no name, so different units stay different. */
  private static String key(CsvRecord row, int[] columns) {
    return columns.length == 1
        ? row.getField(columns[0])
        : String.join("\u001f", fields(row, columns));
  }

  private static List<String> fields(CsvRecord row, int[] columns) {
    List<String> out = new ArrayList<>(columns.length);
    for (int column : columns) {
      out.add(row.getField(column));
    }
    return out;
  }

  private double number(CsvRecord row, int column) {
    String text = row.getField(column);
    try {
      return text.isEmpty() ? Double.NaN : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw bad(row, column, "number");
    }
  }

  private int whole(CsvRecord row, int column) {
    try {
      return Integer.parseInt(row.getField(column));
    } catch (NumberFormatException e) {
      throw bad(row, column, "whole number");
    }
  }

  private Instant instant(CsvRecord row, int column) {
    String text = row.getField(column);
    Instant known = instants.get(text);
    if (known != null) {
      return known;
    }
    try {
      Instant parsed = LatestKnownAt.parse(text);
      if (instants.size() < MAX_INSTANTS) {
        instants.put(text, parsed);
      }
      return parsed;
    } catch (DateTimeException e) {
      throw bad(row, column, "instant");
    }
  }

  private SluiceException bad(CsvRecord row, int column, String what) {
    return broken(
        "rows.csv, line %d, %s: not a %s"
            .formatted(row.getStartingLineNumber(), header.get(column), what));
  }

  private static SluiceException broken(String message) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-4031", message, "tables are CSV by RFC 4180; see docs/adr/0001-tables.md"));
  }
}
