package io.sluice.bench;

import io.sluice.core.gate.Gate;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import io.sluice.core.gate.Verdict;
import java.util.Arrays;
import java.util.Locale;
import org.apache.commons.rng.simple.RandomSource;

/**
 * Measures what several families do to the rate of false promotion: one picked on validation and
 * then judged on the holdout, or all judged there together. The tables in {@code docs/gate.md}, by
 * {@link Gate#decide} itself. Run with the number of repetitions (2000), a seed (1) and, to see one
 * table only, its name ({@code 4} or {@code 12} weeks, or {@code better}).
 *
 * <p>Picking on other rows than those that judge is free as long as the two have nothing in common.
 * They do have the units in common: a family that happens to err less on these units wins on
 * validation and again on the holdout. Persistence says how much of that stays; at 1 all of it.
 */
public final class FamilySelection {
  private static final int UNITS = 100;
  private static final int VALIDATION_WEEKS = 12;
  private static final Metric.Loss METRIC = new Metric.PoissonDeviance();

  private final int repetitions;
  private final long seed;

  /**
   * @param repetitions panels drawn per figure
   * @param seed of everything that is drawn
   */
  public FamilySelection(int repetitions, long seed) {
    this.repetitions = repetitions;
    this.seed = seed;
  }

  /** Who meets the gate. */
  public enum Rule {
    /** The family with the lowest loss on validation. */
    VALIDATION,
    /** All of them, tested together. */
    ALL
  }

  /**
   * How often a family was promoted over a champion.
   *
   * @param promoted any promotion
   * @param noBetter promotions of a family whose true loss on these very units and weeks is not
   *     below the champion's
   * @param best promotions of the first family, the better one where there is one
   */
  public record Rates(double promoted, double noBetter, double best) {}

  /**
   * Families that all err as the champion does.
   *
   * @param weeks of the holdout
   * @param persistence correlation of each model's errors by unit between validation and holdout
   */
  public Rates equal(Rule rule, int families, int weeks, double persistence) {
    CountPanels.Forecast[] forecasts = new CountPanels.Forecast[families + 1];
    Arrays.fill(forecasts, CountPanels.USUAL);
    return rates(rule, weeks, persistence, forecasts);
  }

  /** The same, but the first family errs less by unit (deviation 0.2 instead of 0.35). */
  public Rates oneBetter(Rule rule, int families, int weeks, double persistence) {
    CountPanels.Forecast[] forecasts = new CountPanels.Forecast[families + 1];
    Arrays.fill(forecasts, CountPanels.USUAL);
    forecasts[0] =
        new CountPanels.Forecast(0.2, CountPanels.USUAL.rowError(), CountPanels.USUAL.level());
    return rates(rule, weeks, persistence, forecasts);
  }

  private Rates rates(Rule rule, int weeks, double persistence, CountPanels.Forecast... forecasts) {
    int families = forecasts.length - 1;
    // the same panels for both rules
    var random =
        RandomSource.XO_SHI_RO_256_PP.create(
            seed * 31 + 20_000 + families * 100L + weeks + Math.round(persistence * 1e6));
    var panels = new CountPanels(random, 1.3, weeks);
    var policy = FalsePromotions.openPolicy(rule.name().toLowerCase(Locale.ROOT));
    int promoted = 0;
    int noBetter = 0;
    int best = 0;
    for (int r = 0; r < repetitions; r++) {
      CountPanels.Windows windows =
          panels.drawWindows(UNITS, VALIDATION_WEEKS, persistence, forecasts);
      int picked = 1;
      for (int k = 2; k <= families; k++) {
        if (loss(windows.validation(), k - 1) < loss(windows.validation(), picked - 1)) {
          picked = k;
        }
      }
      HoldoutRows rows = FalsePromotions.rows(windows.holdout(), families, UNITS, weeks, picked);
      Verdict verdict = Gate.decide(rows, policy, History.NONE, seed + r);
      if (!verdict.promotes()) {
        continue;
      }
      promoted++;
      int winner = Integer.parseInt(verdict.family().substring("family".length())) - 1;
      noBetter += truth(windows.holdout(), winner) >= truth(windows.holdout(), families) ? 1 : 0;
      best += winner == 0 ? 1 : 0;
    }
    return new Rates(share(promoted), share(noBetter), share(best));
  }

  private static double loss(CountPanels.Panel panel, int forecast) {
    return sum(panel.actual(), panel.predictions()[forecast]);
  }

  /** The loss on average over what could have happened, up to a constant that all models share. */
  private static double truth(CountPanels.Panel panel, int forecast) {
    return sum(panel.expected(), panel.predictions()[forecast]);
  }

  private static double sum(double[] actual, double[] predicted) {
    double[] ones = new double[actual.length];
    Arrays.fill(ones, 1);
    return Arrays.stream(METRIC.losses(actual, predicted, ones)).sum();
  }

  private double share(int count) {
    return (double) count / repetitions;
  }

  /** Prints the tables as Markdown. */
  public static void main(String[] args) {
    int repetitions = args.length > 0 ? Integer.parseInt(args[0]) : 2000;
    long seed = args.length > 1 ? Long.parseLong(args[1]) : 1;
    FamilySelection simulation = new FamilySelection(repetitions, seed);
    double error = Math.sqrt(FalsePromotions.NOMINAL * (1 - FalsePromotions.NOMINAL) / repetitions);
    System.out.printf(
        Locale.ROOT,
        "%d repetitions, seed %d; nominal 5%%, standard error %.2f points, bound %.2f%n",
        repetitions,
        seed,
        100 * error,
        100 * (FalsePromotions.NOMINAL + 2 * error));
    String table = args.length > 2 ? args[2] : "";
    for (int weeks : new int[] {4, 12}) {
      if (table.isEmpty() || table.equals(Integer.toString(weeks))) {
        simulation.printEqual(weeks);
      }
    }
    if (table.isEmpty() || table.equals("better")) {
      simulation.printOneBetter();
    }
  }

  private void printEqual(int weeks) {
    System.out.println(
        "\n| equal models; holdout weeks, persistence | rule | promoted %, 1 / 3 / 10 families |"
            + " of these no better on these units |");
    System.out.println("|---|---|---|---|");
    for (double persistence : new double[] {0, 0.5, 1}) {
      for (Rule rule : Rule.values()) {
        Rates[] rates = new Rates[3];
        int[] families = {1, 3, 10};
        Arrays.setAll(rates, i -> equal(rule, families[i], weeks, persistence));
        System.out.printf(
            Locale.ROOT,
            "| %d, %.1f | %s | %s | %s |%n",
            weeks,
            persistence,
            rule,
            row(Arrays.stream(rates).mapToDouble(Rates::promoted).toArray()),
            row(Arrays.stream(rates).mapToDouble(Rates::noBetter).toArray()));
      }
    }
  }

  private void printOneBetter() {
    System.out.println(
        "\n| the first family better; 12 weeks, persistence | rule | it is promoted %, 1 / 3 / 10 |");
    System.out.println("|---|---|---|");
    for (double persistence : new double[] {0, 1}) {
      for (Rule rule : Rule.values()) {
        int[] families = {1, 3, 10};
        double[] best = new double[3];
        Arrays.setAll(best, i -> oneBetter(rule, families[i], 12, persistence).best());
        System.out.printf(Locale.ROOT, "| %.1f | %s | %s |%n", persistence, rule, row(best));
      }
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
