package io.sluice.inference;

import com.carrotsearch.hppc.LongIntHashMap;
import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/**
 * Reads what a predict command wrote, one file per origin, and joins it with the rows to score:
 * every unit that it was shown has one forecast for each horizon of the signature, and nothing else
 * has any.
 */
final class CommandPredictions {
  static final String HORIZON = "horizon";
  static final String FORECAST = "forecast";

  private CommandPredictions() {}

  /**
   * @param folder {@code <origin>.csv} of each origin
   * @param name what messages call the folder
   * @return one forecast per row; NaN where the command wrote an empty field or no number
   * @throws SluiceException SLU-6301 to SLU-6304: what does not fit, with file and line
   */
  static double[] read(
      Path folder,
      String name,
      PanelFormat format,
      LabelRows rows,
      Units units,
      ForecastSignature signature)
      throws IOException {
    LongIntHashMap groups = new LongIntHashMap();
    TreeSet<Long> origins = new TreeSet<>();
    for (int g = 0; g < rows.groups(); g++) {
      groups.put(key(rows.groupUnit()[g], origins(rows, origins, g)), g);
    }
    int width = signature.horizons().size();
    double[] all = new double[Math.multiplyExact(rows.groups(), width)];
    boolean[] there = new boolean[all.length];
    Findings findings = new Findings();
    for (long origin : origins) {
      Path file = folder.resolve(Windows.name(origin) + ".csv");
      String called = name + "/" + file.getFileName();
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw Refusal.of(
            "SLU-6301",
            "%s: the predict command left no forecasts for origin %s"
                .formatted(called, EpochMicros.toInstant(origin)),
            "write SLUICE_OUTPUTS/forecast.csv at every call");
      }
      try (CsvTable table = CsvTable.open(file, called)) {
        List<String> columns = new ArrayList<>(format.unit());
        columns.addAll(List.of(HORIZON, FORECAST));
        table.expectColumns(columns);
        int[] unitColumns = table.columns(format.unit());
        int horizonColumn = table.column(HORIZON);
        int forecastColumn = table.column(FORECAST);
        while (table.next()) {
          int unit = units.find(table.key(unitColumns));
          int g = unit < 0 ? -1 : groups.getOrDefault(key(unit, origin), -1);
          int column = signature.columnOf(table.count(horizonColumn));
          if (g < 0 || column < 0) {
            Optional<String> meant =
                unit < 0
                    ? units.findByNumber(table.key(unitColumns)).map(units::describe)
                    : Optional.empty();
            findings.add(
                "SLU-6302",
                "%s: nobody asked for this %s%s"
                    .formatted(
                        table.at(g < 0 ? unitColumns[0] : horizonColumn),
                        g < 0 ? "unit" : "horizon",
                        meant.map(known -> ", but for " + known).orElse("")),
                meant.isPresent()
                    ? "units are text: read windows.csv without guessing types, as with pandas'"
                        + " dtype=str, so that leading zeros stay"
                    : "forecast the units of windows.csv and the horizons of signature.json");
            continue;
          }
          int at = g * width + column;
          if (there[at]) {
            findings.add(
                "SLU-6303",
                "%s, line %d: a second forecast of one unit and horizon"
                    .formatted(called, table.line()),
                "write each once");
            continue;
          }
          there[at] = true;
          all[at] = table.forecast(forecastColumn);
        }
      }
    }
    findings.refuse();
    complete(name, there, rows, units, signature);
    return perRow(all, rows, signature);
  }

  private static long origins(LabelRows rows, Set<Long> all, int group) {
    long origin = rows.groupOrigin()[group];
    all.add(origin);
    return origin;
  }

  /** Units are few and origins lie at least a minute apart: both fit into one number. */
  private static long key(int unit, long origin) {
    return LabelRows.pair(unit, Math.toIntExact(Math.floorDiv(origin, 60_000_000L)));
  }

  private static void complete(
      String name, boolean[] there, LabelRows rows, Units units, ForecastSignature signature) {
    int width = signature.horizons().size();
    int missing = 0;
    int first = -1;
    for (int i = 0; i < there.length; i++) {
      if (!there[i]) {
        missing++;
        first = first < 0 ? i : first;
      }
    }
    if (missing > 0) {
      int g = first / width;
      throw Refusal.of(
          "SLU-6304",
          "%s: %d of %d forecasts are missing, the first for %s, origin %s, horizon %d"
              .formatted(
                  name,
                  missing,
                  there.length,
                  units.describe(rows.groupUnit()[g]),
                  EpochMicros.toInstant(rows.groupOrigin()[g]),
                  signature.horizons().get(first % width)),
          "forecast every unit of windows.csv for every horizon of signature.json");
    }
  }

  private static double[] perRow(double[] all, LabelRows rows, ForecastSignature signature) {
    int width = signature.horizons().size();
    double[] out = new double[rows.size()];
    Arrays.setAll(
        out, row -> all[rows.group()[row] * width + signature.columnOf(rows.horizon()[row])]);
    return out;
  }
}
