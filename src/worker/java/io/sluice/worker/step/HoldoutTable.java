package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.task.Task;
import io.sluice.inference.CsvTable;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

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
      SortedMap<String, int[]> models = models(table, evaluation);
      HoldoutRows.Builder builder =
          HoldoutRows.builder(
              slices,
              List.copyOf(models.keySet()),
              models.values().stream().mapToInt(columns -> columns.length).toArray());
      int[] unit = columns(table, evaluation.unit());
      int[] sliced = columns(table, slices);
      int[] predictions = models.values().stream().flatMapToInt(IntStream::of).toArray();
      if (evaluation.task().filter(Task::tabular).isPresent()) {
        addRows(builder, table, evaluation.firstHoldoutOrigin(), unit, sliced, predictions);
      } else {
        addForecasts(builder, table, unit, sliced, predictions);
      }
      return builder.build(evaluation, context);
    }
  }

  /** The columns of each model's predictions: one, or one for each of several classes. */
  private static SortedMap<String, int[]> models(CsvTable table, EvaluationReport evaluation) {
    SortedMap<String, int[]> models = new TreeMap<>();
    boolean several = evaluation.task().filter(t -> t == Task.MULTICLASS).isPresent();
    for (String column : table.header()) {
      if (!isModel(column)) {
        continue;
      }
      if (!several) {
        models.put(column, new int[] {table.require(column)});
        continue;
      }
      int end = column.lastIndexOf('#');
      String model = end < 0 ? column : column.substring(0, end);
      models.computeIfAbsent(
          model,
          m ->
              IntStream.range(0, evaluation.classes().size())
                  .map(k -> table.require(m + "#" + k))
                  .toArray());
    }
    return models;
  }

  private static void addForecasts(
      HoldoutRows.Builder builder, CsvTable table, int[] unit, int[] slices, int[] models) {
    int origin = table.require("origin");
    int horizon = table.require("horizon");
    int targetEnd = table.require("targetEnd");
    int actual = table.require("actual");
    int weight = table.require("weight");
    while (table.next()) {
      builder.add(
          table.key(unit),
          fields(table, slices),
          table.time(origin),
          table.count(horizon),
          table.time(targetEnd),
          table.numberOrMissing(actual),
          table.number(weight),
          predictions(table, models));
    }
  }

  /**
   * Rows that stand alone: what they have in common with others is their unit, and the period of
   * their time where they have one.
   */
  private static void addRows(
      HoldoutRows.Builder builder,
      CsvTable table,
      Instant first,
      int[] unit,
      int[] slices,
      int[] models) {
    Optional<Integer> time = table.find("time");
    Optional<Integer> targetEnd = table.find("targetEnd");
    int actual = table.require("actual");
    Optional<Integer> weight = table.find("weight");
    Map<String, Integer> running = new LinkedHashMap<>();
    while (table.next()) {
      Instant origin = time.map(table::time).orElse(first);
      Instant end = targetEnd.map(table::time).orElse(time.isPresent() ? week(origin) : first);
      String name = table.key(unit);
      int horizon = running.merge(name + " " + origin.getEpochSecond(), 1, Integer::sum);
      builder.add(
          name,
          fields(table, slices),
          origin,
          horizon,
          end,
          table.numberOrMissing(actual),
          weight.isPresent() ? table.number(weight.get()) : 1,
          predictions(table, models));
    }
  }

  /** End of the week, counted from 1970, in which an instant lies: a table's period without one. */
  private static Instant week(Instant time) {
    long week = Duration.ofDays(7).toSeconds();
    return Instant.ofEpochSecond((Math.floorDiv(time.getEpochSecond(), week) + 1) * week);
  }

  private static double[] predictions(CsvTable table, int[] models) {
    double[] predictions = new double[models.length];
    for (int m = 0; m < models.length; m++) {
      predictions[m] = table.forecast(models[m]);
    }
    return predictions;
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
