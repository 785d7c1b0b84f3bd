package io.sluice.core.spec;

import static io.sluice.core.spec.Struct.Field.optional;
import static io.sluice.core.spec.Struct.Field.required;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Direction;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.Metric;
import io.sluice.core.json.Json;
import io.sluice.core.run.StageName;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * The format of the spec, stated once: {@link SpecParser} reads by it, {@link SpecSchema} describes
 * it. Each method is one part of the document.
 */
final class SpecModel {
  /** A DNS label: names become parts of names in Kubernetes. */
  static final String LABEL = StageName.FORM;

  /** Names of artifacts are names of files. */
  static final String ARTIFACT = "[A-Za-z][A-Za-z0-9_-]{0,62}";

  /** An objective that is not a metric. */
  private static final String OBJECTIVE = "[A-Za-z][A-Za-z0-9_.@-]{0,99}";

  static final String COLUMN = "[^,\"\\r\\n]{1,200}";
  private static final String LABEL_HINT =
      "lower-case letters, digits and hyphens, starting with a letter, at most 63 (a DNS label)";
  private static final String ARTIFACT_HINT =
      "letters, digits, _ and -, starting with a letter, at most 63";

  static final List<String> TASKS =
      List.of("split@1", "tune@1", "train@1", "evaluate@1", "drift@1");

  private static final JsonNode EMPTY = Json.object();
  private static final int ANY = Integer.MAX_VALUE;

  private SpecModel() {}

  static Struct<Spec> spec() {
    var apiVersion =
        required(
            "apiVersion",
            Shapes.word(List.of(Spec.API_VERSION), "SLU-1012"),
            "the version of this format: " + Spec.API_VERSION);
    var model = required("model", label(), "the name of the registered model");
    var task =
        optional(
            "task",
            Shapes.map(Shapes.word(Task.words()), word -> Task.of(word).orElseThrow()),
            "what its models are asked for (" + Task.FORECAST.word() + ")");
    var seed =
        optional(
            "seed", Shapes.whole(0, Long.MAX_VALUE), "what all random choices derive from (0)");
    var timeout =
        optional(
            "timeout",
            Shapes.duration(),
            "limit of the whole run (" + Spec.RUN_TIMEOUT.toHours() + "h)");
    var code = required("code", code(), "which files are code: { include: [\"src/**\"] }");
    var environments =
        required("environments", named("environments", environment()), "where commands run");
    var defaults = optional("defaults", defaults(), "what stages get that do not say otherwise");
    var data =
        optional("data", named("data sources", dataSource()), "what is pinned as data.<name>");
    var families = optional("families", named("families", family()), "ways to make a model");
    var stages = required("stages", named("stages", new StageShape()), "the nodes of the pipeline");
    var gate = required("gate", gate(), "what a candidate must pass: { rows: .., metric: .. }");
    var profiles =
        optional("profiles", named("profiles", overlay()), "named changes of values and limits");
    var triggers = optional("triggers", triggers(), "what starts runs by itself");
    return Struct.of(
        "the spec",
        List.of(
            apiVersion,
            model,
            task,
            seed,
            timeout,
            code,
            environments,
            defaults,
            data,
            families,
            stages,
            gate,
            profiles,
            triggers),
        v ->
            new Spec(
                v.get(model),
                v.find(task).orElse(Task.FORECAST),
                v.find(seed).orElse(0L),
                v.find(timeout),
                v.get(code),
                v.get(environments),
                v.find(defaults)
                    .orElse(
                        new Spec.Defaults(Optional.empty(), Optional.empty(), Spec.Resources.NONE)),
                v.find(data).orElse(none()),
                v.find(families).orElse(none()),
                v.get(stages),
                v.get(gate),
                v.find(profiles).orElse(none()),
                v.find(triggers).orElse(Spec.Triggers.NONE)));
  }

  private static Shape<Spec.Code> code() {
    var include =
        required(
            "include",
            Shapes.distinct("a list of globs", glob(), 1),
            "globs relative to the pipeline's folder");
    return Struct.of("code", List.of(include), v -> new Spec.Code(v.get(include)));
  }

  private static Shape<Spec.Environment> environment() {
    var image = optional("image", image(), "the image on a cluster, by digest");
    var python =
        optional(
            "python",
            Shapes.matching(
                "a Python version", "3\\.[0-9]{1,2}", "SLU-1011", "for example \"3.11\""),
            "version of the interpreter, in quotes");
    var lock = optional("lock", path(), "lock file with hashes, relative to the pipeline's folder");
    var sluiceMl =
        optional("sluiceMl", Shapes.flag(), "install the sluice_ml package as well (false)");
    return Struct.checked(
        "an environment",
        List.of(image, python, lock, sluiceMl),
        (v, problems) -> {
          boolean python3 = v.find(python).isPresent();
          boolean ml = v.find(sluiceMl).orElse(false);
          if (!python3 && (v.find(lock).isPresent() || ml)) {
            problems.add(
                "SLU-1015",
                v.node().at(),
                "\"python\" is missing beside \"" + (ml ? "sluiceMl" : "lock") + "\"",
                "say for which interpreter, for example python: \"3.11\"");
            return Optional.empty();
          }
          if (!python3 && v.find(image).isEmpty()) {
            problems.add(
                "SLU-1015",
                v.node().at(),
                "an environment with neither \"image\" nor \"python\"",
                "give python and lock for this machine, image for a cluster, or both");
            return Optional.empty();
          }
          return Optional.of(new Spec.Environment(v.find(image), v.find(python), v.find(lock), ml));
        });
  }

  /** An image by digest. */
  static Shape<String> image() {
    return Shapes.matching(
        "an image with its digest",
        "[a-z0-9][A-Za-z0-9._:/-]{0,250}@sha256:[0-9a-f]{64}",
        "SLU-1011",
        "name it by digest, registry/name@sha256:<64 hex digits>: a tag may change");
  }

  private static Shape<Spec.Defaults> defaults() {
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.of(
        "defaults",
        List.of(timeout, retries, resources),
        v ->
            new Spec.Defaults(
                v.find(timeout), v.find(retries), v.find(resources).orElse(Spec.Resources.NONE)));
  }

  private static Struct.Field<Duration> timeoutField() {
    return optional(
        "timeout",
        Shapes.duration(),
        "limit of one attempt of a stage (" + Spec.Defaults.STAGE_TIMEOUT.toHours() + "h)");
  }

  private static Struct.Field<Integer> retriesField() {
    return optional("retries", Shapes.count(0, 10), "how often a failed stage is tried again (0)");
  }

  static Struct.Field<Spec.Resources> resourcesField() {
    return optional("resources", resources(), "what a stage may use: { cpu, memory, gpu }");
  }

  private static Shape<Spec.Resources> resources() {
    var cpu =
        optional(
            "cpu",
            Shapes.quantity(
                "an amount of CPU",
                "[1-9][0-9]{0,5}m?|[0-9]{1,3}\\.[0-9]{1,3}",
                "cores: 2, 0.5 or 500m"),
            "cores, for example 2 or 500m");
    var memory =
        optional(
            "memory",
            Shapes.quantity(
                "an amount of memory",
                "[1-9][0-9]{0,14}(Ki|Mi|Gi|Ti|k|M|G|T)?",
                "bytes with a suffix: 512Mi or 4Gi"),
            "bytes, for example 4Gi");
    var gpu =
        optional(
            "gpu",
            Shapes.quantity("a number of GPUs", "[1-9][0-9]?", "a whole number from 1"),
            "how many GPUs");
    return Struct.of(
        "resources",
        List.of(cpu, memory, gpu),
        v -> new Spec.Resources(v.find(cpu), v.find(memory), v.find(gpu)));
  }

  private static Shape<Spec.DataSource> dataSource() {
    var environment = required("environment", label(), "the environment that the command runs in");
    var run = optional("run", command(), "writes $SLUICE_OUTPUTS/<name of the source>");
    var path = optional("path", path(), "a file or folder beside the spec");
    var fingerprint =
        optional("fingerprint", command(), "prints a line that changes when there is new data");
    var labels = optional("labels", labels(), "which columns hold the truth, and when it is known");
    var floor =
        optional(
            "floor",
            floor(),
            "how much of the last delivery a new one must hold: { rows: 90%, units: 95% }");
    var with = optional("with", Shapes.freeObject(), "values for the command, in $SLUICE_PARAMS");
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.checked(
        "a data source",
        List.of(
            environment, run, path, fingerprint, labels, floor, with, timeout, retries, resources),
        (v, problems) -> {
          if (v.find(floor).isPresent() && v.find(labels).isEmpty()) {
            problems.add(
                "SLU-1015",
                v.node().at(),
                "\"floor\" without \"labels\"",
                "Sluice counts rows and units of sources with labels only; it opens no others");
            return Optional.empty();
          }
          return Struct.exactlyOne(
                  v,
                  problems,
                  "a data source",
                  run,
                  r -> (Spec.DataSource.Origin) new Spec.DataSource.Produced(r),
                  path,
                  Spec.DataSource.Stored::new)
              .map(origin ->
                  new Spec.DataSource(
                      v.get(environment),
                      origin,
                      v.find(fingerprint),
                      v.find(labels),
                      v.find(floor),
                      v.find(with).orElse(EMPTY),
                      new Spec.Limits(
                          v.find(timeout),
                          v.find(retries),
                          v.find(resources).orElse(Spec.Resources.NONE))));
        });
  }

  private static Shape<Spec.Floor> floor() {
    var rows = optional("rows", Shapes.percentage("0", "100"), "of the last delivery's rows (90%)");
    var units =
        optional("units", Shapes.percentage("0", "100"), "of the last delivery's units (95%)");
    return Struct.of(
        "a floor", List.of(rows, units), v -> new Spec.Floor(v.find(rows), v.find(units)));
  }

  private static Shape<Spec.Labels> labels() {
    var name = Shapes.matching("a column's name", COLUMN, "SLU-1011", "as in the header row");
    var column = required("column", name, "the column to predict");
    var eventTime = required("eventTime", name, "the column with the time of the event");
    var knownAt = required("knownAt", name, "the column with the time when the row became known");
    var matureAfter =
        required(
            "matureAfter",
            Shapes.duration(),
            "how long a label may still change, for example 180d");
    return Struct.of(
        "labels",
        List.of(column, eventTime, knownAt, matureAfter),
        v -> new Spec.Labels(v.get(column), v.get(eventTime), v.get(knownAt), v.get(matureAfter)));
  }

  private static Shape<Spec.Family> family() {
    var environment = required("environment", label(), "the environment that it trains in");
    var run = optional("run", command(), "one trial, or the refit, per call");
    var function =
        optional(
            "function",
            Shapes.matching(
                "a function",
                "[A-Za-z_][A-Za-z0-9_]*(\\.[A-Za-z_][A-Za-z0-9_]*)*:[A-Za-z_][A-Za-z0-9_]*",
                "SLU-1011",
                "module:function, for example rma.families:fit"),
            "module:function, called in one process for all trials");
    var predict =
        optional(
            "predict",
            command(),
            "forecasts from windows.csv, for a model that is not an ONNX graph; docs/families.md");
    var space =
        optional(
            "space",
            Shapes.map(
                "a search space",
                "[A-Za-z_][A-Za-z0-9_.]{0,62}",
                "letters, digits, _ and ., starting with a letter",
                parameter()),
            "the parameters to search");
    var resources = resourcesField();
    var budget =
        optional("budget", budget(), "what its search may cost: { share: 25%, time: 30m }");
    var onFailure =
        optional(
            "onFailure",
            Shapes.word(List.of("fail", "continue")),
            "continue: the run continues while another family succeeds (fail)");
    return Struct.checked(
        "a family",
        List.of(environment, run, function, predict, space, resources, budget, onFailure),
        (v, problems) ->
            Struct.exactlyOne(
                    v,
                    problems,
                    "a family",
                    run,
                    r -> (Spec.Family.Trainer) new Spec.Family.ByCommand(r),
                    function,
                    Spec.Family.ByFunction::new)
                .map(trainer ->
                    new Spec.Family(
                        v.get(environment),
                        trainer,
                        v.find(predict),
                        v.find(space).orElse(none()),
                        v.find(resources).orElse(Spec.Resources.NONE),
                        v.find(budget).orElse(Spec.Budget.NONE),
                        v.find(onFailure).equals(Optional.of("continue")))));
  }

  private static Shape<Spec.Budget> budget() {
    var share =
        optional(
            "share",
            Shapes.percentage("0.1", "100"),
            "of the trials of the tune stage (100%); at least one trial");
    var time =
        optional("time", Shapes.duration(), "the best trial so far is taken after it (no limit)");
    return Struct.of(
        "a budget", List.of(share, time), v -> new Spec.Budget(v.find(share), v.find(time)));
  }

  private static Shape<Spec.Parameter> parameter() {
    var ints =
        optional(
            "int",
            Shapes.list("a range [low, high]", Shapes.whole(-(1L << 53), 1L << 53), 2, 2),
            "whole numbers from low to high");
    var floats =
        optional(
            "float",
            Shapes.list("a range [low, high]", Shapes.real(), 2, 2),
            "numbers from low to high");
    var choice =
        optional(
            "choice", Shapes.list("a list of values", Shapes.freeScalar(), 0, ANY), "one of these");
    var log = optional("log", Shapes.flag(), "search on a logarithmic scale (false)");
    return Struct.checked(
        "a parameter",
        List.of(ints, floats, choice, log),
        (v, problems) -> {
          long kinds =
              Stream.of(v.find(ints), v.find(floats), v.find(choice))
                  .filter(Optional::isPresent)
                  .count();
          if (kinds != 1 || (v.find(choice).isPresent() && v.find(log).isPresent())) {
            problems.add(
                "SLU-1015",
                v.node().at(),
                kinds == 1
                    ? "\"log\" beside \"choice\""
                    : "a parameter with " + (kinds == 0 ? "no kind" : kinds + " kinds"),
                "give one of int: [low, high], float: [low, high], choice: [a, b]; log goes with"
                    + " the ranges");
            return Optional.empty();
          }
          boolean logarithmic = v.find(log).orElse(false);
          return v.find(ints)
              .<Spec.Parameter>map(
                  r -> new Spec.Parameter.IntRange(r.get(0), r.get(1), logarithmic))
              .or(() ->
                  v.find(floats)
                      .map(r -> new Spec.Parameter.FloatRange(r.get(0), r.get(1), logarithmic)))
              .or(() -> v.find(choice).map(Spec.Parameter.Choice::new));
        });
  }

  /** Which kind of stage it is stands in its {@code uses}. */
  private static final class StageShape implements Shape<Spec.Stage> {
    private final Map<String, Struct<? extends Spec.Stage>> known = new LinkedHashMap<>();
    private final Struct<? extends Spec.Stage> custom = custom();

    StageShape() {
      known.put("split@1", split());
      known.put("tune@1", tune());
      known.put("train@1", train());
      known.put("evaluate@1", evaluate());
      known.put("drift@1", drift());
    }

    @Override
    public Optional<Spec.Stage> read(Yaml node, Problems problems) {
      Optional<Yaml> uses = node instanceof Yaml.Mapping m ? m.get("uses") : Optional.empty();
      if (uses.isEmpty()) {
        return custom.read(node, problems).map(s -> s);
      }
      if (!(uses.get() instanceof Yaml.Scalar task)) {
        return Shape.mistyped(uses.get(), problems, "a task", "one of " + String.join(", ", TASKS));
      }
      Struct<? extends Spec.Stage> shape = known.get(task.text());
      if (shape == null) {
        problems.add(
            "SLU-1013",
            task.at(),
            "unknown task \"" + task.text() + "\"",
            DidYouMean.hint(TASKS, task.text()));
        return Optional.empty();
      }
      return shape.read(node, problems).map(s -> s);
    }

    @Override
    public ObjectNode schema() {
      ObjectNode schema = Json.object();
      var list = schema.putArray("oneOf");
      list.add(custom.schema());
      known.values().forEach(s -> list.add(s.schema()));
      return schema;
    }
  }

  private static Struct.Field<String> usesField(String task) {
    return required("uses", Shapes.word(List.of(task)), "a task of the catalog: " + task);
  }

  private static Struct.Field<String> forEachField(boolean required) {
    return new Struct.Field<>(
        "forEach",
        Shapes.word(List.of("families")),
        required,
        "\"forEach: families\" makes one stage for each family");
  }

  private static Struct.Field<SortedMap<String, Ref>> inputsField() {
    return optional(
        "inputs",
        Shapes.map("a map of inputs", ARTIFACT, ARTIFACT_HINT, ref()),
        "what it reads, by name: <stage>.<output>, data.<source> or champion.<stage>.<output>");
  }

  private static Struct<Spec.Custom> custom() {
    var environment = required("environment", label(), "the environment that the command runs in");
    var run =
        required("run", command(), "the command; or \"uses\" one of " + String.join(", ", TASKS));
    var forEach = forEachField(false);
    var inputs = inputsField();
    var outputs =
        optional(
            "outputs",
            Shapes.distinct("a list of names", artifact(), 0),
            "the files or folders that the command writes to $SLUICE_OUTPUTS");
    var with = optional("with", Shapes.freeObject(), "values for the command, in $SLUICE_PARAMS");
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.of(
        "a stage",
        List.of(environment, run, forEach, inputs, outputs, with, timeout, retries, resources),
        v ->
            new Spec.Custom(
                v.get(environment),
                v.get(run),
                v.find(forEach).isPresent(),
                v.find(inputs).orElse(none()),
                v.find(outputs).orElse(List.of()),
                v.find(with).orElse(EMPTY),
                limits(v, timeout, retries, resources)));
  }

  private static Struct<Spec.Split> split() {
    var uses = usesField("split@1");
    var inputs = inputsField();
    var with = required("with", SplitShapes.settings(), "at least { id: [column], label: column }");
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.of(
        "a split@1 stage",
        List.of(uses, inputs, with, timeout, retries, resources),
        v ->
            new Spec.Split(
                v.find(inputs).orElse(none()),
                v.get(with),
                limits(v, timeout, retries, resources)));
  }

  private static Struct<Spec.Tune> tune() {
    var uses = usesField("tune@1");
    var forEach = forEachField(true);
    var inputs = inputsField();
    var with = optional("with", tuneOptions(), "how to search");
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.of(
        "a tune@1 stage",
        List.of(uses, forEach, inputs, with, timeout, retries, resources),
        v ->
            new Spec.Tune(
                v.find(inputs).orElse(none()),
                v.find(with).orElse(Spec.TuneOptions.NONE),
                limits(v, timeout, retries, resources)));
  }

  /** The values of {@code tune@1}; an overlay's must fit as well. */
  static Shape<Spec.TuneOptions> tuneOptions() {
    var objective = optional("objective", objective(), "what a trial reports (the gate's metric)");
    var direction =
        optional(
            "direction",
            Shapes.map(
                Shapes.word(Direction.words()),
                word ->
                    Stream.of(Direction.values())
                        .filter(d -> d.word().equals(word))
                        .findFirst()
                        .orElseThrow()),
            "which way an objective is better that is not a metric (a metric has its own)");
    var trials =
        optional(
            "trials",
            Shapes.count(1, 100_000),
            "most trials of a family to sample (" + Spec.TuneOptions.TRIALS + ")");
    var patience =
        optional(
            "patience",
            Shapes.count(1, 100_000),
            "stop after so many without a better one (" + Spec.TuneOptions.PATIENCE + ")");
    var trialTimeout =
        optional("trialTimeout", Shapes.duration(), "a trial fails after it (no limit)");
    var warmStart =
        optional(
            "warmStart",
            Shapes.word(Stream.of(Spec.WarmStart.values()).map(Spec.WarmStart::word).toList()),
            "champion: start from the family's latest study (champion)");
    var coldEvery =
        optional(
            "coldEvery",
            Shapes.count(1, 1000),
            "search the whole space every so many cycles (" + Spec.TuneOptions.COLD_EVERY + ")");
    var parallel =
        optional(
            "parallel", Shapes.count(1, 64), "trials side by side, in its pod or their own (1)");
    return Struct.checked(
        "the values of tune@1",
        List.of(
            objective, direction, trials, patience, trialTimeout, warmStart, coldEvery, parallel),
        (v, problems) ->
            directed(v, objective, direction, problems)
                .map(found ->
                    new Spec.TuneOptions(
                        found,
                        v.find(trials),
                        v.find(patience),
                        v.find(trialTimeout),
                        v.find(warmStart)
                            .map(w ->
                                w.equals(Spec.WarmStart.CHAMPION.word())
                                    ? Spec.WarmStart.CHAMPION
                                    : Spec.WarmStart.NONE),
                        v.find(coldEvery),
                        v.find(parallel))));
  }

  /**
   * The objective with its direction, which belongs to the metric; a name of the author's own has
   * none until they say it.
   *
   * @return empty when the two do not fit together, which is reported
   */
  private static Optional<Optional<Spec.Objective>> directed(
      Struct.Values v,
      Struct.Field<String> objective,
      Struct.Field<Direction> direction,
      Problems problems) {
    Optional<String> name = v.find(objective);
    Optional<Direction> written = v.find(direction);
    Optional<Direction> own = name.flatMap(Metric.Loss::named).map(Metric.Loss::direction);
    if (name.isEmpty() && written.isPresent()) {
      problems.add(
          "SLU-1038",
          v.node().get("direction").orElse(v.node()).at(),
          "a direction without an objective",
          "without an objective trials report the gate's metric, which has its own direction; name"
              + " the objective beside it, objective: <name>");
      return Optional.empty();
    }
    if (name.isPresent() && own.isEmpty() && written.isEmpty()) {
      problems.add(
          "SLU-1038",
          v.node().get("objective").orElse(v.node()).at(),
          "\"" + name.get() + "\" is not a metric that Sluice knows, so it must say its direction",
          DidYouMean.among(Metric.Loss.examples(), name.get())
                  .map(word -> "did you mean \"" + word + "\"? else ")
                  .orElse("")
              + "write beside it direction: minimize, or direction: maximize when more is better");
      return Optional.empty();
    }
    if (own.isPresent() && written.isPresent() && !own.equals(written)) {
      problems.add(
          "SLU-1038",
          v.node().get("direction").orElse(v.node()).at(),
          "direction: " + written.get().word() + " for \"" + name.get() + "\"",
          "trials report the "
              + name.get()
              + " itself, which a search must "
              + own.get().word()
              + "; what is made of it has a name of its own, such as objective: one_minus_"
              + name.get().replaceAll("[^a-z]+.*", ""));
      return Optional.empty();
    }
    return Optional.of(name.map(n -> new Spec.Objective(n, own.or(() -> written).orElseThrow())));
  }

  /** A loss that the gate knows, or a name of the author's own. */
  private static Shape<String> objective() {
    Shape<String> name =
        Shapes.matching(
            "an objective", Metric.Loss.form() + "|" + OBJECTIVE, "SLU-1011", "a plain name");
    return new Shape<>() {
      @Override
      public Optional<String> read(Yaml node, Problems problems) {
        if (node instanceof Yaml.Scalar s
            && Metric.Loss.named(s.text()).isEmpty()
            && (!s.text().matches(OBJECTIVE)
                // another spelling of a metric would be a second name with a direction of its own
                || Metric.Loss.named(s.text().toLowerCase(Locale.ROOT)).isPresent())) {
          problems.add(
              "SLU-1011",
              s.at(),
              "\"" + s.text() + "\" is not a metric, nor a name for an objective of your own",
              DidYouMean.hint(Metric.Loss.examples(), s.text())
                  + "; or a name of letters, digits, _ . @ -, with its direction");
          return Optional.empty();
        }
        return name.read(node, problems);
      }

      @Override
      public ObjectNode schema() {
        return name.schema();
      }
    };
  }

  private static Struct<Spec.Train> train() {
    var uses = usesField("train@1");
    var forEach = forEachField(true);
    var inputs = inputsField();
    var with = optional("with", Shapes.freeObject(), "values for the command, in $SLUICE_PARAMS");
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.of(
        "a train@1 stage",
        List.of(uses, forEach, inputs, with, timeout, retries, resources),
        v ->
            new Spec.Train(
                v.find(inputs).orElse(none()),
                v.find(with).orElse(EMPTY),
                limits(v, timeout, retries, resources)));
  }

  private static Struct<Spec.Evaluate> evaluate() {
    var uses = usesField("evaluate@1");
    var inputs = inputsField();
    var with = optional("with", evaluateOptions(), "of forecasts at least { unit: [column, ..] }");
    var timeout = timeoutField();
    var retries = retriesField();
    var resources = resourcesField();
    return Struct.of(
        "an evaluate@1 stage",
        List.of(uses, inputs, with, timeout, retries, resources),
        v ->
            new Spec.Evaluate(
                v.find(inputs).orElse(none()),
                v.find(with).orElse(Spec.EvaluateOptions.NONE),
                limits(v, timeout, retries, resources)));
  }

  private static Shape<Spec.EvaluateOptions> evaluateOptions() {
    var column = Shapes.matching("a column's name", COLUMN, "SLU-1011", "as in the header row");
    var unit =
        optional(
            "unit",
            Shapes.distinct("a list of columns", column, 1),
            "of forecasts, which need it: the columns that name one unit, for example"
                + " [product, market]");
    var slices =
        optional("slices", Shapes.distinct("a list of columns", column, 0), "columns to slice by");
    var baselines =
        optional(
            "baselines",
            Shapes.map(
                Shapes.distinct("a list of baselines", Shapes.word(Baseline.words()), 1),
                words -> words.stream().map(Baseline::of).flatMap(Optional::stream).toList()),
            "what a first candidate must beat (all that the task has)");
    var derived =
        optional(
            "derived",
            Shapes.distinct("a list of channels", column, 0),
            "channels that are computed and that no snapshot has, for example [holiday]; of a table"
                + " features that tell the label and are known before it");
    var prefer =
        optional(
            "prefer",
            Shapes.distinct("a list of families", label(), 1),
            "families from the simplest on: the first within a standard error of the best on"
                + " validation is picked (the best)");
    return Struct.of(
        "the values of evaluate@1",
        List.of(unit, slices, baselines, derived, prefer),
        v ->
            new Spec.EvaluateOptions(
                v.find(unit).orElse(List.of()),
                v.find(slices).orElse(List.of()),
                v.find(baselines).orElse(List.of()),
                v.find(derived).orElse(List.of()),
                v.find(prefer).orElse(List.of())));
  }

  private static Struct<Spec.Drift> drift() {
    var uses = usesField("drift@1");
    var inputs = inputsField();
    var with = optional("with", driftOptions(), "how to compare: { method, threshold, share, .. }");
    var timeout = timeoutField();
    var resources = resourcesField();
    return Struct.of(
        "a drift@1 stage",
        List.of(uses, inputs, with, timeout, resources),
        v ->
            new Spec.Drift(
                v.find(inputs).orElse(none()),
                v.find(with).orElse(Spec.DriftOptions.NONE),
                new Spec.Limits(
                    v.find(timeout),
                    Optional.empty(),
                    v.find(resources).orElse(Spec.Resources.NONE))));
  }

  private static Shape<Spec.DriftOptions> driftOptions() {
    var method =
        optional(
            "method",
            driftMethod(),
            "how columns are compared (" + Spec.DriftOptions.METHOD.word() + ")");
    var threshold =
        optional("threshold", within(0, 1e6), "the value from which a column has drifted");
    var share = optional("share", within(0, 1), "share of the columns that must have drifted");
    var alone =
        optional(
            "alone",
            within(0, 1e6),
            "multiple of its threshold from which one column is enough ("
                + Spec.DriftOptions.ALONE
                + ")");
    var season =
        optional(
            "season",
            Shapes.map(
                Shapes.word(
                    Stream.of(Spec.DriftSeason.values()).map(Spec.DriftSeason::word).toList()),
                word -> Spec.DriftSeason.valueOf(word.toUpperCase(Locale.ROOT))),
            "which rows of a panel are compared: of the same weeks of the year, or all ("
                + Spec.DriftOptions.SEASON.word()
                + ")");
    var joint =
        optional(
            "joint",
            within(0.5, 1),
            "how well a classifier may tell today's rows from the reference: area under the curve; 1"
                + " for any ("
                + Spec.DriftOptions.JOINT
                + ")");
    var minRows = optional("minRows", Shapes.count(2, 1_000_000_000), "fewest rows to compare");
    var missing =
        optional(
            "missing",
            within(0, 1),
            "change of the share of missing values that is drift ("
                + Spec.DriftOptions.MISSING
                + ")");
    var periods =
        optional("periods", Shapes.count(1, 100_000), "latest periods of a panel to compare");
    var columns =
        optional(
            "columns",
            Shapes.map("a map of columns", COLUMN, "as in the header row", driftColumn()),
            "what differs for single columns");
    var ignore =
        optional(
            "ignore",
            Shapes.distinct(
                "a list of columns",
                Shapes.matching("a column's name", COLUMN, "SLU-1011", "as in the header row"),
                0),
            "columns that are not looked at");
    return Struct.of(
        "the values of drift@1",
        List.of(
            method, threshold, share, alone, season, joint, minRows, missing, periods, columns,
            ignore),
        v ->
            new Spec.DriftOptions(
                v.find(method),
                v.find(threshold),
                v.find(share),
                v.find(alone),
                v.find(season),
                v.find(joint),
                v.find(minRows),
                v.find(missing),
                v.find(periods),
                v.find(columns).orElse(none()),
                v.find(ignore).orElse(List.of())));
  }

  private static Shape<Spec.DriftColumn> driftColumn() {
    var kind =
        optional(
            "kind",
            Shapes.word(List.of("numeric", "categorical")),
            "what its values are (what the reference looks like)");
    var method = optional("method", driftMethod(), "how it is compared");
    var threshold = optional("threshold", within(0, 1e6), "the value from which it has drifted");
    return Struct.of(
        "a column of drift@1",
        List.of(kind, method, threshold),
        v ->
            new Spec.DriftColumn(
                v.find(kind).map("numeric"::equals), v.find(method), v.find(threshold)));
  }

  private static Shape<Spec.DriftMethod> driftMethod() {
    return Shapes.map(
        Shapes.word(Stream.of(Spec.DriftMethod.values()).map(Spec.DriftMethod::word).toList()),
        word ->
            Stream.of(Spec.DriftMethod.values())
                .filter(m -> m.word().equals(word))
                .findFirst()
                .orElseThrow());
  }

  /** A number above one and up to another. */
  private static Shape<Double> within(double above, double most) {
    Shape<Double> number = Shapes.real();
    return new Shape<>() {
      @Override
      public Optional<Double> read(Yaml node, Problems problems) {
        Optional<Double> value = number.read(node, problems);
        if (value.isPresent() && !(value.get() > above && value.get() <= most)) {
          problems.add(
              "SLU-1011",
              node.at(),
              value.get() + " is out of range",
              "a number above "
                  + (above == 0 ? "0" : Double.toString(above))
                  + ", at most "
                  + (most == 1 ? "1" : Long.toString((long) most)));
          return Optional.empty();
        }
        return value;
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = number.schema();
        if (above == 0) {
          schema.put("exclusiveMinimum", 0);
        } else {
          schema.put("exclusiveMinimum", above);
        }
        schema.put("maximum", most);
        return schema;
      }
    };
  }

  private static Shape<Spec.Gate> gate() {
    var rows =
        required("rows", ref(), "the rows of an evaluate@1 stage, for example evaluate.rows");
    var settings = GateShapes.fields();
    List<Struct.Field<?>> fields = new ArrayList<>(List.of(rows));
    fields.addAll(settings);
    return Struct.of(
        "the gate",
        List.copyOf(fields),
        v ->
            new Spec.Gate(
                v.get(rows),
                GatePolicy.of(
                    settings.stream()
                        .flatMap(s -> v.find(s).stream())
                        .flatMap(List::stream)
                        .toList())));
  }

  /** A profile, or what a step of a run changes. */
  static Struct<Overlay> overlay() {
    return overlay(false);
  }

  /** What one run changes: as a profile, and less of a delivery may be accepted. */
  static Struct<Overlay> runOverlay() {
    return overlay(true);
  }

  private static Struct<Overlay> overlay(boolean ofOneRun) {
    var data =
        optional(
            "data", named("changes of data sources", change(ofOneRun)), "changes of data sources");
    var stages = optional("stages", named("changes of stages", change(false)), "changes of stages");
    String hint =
        "a profile changes \"with\", \"timeout\" and \"resources\" of stages and data sources only:"
            + " every run is judged by the same rules";
    Map<String, String> refused = new TreeMap<>();
    for (String key :
        List.of(
            "apiVersion",
            "model",
            "task",
            "seed",
            "code",
            "environments",
            "defaults",
            "families",
            "gate",
            "labels",
            "profiles",
            "secrets",
            "triggers",
            "timeout")) {
      refused.put(key, hint);
    }
    return new Struct<>(
        "a profile",
        List.of(data, stages),
        refused,
        (v, p) ->
            Optional.of(new Overlay(v.find(data).orElse(none()), v.find(stages).orElse(none()))));
  }

  private static Shape<Overlay.Change> change(boolean mayAcceptLess) {
    var acceptLess =
        optional(
            "acceptLess",
            Shapes.text("a reason", "the US market closed"),
            "why a delivery below the floor is right in this run");
    var with = optional("with", Shapes.freeObject(), "values to merge: maps merge, lists replace");
    var timeout = timeoutField();
    var resources = resourcesField();
    String hint =
        "a profile changes \"with\", \"timeout\" and \"resources\" only: labels, secrets and what"
            + " runs stay as they are";
    Map<String, String> refused = new TreeMap<>();
    for (String key :
        List.of(
            "environment",
            "run",
            "path",
            "fingerprint",
            "floor",
            "labels",
            "uses",
            "forEach",
            "inputs",
            "outputs",
            "retries",
            "secrets",
            "gate")) {
      refused.put(key, hint);
    }
    if (!mayAcceptLess) {
      refused.put(
          "acceptLess",
          "a person accepts less for one run, with a reason: --set data.NAME.acceptLess=\"..\"");
    }
    return new Struct<>(
        "a profile's change",
        mayAcceptLess
            ? List.of(with, timeout, resources, acceptLess)
            : List.of(with, timeout, resources),
        refused,
        (v, p) ->
            Optional.of(
                new Overlay.Change(
                    v.find(with).orElse(EMPTY),
                    v.find(timeout),
                    v.find(resources).orElse(Spec.Resources.NONE),
                    mayAcceptLess ? v.find(acceptLess) : Optional.empty())));
  }

  private static Shape<Spec.Triggers> triggers() {
    var source = required("source", label(), "the data source whose fingerprint is polled");
    var every = required("every", Shapes.duration(), "how often, for example 1h");
    var newData =
        optional(
            "newData",
            Struct.of(
                "newData",
                List.of(source, every),
                v -> new Spec.NewData(v.get(source), v.get(every))),
            "start when there is new data");
    var paths =
        required("paths", Shapes.distinct("a list of globs", glob(), 1), "globs of changed files");
    var profile = optional("profile", label(), "the profile to run with");
    var pullRequest =
        optional(
            "pullRequest",
            Struct.of(
                "pullRequest",
                List.of(paths, profile),
                v -> new Spec.PullRequest(v.get(paths), v.find(profile))),
            "start for a pull request; never promotes");
    return Struct.of(
        "triggers",
        List.of(newData, pullRequest),
        v -> new Spec.Triggers(v.find(newData), v.find(pullRequest)));
  }

  private static Spec.Limits limits(
      Struct.Values v,
      Struct.Field<Duration> timeout,
      Struct.Field<Integer> retries,
      Struct.Field<Spec.Resources> resources) {
    return new Spec.Limits(
        v.find(timeout), v.find(retries), v.find(resources).orElse(Spec.Resources.NONE));
  }

  static Shape<String> label() {
    return Shapes.matching("a name", LABEL, "SLU-1014", LABEL_HINT);
  }

  /** A loss that the gate knows. */
  static Shape<Metric.Loss> metric() {
    String form = Metric.Loss.form();
    Shape<String> name =
        Shapes.matching("a metric", form, "SLU-1011", "for example poisson_deviance");
    return new Shape<>() {
      @Override
      public Optional<Metric.Loss> read(Yaml node, Problems problems) {
        if (node instanceof Yaml.Scalar s && Metric.Loss.named(s.text()).isEmpty()) {
          problems.add(
              "SLU-1011",
              s.at(),
              "\"" + s.text() + "\" is not a metric",
              DidYouMean.hint(Metric.Loss.examples(), s.text()));
          return Optional.empty();
        }
        return name.read(node, problems).flatMap(Metric.Loss::named);
      }

      @Override
      public ObjectNode schema() {
        return name.schema();
      }
    };
  }

  private static Shape<String> artifact() {
    return Shapes.matching("a name", ARTIFACT, "SLU-1014", ARTIFACT_HINT);
  }

  private static Shape<String> glob() {
    return Shapes.text("a glob", "for example \"src/**\"");
  }

  private static Shape<String> path() {
    return Shapes.text("a path", "relative to the pipeline's folder");
  }

  private static Shape<Ref> ref() {
    String stage = LABEL;
    return Shapes.map(
        Shapes.matching(
            "a reference",
            "champion\\." + stage + "\\." + ARTIFACT + "|" + stage + "\\." + ARTIFACT,
            "SLU-1011",
            "write <stage>.<output>, data.<source> or champion.<stage>.<output>"),
        text -> {
          String[] parts = text.split("\\.", -1);
          if (parts.length == 3) {
            return new Ref.Champion(parts[1], parts[2]);
          }
          return parts[0].equals("data")
              ? new Ref.Data(parts[1])
              : new Ref.Output(parts[0], parts[1]);
        });
  }

  private static Shape<Spec.Command> command() {
    Shape<List<String>> argv = Shapes.list("a command", Shapes.argument(), 1, ANY);
    Shape<String> script =
        Shapes.text("a script", "write the commands, or a list to run without a shell");
    return new Shape<>() {
      @Override
      public Optional<Spec.Command> read(Yaml node, Problems problems) {
        return node instanceof Yaml.Sequence
            ? argv.read(node, problems).map(Spec.Command.Exec::new)
            : node instanceof Yaml.Scalar s && Scalars.json(s) instanceof TextNode
                ? script.read(node, problems).map(Spec.Command.Script::new)
                : Shape.mistyped(
                    node,
                    problems,
                    "a command",
                    "a list like [python, -m, module], or a shell script as a text");
      }

      @Override
      public ObjectNode schema() {
        ObjectNode schema = JsonNodeFactory.instance.objectNode();
        schema.putArray("anyOf").add(argv.schema()).add(script.schema());
        return schema;
      }
    };
  }

  static <T> Shape<SortedMap<String, T>> named(String what, Shape<T> value) {
    return Shapes.map("a map of " + what, LABEL, LABEL_HINT, value);
  }

  static <T> SortedMap<String, T> none() {
    return Collections.unmodifiableSortedMap(new TreeMap<>());
  }
}
