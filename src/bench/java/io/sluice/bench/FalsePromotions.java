package io.sluice.bench;

import io.sluice.core.gate.Contrast;
import io.sluice.core.gate.Metric;
import io.sluice.core.gate.PercentileInterval;
import io.sluice.core.gate.SignFlip;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import org.apache.commons.rng.simple.RandomSource;

/**
 * Measures how often the gate's tests promote what is no better: the table in {@code docs/gate.md},
 * by the code that gates. Run with the number of repetitions (2000) and a seed (1).
 */
public final class FalsePromotions {
  /** Nominal rate. */
  public static final double NOMINAL = 0.05;

  private static final int REPLICATES = 1999;

  private final int repetitions;
  private final long seed;

  /**
   * @param repetitions panels drawn per figure
   * @param seed of everything that is drawn
   */
  public FalsePromotions(int repetitions, long seed) {
    this.repetitions = repetitions;
    this.seed = seed;
  }

  /** Where the candidate is truly no better than asked. */
  public enum Truth {
    /** Candidate and champion err alike; any improvement at all is asked. */
    EQUAL_MODELS("equal models"),
    /** The same, a few units carry most of the volume. */
    HEAVY_TAILS("heavy tails"),
    /** They err differently, and the true improvement is exactly the 1% that is asked. */
    EXACTLY_DELTA("true gain exactly delta, asymmetric");

    private final String title;

    Truth(String title) {
      this.title = title;
    }
  }

  /**
   * Rates of false promotion.
   *
   * @param percentile of the percentile bootstrap's lower bound, for comparison: the gate shows it
   *     only
   * @param signFlip by unit
   * @param both by unit and two-way: what the gate asks with 8 or more target periods
   */
  public record Rates(double percentile, double signFlip, double both) {}

  /** One standard error of a rate at the nominal level, for this number of repetitions. */
  public double standardError() {
    return Math.sqrt(NOMINAL * (1 - NOMINAL) / repetitions);
  }

  /** Draws panels of one truth and size and tests each. */
  @SuppressWarnings("EnumOrdinal") // a stream of its own for each row of the table
  public Rates rates(Truth truth, int units) {
    var random = RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + truth.ordinal() * 1009L + units);
    var panels = new CountPanels(random, truth == Truth.HEAVY_TAILS ? 2.0 : 1.3);
    boolean edge = truth == Truth.EXACTLY_DELTA;
    CountPanels.Forecast candidate =
        edge ? new CountPanels.Forecast(.5, .1, -.1) : CountPanels.USUAL;
    CountPanels.Forecast champion =
        edge ? new CountPanels.Forecast(.3, .3, .05) : CountPanels.USUAL;
    double asked = edge ? 0.01 : 0;
    double scale = edge ? scaleToExactly(panels, candidate, champion, asked) : 1;
    int percentile = 0;
    int flip = 0;
    int both = 0;
    for (int r = 0; r < repetitions; r++) {
      double[][] loss = panels.deviances(units, 0, candidate, champion);
      for (int i = 0; i < loss[0].length; i++) {
        loss[0][i] *= scale;
      }
      Contrast contrast = contrast(loss[0], loss[1], 1 - asked);
      boolean proven = SignFlip.p(contrast, REPLICATES, seed + r) <= NOMINAL;
      flip += proven ? 1 : 0;
      both += proven && contrast.twoWay().orElseThrow().p() <= NOMINAL ? 1 : 0;
      percentile +=
          PercentileInterval.of(
                      new Metric.PoissonDeviance(),
                      byUnit(loss[0]),
                      byUnit(loss[1]),
                      1 - 2 * NOMINAL,
                      499,
                      seed + r)
                  .filter(i -> i.low() > asked)
                  .isPresent()
              ? 1
              : 0;
    }
    return new Rates(
        (double) percentile / repetitions,
        (double) flip / repetitions,
        (double) both / repetitions);
  }

  /** Equal models whose errors all units share by week (standard deviation 0.2). */
  public Rates commonShocks(int units) {
    var random = RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + 77);
    var panels = new CountPanels(random, 1.3);
    int flip = 0;
    int both = 0;
    for (int r = 0; r < repetitions; r++) {
      double[][] loss = panels.deviances(units, 0.2, CountPanels.USUAL, CountPanels.USUAL);
      Contrast contrast = contrast(loss[0], loss[1], 1);
      boolean proven = SignFlip.p(contrast, 499, seed + r) <= NOMINAL;
      flip += proven ? 1 : 0;
      both += proven && contrast.twoWay().orElseThrow().p() <= NOMINAL ? 1 : 0;
    }
    return new Rates(Double.NaN, (double) flip / repetitions, (double) both / repetitions);
  }

  /**
   * Several equal candidates on one holdout of 100 units.
   *
   * @param naive rate when the best on the holdout is tested as if it were the only one
   * @param maxT rate of any promotion under the joint test
   */
  public record Selection(double naive, double maxT) {}

  /** Draws panels with several candidates that are all as good as the champion. */
  public Selection bestOf(int candidates) {
    var random = RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + 5000 + candidates);
    var panels = new CountPanels(random, 1.3);
    var forecasts = new CountPanels.Forecast[candidates + 1];
    Arrays.fill(forecasts, CountPanels.USUAL);
    int naive = 0;
    int maxT = 0;
    for (int r = 0; r < repetitions; r++) {
      double[][] loss = panels.deviances(100, 0, forecasts);
      List<Contrast> all = new ArrayList<>();
      int best = 1;
      for (int k = 1; k <= candidates; k++) {
        all.add(contrast(loss[k], loss[0], 1));
        if (all.get(k - 1).total() < all.get(best - 1).total()) {
          best = k;
        }
      }
      naive += SignFlip.p(all.get(best - 1), REPLICATES, seed + r) <= NOMINAL ? 1 : 0;
      double least = Arrays.stream(SignFlip.p(all, REPLICATES, seed + r)).min().orElseThrow();
      maxT += least <= NOMINAL ? 1 : 0;
    }
    return new Selection((double) naive / repetitions, (double) maxT / repetitions);
  }

  /** Factor on the candidate's losses that makes the true improvement exactly what is asked. */
  private static double scaleToExactly(
      CountPanels panels,
      CountPanels.Forecast candidate,
      CountPanels.Forecast champion,
      double asked) {
    double c = 0;
    double k = 0;
    for (int i = 0; i < 40; i++) {
      double[][] loss = panels.deviances(15_000, 0, candidate, champion);
      c += Arrays.stream(loss[0]).sum();
      k += Arrays.stream(loss[1]).sum();
    }
    return k / c * (1 - asked);
  }

  private static Contrast contrast(double[] candidate, double[] champion, double factor) {
    int n = candidate.length;
    int[] unit = new int[n];
    int[] week = new int[n];
    double[] difference = new double[n];
    for (int i = 0; i < n; i++) {
      unit[i] = i / CountPanels.WEEKS;
      week[i] = i % CountPanels.WEEKS;
      difference[i] = candidate[i] - factor * champion[i];
    }
    return Contrast.of(unit, week, difference);
  }

  private static double[] byUnit(double[] loss) {
    double[] out = new double[loss.length / CountPanels.WEEKS];
    for (int i = 0; i < loss.length; i++) {
      out[i / CountPanels.WEEKS] += loss[i];
    }
    return out;
  }

  /** Prints the tables as Markdown. */
  public static void main(String[] args) {
    int repetitions = args.length > 0 ? Integer.parseInt(args[0]) : 2000;
    long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
    FalsePromotions simulation = new FalsePromotions(repetitions, seed);
    System.out.printf(
        Locale.ROOT,
        "%d repetitions, seed %d, B = %d; nominal 5%%, standard error %.2f points%n%n",
        repetitions,
        seed,
        REPLICATES,
        100 * simulation.standardError());
    System.out.println(
        "| false promotions %, units 30/100/500 | percentile | sign-flip | and two-way |");
    System.out.println("|---|---|---|---|");
    for (Truth truth : Truth.values()) {
      List<Rates> rates = new ArrayList<>();
      for (int units : new int[] {30, 100, 500}) {
        rates.add(simulation.rates(truth, units));
      }
      System.out.println(
          "| "
              + truth.title
              + " | "
              + row(rates.stream().mapToDouble(Rates::percentile).toArray())
              + " | "
              + row(rates.stream().mapToDouble(Rates::signFlip).toArray())
              + " | "
              + row(rates.stream().mapToDouble(Rates::both).toArray())
              + " |");
    }
    System.out.println();
    Selection three = simulation.bestOf(3);
    Selection ten = simulation.bestOf(10);
    System.out.println("| best of 3 / of 10 on one holdout, 100 units | % |");
    System.out.println("|---|---|");
    System.out.println("| tested alone | " + row(three.naive(), ten.naive()) + " |");
    System.out.println("| max-t | " + row(three.maxT(), ten.maxT()) + " |");
    System.out.println();
    Rates shocks = simulation.commonShocks(3000);
    System.out.println("| common shocks by week (sd 0.2), 3000 units | % |");
    System.out.println("|---|---|");
    System.out.println("| by unit only | " + row(shocks.signFlip()) + " |");
    System.out.println("| and two-way | " + row(shocks.both()) + " |");
  }

  private static String row(double... rates) {
    return String.join(
        " / ",
        Arrays.stream(rates)
            .mapToObj(rate -> String.format(Locale.ROOT, "%.1f", 100 * rate))
            .toList());
  }
}
