package io.sluice.core.check;

import io.sluice.core.spec.Spec;

/** A command that predicts for a champion does without the package that changes with Sluice. */
final class PredictEnvironmentRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .families()
        .forEach((name, f) -> {
          Spec.Environment environment = view.spec().environments().get(f.environment());
          if (f.predict().isPresent() && environment != null && environment.sluiceMl()) {
            findings.add(
                "SLU-1601",
                view.spans().value("families", name, "predict"),
                "family \"" + name + "\" predicts by a command, in an environment with sluice_ml",
                "a champion's environment is built again for as long as it reigns, and sluice_ml"
                    + " changes with Sluice: take sluiceMl from environments."
                    + f.environment());
          }
        });
  }
}
