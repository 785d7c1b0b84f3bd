package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.json.Json;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Durations;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Turns a checked spec into the plan: families fanned out, defaults filled in, every edge resolved.
 * A pure function; the order of keys in the spec changes nothing.
 *
 * <p>A spec on which {@code io.sluice.core.check.Checker} has found nothing can be planned; for
 * others the result is undefined (an {@link IllegalArgumentException} at best).
 */
public final class Planner {
  /** Where the champion forecasts, when its version has a predict command. */
  public static final StageName CHAMPION_PREDICTS = new StageName("predict-champion");

  private static final String TRAINING = "training/";
  private static final String REFIT = "refit/";

  private static final StageName RESOLVE = Plan.Kind.RESOLVE.only();
  private static final StageName GATE = Plan.Kind.GATE.only();
  private static final StageName REGISTER = Plan.Kind.REGISTER.only();

  private final Spec spec;
  private final Overlay overlay;

  private Planner(Spec spec, Overlay overlay) {
    this.spec = spec;
    this.overlay = overlay;
  }

  /**
   * The plan that is compiled: no profile, no overlays. The same for every run.
   *
   * @param wheel digest of the {@code sluice_ml} wheel, part of the environments that ask for it
   * @throws SluiceException (exit code 2) when a lock file is not there
   */
  public static Plan base(Spec spec, LockContents locks, Digest wheel) {
    return plan(spec, Optional.empty(), List.of(), locks, wheel);
  }

  /**
   * The plan as one run executes it: the profile, then the overlays in their order.
   *
   * @throws SluiceException (exit code 2) when a lock file, the profile, or a stage that an overlay
   *     names is not there
   */
  public static Plan plan(
      Spec spec,
      Optional<String> profile,
      List<Overlay> overlays,
      LockContents locks,
      Digest wheel) {
    Planner planner = new Planner(spec, fold(spec, profile, overlays));
    return new Plan(
        spec.model(),
        planner.codeIncludes(),
        planner.environments(locks, wheel),
        planner.stages(),
        spec.seed(),
        planner.gatePolicy(),
        spec.timeout().orElse(Spec.RUN_TIMEOUT));
  }

  /**
   * What each stage receives under a profile and overlays, in the order of the plan. A run passes
   * on what differs from the same without them.
   *
   * @throws SluiceException (exit code 2) when the profile or a stage that an overlay names is not
   *     there
   */
  public static Map<StageName, Settings> settings(
      Spec spec, Optional<String> profile, List<Overlay> overlays) {
    Map<StageName, Settings> settings = new java.util.LinkedHashMap<>();
    for (Plan.Stage s : new Planner(spec, fold(spec, profile, overlays)).stages()) {
      settings.put(s.name(), new Settings(s.with(), s.timeout(), s.resources()));
    }
    return Collections.unmodifiableMap(settings);
  }

  private static Overlay fold(Spec spec, Optional<String> profile, List<Overlay> overlays) {
    Overlay all = Overlay.NONE;
    if (profile.isPresent()) {
      Overlay named = spec.profiles().get(profile.get());
      if (named == null) {
        throw wrong(
            "SLU-1033",
            "no profile \"" + profile.get() + "\"",
            DidYouMean.hint(spec.profiles().keySet(), profile.get()));
      }
      all = named;
    }
    for (Overlay overlay : overlays) {
      known(spec.stages().keySet(), overlay.stages().keySet(), "stage");
      known(spec.data().keySet(), overlay.data().keySet(), "data source");
      all = all.then(overlay);
    }
    return all;
  }

  private static void known(Set<String> known, Set<String> named, String what) {
    for (String name : named) {
      if (!known.contains(name)) {
        throw wrong(
            "SLU-1021", "no " + what + " \"" + name + "\" to change", DidYouMean.hint(known, name));
      }
    }
  }

  private static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }

  /**
   * Stored data travels with the code, so that every runner finds it in the same place; so does the
   * lock of a family that predicts by a command, since its versions take it along.
   */
  private List<String> codeIncludes() {
    NavigableSet<String> globs = new TreeSet<>(spec.code().include());
    for (Spec.DataSource source : spec.data().values()) {
      if (source.origin() instanceof Spec.DataSource.Stored stored) {
        globs.add(stored.path());
        globs.add(stored.path() + "/**");
      }
    }
    for (Spec.Family family : spec.families().values()) {
      if (family.predict().isPresent()) {
        Optional.ofNullable(spec.environments().get(family.environment()))
            .flatMap(Spec.Environment::lock)
            .ifPresent(globs::add);
      }
    }
    return List.copyOf(globs);
  }

  private List<Plan.Environment> environments(LockContents locks, Digest wheel) {
    List<Plan.Environment> environments = new ArrayList<>();
    spec.environments()
        .forEach((name, e) -> {
          ObjectNode identity = Json.object();
          e.python().ifPresent(version -> identity.put("python", version));
          e.lock().ifPresent(path -> identity.put("lock", Digest.of(lock(locks, path)).toString()));
          if (e.sluiceMl()) {
            identity.put("sluiceMl", wheel.toString());
          }
          Digest digest = Digest.of(Json.canonical(identity).getBytes(StandardCharsets.UTF_8));
          environments.add(
              new Plan.Environment(name, e.image(), e.python(), e.lock(), e.sluiceMl(), digest));
        });
    return List.copyOf(environments);
  }

  private static byte[] lock(LockContents locks, String path) {
    return locks
        .read(path)
        .orElseThrow(() ->
            wrong(
                "SLU-1032",
                "no file \"" + path + "\", which an environment names as its lock",
                "paths are relative to the folder of sluice.yaml"));
  }

  private List<Plan.Stage> stages() {
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
    evaluate().ifPresent(e -> own.addAll(predictors(e)));
    List<Plan.Stage> all = new ArrayList<>();
    all.add(worker(Plan.Kind.RESOLVE, List.of(), List.of(), Json.object()));
    all.addAll(ordered(own));
    all.add(worker(Plan.Kind.GATE, gateInputs(), List.of("verdict"), gatePolicy()));
    all.add(worker(Plan.Kind.REGISTER, registerInputs(), List.of("registered"), Json.object()));
    all.add(
        worker(
            Plan.Kind.PROMOTE,
            List.of(
                new Plan.Input("registered", REGISTER, "registered", false),
                new Plan.Input("verdict", GATE, "verdict", false)),
            List.of(),
            Json.object()));
    return List.copyOf(all);
  }

  private Plan.Stage data(String name, Spec.DataSource source) {
    Overlay.Change change = overlay.data().getOrDefault(name, Overlay.Change.NONE);
    ObjectNode with = Overlay.merge(source.with(), change.with());
    // after the overlay: a profile cannot change what the labels are
    source.labels().ifPresent(l -> with.set("labels", labels(l)));
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
        dataStage(name),
        name,
        Plan.Kind.DATA,
        Optional.empty(),
        Optional.of(source.environment()),
        command,
        List.of(),
        List.of(name),
        sorted(with),
        timeout(source.limits(), change),
        retries(source.limits()),
        resources(source.limits(), Spec.Resources.NONE, change),
        false);
  }

  private Plan.Stage stage(String name, Spec.Stage stage, Optional<String> familyName) {
    Overlay.Change change = overlay.stages().getOrDefault(name, Overlay.Change.NONE);
    Optional<Spec.Family> family = familyName.map(f -> family(f));
    List<Plan.Input> inputs = inputs(stage, familyName);
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
      }
      case Spec.Tune tune -> {
        kind = Plan.Kind.TUNE;
        environment = family.map(Spec.Family::environment);
        command = family.map(f -> f.trainer().argv()).orElse(List.of());
        with = Overlay.merge(tuneValues(tune.with()), change.with());
        spend(family.map(Spec.Family::budget).orElse(Spec.Budget.NONE), with);
        with.set("space", space(family.map(Spec.Family::space).orElse(new TreeMap<>())));
        // by the spec alone: edges are the same for every profile
        if (!tune.with().warmStart().equals(Optional.of(Spec.WarmStart.NONE))) {
          inputs.add(
              new Plan.Input(
                  "study",
                  RESOLVE,
                  "champion/studies/" + familyName.orElse("") + "/study.json",
                  true));
          inputs.add(new Plan.Input("search", RESOLVE, "search.json", true));
        }
      }
      case Spec.Train train -> {
        kind = Plan.Kind.TRAIN;
        environment = family.map(Spec.Family::environment);
        command = family.map(f -> f.trainer().argv()).orElse(List.of());
        with = Overlay.merge(train.with(), change.with());
      }
      case Spec.Drift drift -> {
        kind = Plan.Kind.DRIFT;
        environment = Optional.empty();
        command = List.of();
        with = driftValues(drift);
        // says which champion the reference belongs to, and why it may be absent
        inputs.add(new Plan.Input("champion", RESOLVE, "champion/lineage.json", true));
      }
      case Spec.Evaluate evaluate -> {
        kind = Plan.Kind.EVALUATE;
        environment = Optional.empty();
        command = List.of();
        with = evaluateValues(evaluate);
        inputs.removeIf(i -> i.name().equals("train") || i.name().startsWith("train/"));
        inputs.addAll(learned(evaluate));
        if (evaluate().equals(Optional.of(evaluate))) {
          inputs.addAll(predictions(evaluate));
        }
      }
    }
    inputs.sort(java.util.Comparator.comparing(Plan.Input::name));
    boolean mayFail = kind.has(Plan.Trait.SIGNAL) || family.map(Spec.Family::mayFail).orElse(false);
    return new Plan.Stage(
        stageName(name, familyName),
        name,
        kind,
        familyName,
        environment,
        command,
        List.copyOf(inputs),
        stage.outputs().stream().sorted().toList(),
        sorted(with),
        timeout(stage.limits(), change),
        // the defaults mean stages that must succeed; the checker refuses retries of its own
        mayFail ? 0 : retries(stage.limits()),
        resources(
            stage.limits(), family.map(Spec.Family::resources).orElse(Spec.Resources.NONE), change),
        mayFail);
  }

  /** Where a family with a predict command forecasts. */
  public static StageName predicting(String family) {
    return new StageName("predict-" + family);
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
                              predicting(name),
                              Optional.of(name),
                              command.argv(),
                              new Plan.Input(
                                  "model",
                                  stageName(candidates.stage(), Optional.of(name)),
                                  candidates.output(),
                                  false),
                              judged))));
    }
    if (judged.get("champion") instanceof Ref.Champion champion) {
      // whatever families today's spec has: the champion's may have left it
      Plan.Input model = new Plan.Input("model", RESOLVE, championPath(champion), true);
      stages.add(predictor(CHAMPION_PREDICTS, Optional.empty(), List.of(), model, judged));
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
          .ifPresent(ref -> inputs.addAll(input(set, ref, Optional.empty())));
    }
    inputs.sort(java.util.Comparator.comparing(Plan.Input::name));
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

  /**
   * What the candidates learned from, for evaluate to look at: {@code training/<name>} is what
   * trials see, {@code refit/<name>} what train alone reads. Where the spec names a {@code train}
   * it stands for all of it.
   */
  private List<Plan.Input> learned(Spec.Evaluate evaluate) {
    SortedMap<String, Ref> judged = Edges.of(spec, evaluate);
    Ref named = judged.get("train");
    if (named != null) {
      return input(TRAINING + "train", named, Optional.empty());
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
    trials.forEach((n, ref) -> inputs.addAll(input(TRAINING + n, ref, Optional.empty())));
    refit.forEach((n, ref) -> inputs.addAll(input(REFIT + n, ref, Optional.empty())));
    return inputs;
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
        inputs.stream().sorted(java.util.Comparator.comparing(Plan.Input::name)).toList(),
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

  private List<Plan.Input> inputs(Spec.Stage stage, Optional<String> family) {
    List<Plan.Input> inputs = new ArrayList<>();
    Edges.of(spec, stage).forEach((name, ref) -> inputs.addAll(input(name, ref, family)));
    return inputs;
  }

  /**
   * One edge as it is written becomes one in the plan, or one for each family that is fanned in.
   */
  private List<Plan.Input> input(String name, Ref ref, Optional<String> family) {
    return switch (ref) {
      case Ref.Data d -> List.of(new Plan.Input(name, dataStage(d.source()), d.source(), false));
      case Ref.Champion c -> List.of(new Plan.Input(name, RESOLVE, championPath(c), true));
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
  private String championPath(Ref.Champion c) {
    return spec.stages().get(c.stage()) instanceof Spec.Train
        ? "champion/model"
        : "champion/snapshots/" + c.stage() + "/" + c.output();
  }

  private List<Plan.Input> gateInputs() {
    List<Plan.Input> inputs = new ArrayList<>(input("rows", spec.gate().rows(), Optional.empty()));
    inputs.add(new Plan.Input("gates", RESOLVE, "gates.json", true));
    inputs.addAll(driftInput());
    return inputs;
  }

  /** The status of the one drift stage; optional, since that stage may fail. */
  private List<Plan.Input> driftInput() {
    return spec.stages().entrySet().stream()
        .filter(e -> e.getValue() instanceof Spec.Drift)
        .map(e -> new Plan.Input("drift", stageName(e.getKey(), Optional.empty()), "drift", true))
        .toList();
  }

  private List<Plan.Input> registerInputs() {
    List<Plan.Input> inputs = new ArrayList<>(input("rows", spec.gate().rows(), Optional.empty()));
    inputs.add(new Plan.Input("verdict", GATE, "verdict", false));
    for (Plan.Input drift : driftInput()) {
      inputs.add(drift);
      inputs.add(new Plan.Input("drift-report", drift.from(), "report", true));
    }
    SortedMap<String, Ref> judged = evaluate().map(e -> Edges.of(spec, e)).orElse(new TreeMap<>());
    if (judged.get("candidates") instanceof Ref.Output candidates) {
      inputs.addAll(input("candidates", candidates, Optional.empty()));
      if (spec.stages().get(candidates.stage()) instanceof Spec.Train train
          && Edges.of(spec, train).get("params") instanceof Ref.Output params
          && spec.stages().get(params.stage()) instanceof Spec.Tune) {
        inputs.addAll(input("studies", new Ref.Output(params.stage(), "study"), Optional.empty()));
      }
    }
    return inputs;
  }

  /** The stage whose rows the gate judges. */
  private Optional<Spec.Evaluate> evaluate() {
    return spec.gate().rows() instanceof Ref.Output rows
            && spec.stages().get(rows.stage()) instanceof Spec.Evaluate e
        ? Optional.of(e)
        : Optional.empty();
  }

  private ObjectNode tuneValues(Spec.TuneOptions options) {
    ObjectNode values =
        Json.object()
            .put("coldEvery", options.coldEvery().orElse(Spec.TuneOptions.COLD_EVERY))
            .put("objective", options.objective().orElse(metric()).name())
            .put("patience", options.patience().orElse(Spec.TuneOptions.PATIENCE))
            .put("trials", options.trials().orElse(Spec.TuneOptions.TRIALS))
            .put("warmStart", options.warmStart().orElse(Spec.WarmStart.CHAMPION).word());
    options.trialTimeout().ifPresent(t -> values.put("trialTimeout", t.toSeconds()));
    // one at a time is what it was before there was a choice: the same values, the same cache key
    options.parallel().filter(n -> n > 1).ifPresent(n -> values.put("parallel", n));
    return values;
  }

  /** Takes a family's part of the stage's trials, wherever those were set; times become seconds. */
  private static void spend(Spec.Budget budget, ObjectNode with) {
    with.put("trials", budget.trials(with.path("trials").asInt()));
    budget.time().ifPresent(t -> with.put("time", t.toSeconds()));
    // an overlay writes it as a spec does
    Durations.parse(with.path("trialTimeout").asText())
        .ifPresent(t -> with.put("trialTimeout", t.toSeconds()));
  }

  private static ObjectNode space(SortedMap<String, Spec.Parameter> space) {
    ObjectNode json = Json.object();
    space.forEach((name, parameter) -> {
      ObjectNode p = json.putObject(name);
      switch (parameter) {
        case Spec.Parameter.IntRange r -> {
          p.putArray("int").add(r.low()).add(r.high());
          logarithmic(p, r.log());
        }
        case Spec.Parameter.FloatRange r -> {
          p.putArray("float").add(r.low()).add(r.high());
          logarithmic(p, r.log());
        }
        case Spec.Parameter.Choice c -> c.values().forEach(p.putArray("choice")::add);
      }
    });
    return json;
  }

  private static void logarithmic(ObjectNode parameter, boolean log) {
    if (log) {
      parameter.put("log", true);
    }
  }

  /** Defaults and their reasons: docs/drift.md. */
  private static ObjectNode driftValues(Spec.Drift drift) {
    Spec.DriftOptions options = drift.with();
    ObjectNode with = Json.object();
    ObjectNode columns = with.putObject("columns");
    options
        .columns()
        .forEach((name, c) -> {
          ObjectNode column = columns.putObject(name);
          c.numeric().ifPresent(n -> column.put("kind", n ? "numeric" : "categorical"));
          c.method().ifPresent(m -> column.put("method", m.word()));
          c.threshold()
              .or(() -> c.method().map(Spec.DriftMethod::usualThreshold))
              .ifPresent(t -> column.put("threshold", t));
        });
    with.set("ignore", texts(options.ignore()));
    Spec.DriftMethod method = options.method().orElse(Spec.DriftOptions.METHOD);
    with.put("method", method.word());
    with.put("minRows", options.minRows().orElse(Spec.DriftOptions.MIN_ROWS));
    with.put("missing", options.missing().orElse(Spec.DriftOptions.MISSING));
    options.periods().ifPresent(p -> with.put("periods", p));
    if (drift.inputs().get("reference") instanceof Ref.Champion reference) {
      with.put("reference", reference.stage() + "." + reference.output());
    }
    with.put("share", options.share().orElse(Spec.DriftOptions.SHARE));
    with.put("threshold", options.threshold().orElse(method.usualThreshold()));
    return with;
  }

  private ObjectNode evaluateValues(Spec.Evaluate evaluate) {
    ObjectNode with = Json.object();
    with.set("baselines", texts(evaluate.with().baselines().stream().map(Baseline::word).toList()));
    if (!evaluate.with().derived().isEmpty()) {
      with.set("derived", texts(evaluate.with().derived()));
    }
    if (Edges.of(spec, evaluate).get("snapshot") instanceof Ref.Data snapshot) {
      Optional.ofNullable(spec.data().get(snapshot.source()))
          .flatMap(Spec.DataSource::labels)
          .ifPresent(l -> with.set("labels", labels(l)));
    }
    with.put("metric", metric().name());
    with.set("slices", texts(evaluate.with().slices()));
    with.set("unit", texts(evaluate.with().unit()));
    return with;
  }

  /**
   * The gate's policy. What it does not say follows from the evaluate stage: its slices, and that
   * the audit is required where there is a snapshot to audit against.
   */
  private JsonNode gatePolicy() {
    GatePolicy policy = spec.gate().policy();
    List<String> slices =
        policy
            .find(GatePolicy.SLICES)
            .or(() -> evaluate().map(e -> e.with().slices()))
            .orElse(List.of());
    boolean audited =
        policy
            .find(GatePolicy.REQUIRE_AUDIT)
            .orElseGet(
                () -> evaluate().map(e -> Edges.of(spec, e).containsKey("snapshot")).orElse(false));
    return sorted(
        policy
            .with(GatePolicy.SLICES, slices)
            .with(GatePolicy.REQUIRE_AUDIT, audited)
            .toJson(IsoPeriod::of));
  }

  private Metric.Loss metric() {
    return spec.gate().policy().get(GatePolicy.METRIC);
  }

  private static ObjectNode labels(Spec.Labels labels) {
    return Json.object()
        .put("column", labels.column())
        .put("eventTime", labels.eventTime())
        .put("knownAt", labels.knownAt())
        .put("matureAfter", IsoPeriod.of(labels.matureAfter()));
  }

  /** The same value with every object's keys in order. */
  private static JsonNode sorted(JsonNode value) {
    return Json.parse(Json.canonical(value));
  }

  private static ArrayNode texts(List<String> values) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    values.forEach(list::add);
    return list;
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

  private static StageName dataStage(String source) {
    return new StageName("data-" + source);
  }

  private static StageName stageName(String stage, Optional<String> family) {
    return new StageName(family.map(f -> stage + "-" + f).orElse(stage));
  }

  /** Producers before consumers, ties by name (Kahn 1962). */
  private static List<Plan.Stage> ordered(List<Plan.Stage> stages) {
    Map<StageName, Plan.Stage> byName = new HashMap<>();
    stages.forEach(s -> byName.put(s.name(), s));
    Map<StageName, Set<StageName>> waitsFor = new HashMap<>();
    PriorityQueue<StageName> ready = new PriorityQueue<>();
    for (Plan.Stage s : stages) {
      Set<StageName> producers = new HashSet<>();
      s.inputs().stream().map(Plan.Input::from).filter(byName::containsKey).forEach(producers::add);
      waitsFor.put(s.name(), producers);
      if (producers.isEmpty()) {
        ready.add(s.name());
      }
    }
    List<Plan.Stage> ordered = new ArrayList<>();
    while (!ready.isEmpty()) {
      Plan.Stage next = byName.get(ready.remove());
      if (next == null) {
        throw new IllegalStateException("a name without a stage");
      }
      ordered.add(next);
      waitsFor.forEach((name, producers) -> {
        if (producers.remove(next.name()) && producers.isEmpty()) {
          ready.add(name); // into a sorted queue: the order of the map does not matter
        }
      });
    }
    if (ordered.size() != stages.size()) {
      throw new IllegalArgumentException("the stages form a cycle");
    }
    return ordered;
  }
}
