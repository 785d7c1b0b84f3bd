package io.sluice.core.plan;

import io.sluice.core.artifact.Manifest;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.ResultLimit;
import io.sluice.core.record.Resolved;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The edges of the plan: what the author wrote, with families spelled out, and what is added. */
final class StageEdges {
  static final String TRAINING = "training/";
  static final String REFIT = "refit/";

  /** Inputs of the gate: what a stage reported, followed by its name in the plan. */
  static final String RESULTS = "results/";

  /** An input of the gate: the champion's numbers. */
  static final String CHAMPION_NUMBERS = "champion-numbers";

  private final Spec spec;

  StageEdges(Spec spec) {
    this.spec = spec;
  }

  /** Those that the author wrote for a stage, for one family where it is fanned out. */
  List<Plan.Input> of(Spec.Stage stage, Optional<String> family) {
    List<Plan.Input> inputs = new ArrayList<>();
    Edges.of(spec, stage).forEach((name, ref) -> inputs.addAll(of(name, ref, family)));
    return inputs;
  }

  /**
   * One edge as it is written becomes one in the plan, or one for each family that is fanned in.
   */
  List<Plan.Input> of(String name, Ref ref, Optional<String> family) {
    return switch (ref) {
      case Ref.Data d -> List.of(new Plan.Input(name, dataStage(d.source()), d.source(), false));
      case Ref.Champion c ->
          List.of(new Plan.Input(name, Plan.Kind.RESOLVE.only(), championPath(c), true));
      case Ref.Output o -> {
        Spec.Stage producer = spec.stages().get(o.stage());
        if (producer == null) {
          throw new IllegalArgumentException("no stage " + o.stage());
        }
        if (!producer.perFamily()) {
          yield List.of(
              new Plan.Input(name, stageName(o.stage(), Optional.empty()), o.output(), false));
        }
        if (family.isPresent()) {
          yield List.of(new Plan.Input(name, stageName(o.stage(), family), o.output(), false));
        }
        yield spec.families().keySet().stream()
            .map(f ->
                new Plan.Input(
                    name + "/" + f, stageName(o.stage(), Optional.of(f)), o.output(), false))
            .toList();
      }
    };
  }

  /** Where {@code resolve} lays out what the champion's run left. */
  String championPath(Ref.Champion c) {
    return spec.stages().get(c.stage()) instanceof Spec.Train
        ? "champion/model"
        : "champion/snapshots/" + c.stage() + "/" + c.output();
  }

  /** Of the gate. */
  List<Plan.Input> ofGate() {
    List<Plan.Input> inputs = new ArrayList<>(of("rows", spec.gate().rows(), Optional.empty()));
    inputs.add(new Plan.Input("gates", Plan.Kind.RESOLVE.only(), "gates.json", true));
    inputs.addAll(ofDrift());
    inputs.addAll(ofLimits());
    return inputs;
  }

  /**
   * What stages report that the gate has limits for, and the same numbers of the champion. Each is
   * optional: a family may fail, and the gate says what it misses.
   */
  private List<Plan.Input> ofLimits() {
    List<ResultLimit> limits = spec.gate().policy().find(GatePolicy.RESULTS).orElse(List.of());
    List<Plan.Input> inputs = new ArrayList<>();
    for (String stage : limits.stream().map(ResultLimit::stage).distinct().toList()) {
      Spec.Stage reporting = spec.stages().get(stage);
      if (reporting == null) {
        throw new IllegalArgumentException("no stage " + stage);
      }
      List<StageName> names =
          reporting.perFamily()
              ? spec.families().keySet().stream()
                  .map(f -> stageName(stage, Optional.of(f)))
                  .toList()
              : List.of(stageName(stage, Optional.empty()));
      names.forEach(
          name -> inputs.add(new Plan.Input(RESULTS + name.value(), name, Manifest.RESULTS, true)));
    }
    if (limits.stream().anyMatch(limit -> limit.bounds().relative())) {
      inputs.add(
          new Plan.Input(
              CHAMPION_NUMBERS, Plan.Kind.RESOLVE.only(), Resolved.CHAMPION_NUMBERS, true));
    }
    return inputs;
  }

  /** The status of the one drift stage; optional, since that stage may fail. */
  private List<Plan.Input> ofDrift() {
    return spec.stages().entrySet().stream()
        .filter(e -> e.getValue() instanceof Spec.Drift)
        .map(e -> new Plan.Input("drift", stageName(e.getKey(), Optional.empty()), "drift", true))
        .toList();
  }

  /** Of the stage that registers candidates. */
  List<Plan.Input> ofRegister() {
    List<Plan.Input> inputs = new ArrayList<>(of("rows", spec.gate().rows(), Optional.empty()));
    inputs.add(new Plan.Input("verdict", Plan.Kind.GATE.only(), "verdict", false));
    for (Plan.Input drift : ofDrift()) {
      inputs.add(drift);
      inputs.add(new Plan.Input("drift-report", drift.from(), "report", true));
    }
    SortedMap<String, Ref> judged =
        Edges.judging(spec).map(stage -> Edges.of(spec, stage)).orElse(new TreeMap<>());
    if (judged.get("candidates") instanceof Ref.Output candidates) {
      inputs.addAll(of("candidates", candidates, Optional.empty()));
      if (spec.stages().get(candidates.stage()) instanceof Spec.Train train
          && Edges.of(spec, train).get("params") instanceof Ref.Output params
          && spec.stages().get(params.stage()) instanceof Spec.Tune) {
        inputs.addAll(of("studies", new Ref.Output(params.stage(), "study"), Optional.empty()));
      }
    }
    return inputs;
  }

  /**
   * What the candidates learned from, for evaluate to look at: {@code training/<name>} is what
   * trials see, {@code refit/<name>} what train alone reads. Where the spec names a {@code train}
   * it stands for all of it.
   */
  List<Plan.Input> learned(Spec.Evaluate evaluate) {
    SortedMap<String, Ref> judged = Edges.of(spec, evaluate);
    Ref named = judged.get("train");
    if (named != null) {
      return of(TRAINING + "train", named, Optional.empty());
    }
    if (!(judged.get("candidates") instanceof Ref.Output candidates)
        || !(spec.stages().get(candidates.stage()) instanceof Spec.Train train)) {
      return List.of();
    }
    SortedMap<String, Ref> refit = new TreeMap<>(Edges.of(spec, train));
    SortedMap<String, Ref> trials = new TreeMap<>();
    if (refit.get("params") instanceof Ref.Output params
        && spec.stages().get(params.stage()) instanceof Spec.Tune tune) {
      refit.remove("params");
      trials.putAll(Edges.of(spec, tune));
    } else {
      Optional.ofNullable(refit.get("train")).ifPresent(ref -> trials.put("train", ref));
    }
    trials.values().removeIf(ref -> ref.equals(judged.get("validation")));
    refit
        .values()
        .removeIf(ref -> ref.equals(judged.get("validation")) || trials.containsValue(ref));
    List<Plan.Input> inputs = new ArrayList<>();
    trials.forEach((n, ref) -> inputs.addAll(of(TRAINING + n, ref, Optional.empty())));
    refit.forEach((n, ref) -> inputs.addAll(of(REFIT + n, ref, Optional.empty())));
    return inputs;
  }

  /** The stage of {@code evaluate@1} whose rows the gate judges. */
  static Optional<Spec.Evaluate> judged(Spec spec) {
    return spec.gate().rows() instanceof Ref.Output rows
            && spec.stages().get(rows.stage()) instanceof Spec.Evaluate e
        ? Optional.of(e)
        : Optional.empty();
  }

  /** The stage of a data source. */
  static StageName dataStage(String source) {
    return new StageName("data-" + source);
  }

  /** A stage of the spec, or the one of a family where it is fanned out. */
  static StageName stageName(String stage, Optional<String> family) {
    return new StageName(family.map(f -> stage + "-" + f).orElse(stage));
  }
}
