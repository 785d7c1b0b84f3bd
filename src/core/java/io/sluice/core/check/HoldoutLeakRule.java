package io.sluice.core.check;

import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.Optional;
import java.util.SortedMap;

/** Nothing is chosen by the data that it is judged on. */
final class HoldoutLeakRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    HeldBack holdouts = new HeldBack(view.spec());
    Optional<Spec.Custom> own = Edges.ownEvaluation(view.spec());
    for (Spec.Stage s : view.spec().stages().values()) {
      // what models learned from is audited beside evaluate@1, and beside nothing of a team's own
      boolean unaudited = own.filter(s::equals).isPresent();
      if (s instanceof Spec.Evaluate || unaudited) {
        Optional.ofNullable(s.inputs().get("holdout"))
            .ifPresent(ref -> holdouts.add(ref, unaudited));
      }
    }
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          switch (stage) {
            case Spec.Tune tune -> unseen(view, name, tune, holdouts, findings);
            case Spec.Train train -> unseen(view, name, train, holdouts, findings);
            case Spec.Evaluate evaluate -> apart(view, name, evaluate, findings);
            case Spec.Split split -> {}
            case Spec.Drift drift -> {}
            case Spec.Custom custom -> {
              if (own.filter(custom::equals).isPresent()) {
                apart(view, name, custom, findings);
              }
            }
          }
        });
  }

  private static void unseen(
      SpecView view, String name, Spec.Stage stage, HeldBack holdouts, Findings findings) {
    stage
        .inputs()
        .forEach((input, ref) ->
            holdouts
                .in(ref)
                .ifPresent(seen ->
                    findings.add(
                        "SLU-1034",
                        view.spans().value("stages", name, "inputs", input),
                        "\"" + name + "\" would see the holdout, " + seen,
                        "only what evaluates may: give it the train and validation data")));
  }

  private static void apart(SpecView view, String name, Spec.Stage stage, Findings findings) {
    SortedMap<String, Ref> inputs = Edges.of(view.spec(), stage);
    Ref judged = inputs.get("holdout");
    if (judged != null && judged.equals(inputs.get("validation"))) {
      findings.add(
          "SLU-1034",
          view.spans().value("stages", name, "inputs", "validation"),
          "validation and holdout are the same data, " + judged,
          "families are picked on validation: what picks cannot judge");
    }
  }
}
