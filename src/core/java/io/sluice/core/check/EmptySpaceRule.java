package io.sluice.core.check;

import io.sluice.core.spec.Spec;

/** What is searched has something to find. */
final class EmptySpaceRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    boolean searched = view.searches();
    view.spec()
        .families()
        .forEach((name, family) -> {
          if (family.space().isEmpty() && searched) {
            findings.add(
                "SLU-1025",
                view.spans().has("families", name, "space")
                    ? view.spans().value("families", name, "space")
                    : view.spans().key("families", name),
                "family \"" + name + "\" has nothing to search",
                "give it a space, for example space: { depth: { int: [2, 10] } }");
          }
          family
              .space()
              .forEach((p, parameter) -> {
                if (parameter instanceof Spec.Parameter.Choice c && c.values().isEmpty()) {
                  findings.add(
                      "SLU-1025",
                      view.spans().value("families", name, "space", p, "choice"),
                      "\"" + p + "\" has nothing to choose from",
                      "name a value or two");
                }
              });
        });
  }
}
