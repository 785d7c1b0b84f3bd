package io.sluice.bench;

import io.sluice.bench.LossPanels.Panel;
import io.sluice.bench.LossPanels.Shocks;
import io.sluice.core.gate.Contrast;
import io.sluice.core.gate.SignFlip;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.function.DoubleFunction;
import java.util.function.ToDoubleFunction;
import org.apache.commons.statistics.distribution.TDistribution;

/**
 * Measures how often the gate's test promotes falsely, and which gain it finds, over windows of 2
 * to 26 periods and demand of many kinds: the tables in {@code docs/gate.md}, by the code that
 * gates. Run with the name of a table ({@code levels}, {@code power}), the number of repetitions
 * (1000), a seed (1), and lists of units and weeks.
 */
public final class GateRates {
  private static final double NOMINAL = 0.05;
  private static final int REPLICATES = 499;

  private final int repetitions;
  private final long seed;

  GateRates(int repetitions, long seed) {
    this.repetitions = repetitions;
    this.seed = seed;
  }

  /** Demand and errors for which candidate and champion are equally good, or the former worse. */
  @SuppressWarnings("ImmutableEnumChecker") // its generators have no state
  enum Equal {
    INTERMITTENT("intermittent demand", LossPanels::intermittent),
    OVERDISPERSED("overdispersed, effects of units", p -> p.overdispersed(Shocks.NONE, 0)),
    SHOCKS("shocks by week .5, autocorrelation 0", p -> p.overdispersed(new Shocks(.5, 0), 0)),
    SHOCKS_7("shocks by week .5, autocorrelation .7", p -> p.overdispersed(new Shocks(.5, .7), 0)),
    SHOCKS_95(
        "shocks by week .5, autocorrelation .95", p -> p.overdispersed(new Shocks(.5, .95), 0)),
    SMALL_SHOCKS(
        "shocks by week .2, autocorrelation 0", p -> p.overdispersed(new Shocks(.2, 0), 0)),
    SMALL_SHOCKS_7(
        "shocks by week .2, autocorrelation .7", p -> p.overdispersed(new Shocks(.2, .7), 0)),
    LEVEL("level of each model drawn per window, .15", p -> p.overdispersed(Shocks.NONE, .15)),
    COMMON_DEMAND("demand moves by week, unknown to both", LossPanels::commonDemand),
    SLOW("demand and errors of autocorrelation .9", LossPanels::slow),
    DOMINATED("one unit has half of the volume", LossPanels::dominated),
    TOO_LOW("equal deviance, candidate too low", LossPanels::intermittentTooLow),
    TOO_HIGH("equal deviance, candidate too high", p -> p.intermittentTooLow().swapped()),
    OVERDISPERSED_TOO_LOW("the same, overdispersed, too low", LossPanels::overdispersedTooLow),
    BULK_TOO_LOW("the same, rare bulk, too low", LossPanels::bulkTooLow),
    BULK_TOO_HIGH("the same, rare bulk, too high", p -> p.bulkTooLow().swapped()),
    NOISIER("champion and noise .3: worse", LossPanels::noisier),
    // those below were not looked at when the procedure was chosen
    HEAVY("heavy-tailed sizes", p -> p.heavyTailed(0, Shocks.NONE)),
    HEAVY_1_0(
        "heavy-tailed sizes, shocks .1, autocorrelation 0",
        p -> p.heavyTailed(0, new Shocks(.1, 0))),
    HEAVY_1_5(
        "heavy-tailed sizes, shocks .1, autocorrelation .5",
        p -> p.heavyTailed(0, new Shocks(.1, .5))),
    HEAVY_1_9(
        "heavy-tailed sizes, shocks .1, autocorrelation .9",
        p -> p.heavyTailed(0, new Shocks(.1, .9))),
    HEAVY_3_5(
        "heavy-tailed sizes, shocks .3, autocorrelation .5",
        p -> p.heavyTailed(0, new Shocks(.3, .5))),
    HEAVY_3_9(
        "heavy-tailed sizes, shocks .3, autocorrelation .9",
        p -> p.heavyTailed(0, new Shocks(.3, .9)));

    final String title;
    final LossPanels.Generator generator;

    Equal(String title, LossPanels.Generator generator) {
      this.title = title;
      this.generator = generator;
    }
  }

  /**
   * Shares of repetitions that a test lets through.
   *
   * @param oracle of a test that knows the total's true standard error
   * @param improvement of the candidate over all repetitions
   */
  record Rates(double byUnit, double before, double now, double oracle, double improvement) {}

  /** Draws panels and tests each. */
  Rates rates(LossPanels.Generator generator, int units, int weeks, double asked, long stream) {
    LossPanels panels =
        new LossPanels(seed * 1_000_003 + stream * 7919 + units * 31L + weeks, units, weeks);
    int[] unit = new int[units * weeks];
    int[] week = new int[units * weeks];
    Arrays.setAll(unit, i -> i / weeks);
    Arrays.setAll(week, i -> i % weeks);
    int byUnit = 0;
    int before = 0;
    int now = 0;
    double lost = 0;
    double[] totals = new double[repetitions];
    double reference = 0;
    for (int r = 0; r < repetitions; r++) {
      Panel panel = generator.draw(panels);
      double[] c = panel.candidateLoss();
      double[] k = panel.championLoss();
      double[] difference = new double[c.length];
      Arrays.setAll(difference, i -> c[i] - (1 - asked) * k[i]);
      lost += Arrays.stream(c).sum();
      reference += Arrays.stream(k).sum();
      Contrast contrast = Contrast.of(unit, week, difference);
      totals[r] = contrast.total();
      if (SignFlip.p(contrast, REPLICATES, seed + r) <= NOMINAL) {
        byUnit++;
        before += until20261130(difference, units, weeks) <= NOMINAL ? 1 : 0;
        now += contrast.twoWay().map(Contrast.TwoWay::p).orElse(0.0) <= NOMINAL ? 1 : 0;
      }
    }
    return new Rates(
        share(byUnit), share(before), share(now), oracle(totals), 1 - lost / reference);
  }

  private double oracle(double[] totals) {
    double mean = Arrays.stream(totals).average().orElseThrow();
    double error =
        Math.sqrt(squares(Arrays.stream(totals).map(t -> t - mean).toArray()) / totals.length);
    return share((int) Arrays.stream(totals).filter(t -> t < -1.645 * error).count());
  }

  /**
   * What was asked beside the test by unit until 2026-11-30: from 8 periods on, variance by unit
   * plus by period less by cell, at least either of the first two, and the smaller count less one
   * degrees of freedom.
   */
  private static double until20261130(double[] difference, int units, int weeks) {
    if (weeks < 8) {
      return 0;
    }
    double[] byUnit = new double[units];
    double[] byWeek = new double[weeks];
    double cells = 0;
    for (int i = 0; i < difference.length; i++) {
      byUnit[i / weeks] += difference[i];
      byWeek[i % weeks] += difference[i];
      cells += difference[i] * difference[i];
    }
    double u = squares(byUnit);
    double w = squares(byWeek);
    double variance = Math.max(u + w - cells, Math.max(u, w));
    double t = Arrays.stream(byUnit).sum() / Math.sqrt(variance);
    return TDistribution.of(Math.min(units, weeks) - 1).cumulativeProbability(t);
  }

  private static double squares(double[] values) {
    return Arrays.stream(values).map(v -> v * v).sum();
  }

  private double share(int count) {
    return (double) count / repetitions;
  }

  /** Prints a table as Markdown. */
  public static void main(String[] args) {
    String table = args[0];
    GateRates rates =
        new GateRates(
            args.length > 1 ? Integer.parseInt(args[1]) : 1000,
            args.length > 2 ? Long.parseLong(args[2]) : 1);
    int[] units = numbers(args, 3, "300");
    int[] weeks = numbers(args, 4, "4,8,26");
    switch (table) {
      case "levels" -> rates.printLevels(units, weeks);
      case "power" -> rates.printPower(units, weeks);
      default -> throw new IllegalArgumentException("no table " + table);
    }
  }

  private static int[] numbers(String[] args, int place, String usual) {
    return Arrays.stream((args.length > place ? args[place] : usual).split(",", -1))
        .mapToInt(Integer::parseInt)
        .toArray();
  }

  private void printLevels(int[] units, int[] weeks) {
    System.out.printf(
        Locale.ROOT,
        "%d repetitions, seed %d, B = %d; weeks %s; by unit / until 2026-11-30 / now, %%%n%n",
        repetitions,
        seed,
        REPLICATES,
        Arrays.toString(weeks));
    System.out.println("| demand and errors | units | asked | by unit | before | now |");
    System.out.println("|---|---|---|---|---|---|");
    for (Equal equal : Equal.values()) {
      for (int u : units) {
        for (double asked : new double[] {0, 0.01}) {
          List<Rates> row = new ArrayList<>();
          for (int w : weeks) {
            row.add(rates(equal.generator, u, w, asked, equal.title.hashCode()));
          }
          System.out.printf(
              Locale.ROOT,
              "| %s | %d | %.0f%% | %s | %s | %s |%n",
              equal.title,
              u,
              100 * asked,
              cells(row, Rates::byUnit),
              cells(row, Rates::before),
              cells(row, Rates::now));
        }
      }
    }
  }

  /** Kinds of demand and errors in the table of power, for a candidate that errs less. */
  private record Kind(
      String title, DoubleFunction<LossPanels.Generator> better, List<Double> gains) {}

  private void printPower(int[] units, int[] weeks) {
    List<Double> gains = List.of(.03, .06, .1, .15, .2, .3, .45, .7);
    List<Kind> kinds =
        List.of(
            new Kind("correlated", g -> p -> p.better(g, true, 0), gains),
            new Kind(
                "independent", g -> p -> p.better(g, false, 0), List.of(.1, .2, .3, .45, .6, .8)),
            new Kind("correlated, shocks .1", g -> p -> p.better(g, true, .1), gains),
            new Kind("heavy-tailed sizes", g -> p -> p.heavyTailed(g, Shocks.NONE), gains),
            new Kind(
                "heavy-tailed sizes, shocks .1",
                g -> p -> p.heavyTailed(g, new Shocks(.1, 0)),
                gains),
            new Kind(
                "heavy-tailed sizes, shocks .1, autocorrelation .5",
                g -> p -> p.heavyTailed(g, new Shocks(.1, .5)),
                gains));
    System.out.printf(
        Locale.ROOT,
        "%d repetitions, seed %d, B = %d; improvement promoted in 80%%, 1%% asked%n%n",
        repetitions,
        seed,
        REPLICATES);
    System.out.println("| errors | units | weeks | by unit | before | now | oracle |");
    System.out.println("|---|---|---|---|---|---|---|");
    for (Kind kind : kinds) {
      for (int u : units) {
        for (int w : weeks) {
          List<Rates> row = new ArrayList<>();
          for (double gain : kind.gains) {
            row.add(rates(kind.better.apply(gain), u, w, 0.01, (long) (1000 * gain)));
          }
          System.out.printf(
              Locale.ROOT,
              "| %s | %d | %d | %s | %s | %s | %s |%n",
              kind.title,
              u,
              w,
              found(row, Rates::byUnit),
              found(row, Rates::before),
              found(row, Rates::now),
              found(row, Rates::oracle));
        }
      }
    }
  }

  private static String cells(List<Rates> row, ToDoubleFunction<Rates> rate) {
    return String.join(
        " / ",
        row.stream()
            .map(r -> String.format(Locale.ROOT, "%.1f", 100 * rate.applyAsDouble(r)))
            .toList());
  }

  /** The improvement at which a rate reaches 80%, between two that were drawn. */
  private static String found(List<Rates> row, ToDoubleFunction<Rates> rate) {
    double before = 0;
    double improvement = 0;
    for (Rates r : row) {
      double now = Math.max(before, rate.applyAsDouble(r));
      if (now >= 0.8) {
        double share = (0.8 - before) / (now - before);
        return String.format(
            Locale.ROOT, "%.1f%%", 100 * (improvement + share * (r.improvement - improvement)));
      }
      before = now;
      improvement = r.improvement;
    }
    return String.format(Locale.ROOT, "over %.1f%%", 100 * improvement);
  }
}
