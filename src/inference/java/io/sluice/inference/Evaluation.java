package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Baseline;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.time.LocalDate;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stage evaluate: scores candidates, champion and baselines on the same holdout rows, after it
 * has refused what would make the comparison a lie (leaks, immature labels, bundles that are not
 * what they say). Selects the family and the best baseline on validation; decides nothing, that is
 * the gate's.
 */
public final class Evaluation {
  /** Reason of a family that failed before it could be compared. */
  public static final String FAILED_FAMILY = "SLU-7502";

  private final EvaluationSettings settings;
  private final Instant asOf;
  private final TableSet validation;
  private final TableSet holdout;
  private final Units units;
  private final Path inputs;
  private final Training training;

  /** Labels of both tables that are below zero: where there are some, forecasts may be so too. */
  private final long negativeLabels;

  /**
   * A scored candidate.
   *
   * @param predicted its predictions; empty when it is not eligible
   * @param problem why it is not eligible
   */
  private record Candidate(
      EvaluationReport.Family family,
      Optional<Predictions> predicted,
      Optional<Diagnostic> problem) {
    String name() {
      return family.name();
    }

    Optional<double[]> holdout() {
      return predicted.map(Predictions::holdout);
    }
  }

  /** The scored champion. */
  @SuppressWarnings("ArrayRecordComponent")
  private record Champion(EvaluationReport.Champion report, double[] holdout) {}

  /** Predictions of one model, per row. */
  @SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
  private record Predictions(double[] validation, double[] holdout) {}

  private Evaluation(EvaluationSettings settings, Instant asOf, Path inputs, JudgedTables tables) {
    this.settings = settings;
    this.inputs = inputs;
    this.units = tables.units();
    this.asOf = asOf;
    this.validation = tables.validation();
    this.holdout = tables.holdout();
    this.training = tables.training();
    this.negativeLabels =
        Stream.of(validation, holdout)
            .flatMapToDouble(t -> Arrays.stream(t.rows().actual()))
            .filter(actual -> actual < 0)
            .count();
  }

  /**
   * Evaluates.
   *
   * @param inputs {@code candidates/<family>}, {@code holdout}, {@code validation}, perhaps {@code
   *     champion} and {@code snapshot}; what the models learned from, {@code training/<name>} and
   *     {@code refit/<name>}; of models with a predict command what it forecast, {@code
   *     predictions/<family>} and {@code champion-predictions}
   * @param outputs receives {@code rows/rows.csv} and {@code rows/evaluation.json}; the same inputs
   *     give the same bytes
   * @param with the stage's values
   * @param asOf the latest instant that the inputs know of
   * @param failed families that produced no candidate, or no forecasts with it, and how they ended,
   *     in words; they are listed as ineligible (SLU-7502)
   * @return what was written as {@code evaluation.json}
   * @throws SluiceException exit code 2: what was refused; nothing is written then
   * @throws IOException when a file cannot be read or written
   */
  public static EvaluationReport run(
      Path inputs, Path outputs, JsonNode with, Instant asOf, SortedMap<String, String> failed)
      throws IOException {
    EvaluationSettings settings = EvaluationSettings.parse(with);
    JudgedTables tables = JudgedTables.read(TableSets.in(inputs), settings, asOf);
    return new Evaluation(settings, asOf, inputs, tables).score(outputs, tables.audit(), failed);
  }

  /**
   * Refuses what {@link #run} would refuse in tables, before there are models: the store step of
   * the stage that writes them asks. What needs two tables is looked at where both are there.
   *
   * @param inputs of the evaluate stage by name: {@code validation}, {@code holdout}, {@code
   *     snapshot}, {@code training/<name>}, {@code refit/<name>}; any may be absent
   * @param with the values of the evaluate stage
   * @param asOf the latest instant that the tables may know of
   * @return what was looked at, for people
   * @throws SluiceException exit code 2: what was refused
   * @throws IOException when a file cannot be read
   */
  public static List<String> check(Map<String, Path> inputs, JsonNode with, Instant asOf)
      throws IOException {
    return JudgedTables.check(inputs, with, asOf);
  }

  private EvaluationReport score(
      Path outputs, SnapshotAudit audit, SortedMap<String, String> failed) throws IOException {
    Map<String, double[]> columns = new LinkedHashMap<>();
    List<Candidate> candidates = new ArrayList<>();
    for (Path folder : candidates(inputs)) {
      Candidate candidate = candidate(folder, failed);
      candidates.add(candidate);
      candidate.holdout().ifPresent(p -> columns.put("candidate:" + candidate.name(), p));
    }
    Candidate best = best(candidates);
    Preference preference = new Preference(settings.metric(), settings.prefer(), validation.rows());
    Map<String, EvaluationReport.Behind> behind =
        preference.distances(columns(candidates), best.name());
    List<EvaluationReport.Family> families =
        new ArrayList<>(
            candidates.stream()
                .map(Candidate::family)
                .map(f -> Optional.ofNullable(behind.get(f.name())).map(f::with).orElse(f))
                .toList());
    failed.forEach((name, ending) -> {
      if (candidates.stream().noneMatch(c -> c.name().equals(name))) {
        families.add(ineligible(name, Optional.empty(), failure(ending)));
      }
    });
    Optional<Champion> champion = champion();
    champion.ifPresent(c -> columns.put("champion", c.holdout()));
    List<EvaluationReport.Baseline> baselines = new ArrayList<>();
    for (Baseline baseline : settings.baselines()) {
      EvaluationReport.Baseline scored = scored(baseline);
      baselines.add(scored);
      if (scored.offered()) {
        columns.put("baseline:" + scored.name(), baseline(baseline, holdout));
      }
    }
    EvaluationReport report =
        new EvaluationReport(
            asOf,
            settings.metric().name(),
            Optional.empty(),
            List.of(),
            settings.unit(),
            settings.slices(),
            families,
            preference.chosen(behind, best.name()),
            champion.map(Champion::report),
            baselines,
            bestBaseline(baselines),
            new EvaluationReport.Rows(
                holdout.rows().size(),
                validation.rows().size(),
                holdout.rows().units(),
                audit.expectedRows(),
                Optional.of(
                    NaiveForecast.withoutHistory(
                        holdout.format(), holdout.panel(), holdout.rows())),
                Optional.of(negativeLabels)),
            Optional.of(
                EarlierLabels.of(
                    holdout.format(),
                    holdout.panel(),
                    units.size(),
                    EpochMicros.of(holdout.rows().firstOrigin()),
                    settings.matureAfter())),
            holdout.rows().firstOrigin(),
            audit(audit));
    write(outputs, report, columns);
    return report;
  }

  private static List<Path> candidates(Path inputs) throws IOException {
    Path folder = inputs.resolve("candidates");
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6043",
          "evaluate has no input `candidates/<family>`",
          "name the train stage's model as candidates");
    }
    try (Stream<Path> entries = Files.list(folder)) {
      return entries.sorted().toList();
    }
  }

  /** Scores one candidate, or says why it is not eligible, which does not stop the others. */
  private Candidate candidate(Path folder, SortedMap<String, String> failed) throws IOException {
    String family = folder.getFileName().toString();
    Optional<Instant> newestLabel = Optional.empty();
    try {
      ForecastSignature signature = ForecastSignature.read(folder, family);
      newestLabel = signature.newestLabel();
      if (!signature.family().equals(family)) {
        throw Refusal.unfit(
            family, "its signature names the family " + Refusal.quoted(signature.family()));
      }
      Instant first = holdout.rows().firstOrigin();
      if (newestLabel.isPresent() && newestLabel.get().isAfter(first)) {
        throw Refusal.of(
            "SLU-6037",
            "bundle `%s` was trained on labels known as late as %s; the holdout begins at %s"
                .formatted(family, newestLabel.get(), first),
            "train on labels that were known before the first holdout origin");
      }
      refuseUnderstated(family, newestLabel);
      newestLabel = newestLabel.or(training::newest);
      String ending = failed.get(family);
      if (ending != null) {
        throw new SluiceException(ExitCode.INPUT_WRONG, failure(ending));
      }
      Predictions predictions =
          beforeItSawValidation(
              folder,
              family,
              signature,
              predictions(
                  folder, family, signature, inputs.resolve("predictions").resolve(family)));
      unusable(predictions.validation)
          .ifPresent(what -> {
            throw Refusal.of(
                "SLU-6010",
                "bundle `%s` is ineligible: %s on validation".formatted(family, what),
                negativeLabels > 0
                    ? "forecast finite numbers"
                    : "forecast finite numbers that are not negative, since no label is");
          });
      double loss = loss(validation, predictions.validation);
      return new Candidate(
          new EvaluationReport.Family(
              family,
              true,
              Optional.of(loss),
              newestLabel,
              Optional.of(unusableCounts(predictions.holdout)),
              Optional.empty(),
              Optional.empty()),
          Optional.of(predictions),
          Optional.empty());
    } catch (SluiceException e) {
      Diagnostic problem = e.diagnostics().getFirst();
      return new Candidate(
          ineligible(family, newestLabel, problem), Optional.empty(), Optional.of(problem));
    }
  }

  /**
   * A signature may name a later label than the tables of the trials have, since a refit may learn
   * more; an earlier one hides what the model knows. Dates are compared, since a signature may name
   * a day.
   */
  private void refuseUnderstated(String family, Optional<Instant> newestLabel) {
    if (newestLabel.isPresent()
        && training
            .newestOfTrials()
            .filter(n -> day(n).isAfter(day(newestLabel.get())))
            .isPresent()) {
      throw Refusal.of(
          "SLU-6047",
          "bundle `%s` says that its newest label became known %s; what it was trained on has one of %s"
              .formatted(family, newestLabel.get(), training.newestOfTrials().orElseThrow()),
          "write `newestLabel` as the latest knownAt of all tables that the model learned from");
    }
  }

  private static LocalDate day(Instant instant) {
    return LocalDate.ofInstant(instant, ZoneOffset.UTC);
  }

  private static EvaluationReport.Family ineligible(
      String family, Optional<Instant> newestLabel, Diagnostic problem) {
    return new EvaluationReport.Family(
        family,
        false,
        Optional.empty(),
        newestLabel,
        Optional.empty(),
        Optional.empty(),
        Optional.of(new EvaluationReport.Ineligibility(problem.id(), problem.message())));
  }

  private static Diagnostic failure(String ending) {
    return Diagnostic.of(
        FAILED_FAMILY, "it was lost: " + ending, "the run's record has the stage and its cause");
  }

  /**
   * The best on validation. One that has no number to say about some row of the holdout cannot be
   * promoted, so it is picked only when there is no other; no actual of the holdout is looked at.
   */
  private Candidate best(List<Candidate> candidates) {
    Candidate best = null;
    boolean bestIsWhole = false;
    for (Candidate candidate : candidates) {
      Optional<Double> loss = candidate.family().validationLoss();
      if (loss.isEmpty() || candidate.holdout().isEmpty()) {
        continue;
      }
      boolean whole = unusable(candidate.holdout().get()).isEmpty();
      boolean better = best == null || better(loss.get(), best.family().validationLoss());
      if (whole == bestIsWhole ? better : whole) {
        best = candidate;
        bestIsWhole = whole;
      }
    }
    if (best == null) {
      List<Diagnostic> diagnostics = new ArrayList<>();
      diagnostics.add(
          Diagnostic.of(
              "SLU-6041",
              "no candidate can be evaluated (of %d)".formatted(candidates.size()),
              "each one's reason follows"));
      candidates.forEach(c -> c.problem().ifPresent(diagnostics::add));
      throw new SluiceException(ExitCode.INPUT_WRONG, diagnostics);
    }
    return best;
  }

  /** Validation forecasts of the families that can be picked: those that forecast every row. */
  private SortedMap<String, double[]> columns(List<Candidate> candidates) {
    SortedMap<String, double[]> out = new TreeMap<>();
    for (Candidate candidate : candidates) {
      candidate
          .predicted()
          .filter(p -> unusable(p.holdout).isEmpty())
          .ifPresent(p -> out.put(candidate.name(), p.validation));
    }
    return out;
  }

  private boolean better(double loss, Optional<Double> than) {
    return than.isEmpty() || settings.metric().direction().better(loss, than.get());
  }

  private Optional<Champion> champion() throws IOException {
    Path folder = inputs.resolve("champion");
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try {
      ForecastSignature signature = ForecastSignature.read(folder, "champion");
      Predictions predictions =
          predictions(folder, "champion", signature, inputs.resolve("champion-predictions"));
      Optional<Double> loss =
          unusable(predictions.validation).isEmpty()
              ? Optional.of(loss(validation, predictions.validation))
              : Optional.empty();
      return Optional.of(
          new Champion(
              new EvaluationReport.Champion(
                  signature.family(),
                  signature.newestLabel(),
                  loss,
                  signature.newestLabel().map(this::holdoutRowsSince),
                  unusableCounts(predictions.holdout)),
              predictions.holdout));
    } catch (SluiceException e) {
      List<Diagnostic> diagnostics = new ArrayList<>();
      diagnostics.add(
          Diagnostic.of(
              "SLU-6042",
              "the champion cannot be evaluated, so no candidate can be compared with it",
              "restore its bundle in the registry, or roll back to a version that loads"));
      diagnostics.addAll(e.diagnostics());
      throw new SluiceException(e.exitCode(), diagnostics, e);
    }
  }

  /** Holdout rows whose label became known after this one. */
  private long holdoutRowsSince(Instant label) {
    long micros = EpochMicros.of(label);
    return Arrays.stream(holdout.rows().knownAt()).filter(known -> known > micros).count();
  }

  private EvaluationReport.Baseline scored(Baseline baseline) {
    return NaiveForecast.offered(baseline, holdout.format())
        ? new EvaluationReport.Baseline(
            baseline.word(),
            true,
            Optional.of(loss(validation, baseline(baseline, validation))),
            Optional.empty())
        : new EvaluationReport.Baseline(
            baseline.word(),
            false,
            Optional.empty(),
            Optional.of("the panel has no channel beside the label"));
  }

  private String bestBaseline(List<EvaluationReport.Baseline> baselines) {
    EvaluationReport.Baseline best = null;
    for (EvaluationReport.Baseline baseline : baselines) {
      Optional<Double> loss = baseline.validationLoss();
      if (loss.isPresent() && (best == null || better(loss.get(), best.validationLoss()))) {
        best = baseline;
      }
    }
    if (best == null) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: none of the baselines can be made from this panel",
          "name `zero` among them");
    }
    return best.name();
  }

  private double[] baseline(Baseline baseline, TableSet tables) {
    return NaiveForecast.of(
        baseline, tables.format(), tables.panel(), tables.rows(), settings.matureAfter());
  }

  /** What an audit refused never gets here. */
  private EvaluationReport.Audit audit(SnapshotAudit audit) {
    List<EvaluationReport.Unaudited> parts = new ArrayList<>(audit.parts());
    parts.addAll(training.unaudited());
    return new EvaluationReport.Audit(
        EvaluationReport.Audited.CLEAN,
        audited(settings.labels().isPresent()),
        audit.why().isEmpty() && !audit.parts().isEmpty()
            ? EvaluationReport.Audited.PARTIAL
            : audited(audit.why().isEmpty()),
        audit.why(),
        audit.vintages(),
        audit.labels(),
        audit.revisedSince(),
        training.report(),
        parts);
  }

  private static EvaluationReport.Audited audited(boolean clean) {
    return clean ? EvaluationReport.Audited.CLEAN : EvaluationReport.Audited.UNAUDITED;
  }

  private double loss(TableSet tables, double[] predicted) {
    double loss =
        settings.metric().value(tables.rows().actual(), predicted, tables.rows().weight());
    if (!Double.isFinite(loss)) {
      throw Refusal.of(
          "SLU-6044",
          "%s on %s is %s".formatted(settings.metric().name(), tables.name(), loss),
          "the metric is not defined on these rows: take another, or other rows");
    }
    return loss;
  }

  /**
   * Of the graph, or, where the bundle has a predict command, what that wrote.
   *
   * @param made where the command's stage left its forecasts
   */
  private Predictions predictions(Path folder, String name, ForecastSignature signature, Path made)
      throws IOException {
    if (Files.exists(folder.resolve(BundleParts.PREDICT), LinkOption.NOFOLLOW_LINKS)) {
      if (!Files.isDirectory(made, LinkOption.NOFOLLOW_LINKS)) {
        throw Refusal.of(
            "SLU-6305",
            "bundle `%s` forecasts by a command, and its stage left nothing".formatted(name),
            "look at the log of its predict stage");
      }
      return new Predictions(
          written(made, name, signature, validation), written(made, name, signature, holdout));
    }
    try (ModelBundle bundle = ModelBundle.load(folder)) {
      return new Predictions(predict(bundle, name, validation), predict(bundle, name, holdout));
    }
  }

  /**
   * Where a candidate was fitted to validation too, after everything was chosen, its bundle says
   * what it forecast there before; anything else would compare families by what they remember. (A
   * champion's bundle says it of an earlier validation.)
   */
  private Predictions beforeItSawValidation(
      Path folder, String family, ForecastSignature signature, Predictions made)
      throws IOException {
    return Files.isDirectory(folder.resolve(BundleParts.VALIDATION), LinkOption.NOFOLLOW_LINKS)
        ? new Predictions(written(folder, family, signature, validation), made.holdout)
        : made;
  }

  private double[] written(Path made, String name, ForecastSignature signature, TableSet tables)
      throws IOException {
    fit(signature, name, tables);
    return CommandPredictions.read(
        made.resolve(tables.name()),
        "forecasts of `" + name + "` on " + tables.name(),
        tables.format(),
        tables.rows(),
        units,
        signature);
  }

  /** Refuses a model that was made for other tables. */
  private static void fit(ForecastSignature signature, String name, TableSet tables) {
    if (!signature.period().equals(tables.format().period())) {
      throw Refusal.unfit(
          name,
          "it forecasts periods of %s, the tables have %s"
              .formatted(signature.period(), tables.format().period()));
    }
    for (int h : tables.rows().horizons()) {
      if (signature.columnOf(h) < 0) {
        throw Refusal.unfit(
            name,
            "it does not forecast horizon %d, which %s asks for"
                .formatted(h, tables.rows().name()));
      }
    }
  }

  /** One window per unit and origin, predicted in chunks; every row takes its horizon's column. */
  private static double[] predict(ModelBundle bundle, String name, TableSet tables) {
    ForecastSignature signature = bundle.signature();
    fit(signature, name, tables);
    int[] picked = signature.pick(tables.format(), name);
    LabelRows rows = tables.rows();
    int[] columnOf = new int[rows.horizons().last() + 1];
    for (int h : rows.horizons()) {
      columnOf[h] = signature.columnOf(h);
    }
    int width = signature.horizons().size();
    float[] all = new float[Math.multiplyExact(rows.groups(), width)];
    int chunk = bundle.chunkRows();
    for (int from = 0; from < rows.groups(); from += chunk) {
      int n = Math.min(chunk, rows.groups() - from);
      float[] windows = new float[n * signature.windowSize()];
      long[] days = new long[n];
      for (int i = 0; i < n; i++) {
        int g = from + i;
        tables
            .panel()
            .window(
                rows.groupUnit()[g],
                rows.groupOrigin()[g],
                signature.lookback(),
                picked,
                windows,
                i * signature.windowSize());
        days[i] = EpochMicros.day(rows.groupOrigin()[g]);
      }
      System.arraycopy(bundle.predict(windows, days), 0, all, from * width, n * width);
    }
    double[] out = new double[rows.size()];
    for (int row = 0; row < out.length; row++) {
      // what is scored is what is written
      out[row] = CsvTable.shortest(all[rows.group()[row] * width + columnOf[rows.horizon()[row]]]);
    }
    return out;
  }

  private Optional<String> unusable(double[] predictions) {
    EvaluationReport.Unusable counts = unusableCounts(predictions);
    Map<String, Long> kinds = new LinkedHashMap<>();
    kinds.put("nan", counts.nan());
    kinds.put("infinite", counts.infinite());
    kinds.put("negative", counts.negative());
    return kinds.entrySet().stream()
        .filter(kind -> kind.getValue() > 0)
        .map(kind ->
            "%d of %d predictions are %s"
                .formatted(kind.getValue(), predictions.length, kind.getKey()))
        .findFirst();
  }

  private EvaluationReport.Unusable unusableCounts(double[] predictions) {
    long nan = 0;
    long infinite = 0;
    long negative = 0;
    for (double p : predictions) {
      if (Double.isNaN(p)) {
        nan++;
      } else if (Double.isInfinite(p)) {
        infinite++;
      } else if (!settings.metric().usable(Math.min(p, 0), negativeLabels > 0)) {
        negative++;
      }
    }
    return new EvaluationReport.Unusable(nan, infinite, negative);
  }

  private void write(Path outputs, EvaluationReport report, Map<String, double[]> columns)
      throws IOException {
    Path folder = Files.createDirectories(outputs.resolve("rows"));
    List<String> keys = LabelRows.columns(holdout.format());
    List<double[]> predictions = List.copyOf(columns.values());
    try (CsvTable in = CsvTable.open(holdout.rowsFile(), holdout.rows().name());
        CsvWriter out = CsvTable.writer(folder.resolve("rows.csv"))) {
      int[] keyColumns = in.columns(keys);
      List<String> record = new ArrayList<>(keys);
      record.addAll(columns.keySet());
      out.writeRecord(record);
      for (int row = 0; in.next(); row++) {
        record.clear();
        for (int column : keyColumns) {
          record.add(in.text(column));
        }
        for (double[] p : predictions) {
          record.add(cell(p[row]));
        }
        out.writeRecord(record);
      }
    }
    Files.writeString(folder.resolve("evaluation.json"), Json.pretty(report.json()));
  }

  /** NaN is an empty field; infinities are spelled out, so that the gate can tell them apart. */
  private static @Nullable String cell(double value) {
    return Double.isNaN(value) ? "" : CsvTable.format(value);
  }
}
