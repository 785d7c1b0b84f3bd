package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/** How old what candidate and champion learned from is. */
final class Freshness {
  private Freshness() {}

  static Verdict.Labels labels(Comparison comparison, Optional<String> reference) {
    EvaluationReport evaluation = comparison.rows().evaluation();
    Instant asOf = comparison.rows().context().asOf();
    boolean champion = reference.equals(Optional.of(HoldoutRows.CHAMPION));
    Optional<Instant> its = champion ? championNewestLabel(comparison) : Optional.empty();
    Optional<Instant> candidates =
        evaluation.family(evaluation.chosen()).flatMap(EvaluationReport.Family::newestLabel);
    Instant fresh = candidates.orElse(asOf);
    boolean stale =
        its.map(i ->
                Duration.between(i, fresh)
                        .compareTo(comparison.policy().get(GatePolicy.STALE_AFTER))
                    >= 0)
            .orElse(false);
    return new Verdict.Labels(asOf, candidates, its, stale);
  }

  static Optional<Instant> championNewestLabel(Comparison comparison) {
    return comparison
        .rows()
        .evaluation()
        .champion()
        .flatMap(EvaluationReport.Champion::newestLabel);
  }
}
