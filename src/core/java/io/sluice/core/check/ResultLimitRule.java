package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.ResultLimit;
import io.sluice.core.spec.Spec;
import java.util.List;
import java.util.Map;

/** The gate's limits are about numbers of stages that there are and whose command can report. */
final class ResultLimitRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    for (ResultLimit limit :
        view.spec().gate().policy().find(GatePolicy.RESULTS).orElse(List.of())) {
      check(view, limit, view.spans().key("gate", "guards", "results", limit.name()), findings);
    }
  }

  private static void check(SpecView view, ResultLimit limit, Location at, Findings findings) {
    Map<String, Spec.Stage> stages = view.spec().stages();
    List<String> reporting =
        stages.entrySet().stream()
            .filter(e -> reports(e.getValue()))
            .map(Map.Entry::getKey)
            .toList();
    Spec.Stage stage = stages.get(limit.stage());
    if (stage == null) {
      findings.add(
          "SLU-1021",
          at,
          "unknown stage \"" + limit.stage() + "\" in a limit of the gate",
          DidYouMean.hint(reporting, limit.stage()));
    } else if (!reports(stage)) {
      findings.add(
          "SLU-1045",
          at,
          "the stage \""
              + limit.stage()
              + "\" runs no command that could report \""
              + limit.result()
              + "\"",
          "a result is a file that a command writes to SLUICE_RESULTS; "
              + (reporting.isEmpty()
                  ? "add a stage with a command"
                  : "commands run in " + String.join(", ", reporting)));
    } else if (!stage.perFamily()) {
      twins(view, limit, at, findings);
    }
  }

  /** Results lie by the names of the plan: those of another stage would look like a family's. */
  private static void twins(SpecView view, ResultLimit limit, Location at, Findings findings) {
    for (String family : view.spec().families().keySet()) {
      String twin = limit.stage() + "-" + family;
      if (view.spec().stages().containsKey(twin)) {
        findings.add(
            "SLU-1029",
            at,
            "the stage \"" + twin + "\" is called as \"" + limit.stage() + "\" of family " + family,
            "its numbers would be taken for those of the family; give one of the stages another"
                + " name");
      }
    }
  }

  /** A trial's results are its objective alone, and stages of Sluice's own have none. */
  private static boolean reports(Spec.Stage stage) {
    return switch (stage) {
      case Spec.Custom custom -> true;
      case Spec.Train train -> true;
      case Spec.Split split -> false;
      case Spec.Tune tune -> false;
      case Spec.Drift drift -> false;
      case Spec.Evaluate evaluate -> false;
    };
  }
}
