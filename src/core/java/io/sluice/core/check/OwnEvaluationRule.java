package io.sluice.core.check;

import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.Optional;
import java.util.SortedMap;

/** A team's own evaluation gets the models that it is to compare. */
final class OwnEvaluationRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Optional<Spec.Custom> own = Edges.ownEvaluation(view.spec());
    if (own.isEmpty() || !(view.spec().gate().rows() instanceof Ref.Output rows)) {
      return;
    }
    String name = rows.stage();
    if (own.get().perFamily()) {
      findings.add(
          "SLU-1046",
          view.spans().value("stages", name, "forEach"),
          "\"" + name + "\" would run once for each family, and see no other",
          "take forEach out: the models of all families lie side by side in"
              + " SLUICE_INPUTS/candidates");
    }
    SortedMap<String, Ref> inputs = Edges.of(view.spec(), own.get());
    Ref candidates = inputs.get("candidates");
    if (candidates == null) {
      findings.add(
          "SLU-1046",
          view.spans().key("stages", name),
          "\"" + name + "\" cannot tell which models it is to compare",
          "name the models, candidates: <train stage>.model");
    } else if (!(candidates instanceof Ref.Output o
        && (view.spec().stages().get(o.stage()) == null
            || view.spec().stages().get(o.stage()) instanceof Spec.Train))) {
      findings.add(
          "SLU-1046",
          view.spans().value("stages", name, "inputs", "candidates"),
          candidates + " is not a model of a train@1 stage",
          "candidates are what train@1 makes, for example train.model");
    }
    Ref champion = inputs.get("champion");
    if (champion != null
        && !(candidates instanceof Ref.Output o
            && champion.equals(new Ref.Champion(o.stage(), o.output())))) {
      findings.add(
          "SLU-1046",
          view.spans().value("stages", name, "inputs", "champion"),
          champion + " is not the champion's model",
          "write champion.<train stage>.model, or leave it out: it is filled in");
    }
  }
}
