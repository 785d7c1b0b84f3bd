package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The stage of {@code drift@1} is the only one, and compares what can be compared. */
final class DriftTaskRule implements Rule {
  private static final List<String> INPUTS = List.of("reference", "current");
  private static final Map<String, String> HINTS =
      Map.of(
          "reference", "name what the champion was trained on: champion.<stage>.<output>",
          "current", "name today's data: <stage>.<output> or data.<source>");

  @Override
  public void check(SpecView view, Findings findings) {
    List<String> names = new ArrayList<>();
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          if (stage instanceof Spec.Drift d) {
            names.add(name);
            inputs(view, name, d, findings);
            sides(view, name, d, findings);
            columns(view, name, d, findings);
          }
        });
    for (String name : names.subList(Math.min(1, names.size()), names.size())) {
      findings.add(
          "SLU-1030",
          view.spans().key("stages", name),
          "\"" + name + "\" is a second drift@1 stage, beside \"" + names.get(0) + "\"",
          "a run has one drift status: compare all columns in one stage");
    }
  }

  private static void inputs(SpecView view, String name, Spec.Drift stage, Findings findings) {
    for (String input : stage.inputs().keySet()) {
      if (!INPUTS.contains(input)) {
        findings.add(
            "SLU-1030",
            view.spans().key("stages", name, "inputs", input),
            "drift@1 has no input \"" + input + "\"",
            DidYouMean.hint(INPUTS, input));
      }
    }
    for (String input : INPUTS) {
      if (!stage.inputs().containsKey(input)) {
        findings.add(
            "SLU-1030",
            view.spans().key("stages", name),
            "drift@1 stage \"" + name + "\" has no input \"" + input + "\"",
            HINTS.getOrDefault(input, ""));
      }
    }
  }

  private static void sides(SpecView view, String name, Spec.Drift stage, Findings findings) {
    Ref reference = stage.inputs().get("reference");
    if (reference != null
        && !(reference instanceof Ref.Champion c
            && !(view.spec().stages().get(c.stage()) instanceof Spec.Train))) {
      findings.add(
          "SLU-1030",
          view.spans().value("stages", name, "inputs", "reference"),
          reference + " is not data of the champion's",
          "write champion.<stage>.<output>, with the stage whose data the champion was trained on");
    }
    Ref current = stage.inputs().get("current");
    if (current instanceof Ref.Champion) {
      findings.add(
          "SLU-1030",
          view.spans().value("stages", name, "inputs", "current"),
          current + " is not today's data",
          "write <stage>.<output> or data.<source>");
    }
  }

  private static void columns(SpecView view, String name, Spec.Drift stage, Findings findings) {
    stage
        .with()
        .columns()
        .forEach((column, options) -> {
          Location at = view.spans().key("stages", name, "with", "columns", column);
          Spec.DriftMethod method =
              options.method().or(() -> stage.with().method()).orElse(Spec.DriftOptions.METHOD);
          if (options.numeric().equals(Optional.of(false)) && !method.takesCategories()) {
            findings.add(
                "SLU-1030",
                at,
                "\""
                    + method.word()
                    + "\" does not compare categories, which \""
                    + column
                    + "\" has",
                "give the column method: psi or method: jensenshannon");
          }
          if (stage.with().ignore().contains(column)) {
            findings.add(
                "SLU-1030",
                at,
                "\"" + column + "\" is both described and ignored",
                "delete one of the two");
          }
        });
  }
}
