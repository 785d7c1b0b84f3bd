package io.sluice.core.gate;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.gate.Verdict.Basis;
import io.sluice.core.gate.Verdict.Finding;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;

/**
 * Judges a holdout by a policy. {@link #decide} is the way in; it puts together what {@link
 * Eligibility}, {@link Proof}, {@link Regressions}, {@link Guards} and {@link Sufficiency} say. The
 * procedure, with the reasons for each part, is {@code docs/gate.md}.
 */
public final class Gate {
  /** Code of the finding that there is a champion which no candidate can be compared with. */
  static final String CHAMPION_APART = "champion";

  private Gate() {}

  /**
   * Decides.
   *
   * <p>The same arguments give the same verdict, bit for bit, in whatever order the rows came.
   *
   * @param seed of sign flips and bootstrap
   * @throws SluiceException SLU-8001 when the policy names a slice column that is not there;
   *     SLU-8004 when the metric cannot judge the actuals; SLU-8005 when the column of the chosen
   *     candidate is not there
   */
  public static Verdict decide(HoldoutRows rows, GatePolicy policy, History history, long seed) {
    String chosen = "candidate:" + rows.evaluation().chosen();
    if (!rows.has(chosen)) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          Diagnostic.of(
              "SLU-8005",
              "the holdout has no predictions of the chosen family '"
                  + rows.evaluation().chosen()
                  + "'",
              "its columns are " + String.join(", ", rows.models())));
    }
    for (String slice : policy.find(GatePolicy.SLICES).orElse(List.of())) {
      if (!rows.sliceColumns().contains(slice)) {
        throw new SluiceException(
            ExitCode.INPUT_WRONG,
            Diagnostic.of(
                "SLU-8001",
                "gate.slices names '" + slice + "', which is not a slice column of the holdout",
                "it has " + rows.sliceColumns() + "; add it to evaluate's slices"));
      }
    }
    Optional<String> reference = Eligibility.reference(rows, policy);
    BitSet usable = Eligibility.usable(rows, reference, policy.get(GatePolicy.METRIC));
    long missing =
        Math.max(rows.evaluation().rows().expected().orElse(0L), rows.size())
            - usable.cardinality();
    Comparison comparison = new Comparison(rows.only(usable), policy, seed);
    return verdict(comparison, chosen, reference, history, HoldoutKeys.of(rows), missing);
  }

  private static Verdict verdict(
      Comparison comparison,
      String chosen,
      Optional<String> reference,
      History history,
      HoldoutKeys.Cells keys,
      long missing) {
    GatePolicy policy = comparison.policy();
    HoldoutRows rows = comparison.rows();
    Proof proof = new Proof(comparison);
    Guards guards = new Guards(comparison, proof);
    Sufficiency sufficiency = new Sufficiency(comparison);
    ShownFigures shown = new ShownFigures(comparison, history);

    List<String> candidates = Eligibility.candidates(comparison, chosen);
    List<String> eligible = Eligibility.eligible(comparison, candidates);
    History.Novelty novelty = history.novelty(keys, policy.get(GatePolicy.MIN_NEW_ROWS));
    Verdict.Labels labels = Freshness.labels(comparison, reference);
    List<Basis> bases =
        labels.stale()
            ? List.of(Basis.SUPERIORITY, Basis.NON_INFERIORITY)
            : List.of(Basis.SUPERIORITY);
    List<Verdict.Test> tests =
        reference.isEmpty() || eligible.isEmpty() || rows.size() == 0
            ? List.of()
            : proof.tests(eligible, reference.get(), bases, proof.level(novelty));
    Verdict.Data data = sufficiency.data(candidates, eligible, reference, novelty, missing);

    List<Finding> about = new ArrayList<>();
    rows.context()
        .hold()
        .ifPresent(h ->
            about.add(new Finding(Reason.INSUFFICIENT, CHAMPION_APART, h.because(), h.lift())));
    about.addAll(sufficiency.findings(data, reference));
    guards.drift().ifPresent(about::add);
    Choice.Judged judged =
        new Choice(comparison, new Regressions(comparison, proof), guards)
            .subject(chosen, eligible, reference, tests, bases);
    about.addAll(judged.findings());
    TooGood tooGood = new TooGood(comparison);
    tooGood.finding(judged.candidate()).ifPresent(about::add);
    List<Unaudited> unaudited = new ArrayList<>(rows.evaluation().audit().unaudited());
    tooGood.unaudited(judged.candidate()).ifPresent(unaudited::add);
    AuditRule.finding(unaudited, policy).ifPresent(about::add);
    about.sort(Comparator.comparing(Finding::reason));

    String subject = judged.candidate();
    boolean usable = comparison.unusable(subject) == 0;
    return new Verdict(
        about.isEmpty() ? Decision.PROMOTE : Decision.HOLD,
        about.stream().findFirst().map(Finding::reason),
        subject,
        reference,
        judged.basis(),
        ShortWindow.of(comparison.periods().size()).isPresent(),
        List.copyOf(about),
        data,
        rows.evaluation().families().stream()
            .map(Verdict.Family::of)
            .sorted(Comparator.comparing(Verdict.Family::name))
            .toList(),
        shown.models(),
        tests,
        usable ? shown.unseen(subject, reference) : Optional.empty(),
        judged.slices(),
        judged.rareValues(),
        usable ? shown.gains(subject, reference) : List.of(),
        labels,
        judged.bias(),
        policy,
        comparison.seed(),
        unaudited,
        keys);
  }
}
