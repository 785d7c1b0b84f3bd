package io.sluice.bench;

import io.sluice.inference.CsvTable;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Locale;

/**
 * Times the Java reader of tables as evaluate reads what models learned from: keys, instants and
 * numbers of every row. Argument: a {@code rows.csv}; {@code reading.py} writes one and calls this
 * beside the readers of Python.
 */
public final class TableReading {
  private TableReading() {}

  public static void main(String[] args) throws Exception {
    long start = System.nanoTime();
    long rows = 0;
    double sum = 0;
    try (CsvTable table = CsvTable.open(Path.of(args[0]), "rows.csv")) {
      int[] unit = List.of("product", "market").stream().mapToInt(table::require).toArray();
      int[] instants =
          List.of("origin", "targetEnd", "knownAt").stream().mapToInt(table::require).toArray();
      int actual = table.require("actual");
      while (table.next()) {
        rows++;
        sum += table.key(unit).length();
        for (int column : instants) {
          sum += table.time(column).getEpochSecond();
        }
        sum += table.number(actual);
      }
    }
    System.out.printf(
        Locale.ROOT,
        "%d rows in %.1f s (%.0f)%n",
        rows,
        Duration.ofNanos(System.nanoTime() - start).toMillis() / 1e3,
        sum);
  }
}
