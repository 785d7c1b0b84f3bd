package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PanelWindowTest {
  private static final long WEEK = EpochMicros.of(Duration.ofDays(7));

  private record Vintage(int unit, int week, long known, double a, double b) {}

  /** The definition, word by word: every vintage is looked at for every cell. */
  private static float naive(List<Vintage> log, int unit, int week, long origin, int channel) {
    Vintage latest = null;
    for (Vintage v : log) {
      if (v.unit == unit
          && v.week == week
          && v.known <= origin
          && (latest == null || v.known > latest.known)) {
        latest = v;
      }
    }
    return latest == null ? Float.NaN : (float) (channel == 0 ? latest.a : latest.b);
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void windowsAreWhatWasKnownAtTheOrigin(long seed, @TempDir Path folder) throws IOException {
    Random random = new Random(seed);
    long start = EpochMicros.parse("2025-01-06");
    List<Vintage> log = new ArrayList<>();
    Set<String> seen = new HashSet<>();
    for (int i = 0; i < 400; i++) {
      int week = random.nextInt(30);
      long known = start + (week + 1) * WEEK + random.nextInt(60) * WEEK / 7;
      int unit = random.nextInt(4);
      if (seen.add(unit + "/" + week + "/" + known)) {
        log.add(
            new Vintage(
                unit,
                week,
                known,
                random.nextInt(9),
                random.nextInt(5) == 0 ? Double.NaN : random.nextDouble()));
      }
    }
    Collections.shuffle(log, random);
    StringBuilder csv = new StringBuilder("u,eventTime,knownAt,a,b\n");
    Units units = new Units();
    for (int u = 0; u < 4; u++) {
      units.number("u" + u);
    }
    for (Vintage v : log) {
      csv.append(
          "u%d,%s,%s,%s,%s\n"
              .formatted(
                  v.unit,
                  EpochMicros.toInstant(start + v.week * WEEK),
                  EpochMicros.toInstant(v.known),
                  CsvTable.format(v.a),
                  Double.isNaN(v.b) ? "" : CsvTable.format(v.b)));
    }
    Path file = Files.writeString(folder.resolve("panel.csv"), csv);
    Panel panel =
        Panel.read(
            file,
            "panel.csv",
            new Panel.Columns(List.of("u"), "eventTime", "knownAt", List.of("a", "b"), false),
            WEEK,
            units);
    int lookback = 6;
    float[] window = new float[1 + lookback * 2];
    for (int unit = 0; unit < 4; unit++) {
      for (int o = 0; o < 36; o++) {
        long origin = start + o * WEEK;
        panel.window(unit, origin, lookback, new int[] {1, 0}, window, 1);
        for (int p = 0; p < lookback; p++) {
          int week = o - lookback + p;
          assertThat(Float.valueOf(window[1 + p * 2]))
              .isEqualTo(Float.valueOf(naive(log, unit, week, origin, 1)));
          assertThat(Float.valueOf(window[2 + p * 2]))
              .isEqualTo(Float.valueOf(naive(log, unit, week, origin, 0)));
        }
      }
    }
  }
}
