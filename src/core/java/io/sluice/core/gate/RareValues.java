package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport.EarlierLabels;
import io.sluice.core.gate.Verdict.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * Says how many rare large values a holdout should hold by what labels were like before, and
 * whether a gain would stand if it held them.
 *
 * <p>No test on a window sees what the window does not contain. Where much of the volume comes in
 * rare large values, most windows hold too few of them, and in such a window a low forecast looks
 * better. So the missing values are put in: each at the mean, over all rows, of what it would make
 * candidate and reference lose. The sum that results is compared with its standard error, in which
 * that of the earlier rate counts. The choice of the numbers: ADR 312.
 */
final class RareValues {
  /** Values so large that the holdout should hold at most so many of them. */
  static final double EXPECTED = 10;

  /** As many as are put in one by one; more are put in by groups of neighbours. */
  private static final int GROUPS = 20;

  /** A smaller shortfall, as part of the expected volume, is an ordinary one, .. */
  private static final double TOLD_SHORTFALL = 0.25;

  /** .. and the verdict has a sentence where they made at least this part of all volume. */
  private static final double TOLD_SHARE = 0.1;

  private final Comparison comparison;

  RareValues(Comparison comparison) {
    this.comparison = comparison;
  }

  /** Values that came before, and how often. */
  private record Group(double value, int count) {}

  /**
   * The figures of a candidate; empty where earlier labels are not known or none is rare, and for
   * metrics that are not about amounts.
   */
  Optional<Verdict.RareValues> of(Verdict.Test test, String reference) {
    HoldoutRows rows = comparison.rows();
    Optional<EarlierLabels> known = rows.evaluation().earlierLabels();
    if (known.isEmpty()
        || known.get().count() == 0
        || rows.size() == 0
        || !(comparison.metric() instanceof Metric.RowLoss loss)
        || loss.probabilities()
        || !loss.scored()
        || comparison.policy().task().tabular()) {
      return Optional.empty();
    }
    EarlierLabels earlier = known.get();
    List<Double> rare = rare(earlier, rows.size());
    if (rare.isEmpty() || !(rare.getLast() > 0)) {
      return Optional.empty();
    }
    double least = rare.getLast();
    double volume = rare.stream().mapToDouble(v -> v).sum();
    double scale = rows.size() / (double) earlier.count();
    double[] held = Arrays.stream(rows.actual()).filter(a -> a >= least).toArray();
    double shortfall = Math.max(0, 1 - Arrays.stream(held).sum() / (volume * scale));
    double factor = loss.factor(1 - test.threshold());
    double p = p(test.candidate(), reference, factor, loss, rare, shortfall * scale);
    return Optional.of(
        new Verdict.RareValues(
            least,
            rare.size(),
            earlier.count(),
            earlier.total() > 0 ? volume / earlier.total() : 1,
            rare.size() * scale,
            held.length,
            shortfall,
            p,
            shortfall < TOLD_SHORTFALL || p <= test.level()));
  }

  /**
   * The largest earlier labels, descending: as many as make the holdout hold no more than {@link
   * #EXPECTED}; of equal ones all or none.
   */
  private static List<Double> rare(EarlierLabels earlier, int rows) {
    List<Double> largest = earlier.largest();
    int most = (int) Math.min(largest.size(), EXPECTED * earlier.count() / rows);
    if (most == 0 || most == earlier.count()) {
      return List.of();
    }
    // of what is not in the list nothing is known but that it is not larger
    double next = most < largest.size() ? largest.get(most) : largest.getLast();
    while (most > 0 && largest.get(most - 1) == next) {
      most--;
    }
    return largest.subList(0, most);
  }

  /** One-sided: of a gain as large as this, once what is missing was put in. */
  private double p(
      String candidate,
      String reference,
      double factor,
      Metric.RowLoss loss,
      List<Double> rare,
      double missing) {
    HoldoutRows rows = comparison.rows();
    double[] own = rows.predictions(candidate);
    double[] other = rows.predictions(reference);
    // large values come where much is forecast
    double[] share = new double[rows.size()];
    Arrays.setAll(share, i -> rows.negativeLabels() ? 1 : own[i] + other[i]);
    double all = Arrays.stream(share).sum();
    if (!(all > 0)) {
      return 1;
    }
    double usual = 0;
    double ordinary = 0;
    double[] c = comparison.losses(candidate);
    double[] r = comparison.losses(reference);
    double least = rare.getLast();
    for (int i = 0; i < rows.size(); i++) {
      if (rows.actual()[i] < least) {
        usual += share[i] * (c[i] - factor * r[i]);
        ordinary += share[i];
      }
    }
    usual = ordinary > 0 ? usual / ordinary : 0;
    double added = 0;
    double variance = 0;
    for (Group group : groups(rare)) {
      double difference = 0;
      for (int i = 0; i < rows.size(); i++) {
        if (rows.weight()[i] != 0) {
          difference +=
              share[i]
                  * rows.weight()[i]
                  * (loss.loss(group.value, own[i]) - factor * loss.loss(group.value, other[i]));
        }
      }
      double instead = difference / all - usual;
      added += missing * group.count * instead;
      variance += missing * missing * group.count * instead * instead;
    }
    Contrast contrast = comparison.contrast(candidate, reference, factor, null);
    for (double unit : contrast.units()) {
      variance += unit * unit;
    }
    double total = contrast.total() + added;
    return variance > 0
        ? NormalDistribution.of(0, 1).cumulativeProbability(total / Math.sqrt(variance))
        : 1;
  }

  private static List<Group> groups(List<Double> rare) {
    List<Group> out = new ArrayList<>();
    int size = (rare.size() + GROUPS - 1) / GROUPS;
    for (int from = 0; from < rare.size(); from += size) {
      List<Double> part = rare.subList(from, Math.min(rare.size(), from + size));
      out.add(new Group(part.stream().mapToDouble(v -> v).average().orElseThrow(), part.size()));
    }
    return out;
  }

  /** What speaks against a proven gain that would not stand. */
  static Finding finding(Verdict.RareValues rare) {
    return new Finding(
        Reason.INSUFFICIENT,
        "rareValues",
        told(rare)
            + "; with the missing ones put in, chance would show the gain in "
            + Words.chance(rare.p())
            + " of such windows, so it is not proven any more",
        "a longer holdout, or more units, until it holds its share of such values; or rareValues:"
            + " tell, if forecasts of them do not matter");
  }

  /** The sentence of a verdict, where there is something to tell. */
  static Optional<String> sentence(Verdict.RareValues rare) {
    return rare.shortfall() >= TOLD_SHORTFALL && rare.earlierShare() >= TOLD_SHARE
        ? Optional.of(
            "Rare values: "
                + told(rare)
                + ", so how well the models forecast them is hardly tested here.")
        : Optional.empty();
  }

  private static String told(Verdict.RareValues rare) {
    return rare.earlier()
        + " of "
        + rare.earlierLabels()
        + " earlier labels were "
        + Figures.number(rare.least())
        + " or more and made "
        + Figures.percent(rare.earlierShare())
        + " of the total; the holdout should hold "
        + String.format(Locale.ROOT, "%.1f", rare.expected())
        + " and holds "
        + (rare.held() == 0 ? "none" : Long.toString(rare.held()))
        + (rare.held() >= rare.expected() ? ", smaller ones" : "");
  }
}
