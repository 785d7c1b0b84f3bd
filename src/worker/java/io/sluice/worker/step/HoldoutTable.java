package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.GateContext;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
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
      SortedMap<String, int[]> models = models(table, evaluation.task(), evaluation.classes());
      if (evaluation.champion().isPresent() != models.containsKey(HoldoutRows.CHAMPION)) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-8003",
                evaluation.champion().isPresent()
                    ? "evaluation.json names a champion, and rows.csv has no column of it"
                    : "rows.csv has a column of a champion, and evaluation.json names none",
                "run again: without it a candidate would be judged as the first one"));
      }
      HoldoutRows.Builder builder =
          HoldoutRows.builder(
              slices,
              List.copyOf(models.keySet()),
              models.values().stream().mapToInt(columns -> columns.length).toArray());
      int[] unit = columns(table, evaluation.unit());
      int[] sliced = columns(table, slices);
      int[] predictions = models.values().stream().flatMapToInt(IntStream::of).toArray();
      if (evaluation.task().filter(Task::tabular).isPresent()) {
        addRows(builder, table, evaluation, unit, sliced, predictions);
      } else {
        addForecasts(builder, table, evaluation, unit, sliced, predictions);
      }
      return builder.build(evaluation, context);
    }
  }

  /** The columns of each model's predictions: one, or one for each of several classes. */
  static SortedMap<String, int[]> models(
      CsvTable table, Optional<Task> task, List<String> classes) {
    SortedMap<String, int[]> models = new TreeMap<>();
    boolean several = task.filter(t -> t == Task.MULTICLASS).isPresent();
    for (String column : table.header()) {
      int end = several ? column.lastIndexOf('#') : -1;
      String model = end < 0 ? column : column.substring(0, end);
      if (!isModel(model)) {
        continue;
      }
      if (!several) {
        models.put(column, new int[] {table.require(column)});
        continue;
      }
      models.computeIfAbsent(
          model,
          m -> IntStream.range(0, classes.size()).map(k -> table.require(m + "#" + k)).toArray());
    }
    return models;
  }

  private static void addForecasts(
      HoldoutRows.Builder builder,
      CsvTable table,
      EvaluationReport evaluation,
      int[] unit,
      int[] slices,
      int[] models) {
    int origin = table.require("origin");
    int horizon = table.require("horizon");
    int targetEnd = table.require("targetEnd");
    Optional<Integer> actual = actual(table, evaluation);
    Optional<Integer> weight =
        actual.isPresent() ? Optional.of(table.require("weight")) : table.find("weight");
    while (table.next()) {
      builder.add(
          table.key(unit),
          fields(table, slices),
          table.time(origin),
          table.count(horizon),
          table.time(targetEnd),
          actual.map(table::numberOrMissing).orElse(Double.NaN),
          weight.map(table::number).orElse(1.0),
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
      EvaluationReport evaluation,
      int[] unit,
      int[] slices,
      int[] models) {
    Optional<Integer> time = table.find("time");
    // rows without a time have no period: an end alone would give them one
    Optional<Integer> targetEnd = time.isPresent() ? table.find("targetEnd") : Optional.empty();
    Instant first = evaluation.firstHoldoutOrigin();
    Optional<Integer> actual = actual(table, evaluation);
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
          actual.map(table::numberOrMissing).orElse(Double.NaN),
          weight.map(table::number).orElse(1.0),
          predictions(table, models));
    }
  }

  /** Losses that a team's own evaluation computed need no actual beside them. */
  private static Optional<Integer> actual(CsvTable table, EvaluationReport evaluation) {
    boolean given =
        Metric.Loss.named(evaluation.metric()).filter(metric -> !metric.scored()).isPresent();
    return given ? table.find("actual") : Optional.of(table.require("actual"));
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

  static boolean isModel(String column) {
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
