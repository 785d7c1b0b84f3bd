package io.sluice.core.gate;

import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Figures that a verdict shows and that decide nothing. */
final class ShownFigures {
  private final Comparison comparison;
  private final History history;

  ShownFigures(Comparison comparison, History history) {
    this.comparison = comparison;
    this.history = history;
  }

  /** Every model on the holdout, sorted by name. */
  List<Verdict.Model> models() {
    List<Verdict.Model> out = new ArrayList<>();
    for (String model : comparison.rows().models()) {
      long unusable = comparison.unusable(model);
      double[] predicted = comparison.rows().predictions(model);
      out.add(
          unusable > 0
              ? new Verdict.Model(model, Optional.empty(), Optional.empty(), unusable)
              : new Verdict.Model(
                  model,
                  Comparison.figure(
                      comparison
                          .metric()
                          .value(
                              comparison.rows().actual(), predicted, comparison.rows().weight())),
                  Comparison.figure(comparison.bias(model)),
                  0));
    }
    return List.copyOf(out);
  }

  /** The gain on rows that the champion was neither trained nor chosen on. */
  Optional<Verdict.Gain> unseen(String candidate, Optional<String> reference) {
    Optional<Instant> trained = Freshness.championNewestLabel(comparison);
    Optional<HoldoutKeys> chosenOn =
        comparison
            .rows()
            .context()
            .championRun()
            .flatMap(history::promotedBy)
            .map(History.PastGate::keys);
    if (comparison.policy().task().tabular()
        || !reference.equals(Optional.of(HoldoutRows.CHAMPION))
        || (trained.isEmpty() && chosenOn.isEmpty())) {
      return Optional.empty();
    }
    record Place(long origin, int horizon) {}
    Set<Place> seen = new HashSet<>(); // looked up only
    if (chosenOn.isPresent() && chosenOn.get() instanceof HoldoutKeys.Cells cells) {
      cells.cells().forEach(c -> seen.add(new Place(c.origin().toEpochMilli(), c.horizon())));
    }
    long until = trained.map(Instant::toEpochMilli).orElse(Long.MIN_VALUE);
    double[] ones = new double[comparison.rows().size()];
    Arrays.fill(ones, 1);
    BitSet part = new BitSet();
    for (int i = 0; i < comparison.rows().size(); i++) {
      if (comparison.rows().targetEnd()[i] > until
          && !seen.contains(
              new Place(comparison.rows().origin()[i], comparison.rows().horizon()[i]))) {
        part.set(i);
      }
    }
    return Optional.of(
        new Verdict.Gain(
            part.cardinality(),
            Contrast.of(comparison.rows().units().code(), comparison.period(), ones, part)
                .unitCount(),
            comparison.improvement(candidate, reference.get(), part),
            comparison.interval(candidate, reference.get(), part, "unseen")));
  }

  /** The gain by target period, in time. */
  List<Verdict.Period> gains(String candidate, Optional<String> reference) {
    if (reference.isEmpty() || comparison.rows().timeless()) {
      return List.of();
    }
    double[] c = comparison.losses(candidate);
    double[] r = comparison.losses(reference.get());
    BitSet[] parts = new BitSet[comparison.periods().size()];
    Arrays.setAll(parts, k -> new BitSet());
    double[] candidateSum = new double[comparison.periods().size()];
    double[] referenceSum = new double[comparison.periods().size()];
    long[] count = new long[comparison.periods().size()];
    for (int i = 0; i < comparison.rows().size(); i++) {
      candidateSum[comparison.period()[i]] += c[i];
      referenceSum[comparison.period()[i]] += r[i];
      count[comparison.period()[i]]++;
      parts[comparison.period()[i]].set(i);
    }
    List<Verdict.Period> out = new ArrayList<>();
    for (int k = 0; k < comparison.periods().size(); k++) {
      out.add(
          new Verdict.Period(
              comparison.periods().get(k),
              count[k],
              comparison.metric() instanceof Metric.RowLoss
                  ? comparison.improvement(candidateSum[k], referenceSum[k])
                  : comparison.improvement(candidate, reference.get(), parts[k])));
    }
    return List.copyOf(out);
  }
}
