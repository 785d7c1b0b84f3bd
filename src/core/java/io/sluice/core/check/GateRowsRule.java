package io.sluice.core.check;

import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;

/** The gate judges the rows of an evaluation. */
final class GateRowsRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Ref rows = view.spec().gate().rows();
    if (exists(view.spec(), rows) && Edges.judging(view.spec()).isEmpty()) {
      findings.add(
          "SLU-1031",
          view.spans().value("gate", "rows"),
          "the gate cannot judge " + rows,
          "rows come from an evaluate@1 stage, for example evaluate.rows, or from a stage of your own"
              + " with the input holdout, which nothing that trains or tunes may see then"
              + " (docs/evaluate.md)");
    }
  }

  /** Other rules report a reference to something that does not exist. */
  private static boolean exists(Spec spec, Ref ref) {
    return switch (ref) {
      case Ref.Data d -> spec.data().containsKey(d.source());
      case Ref.Output o -> exists(spec, o.stage(), o.output());
      case Ref.Champion c -> exists(spec, c.stage(), c.output());
    };
  }

  private static boolean exists(Spec spec, String stage, String output) {
    Spec.Stage producer = spec.stages().get(stage);
    return producer != null && producer.outputs().contains(output);
  }
}
