package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** What follows from checks that evaluate could not make: nothing passes because nobody looked. */
final class AuditRule {
  /** So many are spelled out; a snapshot may lack a hundred channels. */
  private static final int SPELLED_OUT = 6;

  private AuditRule() {}

  /** Speaks against promotion where the policy requires the audit, or a feature tells the label. */
  static Optional<Verdict.Finding> finding(List<Unaudited> unaudited, GatePolicy policy) {
    List<Unaudited> held = held(unaudited, policy);
    if (held.isEmpty()) {
      return Optional.empty();
    }
    if (held.stream().allMatch(AuditRule::tellsTheLabel)) {
      return Optional.of(
          new Verdict.Finding(
              Reason.INSUFFICIENT,
              "audit",
              "the label may be among the features: " + listed(held),
              "leave out what is known only with the label, or declare in evaluate's `derived` that"
                  + " it is known before"));
    }
    return Optional.of(
        new Verdict.Finding(
            Reason.INSUFFICIENT,
            "audit",
            "the audit for leaks could not look at " + listed(held),
            lift(held, policy)));
  }

  private static String lift(List<Unaudited> held, GatePolicy policy) {
    String told = ", or set requireAudit: false to be told and not held";
    if (!policy.task().tabular()) {
      return "mend what the parentheses name, declare a channel that the snapshot cannot have in"
          + " evaluate's `derived`"
          + told;
    }
    return held.stream().allMatch(u -> u.check() == EvaluationReport.Check.TRAINING)
        ? "let train read tables that evaluate can read (rows.csv and table.json), give evaluate the"
            + " table that they were made of as its input `train`"
            + told
        : "mend what the parentheses name" + told;
  }

  /**
   * Those that hold: where the policy requires the audit all that nobody declared, of tables what
   * the models learned from unless the policy says that this may be unknown, and always a feature
   * that alone tells the label.
   */
  static List<Unaudited> held(List<Unaudited> unaudited, GatePolicy policy) {
    Optional<Boolean> required = policy.find(GatePolicy.REQUIRE_AUDIT);
    boolean all = required.orElse(false);
    boolean training = required.orElse(policy.task().tabular());
    return unaudited.stream()
        .filter(u -> !u.declared())
        .filter(u ->
            all || tellsTheLabel(u) || (training && u.check() == EvaluationReport.Check.TRAINING))
        .toList();
  }

  private static boolean tellsTheLabel(Unaudited unaudited) {
    return unaudited.check() == EvaluationReport.Check.FEATURES;
  }

  /** Those that do not hold, and are told. */
  static List<Unaudited> told(List<Unaudited> unaudited, GatePolicy policy) {
    List<Unaudited> held = held(unaudited, policy);
    return unaudited.stream().filter(u -> !held.contains(u)).toList();
  }

  /** {@code the channel `holiday` (..); the labels (..)}. */
  static String listed(List<Unaudited> unaudited) {
    String first =
        unaudited.stream()
            .limit(SPELLED_OUT)
            .map(Unaudited::sentence)
            .collect(Collectors.joining("; "));
    int more = unaudited.size() - SPELLED_OUT;
    return more > 0 ? first + "; and " + more + " more" : first;
  }
}
