package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.spec.Spec;
import java.util.Set;

/** Every environment that is named is described. */
final class UnknownEnvironmentRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Spec spec = view.spec();
    spec.data().forEach((name, s) -> check(view, s.environment(), findings, "data", name));
    spec.families().forEach((name, f) -> check(view, f.environment(), findings, "families", name));
    spec.stages()
        .forEach((name, s) -> {
          if (s instanceof Spec.Custom c) {
            check(view, c.environment(), findings, "stages", name);
          }
        });
  }

  private static void check(
      SpecView view, String environment, Findings findings, String section, String name) {
    Set<String> known = view.spec().environments().keySet();
    if (!known.contains(environment)) {
      findings.add(
          "SLU-1020",
          view.spans().value(section, name, "environment"),
          "unknown environment \"" + environment + "\"",
          DidYouMean.hint(known, environment));
    }
  }
}
