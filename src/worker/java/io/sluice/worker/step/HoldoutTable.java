package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.inference.CsvTable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * Reads what evaluate left in its output {@code rows} ({@code rows.csv}, {@code evaluation.json})
 * as the gate wants it. A custom stage may have written it: what is wrong is named with line and
 * column.
 */
public final class HoldoutTable {
  private HoldoutTable() {}

  /**
   * Reads the holdout.
   *
   * @param folder with {@code rows.csv} and {@code evaluation.json}
   * @param context what the gate knows of the run besides
   * @throws SluiceException (exit code 2) SLU-6021 and SLU-6022 for a broken table, SLU-4031 for a
   *     broken report, SLU-4046 for one that is not JSON, SLU-8003 for rows that do not make a
   *     holdout
   */
  public static HoldoutRows read(Path folder, GateContext context) throws IOException {
    EvaluationReport evaluation = report(folder);
    List<String> slices = evaluation.slices();
    try (CsvTable table = CsvTable.open(folder.resolve("rows.csv"), "rows.csv")) {
      List<String> models = table.header().stream().filter(HoldoutTable::isModel).sorted().toList();
      HoldoutRows.Builder builder = HoldoutRows.builder(slices, models);
      add(
          builder,
          table,
          columns(table, evaluation.unit()),
          columns(table, slices),
          columns(table, models));
      return builder.build(evaluation, context);
    }
  }

  private static void add(
      HoldoutRows.Builder builder, CsvTable table, int[] unit, int[] slices, int[] models) {
    int origin = table.require("origin");
    int horizon = table.require("horizon");
    int targetEnd = table.require("targetEnd");
    int actual = table.require("actual");
    int weight = table.require("weight");
    double[] predictions = new double[models.length];
    while (table.next()) {
      for (int m = 0; m < models.length; m++) {
        predictions[m] = table.forecast(models[m]);
      }
      builder.add(
          table.key(unit),
          fields(table, slices),
          table.time(origin),
          table.count(horizon),
          table.time(targetEnd),
          table.numberOrMissing(actual),
          table.number(weight),
          predictions);
    }
  }

  private static boolean isModel(String column) {
    return column.equals(HoldoutRows.CHAMPION)
        || column.startsWith("candidate:")
        || column.startsWith("baseline:");
  }

  private static int[] columns(CsvTable table, List<String> names) {
    return names.stream().mapToInt(table::require).toArray();
  }

  private static List<String> fields(CsvTable table, int[] columns) {
    List<String> out = new ArrayList<>(columns.length);
    for (int column : columns) {
      out.add(table.text(column));
    }
    return out;
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
}
