package io.sluice.core.check;

import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.gate.Floor;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.List;

/** What a stage is asked for is what it declares: its outputs, and the slices of an evaluation. */
final class UndeclaredArtifactRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    view.references((ref, at) -> {
      switch (ref) {
        case Ref.Data d -> {}
        case Ref.Output o -> declared(view, o.stage(), o.output(), at, findings);
        case Ref.Champion c -> declared(view, c.stage(), c.output(), at, findings);
      }
    });
    slices(view, findings);
  }

  private static void declared(
      SpecView view, String stage, String output, Location at, Findings findings) {
    Spec.Stage producer = view.spec().stages().get(stage);
    if (producer != null && !producer.outputs().contains(output)) {
      findings.add(
          "SLU-1022",
          at,
          "stage \"" + stage + "\" declares no output \"" + output + "\"",
          DidYouMean.hint(producer.outputs(), output));
    }
  }

  private static void slices(SpecView view, Findings findings) {
    Spec spec = view.spec();
    if (spec.gate().rows() instanceof Ref.Output o
        && spec.stages().get(o.stage()) instanceof Spec.Evaluate e) {
      for (Floor floor : spec.gate().policy().find(GatePolicy.FLOORS).orElse(List.of())) {
        floor
            .column()
            .filter(c -> !e.with().slices().contains(c))
            .ifPresent(c ->
                findings.add(
                    "SLU-1022",
                    view.spans().key("gate", "floors", floor.name()),
                    "\"" + c + "\" is not a slice of stage \"" + o.stage() + "\"",
                    DidYouMean.hint(e.with().slices(), c)));
      }
      List<String> slices = spec.gate().policy().find(GatePolicy.SLICES).orElse(List.of());
      for (int i = 0; i < slices.size(); i++) {
        if (!e.with().slices().contains(slices.get(i))) {
          findings.add(
              "SLU-1022",
              view.spans().value("gate", "slices", Integer.toString(i)),
              "\"" + slices.get(i) + "\" is not a slice of stage \"" + o.stage() + "\"",
              DidYouMean.hint(e.with().slices(), slices.get(i)));
        }
      }
    }
  }
}
