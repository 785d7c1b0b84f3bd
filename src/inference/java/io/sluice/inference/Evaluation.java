package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Metric;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;

/**
 * The stage evaluate: scores candidates, champion and baselines on the same holdout rows, after it
 * has refused what would make the comparison a lie (leaks, immature labels, bundles that are not
 * what they say). Selects the family and the best baseline on validation; decides nothing, that is
 * the gate's.
 */
public final class Evaluation implements Judge {
  /** Reason of a family that failed before it could be compared. */
  public static final String FAILED_FAMILY = ModelScores.FAILED_FAMILY;

  private final EvaluationSettings settings;
  private final Instant asOf;
  private final TableSet validation;
  private final TableSet holdout;
  private final Units units;
  private final Path inputs;
  private final Training training;
  private final Preference.Rows pickedOn;

  /** Labels of both tables that are below zero: where there are some, forecasts may be so too. */
  private final long negativeLabels;

  private Evaluation(EvaluationSettings settings, Instant asOf, Path inputs, JudgedTables tables) {
    this.settings = settings;
    this.inputs = inputs;
    this.units = tables.units();
    this.asOf = asOf;
    this.validation = tables.validation();
    this.holdout = tables.holdout();
    this.training = tables.training();
    this.pickedOn = Preference.Rows.of(validation.rows());
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
    if (settings.task().tabular()) {
      return TabularEvaluation.run(inputs, outputs, settings, asOf, failed);
    }
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
    EvaluationSettings settings = EvaluationSettings.parse(with);
    return settings.task().tabular()
        ? TabularTables.check(inputs, settings, asOf)
        : JudgedTables.check(inputs, settings, asOf);
  }

  private EvaluationReport score(
      Path outputs, SnapshotAudit audit, SortedMap<String, String> failed) throws IOException {
    ModelScores models =
        ModelScores.of(
            this, inputs, failed, new Preference(settings.metric(), settings.prefer(), pickedOn));
    Map<String, double[]> columns = new LinkedHashMap<>(models.columns());
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
            models.families(),
            models.chosen(),
            models.champion(),
            baselines,
            Optional.of(ModelScores.bestBaseline(settings.metric(), baselines)),
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

  @Override
  public BundleSignature signature(Path folder, String name) {
    return ForecastSignature.read(folder, name);
  }

  @Override
  public Metric.Loss metric() {
    return settings.metric();
  }

  @Override
  public Optional<Instant> newestAllowed() {
    return Optional.of(holdout.rows().firstOrigin());
  }

  @Override
  public Optional<Instant> newestOfTrials() {
    return training.newestOfTrials();
  }

  @Override
  public Optional<Instant> newest() {
    return training.newest();
  }

  @Override
  public Preference.Rows validation() {
    return pickedOn;
  }

  @Override
  public boolean negatives() {
    return negativeLabels > 0;
  }

  @Override
  public String remedy() {
    return negativeLabels > 0
        ? "forecast finite numbers"
        : "forecast finite numbers that are not negative, since no label is";
  }

  @Override
  public Optional<long[]> holdoutKnownAt() {
    return Optional.of(holdout.rows().knownAt());
  }

  private EvaluationReport.Baseline scored(Baseline baseline) {
    return NaiveForecast.offered(baseline, holdout.format())
        ? new EvaluationReport.Baseline(
            baseline.word(),
            true,
            Optional.of(validationLoss(baseline(baseline, validation))),
            Optional.empty())
        : new EvaluationReport.Baseline(
            baseline.word(),
            false,
            Optional.empty(),
            Optional.of("the panel has no channel beside the label"));
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

  @Override
  public ModelScores.Predictions computed(Path folder, String name) {
    try (ModelBundle bundle = ModelBundle.load(folder)) {
      return new ModelScores.Predictions(
          predict(bundle, name, validation), predict(bundle, name, holdout));
    }
  }

  @Override
  public String does() {
    return "forecasts";
  }

  @Override
  public double[] written(Path folder, String name, Path made, String set) throws IOException {
    ForecastSignature signature = ForecastSignature.read(folder, name);
    TableSet tables = set.equals(TableSets.VALIDATION) ? validation : holdout;
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
          record.add(CsvTable.cell(p[row]));
        }
        out.writeRecord(record);
      }
    }
    Files.writeString(folder.resolve("evaluation.json"), Json.pretty(report.json()));
  }
}
