package io.sluice.inference;

import io.sluice.core.gate.Baseline;
import java.time.Duration;
import java.util.Arrays;

/**
 * Computes the {@link Baseline}s, from the same vintages that a model may look at: what was known
 * at the origin, nothing else. Definitions, for a unit u and origin o; a period is <em>known</em>
 * when it has a vintage with {@code knownAt <= o} and a value in it, <em>mature</em> when its end +
 * matureAfter {@code <= o}:
 *
 * <ul>
 *   <li>{@code zero}: 0.
 *   <li>{@code movingAverage}: mean of the label over the latest {@value #AVERAGED} known mature
 *       periods of u; without any, over the latest {@value #AVERAGED} known ones; without any, 0.
 *   <li>{@code seasonal}: the label of the period one year (365.25 days, rounded to whole periods)
 *       before the target, if known and mature; else {@code movingAverage}.
 *   <li>{@code rate}: (sum of the label / sum of the exposure over the latest {@value #RATED}
 *       mature periods where both are known) times the mean exposure of the latest {@value
 *       #AVERAGED} periods where it is known. The exposure is the first channel that is not the
 *       label. Where the exposure sums to nothing: {@code movingAverage}.
 * </ul>
 */
final class NaiveForecast {
  static final int AVERAGED = 8;
  static final int RATED = 52;
  private static final Duration YEAR = Duration.ofHours(8766);

  private NaiveForecast() {}

  /** Whether the panel has what this baseline looks at. */
  static boolean offered(Baseline baseline, PanelFormat format) {
    return switch (baseline) {
      case ZERO, MOVING_AVERAGE, SEASONAL -> true;
      case RATE -> format.channels().size() > 1;
      case PRIOR, MAJORITY, POSITIVE, MEAN, MEDIAN, LAST_VALUE, QUANTILE -> false;
    };
  }

  /** One forecast per row. */
  static double[] of(
      Baseline baseline, PanelFormat format, Panel panel, LabelRows rows, Duration matureAfter) {
    return switch (baseline) {
      case ZERO -> new double[rows.size()];
      case MOVING_AVERAGE -> byRow(rows, levels(format, panel, rows, matureAfter, false));
      case RATE -> byRow(rows, levels(format, panel, rows, matureAfter, true));
      case SEASONAL -> {
        double[] out = byRow(rows, levels(format, panel, rows, matureAfter, false));
        int label = format.channels().indexOf(format.label());
        int year =
            (int) Math.max(1, Math.round((double) EpochMicros.of(YEAR) / format.periodMicros()));
        for (int row = 0; row < out.length; row++) {
          int slot = rows.targetSlot()[row] - year;
          out[row] = lastYear(panel, rows, row, slot, label, EpochMicros.of(matureAfter), out[row]);
        }
        yield out;
      }
      case PRIOR, MAJORITY, POSITIVE, MEAN, MEDIAN, LAST_VALUE, QUANTILE ->
          throw new IllegalArgumentException(baseline.word() + " does not forecast panels");
    };
  }

  private static double[] byRow(LabelRows rows, double[] levels) {
    double[] out = new double[rows.size()];
    Arrays.setAll(out, row -> levels[rows.group()[row]]);
    return out;
  }

  /** Rows of units of which no label is known at their origin: every baseline forecasts 0 there. */
  static long withoutHistory(PanelFormat format, Panel panel, LabelRows rows) {
    int label = format.channels().indexOf(format.label());
    boolean[] blind = new boolean[rows.groups()];
    for (int g = 0; g < blind.length; g++) {
      KnownPeriods periods = new KnownPeriods(panel, rows.groupUnit()[g], rows.groupOrigin()[g]);
      blind[g] = true;
      while (blind[g] && periods.next()) {
        blind[g] = Double.isNaN(periods.value(label));
      }
    }
    return Arrays.stream(rows.group()).filter(g -> blind[g]).count();
  }

  /** One forecast per group of rows: the moving average, or the rate. */
  private static double[] levels(
      PanelFormat format, Panel panel, LabelRows rows, Duration matureAfter, boolean rate) {
    int label = format.channels().indexOf(format.label());
    int exposure = label == 0 ? 1 : 0;
    long maturity = EpochMicros.of(matureAfter);
    double[] level = new double[rows.groups()];
    for (int g = 0; g < level.length; g++) {
      int unit = rows.groupUnit()[g];
      long origin = rows.groupOrigin()[g];
      level[g] = average(panel, unit, origin, label, maturity);
      if (rate) {
        level[g] = rate(panel, unit, origin, label, exposure, maturity, level[g]);
      }
    }
    return level;
  }

  private static double lastYear(
      Panel panel, LabelRows rows, int row, int slot, int label, long maturity, double otherwise) {
    long origin = rows.origin(row);
    if (panel.endOf(slot) + maturity > origin) {
      return otherwise;
    }
    double value = panel.valueAsOf(rows.unit(row), slot, origin, label);
    return Double.isNaN(value) ? otherwise : value;
  }

  private static double average(Panel panel, int unit, long origin, int label, long maturity) {
    double mature = 0;
    int matureCount = 0;
    double any = 0;
    int anyCount = 0;
    KnownPeriods periods = new KnownPeriods(panel, unit, origin);
    while (matureCount < AVERAGED && periods.next()) {
      double value = periods.value(label);
      if (Double.isNaN(value)) {
        continue;
      }
      if (panel.endOf(periods.slot()) + maturity <= origin) {
        mature += value;
        matureCount++;
      }
      if (anyCount < AVERAGED) {
        any += value;
        anyCount++;
      }
    }
    return matureCount > 0 ? mature / matureCount : anyCount > 0 ? any / anyCount : 0;
  }

  private static double rate(
      Panel panel,
      int unit,
      long origin,
      int label,
      int exposure,
      long maturity,
      double otherwise) {
    double labels = 0;
    double exposures = 0;
    int pairs = 0;
    double recent = 0;
    int recentCount = 0;
    KnownPeriods periods = new KnownPeriods(panel, unit, origin);
    while ((pairs < RATED || recentCount < AVERAGED) && periods.next()) {
      double e = periods.value(exposure);
      if (Double.isNaN(e)) {
        continue;
      }
      if (recentCount < AVERAGED) {
        recent += e;
        recentCount++;
      }
      double l = periods.value(label);
      if (pairs < RATED && !Double.isNaN(l) && panel.endOf(periods.slot()) + maturity <= origin) {
        labels += l;
        exposures += e;
        pairs++;
      }
    }
    return exposures > 0 ? labels / exposures * (recent / recentCount) : otherwise;
  }
}
