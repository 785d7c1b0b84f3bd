package io.sluice.core.check;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.Location;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.plan.Plan;
import io.sluice.core.plan.Planner;
import io.sluice.core.run.StageName;
import io.sluice.core.spec.Edges;
import io.sluice.core.spec.Overlay;
import io.sluice.core.spec.Parsed;
import io.sluice.core.spec.Ref;
import io.sluice.core.spec.Spans;
import io.sluice.core.spec.Spec;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * Says whether the parts of a well-formed spec fit together: names that are referred to exist, the
 * graph has no cycle, ranges are possible, nothing reaches outside its folder or past the gate. A
 * spec on which it finds nothing can be planned.
 */
public final class Checker {
  /** What the planner adds; a stage of the same name would be a second one. */
  private static final Set<String> RESERVED =
      Stream.concat(
              Plan.Kind.all(Plan.Trait.ONE_A_RUN).stream().map(k -> k.only().value()),
              Stream.of("data", "champion"))
          .collect(Collectors.toCollection(LinkedHashSet::new));

  private static final Pattern GLOB_SIGNS = Pattern.compile("[*?\\[\\]{}\\\\]");

  private static final Pattern OTHER_GLOB_SIGNS = Pattern.compile("[\\[\\]{}]");

  private final Spec spec;
  private final Spans spans;
  private final Optional<SourceTree> tree;
  private final List<Diagnostic> found = new ArrayList<>();

  private Checker(Spec spec, Spans spans, Optional<SourceTree> tree) {
    this.spec = spec;
    this.spans = spans;
    this.tree = tree;
  }

  /**
   * Everything that is wrong with a spec and the files that it names, in the order of the text.
   * What could not even be read is reported alone: rules about a half-read spec would only guess.
   */
  public static List<Diagnostic> check(Parsed<Spec> parsed, SourceTree tree) {
    return check(parsed, Optional.of(tree));
  }

  /** The same without looking at files, for a text that stands alone. */
  public static List<Diagnostic> check(Parsed<Spec> parsed) {
    return check(parsed, Optional.empty());
  }

  private static List<Diagnostic> check(Parsed<Spec> parsed, Optional<SourceTree> tree) {
    return parsed
        .value()
        .map(spec -> new Checker(spec, parsed.spans(), tree).all())
        .orElse(parsed.diagnostics());
  }

  private List<Diagnostic> all() {
    paths();
    environments();
    spaces();
    names();
    stages();
    cycles();
    evaluates();
    drifts();
    gate();
    profiles();
    triggers();
    timeouts();
    return found.stream()
        .sorted(
            Comparator.<Diagnostic>comparingInt(d -> d.location().map(Location::line).orElse(0))
                .thenComparingInt(d -> d.location().map(Location::column).orElse(0)))
        .toList();
  }

  private void add(String id, Location at, String message, String hint) {
    found.add(Diagnostic.at(id, message, at, hint));
  }

  // Files

  private void paths() {
    List<String> globs = spec.code().include();
    for (int i = 0; i < globs.size(); i++) {
      Location at = spans.value("code", "include", Integer.toString(i));
      if (glob(globs.get(i), at) && tree.isPresent() && !tree.get().matches(globs.get(i))) {
        add(
            "SLU-1032",
            at,
            "no file matches \"" + globs.get(i) + "\"",
            "globs are relative to the folder of sluice.yaml; ** crosses folders");
      }
    }
    spec.environments()
        .forEach((name, e) ->
            e.lock().ifPresent(lock -> file(lock, spans.value("environments", name, "lock"))));
    spec.data()
        .forEach((name, source) -> {
          if (source.origin() instanceof Spec.DataSource.Stored stored) {
            Location at = spans.value("data", name, "path");
            if (stored.path().contains("://")) {
              add(
                  "SLU-1037",
                  at,
                  "\"" + stored.path() + "\" is not a file beside the spec",
                  "fetch it with a command: run: [..] instead of path");
            } else {
              file(stored.path(), at);
            }
          }
        });
    spec.triggers()
        .pullRequest()
        .ifPresent(p -> {
          for (int i = 0; i < p.paths().size(); i++) {
            inside(
                p.paths().get(i),
                spans.value("triggers", "pullRequest", "paths", Integer.toString(i)));
          }
        });
  }

  private void file(String path, Location at) {
    if (!inside(path, at)) {
      return;
    }
    if (GLOB_SIGNS.matcher(path).find()) {
      add("SLU-1027", at, "\"" + path + "\" names no single file", "write the path out, no glob");
    } else if (tree.isPresent() && !tree.get().exists(path)) {
      add(
          "SLU-1032",
          at,
          "no file \"" + path + "\"",
          "paths are relative to the folder of sluice.yaml");
    }
  }

  /**
   * Globs know {@code *}, {@code **} and {@code ?}: what else there is differs between programs.
   */
  private boolean glob(String glob, Location at) {
    if (inside(glob, at) && OTHER_GLOB_SIGNS.matcher(glob).find()) {
      add(
          "SLU-1027",
          at,
          "\"" + glob + "\" is no glob that every program reads the same way",
          "use *, ** and ? only; write several globs instead of brackets and braces");
      return false;
    }
    return inside(glob);
  }

  /** Reports a path that could lead outside of its folder. */
  private boolean inside(String path, Location at) {
    if (inside(path)) {
      return true;
    }
    add(
        "SLU-1027",
        at,
        "\"" + path + "\" leads outside of the pipeline's folder",
        "name files below the folder of sluice.yaml, with / and without ..");
    return false;
  }

  private static boolean inside(String path) {
    boolean up = Arrays.asList(path.split("[/\\\\]", -1)).contains("..");
    boolean absolute = path.startsWith("/") || path.startsWith("~") || path.matches("[A-Za-z]:.*");
    boolean odd = path.contains("\\") || path.chars().anyMatch(c -> c < ' ');
    return !(up || absolute || odd);
  }

  // Names

  private void environments() {
    spec.data().forEach((name, s) -> environment(s.environment(), "data", name, "environment"));
    spec.families()
        .forEach((name, f) -> {
          environment(f.environment(), "families", name, "environment");
          Spec.Environment environment = spec.environments().get(f.environment());
          if (f.trainer() instanceof Spec.Family.ByFunction
              && environment != null
              && !environment.sluiceMl()) {
            add(
                "SLU-1035",
                spans.value("families", name, "function"),
                "family \""
                    + name
                    + "\" is a function, and environment \""
                    + f.environment()
                    + "\" has no sluice_ml to call it",
                "add sluiceMl: true to environments." + f.environment());
          }
          if (f.predict().isPresent() && environment != null && environment.sluiceMl()) {
            add(
                "SLU-1601",
                spans.value("families", name, "predict"),
                "family \"" + name + "\" predicts by a command, in an environment with sluice_ml",
                "a champion's environment is built again for as long as it reigns, and sluice_ml"
                    + " changes with Sluice: take sluiceMl from environments."
                    + f.environment());
          }
        });
    spec.stages()
        .forEach((name, s) -> {
          if (s instanceof Spec.Custom c) {
            environment(c.environment(), "stages", name, "environment");
          }
        });
  }

  private void environment(String name, String... path) {
    if (!spec.environments().containsKey(name)) {
      add(
          "SLU-1020",
          spans.value(path),
          "unknown environment \"" + name + "\"",
          DidYouMean.hint(spec.environments().keySet(), name));
    }
  }

  private void names() {
    Map<String, String> planned = new TreeMap<>();
    spec.data()
        .keySet()
        .forEach(n -> planned(planned, "data-" + n, "data." + n, spans.key("data", n)));
    spec.stages()
        .forEach((name, stage) -> {
          Location at = spans.key("stages", name);
          if (RESERVED.contains(name)) {
            add(
                "SLU-1029",
                at,
                "a stage cannot be called \"" + name + "\"",
                "reserved: " + String.join(", ", RESERVED));
          }
          if (stage.perFamily()) {
            spec.families()
                .keySet()
                .forEach(f -> planned(planned, name + "-" + f, name + " for family " + f, at));
          } else {
            planned(planned, name, name, at);
          }
        });
    predictors(planned);
  }

  /** The stages that the planner adds for commands that predict. */
  private void predictors(Map<String, String> planned) {
    spec.stages().entrySet().stream()
        .filter(e -> e.getValue() instanceof Spec.Evaluate)
        .findFirst()
        .ifPresent(e ->
            planned(
                planned,
                Planner.CHAMPION_PREDICTS.value(),
                "the champion's predict command",
                spans.key("stages", e.getKey())));
    spec.families()
        .forEach((name, family) -> {
          if (family.predict().isPresent()) {
            planned(
                planned,
                Planner.predicting(name).value(),
                "the predict command of family " + name,
                spans.value("families", name, "predict"));
          }
        });
  }

  private void planned(Map<String, String> planned, String name, String source, Location at) {
    if (name.length() > StageName.MAX_LENGTH) {
      add(
          "SLU-1029",
          at,
          "\""
              + name
              + "\" has "
              + name.length()
              + " characters, more than "
              + StageName.MAX_LENGTH,
          "stages of a family are called <stage>-<family>, sources data-<name>; shorten one");
    }
    String earlier = planned.putIfAbsent(name, source);
    if (earlier != null) {
      add(
          "SLU-1029",
          at,
          "both " + earlier + " and " + source + " would be called \"" + name + "\"",
          "stages of a family are called <stage>-<family>, sources data-<name>; rename one");
    }
  }

  // Search spaces

  private void spaces() {
    boolean tuned = spec.stages().values().stream().anyMatch(s -> s instanceof Spec.Tune);
    spec.families()
        .forEach((name, family) -> {
          if (family.space().isEmpty() && tuned) {
            add(
                "SLU-1025",
                spans.has("families", name, "space")
                    ? spans.value("families", name, "space")
                    : spans.key("families", name),
                "family \"" + name + "\" has nothing to search",
                "give it a space, for example space: { depth: { int: [2, 10] } }");
          }
          family.space().forEach((p, parameter) -> parameter(parameter, p, name));
          budget(name, family.budget(), tuned);
        });
  }

  private void budget(String family, Spec.Budget budget, boolean tuned) {
    if (!tuned && !budget.equals(Spec.Budget.NONE)) {
      add(
          "SLU-1501",
          spans.key("families", family, "budget"),
          "family \"" + family + "\" has a budget for a search, and no stage searches",
          "delete it, or add a stage with uses: tune@1");
    }
    if (budget.time().isEmpty()) {
      return;
    }
    Duration time = budget.time().get();
    spec.stages()
        .forEach((name, stage) -> {
          Duration limit =
              stage
                  .limits()
                  .timeout()
                  .or(() -> spec.defaults().timeout())
                  .orElse(Spec.Defaults.STAGE_TIMEOUT);
          if (stage instanceof Spec.Tune && time.compareTo(limit) >= 0) {
            add(
                "SLU-1502",
                spans.value("families", family, "budget", "time"),
                "the search of family \""
                    + family
                    + "\" may take as long as its stage \""
                    + name
                    + "\" or longer: it would be lost, not cut",
                "the stage ends after " + limit.toMinutes() + "m: raise its timeout above that");
          }
        });
  }

  private void parameter(Spec.Parameter parameter, String name, String family) {
    switch (parameter) {
      case Spec.Parameter.IntRange r ->
          range(r.low(), r.high(), r.low() > r.high(), r.log(), name, family, "int");
      case Spec.Parameter.FloatRange r ->
          range(r.low(), r.high(), r.low() > r.high(), r.log(), name, family, "float");
      case Spec.Parameter.Choice c -> {
        Location at = spans.value("families", family, "space", name, "choice");
        if (c.values().isEmpty()) {
          add("SLU-1025", at, "\"" + name + "\" has nothing to choose from", "name a value or two");
        } else if (new HashSet<>(c.values()).size() < c.values().size()) {
          add(
              "SLU-1026",
              at,
              "\"" + name + "\" offers one value twice",
              "delete one: the tuner would take them for two");
        }
      }
    }
  }

  private void range(
      Number low,
      Number high,
      boolean empty,
      boolean log,
      String name,
      String family,
      String kind) {
    Location at = spans.value("families", family, "space", name, kind);
    if (empty) {
      add(
          "SLU-1026",
          at,
          "\"" + name + "\" goes from " + low + " down to " + high,
          "write [low, high]");
    } else if (log && low.doubleValue() <= 0) {
      add(
          "SLU-1026",
          at,
          "\"" + name + "\" starts at " + low + ", which has no logarithm",
          "start above 0, or delete log: true");
    }
  }

  // Edges

  private void stages() {
    spec.stages()
        .forEach((name, stage) -> {
          if (stage.perFamily() && spec.families().isEmpty()) {
            add(
                "SLU-1024",
                spans.key("stages", name),
                "stage \"" + name + "\" is made for each family, and there are none",
                "describe at least one under families");
          }
          stage.inputs().forEach((input, ref) -> ref(ref, "stages", name, "inputs", input));
          if (stage instanceof Spec.Tune) {
            for (String own : List.of("study", "search")) {
              if (stage.inputs().containsKey(own)) {
                add(
                    "SLU-1029",
                    spans.key("stages", name, "inputs", own),
                    "tune@1 fills in the input \"" + own + "\" itself",
                    "give this input another name");
              }
            }
          }
          retriesOfWhatMayFail(name, stage);
          holdoutLeak(name, stage);
        });
  }

  /** Tekton goes on after the failure, so there is nothing left to try again. */
  private void retriesOfWhatMayFail(String name, Spec.Stage stage) {
    if (!stage.perFamily() || stage.limits().retries().orElse(0) == 0) {
      return;
    }
    spec.families()
        .forEach((family, f) -> {
          if (f.mayFail()) {
            add(
                "SLU-1015",
                spans.value("stages", name, "retries"),
                "\"retries\" beside \"onFailure: continue\" of family \"" + family + "\"",
                "Tekton does not do both: set retries: 0, or remove onFailure from the family");
          }
        });
  }

  /** Who chooses parameters by the holdout has no holdout any more. */
  private void holdoutLeak(String name, Spec.Stage stage) {
    if (!(stage instanceof Spec.Tune || stage instanceof Spec.Train)) {
      return;
    }
    Set<Ref> holdouts = new HashSet<>();
    for (Spec.Stage s : spec.stages().values()) {
      if (s instanceof Spec.Evaluate) {
        Optional.ofNullable(s.inputs().get("holdout")).ifPresent(holdouts::add);
      }
    }
    stage
        .inputs()
        .forEach((input, ref) -> {
          if (holdouts.contains(ref)) {
            add(
                "SLU-1034",
                spans.value("stages", name, "inputs", input),
                "\"" + name + "\" would see the holdout, " + ref,
                "only evaluate@1 may: give it the train and validation data");
          }
        });
  }

  private void ref(Ref ref, String... path) {
    switch (ref) {
      case Ref.Data d -> {
        if (!spec.data().containsKey(d.source())) {
          add(
              "SLU-1021",
              spans.value(path),
              "unknown data source \"" + d.source() + "\"",
              DidYouMean.hint(spec.data().keySet(), d.source()));
        }
      }
      case Ref.Output o -> output(o.stage(), o.output(), path);
      case Ref.Champion c -> output(c.stage(), c.output(), path);
    }
  }

  private void output(String stage, String output, String... path) {
    Spec.Stage producer = spec.stages().get(stage);
    if (producer == null) {
      add(
          "SLU-1021",
          spans.value(path),
          "unknown stage \"" + stage + "\"",
          DidYouMean.hint(spec.stages().keySet(), stage));
    } else if (!producer.outputs().contains(output)) {
      add(
          "SLU-1022",
          spans.value(path),
          "stage \"" + stage + "\" declares no output \"" + output + "\"",
          DidYouMean.hint(producer.outputs(), output));
    }
  }

  private void cycles() {
    Set<String> done = new HashSet<>();
    for (String name : spec.stages().keySet()) {
      visit(name, new LinkedHashSet<>(), done);
    }
  }

  private void visit(String name, Set<String> path, Set<String> done) {
    Spec.Stage stage = spec.stages().get(name);
    if (stage == null || done.contains(name)) {
      return;
    }
    path.add(name);
    for (Map.Entry<String, Ref> e : Edges.of(spec, stage).entrySet()) {
      if (e.getValue() instanceof Ref.Output o) {
        if (path.contains(o.stage())) {
          List<String> all = List.copyOf(path);
          List<String> cycle = new ArrayList<>(all.subList(all.indexOf(o.stage()), all.size()));
          cycle.add(o.stage());
          add(
              "SLU-1023",
              spans.value("stages", name, "inputs", e.getKey()),
              "the stages wait for each other: " + String.join(" -> ", cycle),
              "each arrow reads \"needs\"; take one of these inputs away");
        } else {
          visit(o.stage(), path, done);
        }
      }
    }
    path.remove(name);
    done.add(name);
  }

  // Known tasks

  private void evaluates() {
    spec.stages()
        .forEach((name, stage) -> {
          if (stage instanceof Spec.Evaluate e) {
            evaluate(name, e);
          }
        });
  }

  private void evaluate(String name, Spec.Evaluate stage) {
    SortedMap<String, Ref> inputs = Edges.of(spec, stage);
    Set<String> known =
        new LinkedHashSet<>(List.of("candidates", "champion", "holdout", "validation", "snapshot"));
    for (String input : stage.inputs().keySet()) {
      if (!known.contains(input)) {
        add(
            "SLU-1030",
            spans.key("stages", name, "inputs", input),
            "evaluate@1 has no input \"" + input + "\"",
            DidYouMean.hint(known, input));
      }
    }
    needs(inputs, name, "holdout", "name the rows to be judged on, holdout: <stage>.<output>");
    boolean producerKnown =
        !(inputs.get("holdout") instanceof Ref.Output holdout)
            || spec.stages().containsKey(holdout.stage());
    if (producerKnown) {
      needs(
          inputs,
          name,
          "validation",
          "families are picked by it; name it, or let the stage of the holdout write it");
    }
    needs(inputs, name, "candidates", "name the models, candidates: <train stage>.model");
    Ref candidates = inputs.get("candidates");
    if (candidates != null
        && !(candidates instanceof Ref.Output o
            && (spec.stages().get(o.stage()) == null
                || spec.stages().get(o.stage()) instanceof Spec.Train))) {
      add(
          "SLU-1030",
          spans.value("stages", name, "inputs", "candidates"),
          candidates + " is no model of a train@1 stage",
          "candidates are what train@1 makes, for example train.model");
    }
    Ref champion = inputs.get("champion");
    if (champion != null && !(champion instanceof Ref.Champion)) {
      add(
          "SLU-1030",
          spans.value("stages", name, "inputs", "champion"),
          champion + " is not the champion's",
          "write champion.<train stage>.model, or leave it out");
    }
    Ref judged = inputs.get("holdout");
    if (judged != null && judged.equals(inputs.get("validation"))) {
      add(
          "SLU-1034",
          spans.value("stages", name, "inputs", "validation"),
          "validation and holdout are the same data, " + judged,
          "families are picked on validation: what picks cannot judge");
    }
    Ref snapshot = inputs.get("snapshot");
    if (snapshot == null && Edges.labelled(spec).size() > 1) {
      add(
          "SLU-1030",
          spans.key("stages", name),
          "\"" + name + "\" cannot tell which labels it is about",
          "name the source: snapshot: data.<source>; labelled: "
              + String.join(", ", Edges.labelled(spec)));
    } else if (snapshot != null && !(snapshot instanceof Ref.Data)) {
      add(
          "SLU-1030",
          spans.value("stages", name, "inputs", "snapshot"),
          snapshot + " is no snapshot",
          "write data.<source>");
    }
  }

  private void needs(SortedMap<String, Ref> inputs, String stage, String input, String hint) {
    if (!inputs.containsKey(input)) {
      add(
          "SLU-1030",
          spans.key("stages", stage),
          "evaluate@1 stage \"" + stage + "\" has no input \"" + input + "\"",
          hint);
    }
  }

  private void drifts() {
    List<String> names = new ArrayList<>();
    spec.stages()
        .forEach((name, stage) -> {
          if (stage instanceof Spec.Drift d) {
            names.add(name);
            drift(name, d);
          }
        });
    for (String name : names.subList(Math.min(1, names.size()), names.size())) {
      add(
          "SLU-1030",
          spans.key("stages", name),
          "\"" + name + "\" is a second drift@1 stage, beside \"" + names.get(0) + "\"",
          "a run has one drift status: compare all columns in one stage");
    }
  }

  private void drift(String name, Spec.Drift stage) {
    Set<String> known = new LinkedHashSet<>(List.of("reference", "current"));
    for (String input : stage.inputs().keySet()) {
      if (!known.contains(input)) {
        add(
            "SLU-1030",
            spans.key("stages", name, "inputs", input),
            "drift@1 has no input \"" + input + "\"",
            DidYouMean.hint(known, input));
      }
    }
    Map<String, String> hints =
        Map.of(
            "reference", "name what the champion was trained on: champion.<stage>.<output>",
            "current", "name today's data: <stage>.<output> or data.<source>");
    for (String input : known) {
      if (!stage.inputs().containsKey(input)) {
        add(
            "SLU-1030",
            spans.key("stages", name),
            "drift@1 stage \"" + name + "\" has no input \"" + input + "\"",
            hints.getOrDefault(input, ""));
      }
    }
    Ref reference = stage.inputs().get("reference");
    if (reference != null
        && !(reference instanceof Ref.Champion c
            && !(spec.stages().get(c.stage()) instanceof Spec.Train))) {
      add(
          "SLU-1030",
          spans.value("stages", name, "inputs", "reference"),
          reference + " is no data of the champion's",
          "write champion.<stage>.<output>, with the stage whose data the champion was trained on");
    }
    Ref current = stage.inputs().get("current");
    if (current instanceof Ref.Champion) {
      add(
          "SLU-1030",
          spans.value("stages", name, "inputs", "current"),
          current + " is not today's data",
          "write <stage>.<output> or data.<source>");
    }
    stage
        .with()
        .columns()
        .forEach((column, options) -> {
          Spec.DriftMethod method =
              options.method().or(() -> stage.with().method()).orElse(Spec.DriftOptions.METHOD);
          if (options.numeric().equals(Optional.of(false)) && !method.takesCategories()) {
            add(
                "SLU-1030",
                spans.key("stages", name, "with", "columns", column),
                "\""
                    + method.word()
                    + "\" does not compare categories, which \""
                    + column
                    + "\" has",
                "give the column method: psi or method: jensenshannon");
          }
          if (stage.with().ignore().contains(column)) {
            add(
                "SLU-1030",
                spans.key("stages", name, "with", "columns", column),
                "\"" + column + "\" is both described and ignored",
                "delete one of the two");
          }
        });
  }

  private void gate() {
    Ref rows = spec.gate().rows();
    int before = found.size();
    ref(rows, "gate", "rows");
    if (found.size() == before
        && !(rows instanceof Ref.Output o
            && spec.stages().get(o.stage()) instanceof Spec.Evaluate)) {
      add(
          "SLU-1031",
          spans.value("gate", "rows"),
          "the gate cannot judge " + rows,
          "rows come from an evaluate@1 stage, for example evaluate.rows");
    }
    if (rows instanceof Ref.Output o && spec.stages().get(o.stage()) instanceof Spec.Evaluate e) {
      List<String> slices = spec.gate().policy().find(GatePolicy.SLICES).orElse(List.of());
      for (int i = 0; i < slices.size(); i++) {
        if (!e.with().slices().contains(slices.get(i))) {
          add(
              "SLU-1022",
              spans.value("gate", "slices", Integer.toString(i)),
              "\"" + slices.get(i) + "\" is no slice of stage \"" + o.stage() + "\"",
              DidYouMean.hint(e.with().slices(), slices.get(i)));
        }
      }
    }
  }

  // Profiles, triggers, limits

  private void profiles() {
    spec.profiles()
        .forEach((name, overlay) -> {
          known(overlay.stages(), spec.stages().keySet(), "stage", name, "stages");
          known(overlay.data(), spec.data().keySet(), "data source", name, "data");
          overlay
              .data()
              .forEach((source, change) -> {
                if (change.with().has("labels")) {
                  add(
                      "SLU-1028",
                      spans.key("profiles", name, "data", source, "with", "labels"),
                      "profile \"" + name + "\" touches the labels of \"" + source + "\"",
                      "labels stay as they are: every run is judged by the same rules");
                }
              });
        });
  }

  private void known(
      SortedMap<String, Overlay.Change> changes,
      Collection<String> known,
      String what,
      String profile,
      String section) {
    for (String name : changes.keySet()) {
      if (!known.contains(name)) {
        add(
            "SLU-1021",
            spans.key("profiles", profile, section, name),
            "profile \"" + profile + "\" changes an unknown " + what + " \"" + name + "\"",
            DidYouMean.hint(known, name));
      }
    }
  }

  private void triggers() {
    spec.triggers()
        .newData()
        .ifPresent(t -> {
          Location at = spans.value("triggers", "newData", "source");
          Spec.DataSource source = spec.data().get(t.source());
          if (source == null) {
            add(
                "SLU-1021",
                at,
                "unknown data source \"" + t.source() + "\"",
                DidYouMean.hint(spec.data().keySet(), t.source()));
          } else if (source.fingerprint().isEmpty()) {
            add(
                "SLU-1033",
                at,
                "data source \"" + t.source() + "\" has no fingerprint to poll",
                "add fingerprint: [..], a command whose output changes with the data");
          }
        });
    spec.triggers()
        .pullRequest()
        .flatMap(Spec.PullRequest::profile)
        .filter(p -> !spec.profiles().containsKey(p))
        .ifPresent(p ->
            add(
                "SLU-1033",
                spans.value("triggers", "pullRequest", "profile"),
                "unknown profile \"" + p + "\"",
                DidYouMean.hint(spec.profiles().keySet(), p)));
  }

  private void timeouts() {
    Duration whole = spec.timeout().orElse(Spec.RUN_TIMEOUT);
    timeout(spec.defaults().timeout(), whole, "defaults", "timeout");
    spec.data().forEach((n, s) -> timeout(s.limits().timeout(), whole, "data", n, "timeout"));
    spec.stages().forEach((n, s) -> timeout(s.limits().timeout(), whole, "stages", n, "timeout"));
    spec.profiles()
        .forEach((p, overlay) -> {
          overlay
              .data()
              .forEach((n, c) -> timeout(c.timeout(), whole, "profiles", p, "data", n, "timeout"));
          overlay
              .stages()
              .forEach(
                  (n, c) -> timeout(c.timeout(), whole, "profiles", p, "stages", n, "timeout"));
        });
  }

  private void timeout(Optional<Duration> own, Duration whole, String... path) {
    if (own.isPresent() && own.get().compareTo(whole) > 0) {
      add(
          "SLU-1036",
          spans.value(path),
          "a stage may take longer than the whole run",
          "the run ends after "
              + whole.toHours()
              + "h (timeout at the top of the spec, "
              + Spec.RUN_TIMEOUT.toHours()
              + "h when it is not there)");
    }
  }
}
