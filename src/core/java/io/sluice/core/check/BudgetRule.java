package io.sluice.core.check;

import io.sluice.core.spec.Spec;
import java.time.Duration;

/** A budget belongs to a search and ends it before its stage would be. */
final class BudgetRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .families()
        .forEach((name, family) -> {
          if (!view.searches() && !family.budget().equals(Spec.Budget.NONE)) {
            findings.add(
                "SLU-1501",
                view.spans().key("families", name, "budget"),
                "family \"" + name + "\" has a budget for a search, and no stage searches",
                "delete it, or add a stage with uses: tune@1");
          }
          family.budget().time().ifPresent(time -> check(view, name, time, findings));
        });
  }

  private static void check(SpecView view, String family, Duration time, Findings findings) {
    Spec spec = view.spec();
    spec.stages()
        .forEach((name, stage) -> {
          Duration limit =
              stage
                  .limits()
                  .timeout()
                  .or(() -> spec.defaults().timeout())
                  .orElse(Spec.Defaults.STAGE_TIMEOUT);
          if (stage instanceof Spec.Tune && time.compareTo(limit) >= 0) {
            findings.add(
                "SLU-1502",
                view.spans().value("families", family, "budget", "time"),
                "the search of family \""
                    + family
                    + "\" may take as long as its stage \""
                    + name
                    + "\" or longer: it would be lost, not cut",
                "the stage ends after " + limit.toMinutes() + "m: raise its timeout above that");
          }
        });
  }
}
