package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** The nodes of the plan: the author's stages, fanned out by family, and those of every run. */
final class PlannedStages {
  private final Spec spec;
  private final Overlay overlay;
  private final StageEdges edges;
  private final StageValues values;

  PlannedStages(Spec spec, Overlay overlay) {
    this.spec = spec;
    this.overlay = overlay;
    this.edges = new StageEdges(spec);
    this.values = new StageValues(spec);
  }

  /** All of a run, in an order in which it can take them. */
  List<Plan.Stage> all() {
    List<Plan.Stage> own = new ArrayList<>();
    spec.data().forEach((name, source) -> own.add(data(name, source)));
    spec.stages()
        .forEach((name, stage) -> {
          if (stage.perFamily()) {
            spec.families().keySet().forEach(f -> own.add(stage(name, stage, Optional.of(f))));
          } else {
            own.add(stage(name, stage, Optional.empty()));
          }
        });
    StageEdges.judged(spec).ifPresent(e -> own.addAll(predictors(e)));
    List<Plan.Stage> all = new ArrayList<>();
    all.add(worker(Plan.Kind.RESOLVE, List.of(), List.of(), Json.object()));
    all.addAll(TopologicalOrder.of(own.stream().map(new EvaluatedTables(own)::told).toList()));
    all.add(worker(Plan.Kind.GATE, edges.ofGate(), List.of("verdict"), values.gate()));
    all.add(worker(Plan.Kind.REGISTER, edges.ofRegister(), List.of("registered"), Json.object()));
    all.add(
        worker(
            Plan.Kind.PROMOTE,
            List.of(
                new Plan.Input("registered", Plan.Kind.REGISTER.only(), "registered", false),
                new Plan.Input("verdict", Plan.Kind.GATE.only(), "verdict", false)),
            List.of(),
            Json.object()));
    return List.copyOf(all);
  }

  private Plan.Stage data(String name, Spec.DataSource source) {
    Overlay.Change change = overlay.data().getOrDefault(name, Overlay.Change.NONE);
    ObjectNode with = Overlay.merge(source.with(), change.with());
    // after the overlay: a profile cannot change what the labels are
    source
        .labels()
        .ifPresent(l -> {
          with.set("labels", values.sourceLabels(name, l));
          with.set("floor", StageValues.floor(source.floor(), change.acceptLess()));
        });
    List<String> command =
        switch (source.origin()) {
          case Spec.DataSource.Produced produced -> produced.command().argv();
          case Spec.DataSource.Stored stored ->
              List.of(
                  "/bin/sh",
                  "-eu",
                  "-c",
                  "cp -RL \"$1\" \"$SLUICE_OUTPUTS/$2\"",
                  "sluice-copy",
                  stored.path(),
                  name);
        };
    return new Plan.Stage(
        StageEdges.dataStage(name),
        name,
        Plan.Kind.DATA,
        Optional.empty(),
        Optional.of(source.environment()),
        command,
        List.of(),
        List.of(name),
        StageValues.sorted(with),
        timeout(source.limits(), change),
        retries(source.limits()),
        resources(source.limits(), Spec.Resources.NONE, change),
        false);
  }

  private Plan.Stage stage(String name, Spec.Stage stage, Optional<String> familyName) {
    Overlay.Change change = overlay.stages().getOrDefault(name, Overlay.Change.NONE);
    Optional<Spec.Family> family = familyName.map(f -> family(f));
    List<Plan.Input> inputs = edges.of(stage, familyName);
    Plan.Kind kind;
    Optional<String> environment;
    List<String> command;
    ObjectNode with;
    switch (stage) {
      case Spec.Custom custom -> {
        kind = Plan.Kind.STAGE;
        environment = Optional.of(custom.environment());
        command = custom.command().argv();
        with = Overlay.merge(custom.with(), change.with());
        if (Edges.ownEvaluation(spec).equals(Optional.of(custom))) {
          with.set(OwnEvaluation.KEY, values.ownEvaluation().json());
        }
      }
      case Spec.Split split -> {
        kind = Plan.Kind.SPLIT;
        environment = Optional.empty();
        command = List.of();
        with = JsonCodec.write(split.with());
      }
      case Spec.Tune tune -> {
        kind = Plan.Kind.TUNE;
        environment = family.map(Spec.Family::environment);
        command = family.map(f -> f.trainer().argv()).orElse(List.of());
        with = Overlay.merge(values.tune(tune.with()), change.with());
        StageValues.redirect(with);
        StageValues.spend(family.map(Spec.Family::budget).orElse(Spec.Budget.NONE), with);
        with.set(
            "space", StageValues.space(family.map(Spec.Family::space).orElse(new TreeMap<>())));
        // by the spec alone: edges are the same for every profile
        if (!tune.with().warmStart().equals(Optional.of(Spec.WarmStart.NONE))) {
          inputs.add(
              new Plan.Input(
                  "study",
                  Plan.Kind.RESOLVE.only(),
                  "champion/studies/" + familyName.orElse("") + "/study.json",
                  true));
          inputs.add(new Plan.Input("search", Plan.Kind.RESOLVE.only(), "search.json", true));
        }
      }
      case Spec.Train train -> {
        kind = Plan.Kind.TRAIN;
        environment = family.map(Spec.Family::environment);
        command = family.map(f -> f.trainer().argv()).orElse(List.of());
        with = Overlay.merge(train.with(), change.with());
        if (values.ownModels(name)) {
          with.put(OwnEvaluation.MODELS, true);
        }
      }
      case Spec.Drift drift -> {
        kind = Plan.Kind.DRIFT;
        environment = Optional.empty();
        command = List.of();
        with = StageValues.drift(drift);
        // says which champion the reference belongs to, and why it may be absent
        inputs.add(
            new Plan.Input("champion", Plan.Kind.RESOLVE.only(), "champion/lineage.json", true));
      }
      case Spec.Evaluate evaluate -> {
        kind = Plan.Kind.EVALUATE;
        environment = Optional.empty();
        command = List.of();
        with = values.evaluate(evaluate);
        inputs.removeIf(i -> i.name().equals("train") || i.name().startsWith("train/"));
        inputs.addAll(edges.learned(evaluate));
        if (StageEdges.judged(spec).equals(Optional.of(evaluate))) {
          inputs.addAll(predictions(evaluate));
        }
      }
    }
    inputs.sort(Comparator.comparing(Plan.Input::name));
    boolean mayFail = kind.has(Plan.Trait.SIGNAL) || family.map(Spec.Family::mayFail).orElse(false);
    return new Plan.Stage(
        StageEdges.stageName(name, familyName),
        name,
        kind,
        familyName,
        environment,
        command,
        List.copyOf(inputs),
        stage.outputs().stream().sorted().toList(),
        StageValues.sorted(with),
        timeout(stage.limits(), change),
        // the defaults mean stages that must succeed; the checker refuses retries of its own
        mayFail ? 0 : retries(stage.limits()),
        resources(
            stage.limits(), family.map(Spec.Family::resources).orElse(Spec.Resources.NONE), change),
        mayFail);
  }

  /** One for each candidate that predicts by a command, and one for a champion that may. */
  private List<Plan.Stage> predictors(Spec.Evaluate evaluate) {
    SortedMap<String, Ref> judged = Edges.of(spec, evaluate);
    List<Plan.Stage> stages = new ArrayList<>();
    if (judged.get("candidates") instanceof Ref.Output candidates) {
      spec.families()
          .forEach((name, family) ->
              family
                  .predict()
                  .ifPresent(command ->
                      stages.add(
                          predictor(
                              Planner.predicting(name),
                              Optional.of(name),
                              command.argv(),
                              new Plan.Input(
                                  "model",
                                  StageEdges.stageName(candidates.stage(), Optional.of(name)),
                                  candidates.output(),
                                  false),
                              judged))));
    }
    if (judged.get("champion") instanceof Ref.Champion champion) {
      // whatever families today's spec has: the champion's may have left it
      Plan.Input model =
          new Plan.Input("model", Plan.Kind.RESOLVE.only(), edges.championPath(champion), true);
      stages.add(predictor(Planner.CHAMPION_PREDICTS, Optional.empty(), List.of(), model, judged));
    }
    return stages;
  }

  private Plan.Stage predictor(
      StageName name,
      Optional<String> familyName,
      List<String> command,
      Plan.Input model,
      SortedMap<String, Ref> judged) {
    Optional<Spec.Family> family = familyName.map(this::family);
    List<Plan.Input> inputs = new ArrayList<>(List.of(model));
    for (String set : List.of("holdout", "validation")) {
      Optional.ofNullable(judged.get(set))
          .ifPresent(ref -> inputs.addAll(edges.of(set, ref, Optional.empty())));
    }
    inputs.sort(Comparator.comparing(Plan.Input::name));
    return new Plan.Stage(
        name,
        name.value(),
        Plan.Kind.PREDICT,
        familyName,
        family.map(Spec.Family::environment),
        command,
        List.copyOf(inputs),
        List.of("predictions"),
        Json.object(),
        spec.defaults().timeout().orElse(Spec.Defaults.STAGE_TIMEOUT),
        0,
        resources(
            Spec.Limits.NONE,
            family.map(Spec.Family::resources).orElse(Spec.Resources.NONE),
            Overlay.Change.NONE),
        family.map(Spec.Family::mayFail).orElse(false));
  }

  /** What the stage that the gate judges by gets from {@link #predictors}. */
  private List<Plan.Input> predictions(Spec.Evaluate evaluate) {
    List<Plan.Input> inputs = new ArrayList<>();
    for (Plan.Stage s : predictors(evaluate)) {
      inputs.add(
          new Plan.Input(
              s.family().map(f -> "predictions/" + f).orElse("champion-predictions"),
              s.name(),
              "predictions",
              true));
    }
    return inputs;
  }

  private Plan.Stage worker(
      Plan.Kind kind, List<Plan.Input> inputs, List<String> outputs, JsonNode with) {
    return new Plan.Stage(
        kind.only(),
        kind.only().value(),
        kind,
        Optional.empty(),
        Optional.empty(),
        List.of(),
        inputs.stream().sorted(Comparator.comparing(Plan.Input::name)).toList(),
        outputs,
        with,
        spec.defaults().timeout().orElse(Spec.Defaults.STAGE_TIMEOUT),
        0,
        Plan.Resources.NONE,
        false);
  }

  private Spec.Family family(String name) {
    Spec.Family family = spec.families().get(name);
    if (family == null) {
      throw new IllegalArgumentException("no family " + name);
    }
    return family;
  }

  private Duration timeout(Spec.Limits own, Overlay.Change change) {
    return change
        .timeout()
        .or(own::timeout)
        .or(() -> spec.defaults().timeout())
        .orElse(Spec.Defaults.STAGE_TIMEOUT);
  }

  private int retries(Spec.Limits own) {
    return own.retries().or(() -> spec.defaults().retries()).orElse(0);
  }

  /**
   * The overlay's, else the family's (it knows its own hunger), else the stage's, else defaults.
   */
  private Plan.Resources resources(Spec.Limits own, Spec.Resources family, Overlay.Change change) {
    Spec.Resources all =
        change.resources().or(family).or(own.resources()).or(spec.defaults().resources());
    return new Plan.Resources(all.cpu(), all.memory(), all.gpu());
  }
}
