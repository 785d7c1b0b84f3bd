package io.sluice.core.gate;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Optional;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.TDistribution;
import org.jspecify.annotations.Nullable;

/**
 * How much more one model loses than another, summed by unit: what the tests work on. Negative
 * totals speak for the candidate.
 */
public final class Contrast {
  /** The fewest periods that are looked at as clusters: fewer hardly tell their own spread. */
  static final int CLUSTERS = 4;

  private final double[] units;
  private final int periods;
  private final double total;
  private final double unitVariance;
  private final double periodVariance;
  private final double cellVariance;
  private final double jackknifeVariance;
  private final CommonPeriods.Deviations deviations;

  private Contrast(
      double[] units,
      int periods,
      double total,
      double unitVariance,
      double periodVariance,
      double cellVariance,
      double jackknifeVariance,
      CommonPeriods.Deviations deviations) {
    this.units = units;
    this.periods = periods;
    this.total = total;
    this.unitVariance = unitVariance;
    this.periodVariance = periodVariance;
    this.cellVariance = cellVariance;
    this.jackknifeVariance = jackknifeVariance;
    this.deviations = deviations;
  }

  /**
   * Sums differences of losses over rows.
   *
   * @param unit code per row, ascending: rows of a unit are neighbours
   * @param period code per row, 0 or more
   * @param difference candidate's loss less (a factor of) the other's, per row
   */
  public static Contrast of(int[] unit, int[] period, double[] difference) {
    return of(unit, period, difference, null);
  }

  /** As {@link #of(int[], int[], double[])}, over the rows of a subset. */
  static Contrast of(int[] unit, int[] period, double[] difference, @Nullable BitSet rows) {
    int periodCodes = Arrays.stream(period).max().orElse(-1) + 1;
    double[] byPeriod = new double[periodCodes];
    boolean[] periodSeen = new boolean[periodCodes];
    long[] periodRows = new long[periodCodes];
    double[] cell = new double[periodCodes];
    int[] touched = new int[periodCodes];
    int[] lastUnit = new int[periodCodes];
    Arrays.fill(lastUnit, -1);
    double[] byUnit = new double[64];
    int unitCount = 0;
    double[] deviations = new double[periodCodes];
    double cells = 0;
    double spread = 0;
    int varying = 0;
    int n = unit.length;
    for (int from = 0; from < n; ) {
      int u = unit[from];
      int count = 0;
      double sum = 0;
      double sizes = 0;
      int i = from;
      for (; i < n && unit[i] == u; i++) {
        if (rows != null && !rows.get(i)) {
          continue;
        }
        int p = period[i];
        if (lastUnit[p] != u) {
          lastUnit[p] = u;
          cell[p] = 0;
          touched[count++] = p;
        }
        cell[p] += difference[i];
        periodRows[p]++;
        sum += difference[i];
        sizes += Math.abs(difference[i]);
      }
      if (i < n && unit[i] < u) {
        throw new IllegalArgumentException("rows are not sorted by unit");
      }
      if (count > 0) {
        if (unitCount == byUnit.length) {
          byUnit = Arrays.copyOf(byUnit, unitCount * 2);
        }
        byUnit[unitCount++] = Rounding.settled(sum, sizes);
        double mean = sum / count;
        double squares = 0;
        for (int k = 0; k < count; k++) {
          double deviation = cell[touched[k]] - mean;
          squares += deviation * deviation;
          cells += cell[touched[k]] * cell[touched[k]];
          byPeriod[touched[k]] += cell[touched[k]];
          periodSeen[touched[k]] = true;
        }
        double own = count > 1 ? Math.sqrt(squares / (count - 1)) : 0;
        if (own > Rounding.of(sizes)) {
          varying++;
          spread += own;
          for (int k = 0; k < count; k++) {
            deviations[touched[k]] += (cell[touched[k]] - mean) / own;
          }
        }
      }
      from = i;
    }
    double[] units = Arrays.copyOf(byUnit, unitCount);
    double[] sums =
        IntStream.range(0, periodCodes)
            .filter(p -> periodSeen[p])
            .mapToDouble(p -> deviations[p])
            .toArray();
    return new Contrast(
        units,
        sums.length,
        Arrays.stream(units).sum(),
        squares(units),
        squares(byPeriod),
        cells,
        jackknife(byPeriod, periodRows),
        new CommonPeriods.Deviations(sums, varying, spread));
  }

  /**
   * Variance of the total over periods, each left out in turn (the jackknife CV3 of MacKinnon,
   * Nielsen &amp; Webb 2023): unlike a sum of squares it holds for a few periods of unequal sizes.
   */
  private static double jackknife(double[] sums, long[] rows) {
    double total = Arrays.stream(sums).sum();
    double all = Arrays.stream(rows).sum();
    int count = 0;
    double squares = 0;
    for (int p = 0; p < sums.length; p++) {
      if (rows[p] > 0) {
        count++;
        double share = rows[p] / all;
        double without = (sums[p] - share * total) / (1 - share);
        squares += without * without;
      }
    }
    return count < 2 ? 0 : squares * (count - 1) / count;
  }

  private static double squares(double[] values) {
    double sum = 0;
    for (double v : values) {
      sum += v * v;
    }
    return sum;
  }

  /** The same comparison seen from the other side. */
  public Contrast negated() {
    double[] other = new double[units.length];
    Arrays.setAll(other, i -> -units[i]);
    double[] sums = Arrays.stream(deviations.sums()).map(s -> -s).toArray();
    return new Contrast(
        other,
        periods,
        -total,
        unitVariance,
        periodVariance,
        cellVariance,
        jackknifeVariance,
        new CommonPeriods.Deviations(sums, deviations.units(), deviations.spread()));
  }

  double[] units() {
    return units;
  }

  /** Units with at least one row. */
  public int unitCount() {
    return units.length;
  }

  /** Target periods with at least one row. */
  public int periods() {
    return periods;
  }

  /** Sum over all rows. */
  public double total() {
    return total;
  }

  /**
   * Total over its standard error under the null hypothesis that every unit's sum is symmetric
   * about zero; 0 when all sums are zero.
   */
  public double t() {
    return unitVariance > 0 ? total / Math.sqrt(unitVariance) : 0;
  }

  /**
   * The test that lets rows of one unit and rows of one period move together: the statistic by
   * unit, brought closer to zero by as much as {@link CommonPeriods} says; Student's t with the
   * number of units less one as degrees of freedom.
   *
   * @return empty with fewer than two periods or units: then nothing can be said of periods
   */
  public Optional<TwoWay> twoWay() {
    if (periods < 2 || units.length < 2) {
      return Optional.empty();
    }
    int df = units.length - 1;
    if (unitVariance <= 0) {
      return Optional.of(new TwoWay(0, df, 1));
    }
    double t = CommonPeriods.allowedFor(t(), unitVariance, deviations);
    return Optional.of(new TwoWay(t, df, TDistribution.of(df).cumulativeProbability(t)));
  }

  /**
   * The test for tables, whose units are single rows or have rows in a few of the periods, so that
   * {@link #twoWay} learns little or nothing of what rows of a period have in common: the total
   * over its two-way standard error, periods by jackknife; Student's t with the number of periods
   * less one as degrees of freedom.
   *
   * @return empty with fewer than {@value #CLUSTERS} periods: those few do not tell it either
   */
  Optional<TwoWay> clustered() {
    if (periods < CLUSTERS || units.length < 2) {
      return Optional.empty();
    }
    int df = periods - 1;
    double variance =
        Math.max(
            unitVariance + jackknifeVariance - cellVariance,
            Math.max(unitVariance, jackknifeVariance));
    if (Double.compare(variance, 0) <= 0) {
      return Optional.of(new TwoWay(0, df, 1));
    }
    double t = total / Math.sqrt(variance);
    return Optional.of(new TwoWay(t, df, TDistribution.of(df).cumulativeProbability(t)));
  }

  /**
   * Standard error of {@link #total} when rows of one unit and rows of one period may move
   * together; never below the one by unit alone (Cameron, Gelbach &amp; Miller 2011).
   */
  public double standardError() {
    return Math.sqrt(
        Math.max(
            unitVariance + periodVariance - cellVariance, Math.max(unitVariance, periodVariance)));
  }

  /**
   * Standard error of the total, as far as the two-way test makes it wider than by unit.
   *
   * @param twoWay what {@link #twoWay} found
   */
  double error(Optional<TwoWay> twoWay) {
    double t = Math.abs(t());
    double allowed = Math.abs(twoWay.map(TwoWay::t).orElse(t()));
    return Math.sqrt(unitVariance) * (allowed > 0 ? Math.max(1, t / allowed) : 1);
  }

  /**
   * Outcome of the two-way test.
   *
   * @param p one-sided: of a total as low as this when there is no difference
   */
  public record TwoWay(double t, int df, double p) {}
}
