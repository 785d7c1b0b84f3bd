package io.sluice.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.bench.CountPanels.Shocks;
import io.sluice.core.gate.Contrast;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import io.sluice.core.gate.PercentileInterval;
import io.sluice.core.gate.SignFlip;
import io.sluice.core.json.Json;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.SortedMap;
import java.util.TreeMap;
import org.apache.commons.rng.simple.RandomSource;

/**
 * Measures how often the gate promotes a model that is not better: the tables in {@code
 * docs/gate.md}, by the code that gates. Run with the number of repetitions (10000), a seed (1)
 * and, to see one table only, its name ({@code tests}, {@code candidates} or {@code shocks}).
 */
public final class FalsePromotions {
  /** Nominal rate. */
  public static final double NOMINAL = 0.05;

  private static final int REPLICATES = 1999;
  private static final int WEEKS = 12;
  private static final Metric.Loss METRIC = new Metric.PoissonDeviance();

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
   * @param signFlip by unit alone, for comparison
   * @param twoWay when what periods have in common is allowed for, alone
   * @param both what the gate asks
   */
  public record Rates(double percentile, double signFlip, double twoWay, double both) {}

  /** One standard error of a rate at the nominal level, for this number of repetitions. */
  public double standardError() {
    return Math.sqrt(NOMINAL * (1 - NOMINAL) / repetitions);
  }

  /** What a rate may show when the true one is nominal: two standard errors above it. */
  public double bound() {
    return NOMINAL + 2 * standardError();
  }

  /** Draws panels of one truth and size and tests each. */
  @SuppressWarnings("EnumOrdinal") // a stream of its own for each row of the table
  public Rates rates(Truth truth, int units) {
    var random = RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + truth.ordinal() * 1009L + units);
    var panels = new CountPanels(random, truth == Truth.HEAVY_TAILS ? 2.0 : 1.3, WEEKS);
    boolean edge = truth == Truth.EXACTLY_DELTA;
    CountPanels.Forecast candidate =
        edge ? new CountPanels.Forecast(.5, .1, -.1) : CountPanels.USUAL;
    CountPanels.Forecast champion =
        edge ? new CountPanels.Forecast(.3, .3, .05) : CountPanels.USUAL;
    double asked = edge ? 0.01 : 0;
    double scale = edge ? scaleToExactly(panels, candidate, champion, asked) : 1;
    return rates(panels, units, Shocks.NONE, candidate, champion, asked, scale);
  }

  /**
   * Equal models whose errors all units share by week (standard deviation 0.2).
   *
   * @param autocorrelation of a week's error with the last week's
   */
  public Rates commonShocks(int units, double autocorrelation) {
    var random =
        RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + 77 + Math.round(autocorrelation * 100));
    return rates(
        new CountPanels(random, 1.3, WEEKS),
        units,
        new Shocks(0.2, autocorrelation),
        CountPanels.USUAL,
        CountPanels.USUAL,
        0,
        1);
  }

  private Rates rates(
      CountPanels panels,
      int units,
      Shocks shocks,
      CountPanels.Forecast candidate,
      CountPanels.Forecast champion,
      double asked,
      double scale) {
    int percentile = 0;
    int flip = 0;
    int twoWay = 0;
    int both = 0;
    for (int r = 0; r < repetitions; r++) {
      double[][] loss = deviances(panels, units, shocks, candidate, champion);
      for (int i = 0; i < loss[0].length; i++) {
        loss[0][i] *= scale;
      }
      Contrast contrast = contrast(loss[0], loss[1], 1 - asked);
      boolean byUnit = SignFlip.p(contrast, REPLICATES, seed + r) <= NOMINAL;
      boolean byBoth = contrast.twoWay().orElseThrow().p() <= NOMINAL;
      flip += byUnit ? 1 : 0;
      twoWay += byBoth ? 1 : 0;
      both += byUnit && byBoth ? 1 : 0;
      percentile +=
          PercentileInterval.of(
                      METRIC, byUnit(loss[0]), byUnit(loss[1]), 1 - 2 * NOMINAL, 499, seed + r)
                  .filter(i -> i.low() > asked)
                  .isPresent()
              ? 1
              : 0;
    }
    return new Rates(share(percentile), share(flip), share(twoWay), share(both));
  }

  /**
   * Several equal candidates on one holdout of 100 units.
   *
   * @param naive rate when the best on the holdout is tested as if it were the only one
   * @param maxT rate of any promotion under the joint test by unit
   */
  public record Selection(double naive, double maxT) {}

  /** Draws panels with several candidates that are all as good as the champion. */
  public Selection bestOf(int candidates) {
    var random = RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + 5000 + candidates);
    var panels = new CountPanels(random, 1.3, WEEKS);
    int naive = 0;
    int maxT = 0;
    for (int r = 0; r < repetitions; r++) {
      double[][] loss = deviances(panels, 100, Shocks.NONE, usual(candidates + 1));
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
    return new Selection(share(naive), share(maxT));
  }

  /**
   * How often the gate itself says PROMOTE about equal candidates that all meet one holdout ({@code
   * candidates: all}): {@link Gate#decide} on rows, its guards wide open so that the test alone
   * decides.
   *
   * @param weeks of the holdout
   */
  public double promotions(int candidates, int units, int weeks) {
    var random = RandomSource.XO_SHI_RO_256_PP.create(seed * 31 + 9000 + candidates * 100L + weeks);
    var panels = new CountPanels(random, 1.3, weeks);
    int promoted = 0;
    for (int r = 0; r < repetitions; r++) {
      CountPanels.Panel panel = panels.draw(units, Shocks.NONE, usual(candidates + 1));
      HoldoutRows rows = rows(panel, candidates, units, weeks, 1);
      promoted += Gate.decide(rows, openPolicy("all"), History.NONE, seed + r).promotes() ? 1 : 0;
    }
    return share(promoted);
  }

  /**
   * Nothing but the test decides.
   *
   * @param candidates {@code validation} or {@code all}
   */
  static GatePolicy openPolicy(String candidates) {
    ObjectNode with = Json.object().put("metric", METRIC.name()).put("candidates", candidates);
    with.put("minImprovement", 0).put("minUnits", 2).put("minPositiveUnits", 0);
    with.put("maxUnitShare", 1).put("biasSlack", 1).putArray("slices");
    with.putObject("guards").put("bias", 1);
    return GatePolicy.parse(with);
  }

  /** Name of the k-th family, from 1. */
  static String family(int k) {
    return String.format(Locale.ROOT, "family%02d", k);
  }

  /**
   * As evaluate would hand them on; the last forecast of the panel is the champion's.
   *
   * @param picked number of the family that was best on validation, from 1
   */
  static HoldoutRows rows(
      CountPanels.Panel panel, int candidates, int units, int weeks, int picked) {
    SortedMap<String, double[]> models = new TreeMap<>();
    for (int k = 1; k <= candidates; k++) {
      models.put("candidate:" + family(k), panel.predictions()[k - 1]);
    }
    models.put(HoldoutRows.CHAMPION, panel.predictions()[candidates]);
    return new ScoredPanel(METRIC, units, weeks, family(picked)).rows(panel.actual(), models);
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
      double[][] loss = deviances(panels, 15_000, Shocks.NONE, candidate, champion);
      c += Arrays.stream(loss[0]).sum();
      k += Arrays.stream(loss[1]).sum();
    }
    return k / c * (1 - asked);
  }

  private static CountPanels.Forecast[] usual(int count) {
    var forecasts = new CountPanels.Forecast[count];
    Arrays.fill(forecasts, CountPanels.USUAL);
    return forecasts;
  }

  /** By forecast, then by row. */
  private static double[][] deviances(
      CountPanels panels, int units, Shocks shocks, CountPanels.Forecast... forecasts) {
    CountPanels.Panel panel = panels.draw(units, shocks, forecasts);
    double[] ones = new double[panel.actual().length];
    Arrays.fill(ones, 1);
    double[][] out = new double[forecasts.length][];
    Arrays.setAll(out, f -> METRIC.losses(panel.actual(), panel.predictions()[f], ones));
    return out;
  }

  private static Contrast contrast(double[] candidate, double[] champion, double factor) {
    int n = candidate.length;
    int[] unit = new int[n];
    int[] week = new int[n];
    double[] difference = new double[n];
    for (int i = 0; i < n; i++) {
      unit[i] = i / WEEKS;
      week[i] = i % WEEKS;
      difference[i] = candidate[i] - factor * champion[i];
    }
    return Contrast.of(unit, week, difference);
  }

  private static double[] byUnit(double[] loss) {
    double[] out = new double[loss.length / WEEKS];
    for (int i = 0; i < loss.length; i++) {
      out[i / WEEKS] += loss[i];
    }
    return out;
  }

  private double share(int count) {
    return (double) count / repetitions;
  }

  /** Prints the tables as Markdown. */
  public static void main(String[] args) {
    int repetitions = args.length > 0 ? Integer.parseInt(args[0]) : 10_000;
    long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
    String table = args.length > 2 ? args[2] : "";
    FalsePromotions simulation = new FalsePromotions(repetitions, seed);
    System.out.printf(
        Locale.ROOT,
        "%d repetitions, seed %d, B = %d; nominal 5%%, standard error %.2f points, bound %.2f%n",
        repetitions,
        seed,
        REPLICATES,
        100 * simulation.standardError(),
        100 * simulation.bound());
    if (table.isEmpty() || table.equals("tests")) {
      simulation.printTests();
    }
    if (table.isEmpty() || table.equals("candidates")) {
      simulation.printCandidates();
    }
    if (table.isEmpty() || table.equals("shocks")) {
      simulation.printShocks();
    }
  }

  private void printTests() {
    System.out.println(
        "\n| false promotions %, units 30/100/500 | percentile | sign-flip | two-way | both |");
    System.out.println("|---|---|---|---|---|");
    for (Truth truth : Truth.values()) {
      List<Rates> rates = new ArrayList<>();
      for (int units : new int[] {30, 100, 500}) {
        rates.add(rates(truth, units));
      }
      System.out.println(
          "| "
              + truth.title
              + " | "
              + row(rates.stream().mapToDouble(Rates::percentile).toArray())
              + " | "
              + row(rates.stream().mapToDouble(Rates::signFlip).toArray())
              + " | "
              + row(rates.stream().mapToDouble(Rates::twoWay).toArray())
              + " | "
              + row(rates.stream().mapToDouble(Rates::both).toArray())
              + " |");
    }
  }

  private void printCandidates() {
    System.out.println("\n| 1 / 3 / 10 equal candidates on one holdout, 100 units | % |");
    System.out.println("|---|---|");
    Selection[] best = {bestOf(1), bestOf(3), bestOf(10)};
    System.out.println(
        "| the best of them tested alone | "
            + row(Arrays.stream(best).mapToDouble(Selection::naive).toArray())
            + " |");
    System.out.println(
        "| max-t by unit | "
            + row(Arrays.stream(best).mapToDouble(Selection::maxT).toArray())
            + " |");
    for (int weeks : new int[] {4, WEEKS}) {
      System.out.println(
          "| the gate, "
              + weeks
              + " weeks | "
              + row(
                  promotions(1, 100, weeks), promotions(3, 100, weeks), promotions(10, 100, weeks))
              + " |");
    }
  }

  private void printShocks() {
    System.out.println(
        "\n| common shocks by week (sd 0.2), 3000 units | sign-flip | two-way | both |");
    System.out.println("|---|---|---|---|");
    for (double autocorrelation : new double[] {0, 0.7}) {
      Rates shocks = commonShocks(3000, autocorrelation);
      System.out.println(
          "| autocorrelation "
              + autocorrelation
              + " | "
              + row(shocks.signFlip())
              + " | "
              + row(shocks.twoWay())
              + " | "
              + row(shocks.both())
              + " |");
    }
  }

  private static String row(double... rates) {
    return String.join(
        " / ",
        Arrays.stream(rates)
            .mapToObj(rate -> String.format(Locale.ROOT, "%.2f", 100 * rate))
            .toList());
  }
}
