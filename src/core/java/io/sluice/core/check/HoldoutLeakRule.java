package io.sluice.core.check;

import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.HashSet;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;

/** Nothing is chosen by the data that it is judged on. */
final class HoldoutLeakRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Set<Ref> holdouts = new HashSet<>();
    for (Spec.Stage s : view.spec().stages().values()) {
      if (s instanceof Spec.Evaluate) {
        Optional.ofNullable(s.inputs().get("holdout")).ifPresent(holdouts::add);
      }
    }
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          switch (stage) {
            case Spec.Tune tune -> unseen(view, name, tune, holdouts, findings);
            case Spec.Train train -> unseen(view, name, train, holdouts, findings);
            case Spec.Evaluate evaluate -> apart(view, name, evaluate, findings);
            case Spec.Drift drift -> {}
            case Spec.Custom custom -> {}
          }
        });
  }

  private static void unseen(
      SpecView view, String name, Spec.Stage stage, Set<Ref> holdouts, Findings findings) {
    stage
        .inputs()
        .forEach((input, ref) -> {
          if (holdouts.contains(ref)) {
            findings.add(
                "SLU-1034",
                view.spans().value("stages", name, "inputs", input),
                "\"" + name + "\" would see the holdout, " + ref,
                "only evaluate@1 may: give it the train and validation data");
          }
        });
  }

  private static void apart(SpecView view, String name, Spec.Evaluate stage, Findings findings) {
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
