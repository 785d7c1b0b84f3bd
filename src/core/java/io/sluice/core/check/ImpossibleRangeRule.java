package io.sluice.core.check;

import io.sluice.core.diag.Location;
import io.sluice.core.spec.Spec;
import java.util.HashSet;

/** The values of a search space make sense. */
final class ImpossibleRangeRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .families()
        .forEach((family, f) ->
            f.space()
                .forEach((name, parameter) -> {
                  switch (parameter) {
                    case Spec.Parameter.IntRange r -> {
                      Location at = at(view, family, name, "int");
                      range(r.low(), r.high(), r.low() > r.high(), r.log(), name, at, findings);
                    }
                    case Spec.Parameter.FloatRange r -> {
                      Location at = at(view, family, name, "float");
                      range(r.low(), r.high(), r.low() > r.high(), r.log(), name, at, findings);
                    }
                    case Spec.Parameter.Choice c -> {
                      if (new HashSet<>(c.values()).size() < c.values().size()) {
                        findings.add(
                            "SLU-1026",
                            at(view, family, name, "choice"),
                            "\"" + name + "\" offers one value twice",
                            "delete one: the tuner would take them for two");
                      }
                    }
                  }
                }));
  }

  private static Location at(SpecView view, String family, String name, String kind) {
    return view.spans().value("families", family, "space", name, kind);
  }

  private static void range(
      Number low,
      Number high,
      boolean empty,
      boolean log,
      String name,
      Location at,
      Findings findings) {
    if (empty) {
      findings.add(
          "SLU-1026",
          at,
          "\"" + name + "\" goes from " + low + " down to " + high,
          "write [low, high]");
    } else if (log && low.doubleValue() <= 0) {
      findings.add(
          "SLU-1026",
          at,
          "\"" + name + "\" starts at " + low + ", which has no logarithm",
          "start above 0, or delete log: true");
    }
  }
}
