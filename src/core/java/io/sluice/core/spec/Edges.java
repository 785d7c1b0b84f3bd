package io.sluice.core.spec;

import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The inputs of stages, those included that a known task fills in by itself. */
public final class Edges {
  private Edges() {}

  /**
   * All inputs of a stage as they are planned, by name.
   *
   * <ul>
   *   <li>{@code train@1}: {@code params} is the {@code best} of the one {@code tune@1} stage;
   *   <li>{@code evaluate@1}: {@code candidates} is the {@code model} of the one {@code train@1}
   *       stage; {@code champion} is what that stage made in the champion's run; {@code validation}
   *       is the output of that name beside the holdout; {@code snapshot} is the one labelled
   *       source;
   *   <li>a team's own evaluation, the custom stage whose rows the gate judges: {@code candidates}
   *       and {@code champion} as those of {@code evaluate@1}.
   * </ul>
   *
   * What is written in the spec wins; where there is not exactly one, nothing is filled in.
   */
  public static SortedMap<String, Ref> of(Spec spec, Spec.Stage stage) {
    SortedMap<String, Ref> inputs = new TreeMap<>(stage.inputs());
    switch (stage) {
      case Spec.Custom custom -> {
        if (judging(spec).filter(custom::equals).isPresent()) {
          models(spec, inputs);
        }
      }
      case Spec.Split split -> {}
      case Spec.Tune tune -> {}
      case Spec.Drift drift -> {}
      case Spec.Train train ->
          only(spec, Spec.Tune.class)
              .ifPresent(tune -> inputs.putIfAbsent("params", new Ref.Output(tune, "best")));
      case Spec.Evaluate evaluate -> {
        models(spec, inputs);
        if (inputs.get("holdout") instanceof Ref.Output holdout) {
          Spec.Stage producer = spec.stages().get(holdout.stage());
          if (producer != null && producer.outputs().contains("validation")) {
            inputs.putIfAbsent("validation", new Ref.Output(holdout.stage(), "validation"));
          }
        }
        // the audit against a snapshot asks for the values of periods, which rows of a table are
        // not
        List<String> labelled = spec.task().tabular() ? List.of() : labelled(spec);
        if (labelled.size() == 1) {
          inputs.putIfAbsent("snapshot", new Ref.Data(labelled.get(0)));
        }
      }
    }
    return Collections.unmodifiableSortedMap(inputs);
  }

  /** Candidates and champion, where the spec does not name them. */
  private static void models(Spec spec, SortedMap<String, Ref> inputs) {
    only(spec, Spec.Train.class)
        .ifPresent(train -> inputs.putIfAbsent("candidates", new Ref.Output(train, "model")));
    if (inputs.get("candidates") instanceof Ref.Output candidates) {
      inputs.putIfAbsent("champion", new Ref.Champion(candidates.stage(), candidates.output()));
    }
  }

  /**
   * The stage whose rows the gate judges: one of {@code evaluate@1}, or a team's own that says by
   * its input {@code holdout} what nobody may learn from.
   */
  public static Optional<Spec.Stage> judging(Spec spec) {
    return spec.gate().rows() instanceof Ref.Output rows
        ? Optional.ofNullable(spec.stages().get(rows.stage()))
            .filter(s ->
                s instanceof Spec.Evaluate
                    || (s instanceof Spec.Custom && s.inputs().containsKey("holdout")))
        : Optional.empty();
  }

  /** The team's own evaluation, where the gate judges the rows of one. */
  public static Optional<Spec.Custom> ownEvaluation(Spec spec) {
    return judging(spec).filter(Spec.Custom.class::isInstance).map(Spec.Custom.class::cast);
  }

  /** The sources that say which of their columns is the label, by name. */
  public static List<String> labelled(Spec spec) {
    return spec.data().entrySet().stream()
        .filter(e -> e.getValue().labels().isPresent())
        .map(Map.Entry::getKey)
        .toList();
  }

  private static Optional<String> only(Spec spec, Class<? extends Spec.Stage> kind) {
    List<String> names =
        spec.stages().entrySet().stream()
            .filter(e -> kind.isInstance(e.getValue()))
            .map(Map.Entry::getKey)
            .toList();
    return names.size() == 1 ? Optional.of(names.get(0)) : Optional.empty();
  }
}
