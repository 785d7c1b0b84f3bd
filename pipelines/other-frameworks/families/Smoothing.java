import java.nio.file.*;
import java.util.*;

/** Family smoothing: exponential smoothing of the known weeks, in one file that `java` runs as it is. */
class Smoothing {
  static double level(List<String> week, double alpha) { // returned.8, shipped.8, .., returned.1, shipped.1
    double level = Double.NaN;
    for (int i = 0; i < week.size(); i += 2)
      if (!week.get(i).isEmpty()) {
        double returned = Double.parseDouble(week.get(i)) * (i + 2 == week.size() ? 1.25 : 1); // late reports
        level = Double.isNaN(level) ? returned : level + alpha * (returned - level);
      }
    return Double.isNaN(level) ? 0 : level;
  }
  static Path folder(String name) { return Path.of(System.getenv("SLUICE_" + name)); }
  static List<List<String>> table(Path file) throws Exception {
    return Files.readAllLines(file).stream().skip(1).map(l -> Arrays.asList(l.split(",", -1))).toList();
  }
  public static void main(String[] args) throws Exception {
    String text = Files.readString(folder("PARAMS")).replaceAll("(?s).*\"alpha\"\\s*:\\s*([0-9.eE-]+).*", "$1");
    double alpha = Double.parseDouble(text), deviance = 0, n = 0;
    if (System.getenv("SLUICE_MODE").equals("predict")) { // product, market, returned.8, .. -> a row per horizon
      StringBuilder out = new StringBuilder("product,market,horizon,forecast\n");
      for (var row : table(folder("INPUTS").resolve("windows.csv")))
        for (int h = 1; h <= 2; h++)
          out.append(row.get(0) + "," + row.get(1) + "," + h + "," + level(row.subList(2, 18), alpha) + "\n");
      Files.writeString(folder("OUTPUTS").resolve("forecast.csv"), out);
      return;
    }
    for (var row : table(folder("INPUTS").resolve("validation/windows.csv")))
      for (int h = 0; h < 2; h++, n++) {
        double y = Double.parseDouble(row.get(19 + h)), p = Math.max(level(row.subList(3, 19), alpha), 1e-3);
        deviance += 2 * ((y > 0 ? y * Math.log(y / p) : 0) - y + p);
      }
    Files.writeString(folder("RESULTS").resolve("objective"), "" + deviance / n);
    Files.writeString(Files.createDirectories(folder("OUTPUTS").resolve("model")).resolve("signature.json"),
        "{\"apiVersion\":\"sluice.io/bundle/v1\",\"kind\":\"forecast\",\"family\":\"smoothing\",\"period\":\"P7D\","
        + "\"inputs\":[{\"kind\":\"window\",\"channels\":[\"returned\",\"shipped\"],\"lookback\":8}],\"horizons\":[1,2]}");
  }
}
