package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Spec;
import java.util.Collection;
import java.util.SortedMap;

/** A profile changes what there is, and nothing that a run is judged by. */
final class ProfileRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Spec spec = view.spec();
    spec.profiles()
        .forEach((name, overlay) -> {
          known(view, overlay.stages(), spec.stages().keySet(), "stage", name, "stages", findings);
          known(view, overlay.data(), spec.data().keySet(), "data source", name, "data", findings);
          overlay
              .data()
              .forEach((source, change) -> {
                if (change.with().has("labels")) {
                  findings.add(
                      "SLU-1028",
                      view.spans().key("profiles", name, "data", source, "with", "labels"),
                      "profile \"" + name + "\" touches the labels of \"" + source + "\"",
                      "labels stay as they are: every run is judged by the same rules");
                }
              });
        });
  }

  private static void known(
      SpecView view,
      SortedMap<String, Overlay.Change> changes,
      Collection<String> known,
      String what,
      String profile,
      String section,
      Findings findings) {
    for (String name : changes.keySet()) {
      if (!known.contains(name)) {
        findings.add(
            "SLU-1021",
            view.spans().key("profiles", profile, section, name),
            "profile \"" + profile + "\" changes an unknown " + what + " \"" + name + "\"",
            DidYouMean.hint(known, name));
      }
    }
  }
}
