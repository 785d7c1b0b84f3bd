package io.sluice.worker.step;

import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.OwnRows;
import io.sluice.core.json.Json;
import io.sluice.core.plan.OwnEvaluation;
import io.sluice.core.table.TableFormat;
import io.sluice.inference.CsvTable;
import io.sluice.store.Trees;
import io.sluice.worker.workspace.Workspace;
import java.io.IOException;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * The rows of a holdout that is a table set, by their ids, with what each must be: by it the rows
 * of a team's own evaluation are held to be all of them, and nothing else. It is read from the
 * store, since the evaluation's command could write into its inputs.
 */
final class HoldoutIds {
  private static final String ID = "SLU-6066";

  /**
   * A row of the holdout.
   *
   * @param unit the values of its group; empty without one
   * @param slices the values of its slices; empty without any
   * @param label as {@code rows.csv} of the evaluation has its actual; NaN where nobody can know
   */
  private record Row(String unit, String slices, String time, double weight, double label) {}

  private final Map<String, Row> open;
  private final long rows;
  private final TableFormat format;

  private HoldoutIds(Map<String, Row> open, TableFormat format) {
    this.open = open;
    this.rows = open.size();
    this.format = format;
  }

  /** Empty where the holdout is not a table set. */
  static Optional<HoldoutIds> of(
      ArtifactStore store, Manifest holdout, Path scratch, OwnRows told, OwnEvaluation own)
      throws IOException {
    List<Manifest.Entry> needed =
        holdout.entries().stream()
            .filter(e -> Set.of(TableFormat.FILE, TableFormat.ROWS).contains(e.path()))
            .toList();
    if (needed.size() < 2) {
      return Optional.empty();
    }
    TableFormat format;
    try {
      format = TableFormat.parse(Json.parse(store.read(holdout, TableFormat.FILE)));
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-6050",
                  "table.json of the holdout: " + e.getMessage(),
                  "write it as table.schema.json has it, or call a file of your own something"
                      + " else")),
          e);
    }
    same("id", told.id(), format.id());
    same("group", told.group(), format.group());
    if (own.task().classes()) {
      same("classes", told.classes(), format.classes());
    }
    if (!told.slices().containsAll(format.slices())) {
      throw OwnRowsReport.wrong(
          ID,
          "rows.json has `slices` %s, and table.json of the holdout %s"
              .formatted(told.slices(), format.slices()),
          "name all slices that table.json of SLUICE_INPUTS/holdout names, and more if you want;"
              + " gate.slices in the spec says which of them the gate looks at");
    }
    Trees.lay(store, new Manifest(Optional.empty(), Map.of(), needed), scratch);
    Map<String, Row> rows = new LinkedHashMap<>();
    try (CsvTable table =
        CsvTable.open(scratch.resolve(TableFormat.ROWS), "holdout/" + TableFormat.ROWS)) {
      int[] id = told.id().stream().mapToInt(table::require).toArray();
      int[] group = format.group().stream().mapToInt(table::require).toArray();
      int[] slices = format.slices().stream().mapToInt(table::require).toArray();
      int label = table.require(format.label());
      Optional<Integer> time = format.time().map(table::require);
      Optional<Integer> weight = format.weight().map(table::require);
      while (table.next()) {
        String name = table.key(id);
        Row row =
            new Row(
                values(table, group),
                values(table, slices),
                time.map(t -> table.time(t).toString()).orElse(""),
                weight.map(table::number).orElse(1.0),
                own.task().scored() ? label(table, label, format) : Double.NaN);
        if (rows.put(name, row) != null) {
          throw OwnRowsReport.wrong(
              ID,
              table.at(id[0]) + ": a second row of " + name.replace('\t', ' '),
              "the stage that makes the holdout writes each row once, or names in table.json's `id`"
                  + " all columns that tell rows apart");
        }
      }
    }
    Workspace.delete(scratch);
    return Optional.of(new HoldoutIds(rows, format));
  }

  private static String values(CsvTable table, int[] columns) {
    return columns.length == 0 ? "" : table.key(columns);
  }

  private static double label(CsvTable table, int column, TableFormat format) {
    return format.classes().isEmpty()
        ? table.numberOrMissing(column)
        : format.classes().indexOf(table.text(column));
  }

  private static void same(String field, List<String> told, List<String> known) {
    if (!told.equals(known)) {
      throw OwnRowsReport.wrong(
          ID,
          "rows.json has `%s` %s, and table.json of the holdout %s".formatted(field, told, known),
          "write `" + field + "` as table.json of SLUICE_INPUTS/holdout has it");
    }
  }

  long rows() {
    return rows;
  }

  /**
   * Strikes off the row that the table stands at.
   *
   * @param at a column of its id, for messages
   * @param actual what the evaluation says of it; NaN where it need not say it
   */
  void seen(CsvTable table, String name, int at, double actual) {
    Row row = open.remove(name);
    if (row == null) {
      throw OwnRowsReport.wrong(
          ID,
          table.at(at) + ": the holdout has no row " + name.replace('\t', ' '),
          "judge the rows of SLUICE_INPUTS/holdout, all of them and no others");
    }
    if (!Double.isNaN(row.label) && actual != row.label) {
      throw differs(table, table.require("actual"), row.label);
    }
    holds(table, format.group(), row.unit);
    holds(table, format.slices(), row.slices);
    if (row.time.isEmpty()) {
      // a time that the judge invents would make rows look new that earlier gates saw
      table
          .find("time")
          .ifPresent(column -> {
            throw OwnRowsReport.wrong(
                ID,
                "rows.csv has a column `time`, and the holdout has no time",
                "leave it out; or name in table.json the column of when a row came about");
          });
    } else {
      int time = table.require("time");
      if (!table.time(time).toString().equals(row.time)) {
        throw differs(table, time, row.time);
      }
    }
    double weight = table.find("weight").map(table::number).orElse(1.0);
    if (weight != row.weight) {
      throw differs(table, table.find("weight").orElse(at), row.weight);
    }
  }

  private static void holds(CsvTable table, List<String> names, String known) {
    if (!names.isEmpty()) {
      int[] columns = names.stream().mapToInt(table::require).toArray();
      if (!table.key(columns).equals(known)) {
        throw differs(table, columns[0], known.replace('\t', ' '));
      }
    }
  }

  private static RuntimeException differs(CsvTable table, int column, Object known) {
    return OwnRowsReport.wrong(
        ID,
        "%s: it is %s, and %s in the holdout"
            .formatted(table.at(column), table.text(column), known),
        "copy what the holdout says of a row: `actual` (of a class its place in `classes`, from 0),"
            + " the columns of its group and slices, `time` and `weight`");
  }

  /** Refuses rows that leave out some of the holdout. */
  void complete() {
    if (!open.isEmpty()) {
      throw OwnRowsReport.wrong(
          ID,
          "rows.csv lacks %d of the %d rows of the holdout, the first %s"
              .formatted(open.size(), rows, open.keySet().iterator().next()),
          "judge every row: a comparison on some of them is one on rows that were picked");
    }
  }
}
