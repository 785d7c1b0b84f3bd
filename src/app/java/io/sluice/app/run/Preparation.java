package io.sluice.app.run;

import io.sluice.core.plan.Plan;
import io.sluice.core.run.StageName;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * The stages of a plan that prepare what models learn from and are judged on, by what they are and
 * not by their names.
 */
final class Preparation {
  private static final Set<Plan.Kind> LEARNS = EnumSet.of(Plan.Kind.TUNE, Plan.Kind.TRAIN);
  private static final Set<Plan.Kind> PREPARES = EnumSet.of(Plan.Kind.STAGE, Plan.Kind.SPLIT);

  private Preparation() {}

  /**
   * In the plan's order: custom stages and splits that need no model and that a model, or something
   * made of models, needs; where there are none, the data sources of which that is true. A custom
   * stage named {@code preprocess} is one whether or not anything needs it.
   */
  static List<StageName> of(Plan plan) {
    Set<StageName> models = new TreeSet<>();
    for (Plan.Stage stage : plan.stages()) {
      if (LEARNS.contains(stage.kind()) || needsAny(stage, models)) {
        models.add(stage.name());
      }
    }
    Set<StageName> needed = new TreeSet<>();
    for (Plan.Stage stage : plan.stages().reversed()) {
      if (models.contains(stage.name()) || needed.contains(stage.name())) {
        stage.inputs().forEach(i -> needed.add(i.from()));
      }
    }
    needed.removeAll(models);
    List<StageName> prepare =
        plan.stages().stream()
            .filter(s -> PREPARES.contains(s.kind()))
            .filter(s ->
                needed.contains(s.name())
                    || (s.specName().equals("preprocess") && !models.contains(s.name())))
            .map(Plan.Stage::name)
            .toList();
    return prepare.isEmpty()
        ? plan.stages().stream()
            .filter(s -> s.kind() == Plan.Kind.DATA && needed.contains(s.name()))
            .map(Plan.Stage::name)
            .toList()
        : prepare;
  }

  private static boolean needsAny(Plan.Stage stage, Set<StageName> of) {
    return stage.inputs().stream().anyMatch(i -> of.contains(i.from()));
  }
}
