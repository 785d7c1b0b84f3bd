package io.sluice.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.bench.LossPanels.Generator;
import io.sluice.bench.LossPanels.Panel;
import io.sluice.core.evaluation.EvaluationReport.EarlierLabels;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Measures what guards and policies decide: the bias guard, the replacement of a stale champion,
 * and rare large values. The tables in {@code docs/gate.md}, by {@link Gate#decide} itself. Run
 * with the name of a table ({@code bias}, {@code stale} or {@code rare}), the number of repetitions
 * (200) and a seed (1).
 */
public final class VerdictRates {
  private static final Metric.Loss METRIC = new Metric.PoissonDeviance();
  private static final String FAMILY = "family";
  private static final String CANDIDATE = "candidate:" + FAMILY;
  private static final Duration STALE = Duration.ofDays(200);

  /** Weeks of labels before the holdout. */
  private static final int HISTORY = 72;

  /** As evaluate keeps them. */
  private static final int LARGEST = 1000;

  private final int repetitions;
  private final long seed;

  VerdictRates(int repetitions, long seed) {
    this.repetitions = repetitions;
    this.seed = seed;
  }

  private static ObjectNode settings() {
    // sufficiency is not what is measured
    ObjectNode with = Json.object().put("metric", METRIC.name()).put("replicates", 999);
    with.put("minPositiveUnits", 0).put("maxUnitShare", 1).putArray("slices");
    return with;
  }

  private LossPanels panels(String table, int units, int weeks) {
    return new LossPanels(
        seed * 1_000_003 + table.hashCode() * 31L + units * 7L + weeks, units, weeks);
  }

  private static SortedMap<String, double[]> columns(Panel panel, String other) {
    SortedMap<String, double[]> columns = new TreeMap<>();
    columns.put(CANDIDATE, panel.candidate());
    columns.put(other, panel.champion());
    return columns;
  }

  /**
   * What the bias guard does.
   *
   * @param deviation standard deviation of the measured bias
   * @param before holds by the point rule until 2026-11-30: bias beyond 20%, or beyond the
   *     champion's and 5 points where that is more; a baseline gave no slack
   * @param held holds by the gate's guard
   * @param told verdicts that say of a larger bias that it is not proven
   */
  record BiasRates(double deviation, double before, double held, double told) {}

  /**
   * Draws windows of 300 units and 8 weeks.
   *
   * @param together what the weeks have in common, see {@link LossPanels#restless}
   * @param factor on the forecasts of a candidate that knows the mean
   * @param other factor on the reference's
   * @param first whether that is a baseline, on a first run
   */
  BiasRates bias(double together, double factor, double other, boolean first) {
    LossPanels panels = panels("bias", 300, 8);
    GatePolicy policy = GatePolicy.parse(settings());
    ScoredPanel scored = new ScoredPanel(METRIC, 300, 8, FAMILY);
    int before = 0;
    int held = 0;
    int told = 0;
    double[] measured = new double[repetitions];
    for (int r = 0; r < repetitions; r++) {
      Panel panel = panels.restless(together, factor, other);
      String reference = first ? "baseline:" + ScoredPanel.BASELINE : HoldoutRows.CHAMPION;
      HoldoutRows rows = scored.rows(panel.actual(), columns(panel, reference));
      Verdict verdict = Gate.decide(rows, policy, History.NONE, seed + r);
      Verdict.Bias bias = verdict.bias().orElseThrow();
      double limit = first ? policy.get(GatePolicy.BIAS) : bias.allowed();
      measured[r] = bias.value();
      before += Math.abs(bias.value()) > limit ? 1 : 0;
      held += has(verdict, "bias") ? 1 : 0;
      told +=
          verdict.sentences().stream().anyMatch(s -> s.contains("that it is not proven")) ? 1 : 0;
    }
    double mean = Arrays.stream(measured).average().orElseThrow();
    double squares = Arrays.stream(measured).map(m -> (m - mean) * (m - mean)).sum();
    return new BiasRates(Math.sqrt(squares / repetitions), share(before), share(held), share(told));
  }

  /**
   * How often a stale champion is replaced.
   *
   * @param margin of non-inferiority
   * @param own own errors of the candidate, see {@link LossPanels#retrained}
   */
  double replaced(double margin, double own, int units, int weeks) {
    LossPanels panels = panels("stale", units, weeks);
    GatePolicy policy = GatePolicy.parse(settings().put("nonInferiority", margin));
    ScoredPanel scored = new ScoredPanel(METRIC, units, weeks, FAMILY).withChampionOlderBy(STALE);
    int promoted = 0;
    for (int r = 0; r < repetitions; r++) {
      Panel panel = panels.retrained(own);
      HoldoutRows rows = scored.rows(panel.actual(), columns(panel, HoldoutRows.CHAMPION));
      promoted += Gate.decide(rows, policy, History.NONE, seed + r).promotes() ? 1 : 0;
    }
    return share(promoted);
  }

  /** Own errors of a candidate that is truly worse by this share, measured on large panels. */
  double ownErrors(double worse) {
    double low = 0;
    double high = .6;
    for (int i = 0; i < 12; i++) {
      double middle = (low + high) / 2;
      LossPanels panels = new LossPanels(seed, 20_000, 4);
      double own = 0;
      double other = 0;
      for (int k = 0; k < 4; k++) {
        Panel panel = panels.retrained(middle);
        own += Arrays.stream(panel.candidateLoss()).sum();
        other += Arrays.stream(panel.championLoss()).sum();
      }
      if (own / other - 1 < worse) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return (low + high) / 2;
  }

  /**
   * What becomes of promotions where large values are rare.
   *
   * @param without promotions if the rule were not there
   * @param with promotions
   * @param told promotions whose verdict has a sentence about rare values
   */
  record RareRates(double without, double with, double told) {}

  /** Draws windows after 72 weeks of labels. */
  RareRates rare(Generator generator, int units, int weeks) {
    LossPanels panels = panels("rare", units, HISTORY + weeks);
    GatePolicy policy = GatePolicy.parse(settings());
    int without = 0;
    int with = 0;
    int told = 0;
    for (int r = 0; r < repetitions; r++) {
      Panel drawn = generator.draw(panels);
      HoldoutRows rows =
          new ScoredPanel(METRIC, units, weeks, FAMILY)
              .after(earlier(drawn.actual(), weeks))
              .rows(last(drawn.actual(), weeks), columns(last(drawn, weeks), HoldoutRows.CHAMPION));
      Verdict verdict = Gate.decide(rows, policy, History.NONE, seed + r);
      boolean alone = verdict.findings().size() == 1 && has(verdict, "rareValues");
      without += verdict.promotes() || alone ? 1 : 0;
      with += verdict.promotes() ? 1 : 0;
      told +=
          verdict.promotes()
                  && verdict.sentences().stream().anyMatch(s -> s.startsWith("Rare values: "))
              ? 1
              : 0;
    }
    return new RareRates(share(without), share(with), share(told));
  }

  private static Panel last(Panel panel, int weeks) {
    return new Panel(
        last(panel.actual(), weeks), last(panel.candidate(), weeks), last(panel.champion(), weeks));
  }

  private static double[] last(double[] values, int weeks) {
    int all = HISTORY + weeks;
    double[] out = new double[values.length / all * weeks];
    Arrays.setAll(out, i -> values[i / weeks * all + HISTORY + i % weeks]);
    return out;
  }

  private static EarlierLabels earlier(double[] values, int weeks) {
    int all = HISTORY + weeks;
    double[] before = new double[values.length / all * HISTORY];
    Arrays.setAll(before, i -> values[i / HISTORY * all + i % HISTORY]);
    Arrays.sort(before);
    List<Double> largest = new ArrayList<>();
    for (int i = before.length - 1; i >= 0 && largest.size() < LARGEST; i--) {
      largest.add(before[i]);
    }
    return new EarlierLabels(before.length, Arrays.stream(before).sum(), largest);
  }

  private static boolean has(Verdict verdict, String code) {
    return verdict.findings().stream().anyMatch(f -> f.code().equals(code));
  }

  private double share(int count) {
    return (double) count / repetitions;
  }

  /** Prints a table as Markdown. */
  public static void main(String[] args) {
    VerdictRates rates =
        new VerdictRates(
            args.length > 1 ? Integer.parseInt(args[1]) : 200,
            args.length > 2 ? Long.parseLong(args[2]) : 1);
    switch (args[0]) {
      case "bias" -> rates.printBias();
      case "stale" -> rates.printStale();
      case "rare" -> rates.printRare();
      default -> throw new IllegalArgumentException("no table " + args[0]);
    }
  }

  private void printBias() {
    System.out.println("| reference | truth about the candidate | s.e. | before | held | told |");
    System.out.println("|---|---|---|---|---|---|");
    for (double together : new double[] {.41, .65}) {
      for (double factor : new double[] {1, .8, .7, .6, .5, .4, 1.3, 1.6, 2}) {
        printBias("champion that knows the mean", together, factor, 1, /* first= */ false);
      }
      for (double factor : new double[] {1, .7, .5}) {
        printBias("baseline that knows the mean", together, factor, 1, /* first= */ true);
        printBias("baseline 30% too low", together, factor, .7, /* first= */ true);
      }
    }
  }

  private void printBias(
      String reference, double together, double factor, double other, boolean first) {
    BiasRates rates = bias(together, factor, other, first);
    System.out.printf(
        Locale.ROOT,
        "| %s | %+.0f%% | %.2f | %.1f | %.1f | %.1f |%n",
        reference,
        100 * (factor - 1),
        rates.deviation / factor,
        100 * rates.before,
        100 * rates.held,
        100 * rates.told);
  }

  private void printStale() {
    System.out.println("| candidate | units | weeks | margin 1% | margin 5% |");
    System.out.println("|---|---|---|---|---|");
    for (double worse : new double[] {-.05, 0, .05, .1}) {
      double own = worse == 0 ? .2 : ownErrors(worse);
      for (int units : new int[] {100, 300, 1000}) {
        for (int weeks : new int[] {8, 12}) {
          System.out.printf(
              Locale.ROOT,
              "| %+.0f%% loss | %d | %d | %.1f | %.1f |%n",
              100 * worse,
              units,
              weeks,
              100 * replaced(.01, own, units, weeks),
              100 * replaced(.05, own, units, weeks));
        }
      }
    }
  }

  private void printRare() {
    Map<String, Generator> generators = new LinkedHashMap<>();
    generators.put("half of the volume in one row of 2000", LossPanels::bulkTooLow);
    generators.put("intermittent (Croston)", LossPanels::intermittentTooLow);
    generators.put("overdispersed (negative binomial, k 0.3)", LossPanels::overdispersedTooLow);
    generators.put("equal models, overdispersed", p -> p.overdispersed(LossPanels.Shocks.NONE, 0));
    generators.put("a better candidate, overdispersed", LossPanels::overdispersedBetter);
    generators.put("a candidate that foresees large weeks", LossPanels::foreseen);
    generators.forEach((title, generator) -> {
      StringBuilder row = new StringBuilder("| ").append(title);
      for (int units : new int[] {100, 300}) {
        for (int weeks : new int[] {4, 8, 26}) {
          RareRates rates = rare(generator, units, weeks);
          row.append(
              String.format(
                  Locale.ROOT,
                  " | %.1f / %.1f / %.1f",
                  100 * rates.without,
                  100 * rates.with,
                  100 * rates.told));
        }
      }
      System.out.println(row.append(" |"));
    });
  }
}
