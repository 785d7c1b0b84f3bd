package io.sluice.inference;

import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Audited;
import io.sluice.core.evaluation.EvaluationReport.Check;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import io.sluice.core.gate.Baseline;
import io.sluice.core.gate.Metric;
import io.sluice.core.json.Json;
import io.sluice.core.table.SplitBy;
import io.sluice.core.table.TableFormat;
import io.sluice.core.task.Task;
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
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The stage evaluate of every task but a forecast: scores candidates, champion and baselines on the
 * same rows of a table, after it has refused what would make the comparison a lie. Picks the family
 * and the best baseline on validation; decides nothing, that is the gate's.
 */
final class TabularEvaluation implements Judge {
  /** So far above 1 or below 0 a probability may be that trees sum in single precision. */
  private static final double ROUNDING = 1e-5;

  /** So far from 1 a sum of probabilities may be that hundreds of trees add in single precision. */
  static final double SUM_ROUNDING = 1e-4;

  private final EvaluationSettings settings;
  private final Instant asOf;
  private final Path inputs;
  private final TabularTables tables;
  private final TableFormat format;
  private final NaivePrediction naive;
  private final Preference.Rows pickedOn;

  /** Labels of both sets that are below zero. */
  private final long negativeLabels;

  private TabularEvaluation(
      EvaluationSettings settings, Instant asOf, Path inputs, TabularTables tables) {
    this.settings = settings;
    this.asOf = asOf;
    this.inputs = inputs;
    this.tables = tables;
    this.format = tables.holdout().format();
    this.naive =
        new NaivePrediction(format, tables.training().labels(), quantile(settings.metric()));
    TabularRows validation = tables.validation();
    this.pickedOn =
        new Preference.Rows(
            validation.unit(), periods(validation), validation.actual(), validation.weight());
    this.negativeLabels =
        Stream.of(tables.validation(), tables.holdout())
            .flatMapToDouble(t -> Arrays.stream(t.actual()))
            .filter(actual -> actual < 0)
            .count();
  }

  private static Optional<Double> quantile(Metric.Loss metric) {
    return metric instanceof Metric.Pinball pinball
        ? Optional.of(pinball.quantile())
        : Optional.empty();
  }

  /**
   * Evaluates, as {@link Evaluation#run} says.
   *
   * @throws SluiceException exit code 2: what was refused; nothing is written then
   */
  static EvaluationReport run(
      Path inputs,
      Path outputs,
      EvaluationSettings settings,
      Instant asOf,
      SortedMap<String, String> failed)
      throws IOException {
    TabularTables tables = TabularTables.read(TableSets.in(inputs), settings, asOf);
    return new TabularEvaluation(settings, asOf, inputs, tables).score(outputs, failed);
  }

  private EvaluationReport score(Path outputs, SortedMap<String, String> failed)
      throws IOException {
    TabularRows holdout = tables.holdout();
    TabularRows validation = tables.validation();
    ModelScores models =
        ModelScores.of(
            this, inputs, failed, new Preference(settings.metric(), settings.prefer(), pickedOn));
    Map<String, double[]> columns = new LinkedHashMap<>(models.columns());
    List<EvaluationReport.Baseline> baselines = new ArrayList<>();
    for (Baseline baseline : settings.baselines()) {
      Optional<String> why = naive.objection(baseline);
      baselines.add(
          new EvaluationReport.Baseline(
              baseline.word(),
              why.isEmpty(),
              why.isEmpty()
                  ? Optional.of(validationLoss(naive.of(baseline, validation)))
                  : Optional.empty(),
              why));
      if (why.isEmpty()) {
        columns.put("baseline:" + baseline.word(), naive.of(baseline, holdout));
      }
    }
    EvaluationReport report =
        new EvaluationReport(
            asOf,
            settings.metric().name(),
            Optional.of(settings.task()),
            format.classes(),
            format.unit(),
            slices(),
            models.families(),
            models.chosen(),
            models.champion(),
            baselines,
            Optional.of(ModelScores.bestBaseline(settings.metric(), baselines)),
            new EvaluationReport.Rows(
                holdout.size(),
                validation.size(),
                holdout.units(),
                Optional.empty(),
                Optional.empty(),
                Optional.of(negativeLabels)),
            Optional.empty(),
            holdout.firstTime().orElse(asOf),
            audit());
    write(outputs, report, columns);
    return report;
  }

  /** Those that the spec names, else all of the table. */
  private List<String> slices() {
    return settings.slices().isEmpty() ? format.slices() : settings.slices();
  }

  /** Rows of one period share what happens to all; without times each row stands alone. */
  private static int[] periods(TabularRows rows) {
    TableFormat format = rows.format();
    if (format.time().isEmpty()) {
      return IntStream.range(0, rows.size()).toArray();
    }
    long period = EpochMicros.of(format.periodLength());
    return Arrays.stream(rows.time())
        .mapToInt(t -> Math.toIntExact(Math.floorDiv(t, period)))
        .toArray();
  }

  private EvaluationReport.Audit audit() {
    List<Unaudited> parts = new ArrayList<>(tables.suspects());
    if (format.knownAt().isEmpty()) {
      parts.add(
          new Unaudited(
              Check.MATURITY, "the age of labels", "table.json names no `knownAt`", false));
    }
    parts.addAll(tables.training().unaudited());
    return new EvaluationReport.Audit(
        Audited.CLEAN,
        format.knownAt().isPresent() ? Audited.CLEAN : Audited.UNAUDITED,
        Audited.INAPPLICABLE,
        Optional.empty(),
        0,
        0,
        0,
        tables.training().report(),
        parts);
  }

  @Override
  public Metric.Loss metric() {
    return settings.metric();
  }

  @Override
  public BundleSignature signature(Path folder, String name) {
    TabularSignature signature = TabularSignature.read(folder, name);
    if (signature.task() != settings.task()) {
      throw Refusal.unfit(
          name,
          "its task is `%s`, the evaluation's `%s`"
              .formatted(signature.task().word(), settings.task().word()));
    }
    if (signature.classes().size() != format.classes().size()
        || !signature.classes().containsAll(format.classes())) {
      throw Refusal.unfit(
          name,
          "it knows the classes %s, and the tables %s"
              .formatted(
                  CsvTable.columnsInWords(signature.classes()),
                  CsvTable.columnsInWords(format.classes())));
    }
    Optional<Double> asked = quantile(settings.metric());
    if (signature.quantile().isPresent()
        && asked.isPresent()
        && !signature.quantile().equals(asked)) {
      throw Refusal.unfit(
          name,
          "it predicts the quantile %s, and the metric asks for %s"
              .formatted(signature.quantile().get(), asked.get()));
    }
    return signature;
  }

  @Override
  public ModelScores.Predictions computed(Path folder, String name) {
    TabularSignature signature = TabularSignature.read(folder, name);
    try (TabularModel model = TabularModel.load(folder)) {
      return new ModelScores.Predictions(
          judged(
              name, signature, tables.validation(), model.predict(tables.validation().features())),
          judged(name, signature, tables.holdout(), model.predict(tables.holdout().features())));
    }
  }

  @Override
  public String does() {
    return "predicts";
  }

  @Override
  public double[] written(Path folder, String name, Path made, String set) throws IOException {
    TabularSignature signature = TabularSignature.read(folder, name);
    TabularRows rows = set.equals(TableSets.VALIDATION) ? tables.validation() : tables.holdout();
    return judged(
        name,
        signature,
        rows,
        RowPredictions.read(
            made.resolve(rows.name()),
            "predictions of `" + name + "` on " + rows.name(),
            rows,
            tables.names(),
            signature));
  }

  /** In the order of the tables' classes; refused where they are no probabilities. */
  private double[] judged(
      String name, TabularSignature signature, TabularRows rows, double[] predicted) {
    if (!settings.task().classes()) {
      return predicted;
    }
    double[] out = inOrder(signature, predicted);
    int width = signature.width();
    for (int i = 0; i < out.length; i++) {
      double within = Math.min(1, Math.max(0, out[i]));
      out[i] = Math.abs(out[i] - within) <= ROUNDING ? within : out[i];
    }
    Findings findings = new Findings();
    for (int row = 0; row < rows.size(); row++) {
      double sum = 0;
      boolean within = true;
      for (int i = row * width; i < (row + 1) * width; i++) {
        sum += out[i];
        within &= out[i] >= 0 && out[i] <= 1;
      }
      if (within && width > 1 && Math.abs(sum - 1) <= SUM_ROUNDING) {
        for (int i = row * width; i < (row + 1) * width; i++) {
          out[i] /= sum;
        }
      }
      if (Double.isFinite(sum) && (!within || !settings.metric().usable(out, row, width, false))) {
        findings.add(
            "SLU-6058",
            "bundle `%s`: to %s/%s, line %d it says %s"
                .formatted(
                    name,
                    rows.name(),
                    TableFormat.ROWS,
                    rows.line()[row],
                    within
                        ? "probabilities that sum to " + sum
                        : out[row * width] + ", which is not a probability"),
            "predict a probability from 0 to 1 for each class, together 1, and no score, margin or"
                + " class");
      }
    }
    findings.refuse();
    return out;
  }

  private double[] inOrder(TabularSignature signature, double[] predicted) {
    if (signature.classes().equals(format.classes())) {
      return predicted;
    }
    double[] out = new double[predicted.length];
    if (settings.task() == Task.BINARY) {
      Arrays.setAll(out, i -> 1 - predicted[i]);
      return out;
    }
    int width = signature.width();
    int[] from = format.classes().stream().mapToInt(signature.classes()::indexOf).toArray();
    Arrays.setAll(out, i -> predicted[i / width * width + from[i % width]]);
    return out;
  }

  @Override
  public Optional<Instant> newestAllowed() {
    return format.split().filter(s -> s == SplitBy.TIME).flatMap(s -> tables.holdout().firstTime());
  }

  @Override
  public Optional<Instant> newestOfTrials() {
    return tables.training().newestOfTrials();
  }

  @Override
  public Optional<Instant> newest() {
    return tables.training().newest();
  }

  @Override
  public Preference.Rows validation() {
    return pickedOn;
  }

  /** Numbers of a table may be below zero; probabilities are refused before, as they are read. */
  @Override
  public boolean negatives() {
    return true;
  }

  @Override
  public String remedy() {
    return "predict a finite number for every row, also where a feature is missing";
  }

  @Override
  public Optional<long[]> holdoutKnownAt() {
    return format.knownAt().map(column -> tables.holdout().knownAt());
  }

  private void write(Path outputs, EvaluationReport report, Map<String, double[]> columns)
      throws IOException {
    Path folder = Files.createDirectories(outputs.resolve("rows"));
    TabularRows rows = tables.holdout();
    boolean timed = format.time().isPresent();
    Units units = format.group().isEmpty() ? tables.names().ids() : tables.names().groups();
    List<Integer> slices =
        IntStream.range(0, format.slices().size())
            .filter(s -> slices().contains(format.slices().get(s)))
            .filter(s -> !format.unit().contains(format.slices().get(s)))
            .boxed()
            .toList();
    List<String> record = new ArrayList<>(format.unit());
    slices.forEach(s -> record.add(format.slices().get(s)));
    if (timed) {
      record.add("time");
      record.add("targetEnd");
    }
    record.add("actual");
    record.add("weight");
    List<double[]> predictions = List.copyOf(columns.values());
    int[] widths = predictions.stream().mapToInt(p -> p.length / rows.size()).toArray();
    int at = 0;
    for (String model : columns.keySet()) {
      int width = widths[at++];
      for (int k = 0; k < width; k++) {
        record.add(width == 1 ? model : model + "#" + k);
      }
    }
    long period = EpochMicros.of(format.periodLength());
    try (CsvWriter out = CsvTable.writer(folder.resolve("rows.csv"))) {
      out.writeRecord(record);
      for (int row = 0; row < rows.size(); row++) {
        record.clear();
        record.addAll(units.values(rows.unit()[row]));
        for (int s : slices) {
          Features.Column.Words column = rows.slices().get(s);
          record.add(column.words().get(column.codes()[row]));
        }
        if (timed) {
          long time = rows.time()[row];
          record.add(EpochMicros.toInstant(time).toString());
          record.add(EpochMicros.toInstant((Math.floorDiv(time, period) + 1) * period).toString());
        }
        record.add(CsvTable.format(rows.actual()[row]));
        record.add(CsvTable.format(rows.weight()[row]));
        for (int m = 0; m < widths.length; m++) {
          for (int k = 0; k < widths[m]; k++) {
            record.add(CsvTable.cell(predictions.get(m)[row * widths[m] + k]));
          }
        }
        out.writeRecord(record);
      }
    }
    Files.writeString(folder.resolve("evaluation.json"), Json.pretty(report.json()));
  }
}
