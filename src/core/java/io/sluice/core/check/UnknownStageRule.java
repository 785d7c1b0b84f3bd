package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.spec.Ref;
import java.util.Set;

/** Every stage and data source that is referred to is described. */
final class UnknownStageRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.references((ref, at) -> {
      switch (ref) {
        case Ref.Data d ->
            known("data source", d.source(), view.spec().data().keySet(), at, findings);
        case Ref.Output o -> known("stage", o.stage(), view.spec().stages().keySet(), at, findings);
        case Ref.Champion c ->
            known("stage", c.stage(), view.spec().stages().keySet(), at, findings);
      }
    });
  }

  private static void known(
      String what, String name, Set<String> known, Location at, Findings findings) {
    if (!known.contains(name)) {
      findings.add(
          "SLU-1021", at, "unknown " + what + " \"" + name + "\"", DidYouMean.hint(known, name));
    }
  }
}
