package io.sluice.core.plan;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Direction;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.json.Json;
import io.sluice.core.spec.Durations;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.IsoPeriod;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spec;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;

/** What stages get as {@code with}: what the spec says, and defaults for what it does not say. */
final class StageValues {
  private final Spec spec;

  StageValues(Spec spec) {
    this.spec = spec;
  }

  /** Of a tune stage, before an overlay. */
  ObjectNode tune(Spec.TuneOptions options) {
    Spec.Objective objective = options.objective().orElse(Spec.Objective.of(metric()));
    ObjectNode values =
        Json.object()
            .put("coldEvery", options.coldEvery().orElse(Spec.TuneOptions.COLD_EVERY))
            .put("objective", objective.name())
            .put("patience", options.patience().orElse(Spec.TuneOptions.PATIENCE))
            .put("trials", options.trials().orElse(Spec.TuneOptions.TRIALS))
            .put("warmStart", options.warmStart().orElse(Spec.WarmStart.CHAMPION).word());
    options.trialTimeout().ifPresent(t -> values.put("trialTimeout", t.toSeconds()));
    // one at a time is what it was before there was a choice: the same values, the same cache key
    options.parallel().filter(n -> n > 1).ifPresent(n -> values.put("parallel", n));
    direct(objective.direction(), values);
    return values;
  }

  /** A search that minimizes has no direction among its values, for the same reason. */
  private static void direct(Direction direction, ObjectNode values) {
    switch (direction) {
      case MINIMIZE -> values.remove("direction");
      case MAXIMIZE -> values.put("direction", direction.word());
    }
  }

  /** A metric that an overlay names brings its direction; any other objective says it beside it. */
  static void redirect(ObjectNode with) {
    Metric.Loss.named(with.path("objective").asText())
        .ifPresent(metric -> direct(metric.direction(), with));
  }

  /** Takes a family's part of the stage's trials, wherever those were set; times become seconds. */
  static void spend(Spec.Budget budget, ObjectNode with) {
    with.put("trials", budget.trials(with.path("trials").asInt()));
    budget.time().ifPresent(t -> with.put("time", t.toSeconds()));
    // an overlay writes it as a spec does
    Durations.parse(with.path("trialTimeout").asText())
        .ifPresent(t -> with.put("trialTimeout", t.toSeconds()));
  }

  /** What a family's search may try. */
  static ObjectNode space(SortedMap<String, Spec.Parameter> space) {
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

  /** Of a drift stage; defaults and their reasons: docs/drift.md. */
  static ObjectNode drift(Spec.Drift drift) {
    Spec.DriftOptions options = drift.with();
    ObjectNode with = Json.object();
    with.put("alone", options.alone().orElse(Spec.DriftOptions.ALONE));
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
    with.put("joint", options.joint().orElse(Spec.DriftOptions.JOINT));
    Spec.DriftMethod method = options.method().orElse(Spec.DriftOptions.METHOD);
    with.put("method", method.word());
    with.put("minRows", options.minRows().orElse(Spec.DriftOptions.MIN_ROWS));
    with.put("missing", options.missing().orElse(Spec.DriftOptions.MISSING));
    options.periods().ifPresent(p -> with.put("periods", p));
    if (drift.inputs().get("reference") instanceof Ref.Champion reference) {
      with.put("reference", reference.stage() + "." + reference.output());
    }
    with.put("season", options.season().orElse(Spec.DriftOptions.SEASON).word());
    with.put("share", options.share().orElse(Spec.DriftOptions.SHARE));
    with.put("threshold", options.threshold().orElse(method.usualThreshold()));
    return with;
  }

  /** Of an evaluate stage. */
  ObjectNode evaluate(Spec.Evaluate evaluate) {
    ObjectNode with = Json.object();
    List<Baseline> baselines = evaluate.with().baselines();
    if (baselines.isEmpty()) {
      baselines = Baseline.of(spec.task());
    }
    with.set("baselines", texts(baselines.stream().map(Baseline::word).toList()));
    if (!evaluate.with().derived().isEmpty()) {
      with.set("derived", texts(evaluate.with().derived()));
    }
    if (Edges.of(spec, evaluate).get("snapshot") instanceof Ref.Data snapshot) {
      Optional.ofNullable(spec.data().get(snapshot.source()))
          .flatMap(Spec.DataSource::labels)
          .ifPresent(l -> with.set("labels", labels(l)));
    }
    with.put("metric", metric().name());
    if (!evaluate.with().prefer().isEmpty()) {
      with.set("prefer", texts(evaluate.with().prefer()));
    }
    with.set("slices", texts(evaluate.with().slices()));
    if (spec.task().tabular()) {
      with.put("task", spec.task().word());
    } else {
      with.set("unit", texts(evaluate.with().unit()));
    }
    return with;
  }

  /** Of the team's own evaluation, beside what its command sees. */
  OwnEvaluation ownEvaluation() {
    if (spec.gate().rows() instanceof Ref.Output rows) {
      return new OwnEvaluation(rows.output(), metric().name(), spec.task());
    }
    throw new IllegalArgumentException(spec.gate().rows() + " is not what a stage writes");
  }

  /** Whether the models of a train stage meet the team's own evaluation and no other. */
  boolean ownModels(String train) {
    return Edges.ownEvaluation(spec).filter(own -> judges(own, train)).isPresent()
        && spec.stages().values().stream()
            .filter(Spec.Evaluate.class::isInstance)
            .noneMatch(evaluate -> judges(evaluate, train));
  }

  private boolean judges(Spec.Stage stage, String train) {
    return Edges.of(spec, stage).get("candidates") instanceof Ref.Output candidates
        && candidates.stage().equals(train);
  }

  /**
   * The gate's policy. What it does not say follows from the evaluate stage: its slices, and that
   * the audit is required where there is a snapshot to audit against.
   */
  JsonNode gate() {
    GatePolicy given = spec.gate().policy().forTask(spec.task());
    GatePolicy policy =
        spec.task().tabular() ? given : given.with(GatePolicy.REQUIRE_AUDIT, requiresAudit());
    return sorted(
        policy
            .find(GatePolicy.SLICES)
            .or(this::evaluatedSlices)
            .map(slices -> policy.with(GatePolicy.SLICES, slices))
            .orElse(policy)
            .toJson(IsoPeriod::of));
  }

  /**
   * Those of evaluate; empty where a table or the team's own rows name theirs, all of which the
   * gate looks at then.
   */
  private Optional<List<String>> evaluatedSlices() {
    if (Edges.ownEvaluation(spec).isPresent()) {
      return Optional.empty();
    }
    List<String> named =
        StageEdges.judged(spec).map(e -> e.with().slices()).orElse(List.<String>of());
    return Optional.of(named).filter(slices -> !slices.isEmpty() || !spec.task().tabular());
  }

  private boolean requiresAudit() {
    return spec.gate()
        .policy()
        .find(GatePolicy.REQUIRE_AUDIT)
        .orElseGet(() ->
            StageEdges.judged(spec)
                .map(e -> Edges.of(spec, e).containsKey("snapshot"))
                .orElse(false));
  }

  private Metric.Loss metric() {
    return spec.gate().policy().get(GatePolicy.METRIC);
  }

  /**
   * How the labels of a data source are found, which columns name a unit in it, by the evaluate
   * stage that has it as snapshot, and which metric judges its labels: the gate's, where the gate
   * insists that the labels that it sees are those of the snapshot.
   */
  ObjectNode sourceLabels(String source, Spec.Labels labels) {
    Ref snapshot = new Ref.Data(source);
    List<String> unit =
        spec.stages().values().stream()
            .filter(Spec.Evaluate.class::isInstance)
            .map(Spec.Evaluate.class::cast)
            .filter(e -> snapshot.equals(Edges.of(spec, e).get("snapshot")))
            .findFirst()
            .map(e -> e.with().unit())
            .orElse(List.of());
    ObjectNode values = labels(labels);
    boolean judged =
        StageEdges.judged(spec)
            .filter(e -> snapshot.equals(Edges.of(spec, e).get("snapshot")))
            .isPresent();
    if (judged && requiresAudit()) {
      values.put("metric", metric().name());
    }
    values.set("unit", texts(unit));
    return values;
  }

  /** How much of the last delivery a new one must hold. */
  static ObjectNode floor(Optional<Spec.Floor> given, Optional<String> acceptLess) {
    ObjectNode floor = Json.object();
    acceptLess.ifPresent(reason -> floor.put("accepted", reason));
    floor.put("rows", given.flatMap(Spec.Floor::rows).orElse(Spec.Floor.USUAL_ROWS));
    floor.put("units", given.flatMap(Spec.Floor::units).orElse(Spec.Floor.USUAL_UNITS));
    return floor;
  }

  /** How the labels of a data source are found. */
  static ObjectNode labels(Spec.Labels labels) {
    return Json.object()
        .put("column", labels.column())
        .put("eventTime", labels.eventTime())
        .put("knownAt", labels.knownAt())
        .put("matureAfter", IsoPeriod.of(labels.matureAfter()));
  }

  /** The same value with every object's keys in order. */
  static JsonNode sorted(JsonNode value) {
    return Json.parse(Json.canonical(value));
  }

  private static ArrayNode texts(List<String> values) {
    ArrayNode list = JsonNodeFactory.instance.arrayNode();
    values.forEach(list::add);
    return list;
  }
}
