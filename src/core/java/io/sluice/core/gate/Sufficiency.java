package io.sluice.core.gate;

import io.sluice.core.gate.GatePolicy.FirstRun;
import io.sluice.core.gate.GatePolicy.Repetition;
import io.sluice.core.gate.Verdict.Finding;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Whether the holdout can carry a verdict: enough units, new rows, nothing missing, no giant. */
final class Sufficiency {
  private final Comparison comparison;
  private final GatePolicy policy;

  Sufficiency(Comparison comparison) {
    this.comparison = comparison;
    this.policy = comparison.policy();
  }

  /** What the holdout lacks. */
  List<Finding> findings(Verdict.Data data, Optional<String> reference) {
    List<Finding> out = new ArrayList<>();
    if (reference.isEmpty()) {
      out.add(
          policy.get(GatePolicy.FIRST_RUN) == FirstRun.HOLD
              ? insufficient(
                  "reference",
                  "there is no champion, and the policy leaves the first one to a person",
                  "sluice override, or firstRun: beatsNaive")
              : insufficient(
                  "reference",
                  "there is no champion and no baseline to compare with",
                  comparison.rows().evaluation().bestBaseline().isPresent()
                      ? "name baselines in the evaluate stage"
                      : comparison.metric().scored()
                          ? "a column baseline:<name> in the rows of the team's own evaluation: what"
                              + " nobody needs a model for"
                          : "a column baseline:<name> in the rows of the team's own evaluation, or a"
                              + " floor that must be proven to be reached, floors: { loss: 0.5 }"));
    }
    reference
        .filter(r -> !r.equals(HoldoutRows.CHAMPION))
        .filter(r -> !policy.task().tabular() && comparison.metric().scored())
        .flatMap(r -> BlindBaseline.finding(comparison.rows(), r))
        .ifPresent(out::add);
    if (data.missingRows() > 0) {
      out.add(
          insufficient(
              "missingRows",
              Words.count(data.missingRows(), "holdout row")
                  + (data.missingRows() == 1 ? " is missing, or has" : " are missing, or have")
                  + " no actual or no prediction of "
                  + reference.map(Words::called).orElse("a reference"),
              "an evaluate stage that scores every model on every holdout row"));
    }
    if (data.units() < policy.get(GatePolicy.MIN_UNITS)) {
      out.add(
          insufficient(
              "units",
              "the holdout has "
                  + Words.count(data.units(), "unit")
                  + "; at least "
                  + policy.get(GatePolicy.MIN_UNITS)
                  + " are needed",
              "a holdout with more units, or a finer unit"));
    }
    if (data.positiveUnits() < policy.get(GatePolicy.MIN_POSITIVE_UNITS)) {
      out.add(
          insufficient(
              "positiveUnits",
              "only "
                  + Words.count(data.positiveUnits(), "unit")
                  + (data.positiveUnits() == 1 ? " has " : " have ")
                  + data.rarestClass()
                      .map(c -> "a row of the class " + c + ", the rarest")
                      .orElse("anything to predict")
                  + "; at least "
                  + policy.get(GatePolicy.MIN_POSITIVE_UNITS)
                  + " are needed",
              data.rarestClass().isPresent()
                  ? "a larger holdout, or one that keeps the shares of the classes; or a smaller"
                      + " minPositiveUnits"
                  : policy.task().tabular()
                      ? "a larger holdout, or a coarser group"
                      : "a longer holdout window, or a coarser unit"));
    }
    if (!Rounding.atMost(data.topUnitShare().orElse(0.0), policy.get(GatePolicy.MAX_UNIT_SHARE))) {
      out.add(
          insufficient(
              "topUnit",
              "unit "
                  + data.topUnit().orElse("")
                  + " alone makes "
                  + Figures.percent(data.topUnitShare().orElse(0.0))
                  + " of the loss; at most "
                  + Figures.percent(policy.get(GatePolicy.MAX_UNIT_SHARE))
                  + " is allowed: the verdict would be about this unit",
              "look at this unit's data; weigh it down or model it apart if it is right"));
    }
    if (policy.get(GatePolicy.REPETITION) == Repetition.HOLD
        && data.newRowShare() < policy.get(GatePolicy.MIN_NEW_ROWS)) {
      out.add(
          insufficient(
              "newRows",
              (data.newRowShare() == 0
                      ? "none of the holdout rows is"
                      : "only " + Figures.percent(data.newRowShare()) + " of the holdout rows are")
                  + " new since earlier gates; at least "
                  + Figures.percent(policy.get(GatePolicy.MIN_NEW_ROWS))
                  + " must be: who asks the same rows often enough gets a yes in the end",
              (policy.task().tabular() ? "new rows in the table" : "newer labels")
                  + "; or repetition: spend, which asks for stronger proof each time"));
    }
    return out;
  }

  private static Finding insufficient(String code, String text, String lift) {
    return new Finding(Reason.INSUFFICIENT, code, text, lift);
  }

  /**
   * The holdout in figures.
   *
   * @param missing rows that were expected or are there, and cannot be judged
   */
  Verdict.Data data(
      List<String> candidates,
      List<String> eligible,
      Optional<String> reference,
      History.Novelty novelty,
      long missing) {
    int names = comparison.rows().units().names().size();
    boolean[] seen = new boolean[names];
    Optional<Integer> rarest = rarestClass();
    boolean[] positive = new boolean[names];
    for (int i = 0; i < comparison.rows().size(); i++) {
      int u = comparison.rows().units().code()[i];
      double actual = comparison.rows().actual()[i];
      if (comparison.rows().weight()[i] <= 0) {
        continue; // it decides nothing
      }
      seen[u] = true;
      positive[u] |= rarest.map(c -> actual == c).orElse(actual != 0);
    }
    boolean timeless = comparison.rows().timeless();
    List<String> judged = new ArrayList<>(eligible.isEmpty() ? List.of() : candidates);
    judged.retainAll(eligible);
    reference.ifPresent(judged::add);
    int top = -1;
    double share = 0;
    for (String model : judged) {
      double[] byUnit = new double[names];
      double[] loss = comparison.losses(model);
      for (int i = 0; i < comparison.rows().size(); i++) {
        byUnit[comparison.rows().units().code()[i]] += loss[i];
      }
      double all = Arrays.stream(byUnit).map(Math::abs).sum();
      for (int u = 0; u < names && all > 0; u++) {
        if (!Rounding.atMost(Math.abs(byUnit[u]) / all, share)) {
          share = Math.abs(byUnit[u]) / all;
          top = u;
        }
      }
    }
    return new Verdict.Data(
        comparison.rows().size(),
        missing,
        count(seen),
        count(positive),
        comparison.periods().size(),
        comparison.periods().stream().filter(p -> !timeless).findFirst(),
        timeless || comparison.periods().isEmpty()
            ? Optional.empty()
            : Optional.of(comparison.periods().get(comparison.periods().size() - 1)),
        top < 0 ? Optional.empty() : Optional.of(comparison.rows().units().names().get(top)),
        top < 0 ? Optional.empty() : Optional.of(share),
        novelty.rows(),
        novelty.share(),
        novelty.looks(),
        rarest.map(c -> comparison.rows().evaluation().classes().get(c)),
        timeless ? Optional.of(true) : Optional.empty());
  }

  /**
   * The class with the fewest rows that weigh anything, of those that the report names; of equal
   * ones the first.
   */
  private Optional<Integer> rarestClass() {
    int classes = comparison.rows().evaluation().classes().size();
    if (classes == 0 || !comparison.metric().scored()) {
      return Optional.empty();
    }
    long[] count = new long[classes];
    for (int i = 0; i < comparison.rows().size(); i++) {
      count[(int) comparison.rows().actual()[i]] += comparison.rows().weight()[i] > 0 ? 1 : 0;
    }
    int least = 0;
    for (int c = 1; c < classes; c++) {
      least = count[c] < count[least] ? c : least;
    }
    return Optional.of(least);
  }

  private static int count(boolean[] flags) {
    return (int) IntStream.range(0, flags.length).filter(i -> flags[i]).count();
  }
}
