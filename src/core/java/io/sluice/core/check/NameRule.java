package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Spans;
import io.sluice.core.spec.Spec;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** Stages, and what the planner makes of them, have names that are free, distinct and short. */
final class NameRule implements Rule {
  /** What the planner adds; a stage of the same name would be a second one. */
  private static final Set<String> RESERVED =
      Stream.concat(
              Plan.Kind.all(Plan.Trait.ONE_A_RUN).stream().map(k -> k.only().value()),
              Stream.of("data", "champion"))
          .collect(Collectors.toCollection(LinkedHashSet::new));

  @Override
  public void check(SpecView view, Findings findings) {
    new Names(findings).check(view);
  }

  /** The names of a plan, in the order in which they are met. */
  private static final class Names {
    private final Findings findings;
    private final Map<String, String> planned = new TreeMap<>();

    Names(Findings findings) {
      this.findings = findings;
    }

    void check(SpecView view) {
      Spec spec = view.spec();
      Spans spans = view.spans();
      spec.data().keySet().forEach(n -> planned("data-" + n, "data." + n, spans.key("data", n)));
      spec.stages()
          .forEach((name, stage) -> {
            Location at = spans.key("stages", name);
            if (RESERVED.contains(name)) {
              findings.add(
                  "SLU-1029",
                  at,
                  "a stage cannot be called \"" + name + "\"",
                  "reserved: " + String.join(", ", RESERVED));
            }
            if (stage.perFamily()) {
              spec.families()
                  .keySet()
                  .forEach(f -> planned(name + "-" + f, name + " for family " + f, at));
            } else {
              planned(name, name, at);
            }
            if (stage instanceof Spec.Tune) {
              tuneInputs(view, name, stage);
            }
          });
      predictors(view);
      if (spec.families().containsKey(HoldoutRows.CHAMPION)) {
        findings.add(
            "SLU-1029",
            spans.key("families", HoldoutRows.CHAMPION),
            "a family cannot be called \"" + HoldoutRows.CHAMPION + "\"",
            "that is what production's version is called beside the candidates; rename the family");
      }
    }

    private void tuneInputs(SpecView view, String name, Spec.Stage stage) {
      for (String own : List.of("study", "search")) {
        if (stage.inputs().containsKey(own)) {
          findings.add(
              "SLU-1029",
              view.spans().key("stages", name, "inputs", own),
              "tune@1 fills in the input \"" + own + "\" itself",
              "give this input another name");
        }
      }
    }

    /** The stages that the planner adds for commands that predict. */
    private void predictors(SpecView view) {
      view.spec().stages().entrySet().stream()
          .filter(e -> e.getValue() instanceof Spec.Evaluate)
          .findFirst()
          .ifPresent(e ->
              planned(
                  Planner.CHAMPION_PREDICTS.value(),
                  "the champion's predict command",
                  view.spans().key("stages", e.getKey())));
      view.spec()
          .families()
          .forEach((name, family) -> {
            if (family.predict().isPresent()) {
              planned(
                  Planner.predicting(name).value(),
                  "the predict command of family " + name,
                  view.spans().value("families", name, "predict"));
            }
          });
    }

    private void planned(String name, String source, Location at) {
      if (name.length() > StageName.MAX_LENGTH) {
        findings.add(
            "SLU-1029",
            at,
            "\""
                + name
                + "\" has "
                + name.length()
                + " characters, more than "
                + StageName.MAX_LENGTH,
            "stages of a family are called <stage>-<family>, sources data-<name>; shorten one");
      }
      String earlier = planned.putIfAbsent(name, source);
      if (earlier != null) {
        findings.add(
            "SLU-1029",
            at,
            "both " + earlier + " and " + source + " would be called \"" + name + "\"",
            "stages of a family are called <stage>-<family>, sources data-<name>; rename one");
      }
    }
  }
}
