package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.gate.Baseline;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;

/** A stage of {@code evaluate@1} has the inputs that it needs, of the kinds that it can judge. */
final class EvaluateTaskRule implements Rule {
  private static final List<String> INPUTS =
      List.of("candidates", "champion", "holdout", "validation", "train", "snapshot");

  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          if (stage instanceof Spec.Evaluate e) {
            SortedMap<String, Ref> inputs = Edges.of(view.spec(), e);
            known(view, name, e, findings);
            needed(view, name, inputs, findings);
            models(view, name, inputs, findings);
            if (view.spec().task().tabular()) {
              tabular(view, name, e, findings);
            } else {
              snapshot(view, name, inputs, findings);
              unit(view, name, e, findings);
            }
            baselines(view, name, e, findings);
            preferred(view, name, e, findings);
          }
        });
  }

  private static void known(SpecView view, String name, Spec.Evaluate stage, Findings findings) {
    for (String input : stage.inputs().keySet()) {
      if (!INPUTS.contains(input)) {
        findings.add(
            "SLU-1030",
            view.spans().key("stages", name, "inputs", input),
            "evaluate@1 has no input \"" + input + "\"",
            DidYouMean.hint(INPUTS, input));
      }
    }
  }

  private static void needed(
      SpecView view, String name, SortedMap<String, Ref> inputs, Findings findings) {
    Map<String, String> hints = new LinkedHashMap<>();
    hints.put("holdout", "name the rows to be judged on, holdout: <stage>.<output>");
    if (!(inputs.get("holdout") instanceof Ref.Output holdout)
        || view.spec().stages().containsKey(holdout.stage())) {
      hints.put(
          "validation",
          "families are picked by it; name it, or let the stage of the holdout write it");
    }
    hints.put("candidates", "name the models, candidates: <train stage>.model");
    hints.forEach((input, hint) -> {
      if (!inputs.containsKey(input)) {
        findings.add(
            "SLU-1030",
            view.spans().key("stages", name),
            "evaluate@1 stage \"" + name + "\" has no input \"" + input + "\"",
            hint);
      }
    });
  }

  private static void models(
      SpecView view, String name, SortedMap<String, Ref> inputs, Findings findings) {
    Ref candidates = inputs.get("candidates");
    if (candidates != null
        && !(candidates instanceof Ref.Output o
            && (view.spec().stages().get(o.stage()) == null
                || view.spec().stages().get(o.stage()) instanceof Spec.Train))) {
      findings.add(
          "SLU-1030",
          view.spans().value("stages", name, "inputs", "candidates"),
          candidates + " is not a model of a train@1 stage",
          "candidates are what train@1 makes, for example train.model");
    }
    Ref champion = inputs.get("champion");
    if (champion != null && !(champion instanceof Ref.Champion)) {
      findings.add(
          "SLU-1030",
          view.spans().value("stages", name, "inputs", "champion"),
          champion + " is not the champion's",
          "write champion.<train stage>.model, or leave it out");
    }
  }

  /** What only forecasts have. */
  private static void tabular(SpecView view, String name, Spec.Evaluate stage, Findings findings) {
    String task = view.spec().task().word();
    if (stage.inputs().containsKey("snapshot")) {
      findings.add(
          "SLU-1030",
          view.spans().key("stages", name, "inputs", "snapshot"),
          "evaluate@1 reads no snapshot for the task " + task,
          "delete it: rows of a table say themselves when they became known (`knownAt`), and that"
              + " is audited");
    }
    if (!stage.with().unit().isEmpty()) {
      findings.add(
          "SLU-1030",
          view.spans().key("stages", name, "with", "unit"),
          "evaluate@1 has no \"unit\" for the task " + task,
          "delete it: the tables say it, their `group` or else their `id` (split@1 writes both)");
    }
  }

  private static void unit(SpecView view, String name, Spec.Evaluate stage, Findings findings) {
    if (stage.with().unit().isEmpty()) {
      findings.add(
          "SLU-1009",
          view.spans().key("stages", name),
          "\"unit\" is missing in the values of evaluate@1",
          "the columns that name one unit, for example with: { unit: [product, market] }");
    }
  }

  private static void baselines(
      SpecView view, String name, Spec.Evaluate stage, Findings findings) {
    List<String> offered = Baseline.of(view.spec().task()).stream().map(Baseline::word).toList();
    List<Baseline> named = stage.with().baselines();
    for (int i = 0; i < named.size(); i++) {
      if (!offered.contains(named.get(i).word())) {
        findings.add(
            "SLU-1030",
            view.spans().value("stages", name, "with", "baselines", Integer.toString(i)),
            "there is no baseline \"%s\" for the task %s"
                .formatted(named.get(i).word(), view.spec().task().word()),
            DidYouMean.hint(offered, named.get(i).word()));
      }
    }
  }

  private static void preferred(
      SpecView view, String name, Spec.Evaluate stage, Findings findings) {
    List<String> families = stage.with().prefer();
    for (int i = 0; i < families.size(); i++) {
      if (!view.spec().families().containsKey(families.get(i))) {
        findings.add(
            "SLU-1021",
            view.spans().value("stages", name, "with", "prefer", Integer.toString(i)),
            "unknown family \"" + families.get(i) + "\"",
            DidYouMean.hint(view.spec().families().keySet(), families.get(i)));
      }
    }
  }

  private static void snapshot(
      SpecView view, String name, SortedMap<String, Ref> inputs, Findings findings) {
    Ref snapshot = inputs.get("snapshot");
    List<String> labelled = Edges.labelled(view.spec());
    if (snapshot == null && labelled.size() > 1) {
      findings.add(
          "SLU-1030",
          view.spans().key("stages", name),
          "\"" + name + "\" cannot tell which labels it is about",
          "name the source: snapshot: data.<source>; labelled: " + String.join(", ", labelled));
    } else if (snapshot != null && !(snapshot instanceof Ref.Data)) {
      findings.add(
          "SLU-1030",
          view.spans().value("stages", name, "inputs", "snapshot"),
          snapshot + " is not a snapshot",
          "write data.<source>");
    }
  }
}
