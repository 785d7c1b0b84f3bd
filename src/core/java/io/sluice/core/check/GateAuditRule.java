package io.sluice.core.check;

import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.GatePolicy.OnDrift;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;

/** The gate asks for no check that this pipeline can never make. */
final class GateAuditRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Spec spec = view.spec();
    // of tables the audit is about what train read, features and the age of labels
    if (!spec.task().tabular()
        && spec.gate().policy().find(GatePolicy.REQUIRE_AUDIT).orElse(false)
        && spec.gate().rows() instanceof Ref.Output rows
        && spec.stages().get(rows.stage()) instanceof Spec.Evaluate evaluate
        && !Edges.of(spec, evaluate).containsKey("snapshot")) {
      findings.add(
          "SLU-1043",
          view.spans().value("gate", GatePolicy.REQUIRE_AUDIT.key()),
          "the gate requires an audit, and \""
              + rows.stage()
              + "\" has no snapshot to audit against",
          "give the source `labels` and evaluate@1 the input snapshot: data.<source>");
    }
    if (spec.gate().policy().find(GatePolicy.REQUIRE_AUDIT).orElse(false)
        && Edges.ownEvaluation(spec).isPresent()) {
      findings.add(
          "SLU-1043",
          view.spans().value("gate", GatePolicy.REQUIRE_AUDIT.key()),
          "the gate requires an audit, and nobody can audit what an evaluation of your own makes of "
              + spec.gate().rows(),
          "take requireAudit away: the verdict names what was not audited, and does not hold for"
              + " it");
    }
    if (spec.gate().policy().get(GatePolicy.ON_DRIFT) == OnDrift.HOLD
        && spec.stages().values().stream().noneMatch(Spec.Drift.class::isInstance)) {
      findings.add(
          "SLU-1044",
          view.spans().value("gate", GatePolicy.ON_DRIFT.key()),
          "the gate holds on drift, and no stage looks for drift",
          "add a drift@1 stage, or take onDrift away");
    }
  }
}
