package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sluice.core.gate.Baseline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * The baselines on histories small enough to compute by hand. All forecasts are made at the start
 * of week 60; a week is known when it is over and mature two weeks later, so weeks up to 57 are.
 */
class NaiveForecastTest {
  private static final int ORIGIN = 60;
  private static final Duration MATURE_AFTER = Duration.ofDays(14);

  @TempDir Path folder;
  private final StringBuilder panel =
      new StringBuilder("unit,eventTime,knownAt,returned,shipped\n");
  private final StringBuilder rows =
      new StringBuilder("unit,origin,horizon,targetEnd,knownAt,actual,weight\n");

  /** Weeks 50 to 57 returned 1 to 8 of 10 each; 58 and 59, still immature, 100 of 30 each. */
  private void history(String unit) {
    for (int w = 50; w <= 57; w++) {
      known(unit, w, w + 1, w - 49, 10);
    }
    known(unit, 58, 59, 100, 30);
    known(unit, 59, 60, 100, 30);
  }

  @Test
  void movingAverageIsTheMeanOfTheLatestEightMatureWeeks() throws IOException {
    history("a");
    known("a", 49, 50, 1000, 10);
    assertThat(forecasts(Baseline.MOVING_AVERAGE, "a", 1)).containsExactly(4.5);
  }

  @Test
  void movingAverageOfAYoungUnitTakesImmatureWeeksAndOfANewOneIsZero() throws IOException {
    known("young", 58, 59, 2, 1);
    known("young", 59, 60, 6, 1);
    known("new", 59, 61, 6, 1);
    assertThat(forecasts(Baseline.MOVING_AVERAGE, "young", 1)).containsExactly(4);
    assertThat(forecasts(Baseline.MOVING_AVERAGE, "new", 1)).containsExactly(0);
  }

  @Test
  void seasonalIsTheValueFiftyTwoWeeksBeforeTheTarget() throws IOException {
    history("a");
    known("a", 8, 9, 7, 10); // 52 weeks before week 60, the target of horizon 1
    known("a", 10, 11, 3, 20); // of horizon 3; nothing is known of week 9
    known("a", 10, 62, 99, 20); // a revision that came after the origin
    assertThat(forecasts(Baseline.SEASONAL, "a", 3)).containsExactly(7, 4.5, 3);
  }

  @Test
  void seasonalDoesNotLookAtALastYearThatIsImmatureAtTheOrigin() throws IOException {
    history("a");
    // horizon 50 targets week 109; 52 weeks before it is week 57, mature; 51 asks for 58, which is
    // not
    assertThat(forecasts(Baseline.SEASONAL, "a", 51)).endsWith(8, 4.5);
  }

  @Test
  void rateIsReturnsPerShipmentTimesRecentShipments() throws IOException {
    history("a");
    known("a", 8, 9, 7, 10);
    known("a", 10, 11, 3, 20);
    // mature: (36 + 7 + 3) returned of (80 + 10 + 20); shipped lately: (30 + 30 + 6 * 10) / 8
    assertThat(forecasts(Baseline.RATE, "a", 1)[0]).isCloseTo(46.0 / 110 * 15, within(1e-12));
  }

  @Test
  void rateLeavesOutMatureWeeksBeyondTheLatestFiftyTwo() throws IOException {
    known("a", 5, 6, 1000, 1000);
    for (int w = 6; w <= 57; w++) {
      known("a", w, w + 1, 1, 4);
    }
    assertThat(forecasts(Baseline.RATE, "a", 1)).containsExactly(1);
  }

  @Test
  void rateWithoutShipmentsIsTheMovingAverage() throws IOException {
    known("a", 50, 51, 3, 0);
    known("a", 51, 52, 5, 0);
    assertThat(forecasts(Baseline.RATE, "a", 1)).containsExactly(4);
  }

  private void known(String unit, int week, int knownAt, int returned, int shipped) {
    panel.append("%s,%s,%s,%d,%d\n".formatted(unit, week(week), week(knownAt), returned, shipped));
  }

  /** Forecasts for the horizons 1 to {@code horizons}. */
  private double[] forecasts(Baseline baseline, String unit, int horizons) throws IOException {
    rows.setLength(rows.indexOf("\n") + 1);
    for (int h = 1; h <= horizons; h++) {
      LocalDate end = week(ORIGIN + h);
      rows.append("%s,%s,%d,%s,%s,1,1\n".formatted(unit, week(ORIGIN), h, end, end.plusDays(14)));
    }
    Files.writeString(
        folder.resolve("panel.json"),
        """
        {"unit":["unit"],"slices":[],"channels":["returned","shipped"],"period":"P7D",
         "label":"returned"}
        """);
    Path panelFile = Files.writeString(folder.resolve("panel.csv"), panel);
    Path rowsFile = Files.writeString(folder.resolve("rows.csv"), rows);
    PanelFormat format = PanelFormat.read(folder, "t");
    Units units = new Units();
    Panel read =
        Panel.read(
            panelFile,
            "panel.csv",
            new Panel.Columns(format.unit(), "eventTime", "knownAt", format.channels(), false),
            format.periodMicros(),
            units);
    LabelRows labels =
        LabelRows.read(
            rowsFile,
            "rows.csv",
            format,
            read,
            units,
            MATURE_AFTER,
            Instant.parse("2030-01-01T00:00:00Z"));
    return NaiveForecast.of(baseline, format, read, labels, MATURE_AFTER);
  }

  private static LocalDate week(int w) {
    return LocalDate.parse("2024-01-01").plusWeeks(w);
  }
}
