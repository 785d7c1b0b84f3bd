package io.sluice.core.check;

/** What may fail is not tried again: Tekton continues after the failure. */
final class RetriesRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          if (stage.perFamily() && stage.limits().retries().orElse(0) > 0) {
            check(view, name, findings);
          }
        });
  }

  private static void check(SpecView view, String stage, Findings findings) {
    view.spec()
        .families()
        .forEach((family, f) -> {
          if (f.mayFail()) {
            findings.add(
                "SLU-1015",
                view.spans().value("stages", stage, "retries"),
                "\"retries\" beside \"onFailure: continue\" of family \"" + family + "\"",
                "Tekton does not do both: set retries: 0, or remove onFailure from the family");
          }
        });
  }
}
