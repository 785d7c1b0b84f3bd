package io.sluice.inference;

import de.siegmar.fastcsv.writer.CsvWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What a command that predicts is shown of a panel table set: for each origin the windows as they
 * were known then, each in a folder of its own, so that no call sees a later origin, let alone an
 * actual. The windows are those that an ONNX graph of the same signature is given.
 */
public final class Windows {
  /** The table of one origin. */
  public static final String FILE = "windows.csv";

  /** The origin as an instant, for {@code SLUICE_AS_OF}. */
  public static final String AS_OF = "as-of";

  private static final DateTimeFormatter NAME =
      DateTimeFormatter.ofPattern("uuuuMMdd'T'HHmmss").withZone(ZoneOffset.UTC);

  /** No label is immature here: nobody is shown one. */
  private static final Instant FAR = Instant.parse("9999-01-01T00:00:00Z");

  private Windows() {}

  /** What the folder of an origin and the file with its forecasts are called; sorts by time. */
  static String name(long origin) {
    return NAME.format(EpochMicros.toInstant(origin));
  }

  /**
   * Columns of {@code windows.csv}: the unit's, then the window flattened as a graph gets it,
   * oldest period first, the channels of a period side by side: {@code returned.2, shipped.2,
   * returned.1, shipped.1}.
   */
  static List<String> columns(PanelFormat format, ForecastSignature signature) {
    List<String> columns = new ArrayList<>(format.unit());
    for (int back = signature.lookback(); back >= 1; back--) {
      for (String channel : signature.channels()) {
        columns.add(channel + "." + back);
      }
    }
    return columns;
  }

  /**
   * Cuts.
   *
   * @param set the folder of the table set
   * @param name what messages call it
   * @param out receives {@code <origin>/windows.csv} and {@code <origin>/as-of}
   * @return number of origins
   * @throws io.sluice.core.diag.SluiceException as {@link Evaluation} would refuse the tables, and
   *     SLU-6009 when the model wants a channel that they lack
   */
  public static int cut(Path set, String name, ForecastSignature signature, Path out)
      throws IOException {
    PanelFormat format = PanelFormat.read(set, name);
    Units units = new Units();
    Panel panel =
        Panel.read(
            set.resolve("panel.csv"),
            name + "/panel.csv",
            new Panel.Columns(format.unit(), "eventTime", "knownAt", format.channels(), false),
            format.periodMicros(),
            units);
    LabelRows rows =
        LabelRows.read(
            set.resolve("rows.csv"), name + "/rows.csv", format, panel, units, Duration.ZERO, FAR);
    int[] picked = signature.pick(format, signature.family());
    Map<Long, List<Integer>> byOrigin = new TreeMap<>();
    for (int g = 0; g < rows.groups(); g++) {
      byOrigin.computeIfAbsent(rows.groupOrigin()[g], o -> new ArrayList<>()).add(g);
    }
    float[] window = new float[signature.windowSize()];
    for (Map.Entry<Long, List<Integer>> origin : byOrigin.entrySet()) {
      Path folder = Files.createDirectories(out.resolve(name(origin.getKey())));
      Files.writeString(folder.resolve(AS_OF), EpochMicros.toInstant(origin.getKey()) + "\n");
      try (CsvWriter csv = CsvTable.writer(folder.resolve(FILE))) {
        csv.writeRecord(columns(format, signature));
        for (int g : byName(origin.getValue(), rows, units)) {
          int unit = rows.groupUnit()[g];
          panel.window(unit, origin.getKey(), signature.lookback(), picked, window, 0);
          List<String> record = new ArrayList<>(units.values(unit));
          for (float value : window) {
            record.add(Float.isNaN(value) ? "" : CsvTable.format(CsvTable.shortest(value)));
          }
          csv.writeRecord(record);
        }
      }
    }
    return byOrigin.size();
  }

  /** The groups in the order of their units' names: the order of the rows may follow the labels. */
  private static List<Integer> byName(List<Integer> groups, LabelRows rows, Units units) {
    return groups.stream()
        .sorted(Comparator.comparing(g -> String.join("\u0000", units.values(rows.groupUnit()[g]))))
        .toList();
  }
}
