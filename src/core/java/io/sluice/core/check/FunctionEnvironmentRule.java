package io.sluice.core.check;

import io.sluice.core.spec.Spec;

/** A family that is a function has the package that calls it. */
final class FunctionEnvironmentRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .families()
        .forEach((name, f) -> {
          Spec.Environment environment = view.spec().environments().get(f.environment());
          if (f.trainer() instanceof Spec.Family.ByFunction
              && environment != null
              && !environment.sluiceMl()) {
            findings.add(
                "SLU-1035",
                view.spans().value("families", name, "function"),
                "family \""
                    + name
                    + "\" is a function, and environment \""
                    + f.environment()
                    + "\" has no sluice_ml to call it",
                "add sluiceMl: true to environments." + f.environment());
          }
        });
  }
}
