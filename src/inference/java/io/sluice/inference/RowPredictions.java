package io.sluice.inference;

import com.carrotsearch.hppc.IntIntHashMap;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.table.TableFormat;
import io.sluice.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What a predict command of rows is shown and what it answers: the rows of a set without their
 * labels, once for each set, and one prediction for each of them, and nothing else.
 */
public final class RowPredictions {
  /** Column of a prediction that is one number. */
  static final String PREDICTION = "prediction";

  /** What the folder of the one call of a set, and the file of its answer, are called. */
  static final String CALL = "rows";

  private RowPredictions() {}

  /**
   * Writes what the command is shown: ids and features, in an order that tells nothing.
   *
   * @param set the folder of the tabular set
   * @param name what messages call it
   * @param asOf for {@code SLUICE_AS_OF}
   * @param out receives {@code rows/rows.csv} and {@code rows/as-of}
   * @throws SluiceException as {@link Evaluation} would refuse the table
   */
  public static void show(Path set, String name, Instant asOf, Path out) throws IOException {
    TableFormat format = RowReader.format(set, name);
    List<String> columns =
        Stream.concat(format.id().stream(), format.features().keySet().stream()).toList();
    Path folder = Files.createDirectories(out.resolve(CALL));
    Files.writeString(folder.resolve(Windows.AS_OF), asOf + "\n");
    new ShuffledRows(columns, format.id())
        .write(
            set.resolve(TableFormat.ROWS),
            name + "/" + TableFormat.ROWS,
            folder.resolve(TableFormat.ROWS));
  }

  /**
   * Reads the answer.
   *
   * @param folder with the file
   * @param name what messages call the folder
   * @return flat {@code [rows][width]}; NaN where the command wrote an empty field or no number
   * @throws SluiceException SLU-6021, SLU-6301 to SLU-6304: what does not fit, with file and line
   */
  static double[] read(
      Path folder,
      String name,
      TabularRows rows,
      TabularRows.Names names,
      TabularSignature signature)
      throws IOException {
    Path file = folder.resolve(CALL + ".csv");
    String called = name + "/" + file.getFileName();
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6301",
          called + ": the predict command left no predictions",
          "write SLUICE_OUTPUTS/predictions.csv at every call");
    }
    IntIntHashMap rowOf = new IntIntHashMap(rows.size());
    for (int i = 0; i < rows.size(); i++) {
      rowOf.put(rows.id()[i], i);
    }
    int width = signature.width();
    double[] all = new double[Math.multiplyExact(rows.size(), width)];
    boolean[] there = new boolean[rows.size()];
    Findings findings = new Findings();
    try (CsvTable table = CsvTable.open(file, called)) {
      boolean single = table.header().contains(PREDICTION) || !signature.task().classes();
      if (single && width > 1) {
        single = false;
      }
      List<String> answer = single ? List.of(PREDICTION) : signature.classes();
      List<String> columns = new ArrayList<>(rows.format().id());
      columns.addAll(answer);
      table.expectColumns(columns);
      int[] id = table.columns(rows.format().id());
      int[] at = table.columns(answer);
      int only = !single && signature.task() == Task.BINARY ? at[1] : -1;
      while (table.next()) {
        String key = table.key(id);
        int known = names.ids().find(key);
        int row = known < 0 ? -1 : rowOf.getOrDefault(known, -1);
        if (row < 0) {
          Optional<String> meant = meant(key, names);
          findings.add("SLU-6302", strange(table, id, meant), hint(meant));
          continue;
        }
        if (there[row]) {
          findings.add(
              "SLU-6303",
              "%s, line %d: a second prediction of one row".formatted(called, table.line()),
              "write each once");
          continue;
        }
        there[row] = true;
        if (only >= 0) {
          double sum = table.forecast(at[0]) + table.forecast(only);
          if (Double.isFinite(sum) && Math.abs(sum - 1) > TabularEvaluation.SUM_ROUNDING) {
            findings.add(
                "SLU-6058",
                "%s, line %d: the probabilities of the two classes sum to %s"
                    .formatted(called, table.line(), sum),
                "predict a probability from 0 to 1 for each class, together 1, and no score,"
                    + " margin or class");
          }
        }
        for (int k = 0; k < width; k++) {
          all[row * width + k] = table.forecast(only >= 0 ? only : at[k]);
        }
      }
    }
    findings.refuse();
    complete(called, there, rows, names);
    return all;
  }

  private static Optional<String> meant(String key, TabularRows.Names names) {
    return names.ids().find(key) < 0
        ? names.ids().findByNumber(key).map(names.ids()::describe)
        : Optional.empty();
  }

  private static String strange(CsvTable table, int[] id, Optional<String> meant) {
    return "%s: nobody asked for this row%s"
        .formatted(table.at(id[0]), meant.map(k -> ", but for " + k).orElse(""));
  }

  private static String hint(Optional<String> meant) {
    return meant.isPresent()
        ? "ids are text: read rows.csv without guessing their types, as with pandas' dtype=str, so"
            + " that leading zeros stay"
        : "predict the rows of SLUICE_INPUTS/rows.csv";
  }

  private static void complete(
      String called, boolean[] there, TabularRows rows, TabularRows.Names names) {
    int missing = 0;
    int first = -1;
    for (int i = 0; i < there.length; i++) {
      if (!there[i]) {
        missing++;
        first = first < 0 ? i : first;
      }
    }
    if (missing > 0) {
      throw Refusal.of(
          "SLU-6304",
          "%s: %d of %d predictions are missing, the first for %s"
              .formatted(called, missing, there.length, names.ids().describe(rows.id()[first])),
          "predict every row of SLUICE_INPUTS/rows.csv");
    }
  }
}
