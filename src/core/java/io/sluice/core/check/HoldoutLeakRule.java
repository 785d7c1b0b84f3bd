package io.sluice.core.check;

import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.stream.Stream;

/** Nothing is chosen by the data that it is judged on. */
final class HoldoutLeakRule implements Rule {
  @Override
  public void check(SpecView view, Findings findings) {
    Map<Ref, String> holdouts = new LinkedHashMap<>();
    Optional<Spec.Custom> own = Edges.ownEvaluation(view.spec());
    for (Spec.Stage s : view.spec().stages().values()) {
      if (s instanceof Spec.Evaluate || own.filter(s::equals).isPresent()) {
        Optional.ofNullable(s.inputs().get("holdout"))
            .ifPresent(ref -> hold(view.spec(), ref, holdouts));
      }
    }
    view.spec()
        .stages()
        .forEach((name, stage) -> {
          switch (stage) {
            case Spec.Tune tune -> unseen(view, name, tune, holdouts, findings);
            case Spec.Train train -> unseen(view, name, train, holdouts, findings);
            case Spec.Evaluate evaluate -> apart(view, name, evaluate, findings);
            case Spec.Split split -> {}
            case Spec.Drift drift -> {}
            case Spec.Custom custom -> {
              if (own.filter(custom::equals).isPresent()) {
                apart(view, name, custom, findings);
              }
            }
          }
        });
  }

  /** The holdout, and the table that {@code split@1} cut it off, which has its rows as well. */
  private static void hold(Spec spec, Ref ref, Map<Ref, String> holdouts) {
    holdouts.putIfAbsent(ref, ref.toString());
    if (ref instanceof Ref.Output output
        && spec.stages().get(output.stage()) instanceof Spec.Split split) {
      split.inputs().values().forEach(table -> source(spec, table, output.stage(), holdouts));
    }
  }

  /** A table before the split, and all that it was made from. */
  private static void source(Spec spec, Ref ref, String split, Map<Ref, String> holdouts) {
    if (holdouts.putIfAbsent(ref, ref + ", of which \"" + split + "\" cut it off") == null
        && ref instanceof Ref.Output output
        && spec.stages().get(output.stage()) instanceof Spec.Custom custom) {
      custom.inputs().values().forEach(input -> source(spec, input, split, holdouts));
    }
  }

  /** How an input has rows of the holdout: as itself, or by way of stages that look at them. */
  private static Optional<String> seen(
      Spec spec, Ref ref, Map<Ref, String> holdouts, Set<Ref> looked) {
    Optional<String> itself = Optional.ofNullable(holdouts.get(ref));
    if (itself.isPresent() || !looked.add(ref)) {
      return itself;
    }
    return switch (ref) {
      case Ref.Data data -> Optional.empty();
      case Ref.Output output ->
          Optional.ofNullable(spec.stages().get(output.stage())).stream()
              .flatMap(HoldoutLeakRule::shown)
              .flatMap(input -> seen(spec, input, holdouts, looked).stream())
              .findFirst()
              .map(from -> ref + ", made from " + from);
      // rows of the champion's holdout may well be among today's
      case Ref.Champion before ->
          seen(spec, new Ref.Output(before.stage(), before.output()), holdouts, looked)
              .map(from -> ref + ", in the champion's run " + from);
    };
  }

  /** What a stage reads that may come through to what it writes. */
  private static Stream<Ref> shown(Spec.Stage stage) {
    return switch (stage) {
      case Spec.Custom custom -> custom.inputs().values().stream();
      case Spec.Evaluate evaluate -> evaluate.inputs().values().stream();
      case Spec.Drift drift -> drift.inputs().values().stream();
      // its parts are told apart: those of the holdout are known
      case Spec.Split split -> Stream.empty();
      // what they may read is looked at where they stand
      case Spec.Tune tune -> Stream.empty();
      case Spec.Train train -> Stream.empty();
    };
  }

  private static void unseen(
      SpecView view, String name, Spec.Stage stage, Map<Ref, String> holdouts, Findings findings) {
    stage
        .inputs()
        .forEach((input, ref) ->
            seen(view.spec(), ref, holdouts, new LinkedHashSet<>())
                .ifPresent(seen ->
                    findings.add(
                        "SLU-1034",
                        view.spans().value("stages", name, "inputs", input),
                        "\"" + name + "\" would see the holdout, " + seen,
                        "only what evaluates may: give it the train and validation data")));
  }

  private static void apart(SpecView view, String name, Spec.Stage stage, Findings findings) {
    SortedMap<String, Ref> inputs = Edges.of(view.spec(), stage);
    Ref judged = inputs.get("holdout");
    if (judged != null && judged.equals(inputs.get("validation"))) {
      findings.add(
          "SLU-1034",
          view.spans().value("stages", name, "inputs", "validation"),
          "validation and holdout are the same data, " + judged,
          "families are picked on validation: what picks cannot judge");
    }
  }
}
