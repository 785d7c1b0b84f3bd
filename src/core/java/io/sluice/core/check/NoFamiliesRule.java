package io.sluice.core.check;

/** What is made for each family has a family. */
final class NoFamiliesRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          if (stage.perFamily() && view.spec().families().isEmpty()) {
            findings.add(
                "SLU-1024",
                view.spans().key("stages", name),
                "stage \"" + name + "\" is made for each family, and there are none",
                "describe at least one under families");
          }
        });
  }
}
