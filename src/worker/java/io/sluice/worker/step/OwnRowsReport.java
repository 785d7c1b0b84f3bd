package io.sluice.worker.step;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.artifact.ArtifactStore;
import io.sluice.core.artifact.Digest;
import io.sluice.core.artifact.Manifest;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.DidYouMean;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Audited;
import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.evaluation.OwnRows;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import io.sluice.core.json.Json;
import io.sluice.core.json.JsonCodec;
import io.sluice.core.plan.OwnEvaluation;
import io.sluice.core.record.Resolved;
import io.sluice.core.run.ExitWords;
import io.sluice.core.task.Task;
import io.sluice.inference.BundleSignature;
import io.sluice.inference.CsvTable;
import io.sluice.inference.Evaluation;
import io.sluice.worker.bundle.ModelFiles;
import io.sluice.worker.cache.KeyedStage;
import io.sluice.worker.cache.TaskArguments;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Looks at the rows that a team's own evaluation wrote, and puts beside them what the gate reads
 * with rows of {@code evaluate@1}: {@code evaluation.json} and {@code bundles.json}. Which models
 * were there, which are lost and up to when the data knows follows from the stage's inputs; none of
 * it is believed.
 */
final class OwnRowsReport {
  private static final String CANDIDATE = "candidate:";
  private static final String BASELINE = "baseline:";
  private static final String CANDIDATES = "candidates";
  private static final String REPORT = "evaluation.json";

  /** Names of baselines: they stand in sentences of the verdict. */
  private static final Pattern BASELINE_NAME = Pattern.compile("[A-Za-z0-9][A-Za-z0-9_-]{0,62}");

  /** Characters of a wrong name that are shown. */
  private static final int SHOWN = 40;

  private final ArtifactStore store;
  private final KeyedStage stage;
  private final OwnEvaluation own;
  private final Metric.Loss metric;
  private final SortedMap<String, Manifest> candidates = new TreeMap<>();
  private final SortedMap<String, String> lost = new TreeMap<>();
  private final Optional<Manifest> champion;

  OwnRowsReport(ArtifactStore store, KeyedStage stage, OwnEvaluation own) {
    this.store = store;
    this.stage = stage;
    this.own = own;
    this.metric =
        Metric.Loss.named(own.metric())
            .orElseThrow(() -> new IllegalArgumentException("no metric " + own.metric()));
    for (KeyedStage.Present p : stage.inputs()) {
      if (candidate(p.input())) {
        candidates.put(family(p.input()), p.content());
      }
    }
    for (TaskArguments.Input missing : stage.missing()) {
      if (candidate(missing) && missing.source() instanceof TaskArguments.Source.Failed failed) {
        lost.put(family(missing), "its stage ended with " + ExitWords.of(failed.exitCode()));
      }
    }
    this.champion = input(HoldoutRows.CHAMPION).map(KeyedStage.Present::content);
  }

  private static boolean candidate(TaskArguments.Input input) {
    return input.fanIn() && input.group().equals(CANDIDATES);
  }

  private static String family(TaskArguments.Input input) {
    return input.name().substring(CANDIDATES.length() + 1);
  }

  private Optional<KeyedStage.Present> input(String name) {
    return stage.inputs().stream().filter(p -> p.input().name().equals(name)).findFirst();
  }

  /** What was counted in the rows. */
  private static final class Counted {
    private long rows;
    private final Set<String> keys = new LinkedHashSet<>();
    private final Set<String> units = new LinkedHashSet<>();
    private Optional<Instant> first = Optional.empty();
    private boolean negative;
    private final SortedMap<String, long[]> unusable = new TreeMap<>();

    EvaluationReport.Unusable unusable(String model) {
      long[] counts = unusable.getOrDefault(model, new long[3]);
      return new EvaluationReport.Unusable(counts[0], counts[1], counts[2]);
    }
  }

  /**
   * Writes both files.
   *
   * @param outputs the stage's
   * @param scratch an empty place for a table
   * @return what was found, for the log
   * @throws SluiceException (exit code 2) SLU-6060 to SLU-6067, and SLU-6021 and SLU-6022 for what
   *     is not a table
   */
  List<String> write(Path outputs, Path scratch) throws IOException {
    Path folder = outputs.resolve(own.output());
    // never through a link of the command: what is written here would land wherever it points
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw wrong(
          "SLU-6060",
          "the output " + own.output() + " is not a folder",
          "a stage whose rows the gate judges writes %s/rows.csv and %s/rows.json, and no link"
              .formatted(own.output(), own.output()));
    }
    OwnRows told = told(folder);
    Optional<HoldoutIds> holdout = holdout(scratch, told);
    Counted counted = new Counted();
    SortedMap<String, int[]> models;
    try (CsvTable table = CsvTable.open(folder.resolve(OwnRows.ROWS), OwnRows.ROWS)) {
      models = HoldoutTable.models(table, task(), told.classes());
      columns(models.keySet(), told);
      apart(table, told);
      read(table, told, models, holdout, counted);
    }
    if (counted.rows == 0) {
      throw wrong("SLU-6060", "rows.csv has no row", "write a row for each one of the holdout");
    }
    if (holdout.isPresent()) {
      holdout.get().complete();
    }
    EvaluationReport report = report(told, models.keySet(), counted, holdout);
    Files.writeString(folder.resolve(REPORT), Json.pretty(report.json()));
    TreeMap<String, Digest> bundles = new TreeMap<>();
    candidates.forEach((family, bundle) ->
        bundles.put(CANDIDATE + family, new ModelFiles(bundle.entries()).digest()));
    Files.writeString(folder.resolve(Evaluate.BUNDLES), Json.pretty(JsonCodec.writeMap(bundles)));
    List<String> said = new ArrayList<>();
    said.add(
        "%d rows of %d units; models: %s"
            .formatted(counted.rows, counted.units.size(), String.join(", ", models.keySet())));
    said.add(
        holdout.isPresent()
            ? "the rows are those of the holdout"
            : "whether the rows are those of the holdout is not known: it is not a table set");
    return said;
  }

  private Optional<Task> task() {
    return own.task() == Task.FORECAST ? Optional.empty() : Optional.of(own.task());
  }

  private OwnRows told(Path folder) throws IOException {
    for (String needed : List.of(OwnRows.ROWS, OwnRows.FILE)) {
      if (!Files.isRegularFile(folder.resolve(needed), LinkOption.NOFOLLOW_LINKS)) {
        throw wrong(
            "SLU-6060",
            "the output " + own.output() + " has no file " + needed,
            "a stage whose rows the gate judges writes %s/rows.csv and %s/rows.json"
                .formatted(own.output(), own.output()));
      }
    }
    for (String ours : List.of(REPORT, Evaluate.BUNDLES)) {
      if (Files.exists(folder.resolve(ours), LinkOption.NOFOLLOW_LINKS)) {
        throw wrong(
            "SLU-6060",
            "the command wrote " + own.output() + "/" + ours,
            "that file is Sluice's: what you know of the rows belongs into rows.json");
      }
    }
    JsonNode json = JsonFile.read(folder.resolve(OwnRows.FILE));
    OwnRows told;
    try {
      told = OwnRows.parse(json);
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-6060",
                  "rows.json does not say what the rows are: " + e.getMessage(),
                  "write it as own-rows.schema.json has it")),
          e);
    }
    if (own.task().classes()
        ? told.classes().size() < 2 || (own.task() == Task.BINARY && told.classes().size() != 2)
        : !told.classes().isEmpty()) {
      throw wrong(
          "SLU-6060",
          "rows.json names %d `classes`, and the task is %s"
              .formatted(told.classes().size(), own.task().word()),
          own.task().classes()
              ? "name them in the order of probabilities; of two the second is the positive one"
              : "take `classes` out");
    }
    return told;
  }

  private static String shown(String column) {
    String line = column.replaceAll("[^\\p{Alnum}:#._-]+", "?");
    return line.length() > SHOWN ? line.substring(0, SHOWN) + " .." : line;
  }

  /** What names rows is not what a model says of them. */
  private static void apart(CsvTable table, OwnRows told) {
    for (List<String> names : List.of(told.id(), told.group(), told.slices())) {
      for (String name : names) {
        if (table.find(name).isPresent() && HoldoutTable.isModel(name.replaceFirst("#\\d+$", ""))) {
          throw wrong(
              "SLU-6060",
              "rows.json names the column %s of a model among those of `id`, `group` and `slices`"
                  .formatted(shown(name)),
              "rows are told apart and put together by what is known of them, not by what a model"
                  + " says");
        }
      }
    }
  }

  /** The columns of models are those of the models that there are. */
  private void columns(Set<String> columns, OwnRows told) {
    Set<String> known = new TreeSet<>();
    candidates.keySet().forEach(family -> known.add(CANDIDATE + family));
    if (champion.isPresent()) {
      known.add(HoldoutRows.CHAMPION);
    }
    for (String column : columns) {
      if (column.startsWith(BASELINE)
          && !BASELINE_NAME.matcher(column.substring(BASELINE.length())).matches()) {
        throw wrong(
            "SLU-6061",
            "rows.csv has a column \"" + shown(column) + "\", whose name names no baseline",
            "call it baseline:<name>, of letters, digits, - and _, as baseline:popular");
      }
      if (column.equals(HoldoutRows.CHAMPION) && champion.isEmpty()) {
        throw wrong(
            "SLU-6062",
            "rows.csv has a column champion, and this run has no champion",
            "leave the column out where SLUICE_INPUTS/champion is not there");
      }
      if (!column.startsWith(BASELINE) && !known.contains(column)) {
        throw wrong(
            "SLU-6061",
            "rows.csv has a column "
                + column
                + ", and there is no such model"
                + Optional.ofNullable(lost.get(column.substring(column.indexOf(':') + 1)))
                    .map(why -> ": " + why)
                    .orElse(""),
            DidYouMean.hint(known, column));
      }
    }
    if (champion.isPresent() && !columns.contains(HoldoutRows.CHAMPION)) {
      throw wrong(
          "SLU-6062",
          "rows.csv has no column champion, and there is one in SLUICE_INPUTS/champion",
          "judge it on the same rows: candidates that meet no champion prove nothing");
    }
    for (String family : told.leftOut().keySet()) {
      if (!candidates.containsKey(family) || columns.contains(CANDIDATE + family)) {
        throw wrong(
            "SLU-6061",
            "rows.json leaves out %s, %s"
                .formatted(
                    family,
                    candidates.containsKey(family)
                        ? "and rows.csv has a column of it"
                        : "and this run has no such family"),
            DidYouMean.hint(candidates.keySet(), family));
      }
    }
    for (String family : candidates.keySet()) {
      if (!columns.contains(CANDIDATE + family) && !told.leftOut().containsKey(family)) {
        throw wrong(
            "SLU-6061",
            "rows.csv has no column " + CANDIDATE + family + ", and that model is there",
            "judge it on the same rows, or say in rows.json's `leftOut` why it cannot be");
      }
    }
    for (String model : told.validation().map(v -> v.values().keySet()).orElse(Set.<String>of())) {
      if (!columns.contains(model)) {
        throw wrong(
            "SLU-6061",
            "rows.json has a value on validation of " + model + ", and rows.csv no such column",
            DidYouMean.hint(columns, model));
      }
    }
  }

  private void read(
      CsvTable table,
      OwnRows told,
      SortedMap<String, int[]> models,
      Optional<HoldoutIds> holdout,
      Counted counted) {
    int[] id = columns(table, told.id());
    int[] unit = columns(table, told.unit());
    columns(table, told.slices());
    boolean forecasts = task().isEmpty();
    if (!forecasts) {
      // the end of a row's period follows from its time: by one of the judge's own the gate would
      // count periods, and rows as new, that nobody measured
      for (String column : List.of("origin", "horizon", "targetEnd")) {
        if (table.find(column).isPresent()) {
          throw wrong(
              "SLU-6060",
              "rows.csv has a column `%s`, and the task is %s".formatted(column, own.task().word()),
              "only forecasts have it: leave it out, and write `time` where the rows have one");
        }
      }
    }
    Optional<Integer> time = forecasts ? Optional.of(table.require("origin")) : table.find("time");
    Optional<Integer> horizon =
        forecasts ? Optional.of(table.require("horizon")) : Optional.empty();
    Optional<Integer> actual =
        metric.scored() ? Optional.of(table.require("actual")) : table.find("actual");
    Optional<Integer> weight = table.find("weight");
    while (table.next()) {
      counted.rows++;
      Optional<Instant> at = time.map(table::time);
      String name = table.key(id);
      String key = name;
      if (horizon.isPresent()) {
        key += "\t" + at.orElseThrow() + "\t" + table.count(horizon.get());
      }
      if (!counted.keys.add(key)) {
        throw wrong(
            "SLU-6063",
            table.at(id[0]) + ": a second row of " + key.replace('\t', ' '),
            "write each row once, or name in rows.json's `id` all columns that tell rows apart");
      }
      counted.units.add(table.key(unit));
      at.filter(a -> counted.first.map(a::isBefore).orElse(true))
          .ifPresent(a -> counted.first = Optional.of(a));
      double label = actual.map(table::numberOrMissing).orElse(Double.NaN);
      counted.negative |= label < 0;
      double weighs = weight.map(table::number).orElse(1.0);
      if (weighs < 0) {
        throw table.bad(weight.orElseThrow(), "is negative; a weight is a number from 0");
      }
      holdout.ifPresent(h -> h.seen(table, name, id[0], metric.scored() ? label : Double.NaN));
      models.forEach((model, columns) -> values(table, model, columns, counted));
    }
  }

  private void values(CsvTable table, String model, int[] columns, Counted counted) {
    double[] values = new double[columns.length];
    for (int c = 0; c < values.length; c++) {
      values[c] = table.forecast(columns[c]);
      if (!metric.scored() && values[c] < 0) {
        throw wrong(
            "SLU-6065",
            table.at(columns[c]) + ": a loss of " + table.text(columns[c]) + " is negative",
            "a loss is a number from 0, of which less is better: turn a score around, as 1 - score");
      }
    }
    if (metric.usable(values, 0, values.length, true)) {
      return;
    }
    if (!model.startsWith(CANDIDATE)) {
      String said =
          Arrays.stream(columns)
              .mapToObj(c -> table.text(c).isBlank() ? "missing" : table.text(c))
              .collect(Collectors.joining(", "));
      throw wrong(
          "SLU-6064",
          "%s: %s of %s is %s"
              .formatted(
                  table.at(columns[0]),
                  metric.scored() ? "the prediction" : "the loss",
                  model.equals(HoldoutRows.CHAMPION) ? "the champion" : model,
                  said),
          "every row has one that the metric can judge: a comparison on some of the rows is one on"
              + " rows that were picked");
    }
    long[] counts = counted.unusable.computeIfAbsent(model, m -> new long[3]);
    boolean nan = Arrays.stream(values).anyMatch(Double::isNaN);
    boolean infinite = Arrays.stream(values).anyMatch(Double::isInfinite);
    counts[nan ? 0 : infinite ? 1 : 2]++;
  }

  private EvaluationReport report(
      OwnRows told, Set<String> columns, Counted counted, Optional<HoldoutIds> holdout)
      throws IOException {
    List<EvaluationReport.Family> families = new ArrayList<>();
    List<String> pickable = new ArrayList<>();
    for (String family : candidates.keySet()) {
      String model = CANDIDATE + family;
      boolean eligible = columns.contains(model);
      families.add(
          new EvaluationReport.Family(
              family,
              eligible,
              told.onValidation(model),
              newestLabel(candidates.get(family)),
              eligible ? Optional.of(counted.unusable(model)) : Optional.empty(),
              Optional.empty(),
              Optional.ofNullable(told.leftOut().get(family))
                  .map(why ->
                      new EvaluationReport.Ineligibility(
                          "SLU-6067", "the team's own evaluation left it out: " + why))));
      if (eligible) {
        pickable.add(model);
      }
    }
    lost.forEach((family, ending) ->
        families.add(
            new EvaluationReport.Family(
                family,
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(
                    new EvaluationReport.Ineligibility(
                        Evaluation.FAILED_FAMILY, "it was lost: " + ending)))));
    if (pickable.isEmpty()) {
      throw wrong(
          "SLU-6067",
          "no candidate is left to be judged: " + told.leftOut(),
          "at least one must have a column in rows.csv");
    }
    // one that has no number for some row cannot be promoted: it is picked when there is no other
    List<String> whole = pickable.stream().filter(m -> counted.unusable(m).sum() == 0).toList();
    String chosen =
        best(whole.isEmpty() ? pickable : whole, told, "candidate").substring(CANDIDATE.length());
    List<String> naive = columns.stream().filter(c -> c.startsWith(BASELINE)).toList();
    return new EvaluationReport(
        stage.asOf(),
        metric.name(),
        task(),
        told.classes(),
        told.unit(),
        told.slices(),
        families,
        chosen,
        champion(told),
        naive.stream()
            .map(model ->
                new EvaluationReport.Baseline(
                    model.substring(BASELINE.length()),
                    true,
                    told.onValidation(model),
                    Optional.empty()))
            .toList(),
        naive.isEmpty()
            ? Optional.empty()
            : Optional.of(best(naive, told, "baseline").substring(BASELINE.length())),
        new EvaluationReport.Rows(
            counted.rows,
            told.validation().map(OwnRows.Validation::rows).orElse(0L),
            counted.units.size(),
            holdout.map(HoldoutIds::rows),
            Optional.empty(),
            Optional.of(counted.negative ? 1L : 0L)),
        Optional.empty(),
        counted.first.orElse(stage.asOf()),
        audit(holdout.isPresent()));
  }

  /** What is picked by data that the gate does not judge; the one that there is needs no pick. */
  private String best(List<String> models, OwnRows told, String what) {
    String best = models.getFirst();
    for (String model : models) {
      if (models.size() > 1 && told.onValidation(model).isEmpty()) {
        throw wrong(
            "SLU-6067",
            "there are %d models of the kind %s, and rows.json has no value on validation of %s"
                .formatted(models.size(), what, model),
            "one of them is picked before the holdout is looked at: give each its value of "
                + metric.name()
                + " on validation, {\"validation\": {\"rows\": 400, \"values\": {\""
                + model
                + "\": 0.31}}}");
      }
      if (metric
          .direction()
          .better(
              told.onValidation(model).orElse(Double.NaN),
              told.onValidation(best).orElse(Double.NaN))) {
        best = model;
      }
    }
    return best;
  }

  private Optional<EvaluationReport.Champion> champion(OwnRows told) throws IOException {
    if (champion.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new EvaluationReport.Champion(
            stage.resolved().champion().map(Resolved.Champion::family).orElse(""),
            newestLabel(champion.get()),
            told.onValidation(HoldoutRows.CHAMPION),
            Optional.empty(),
            new EvaluationReport.Unusable(0, 0, 0)));
  }

  /** What a bundle with a signature says of itself; any other files say nothing. */
  private Optional<Instant> newestLabel(Manifest bundle) throws IOException {
    if (bundle.entries().stream().noneMatch(e -> e.path().equals("signature.json"))) {
      return Optional.empty();
    }
    try {
      return BundleSignature.parse(Json.parse(store.read(bundle, "signature.json"))).newestLabel();
    } catch (IllegalArgumentException e) {
      throw new SluiceException(
          ExitCode.INPUT_WRONG,
          List.of(
              Diagnostic.of(
                  "SLU-6002",
                  "a bundle's signature.json: " + e.getMessage(),
                  "write signature.json as bundle-signature.schema.json has it, or leave it out")),
          e);
    }
  }

  private EvaluationReport.Audit audit(boolean looked) {
    String name = "`" + stage.arguments().stage() + "`";
    List<Unaudited> parts = new ArrayList<>();
    parts.add(
        unaudited(
            metric.scored() ? "the predictions" : "the losses",
            "the team's own evaluation %s made them".formatted(name)));
    parts.add(
        unaudited(
            "what the models learned from", "%s may read tables of any form".formatted(name)));
    if (!looked) {
      parts.add(
          unaudited("whether the rows are those of the holdout", "the holdout is not a table set"));
    }
    return new EvaluationReport.Audit(
        looked ? Audited.CLEAN : Audited.UNAUDITED,
        Audited.UNAUDITED,
        Audited.UNAUDITED,
        Optional.of("the team's own evaluation reads no snapshot"),
        0,
        0,
        0,
        Optional.empty(),
        parts);
  }

  private static Unaudited unaudited(String what, String why) {
    return new Unaudited(Check.OWN, what, why, false);
  }

  /** The rows that the evaluation was given, where they are a table set. */
  private Optional<HoldoutIds> holdout(Path scratch, OwnRows told) throws IOException {
    Optional<KeyedStage.Present> given = input("holdout");
    return given.isPresent() && !task().isEmpty()
        ? HoldoutIds.of(store, given.get().content(), scratch.resolve("own-holdout"), told, own)
        : Optional.empty();
  }

  private static int[] columns(CsvTable table, List<String> names) {
    return names.stream().mapToInt(table::require).toArray();
  }

  static SluiceException wrong(String id, String message, String hint) {
    return new SluiceException(ExitCode.INPUT_WRONG, Diagnostic.of(id, message, hint));
  }
}
