package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import de.siegmar.fastcsv.writer.CsvWriter;
import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.gate.Baseline;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The stage evaluate: scores candidates, champion and baselines on the same holdout rows, after it
 * has refused what would make the comparison a lie (leaks, immature labels, bundles that are not
 * what they say). Picks the family and the best baseline on validation; decides nothing, that is
 * the gate's.
 */
public final class Evaluation {
  public static final String API_VERSION = "sluice.io/evaluation/v1";

  private final EvaluationSettings settings;
  private final Instant asOf;
  private final Tables validation;
  private final Tables holdout;
  private final Units units;
  private final Path inputs;

  /** A table set in memory. */
  private record Tables(
      String name, Path rowsFile, PanelFormat format, Panel panel, LabelRows rows) {}

  /**
   * What became of a candidate.
   *
   * @param validationLoss metric on validation; empty when it is ineligible
   * @param newestLabel as its signature says
   * @param problem why it is ineligible; empty when it is not
   */
  public record Family(
      String name,
      Optional<Double> validationLoss,
      Optional<Instant> newestLabel,
      Optional<Diagnostic> problem) {}

  /**
   * What an evaluation found, for logs and results; all of it and more is in {@code
   * evaluation.json}.
   *
   * @param families by name
   * @param chosen family with the best loss on validation
   * @param bestBaseline baseline with the best loss on validation
   * @param unaudited why the snapshot could not be held against the tables; empty when it was
   */
  public record Summary(
      List<Family> families,
      String chosen,
      String bestBaseline,
      boolean hasChampion,
      long holdoutRows,
      long validationRows,
      Optional<String> unaudited) {}

  /** Predictions of one model, per row. */
  @SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
  private record Predictions(double[] validation, double[] holdout) {}

  private Evaluation(
      EvaluationSettings settings,
      Instant asOf,
      Path inputs,
      Units units,
      Tables validation,
      Tables holdout) {
    this.settings = settings;
    this.inputs = inputs;
    this.units = units;
    this.asOf = asOf;
    this.validation = validation;
    this.holdout = holdout;
  }

  /**
   * Evaluates.
   *
   * @param inputs {@code candidates/<family>}, {@code holdout}, {@code validation}, perhaps {@code
   *     champion} and {@code snapshot}; of models with a predict command what it forecast, {@code
   *     predictions/<family>} and {@code champion-predictions}
   * @param outputs receives {@code rows/rows.csv} and {@code rows/evaluation.json}; the same inputs
   *     give the same bytes
   * @param with the stage's values
   * @param asOf the latest instant that the inputs know of
   * @param lost families that made no candidate, or no forecasts with it, and how they ended, in
   *     words; they are listed as ineligible (SLU-7502)
   * @throws SluiceException exit code 2: what was refused; nothing is written then
   * @throws IOException when a file cannot be read or written
   */
  public static Summary run(
      Path inputs, Path outputs, JsonNode with, Instant asOf, SortedMap<String, String> lost)
      throws IOException {
    EvaluationSettings settings = EvaluationSettings.parse(with);
    Units units = new Units();
    Tables validation = tables(inputs, "validation", settings, units, asOf);
    Tables holdout = tables(inputs, "holdout", settings, units, asOf);
    if (!validation.format.equals(holdout.format)) {
      throw Refusal.of(
          "SLU-6020",
          "validation/panel.json and holdout/panel.json differ",
          "both are cut from one table");
    }
    refuseSharedLabels(validation, holdout);
    SnapshotAudit audit = audit(inputs, settings, List.of(validation, holdout), units, asOf);
    return new Evaluation(settings, asOf, inputs, units, validation, holdout)
        .score(outputs, audit, lost);
  }

  private static Tables tables(
      Path inputs, String name, EvaluationSettings settings, Units units, Instant asOf)
      throws IOException {
    Path folder = inputs.resolve(name);
    if (!Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6043",
          "evaluate has no input `" + name + "`, a folder with rows.csv, panel.csv, panel.json",
          "families are picked on validation and compared on the holdout: give it both");
    }
    PanelFormat format = PanelFormat.read(folder, name);
    settings.holdAgainst(format, name);
    Panel panel =
        Panel.read(
            folder.resolve("panel.csv"),
            name + "/panel.csv",
            new Panel.Columns(format.unit(), "eventTime", "knownAt", format.channels(), false),
            format.periodMicros(),
            units);
    refuseFuture(name, panel, units, asOf);
    Path rowsFile = folder.resolve("rows.csv");
    LabelRows rows =
        LabelRows.read(
            rowsFile, name + "/rows.csv", format, panel, units, settings.matureAfter(), asOf);
    Findings findings = new Findings();
    for (int i = 0; i < rows.size(); i++) {
      Optional<String> objection = settings.metric().objection(rows.actual()[i]);
      if (objection.isPresent()) {
        findings.add(
            "SLU-6044",
            "%s, line %d: the actual %s %s for %s"
                .formatted(
                    rows.name(),
                    rows.line()[i],
                    CsvTable.format(rows.actual()[i]),
                    objection.get(),
                    settings.metric().name()),
            "gate on a metric that fits the label");
      }
    }
    findings.refuse();
    return new Tables(name, rowsFile, format, panel, rows);
  }

  private static void refuseFuture(String name, Panel panel, Units units, Instant asOf) {
    Findings findings = new Findings();
    long now = Micros.of(asOf);
    for (int unit = 0; unit < units.size(); unit++) {
      for (int i = panel.start(unit); i < panel.end(unit); i++) {
        if (panel.knownAt(i) > now) {
          findings.add(
              "SLU-6034",
              "%s/panel.csv, line %d: a vintage that became known %s, after the as-of %s"
                  .formatted(name, panel.line(i), Micros.toInstant(panel.knownAt(i)), asOf),
              "leave out what was not known at the as-of");
        }
      }
    }
    findings.refuse();
  }

  /** A label on which families were picked tells nothing when they are compared on it again. */
  private static void refuseSharedLabels(Tables validation, Tables holdout) {
    com.carrotsearch.hppc.LongHashSet seen = new com.carrotsearch.hppc.LongHashSet();
    for (int i = 0; i < validation.rows.size(); i++) {
      seen.add(LabelRows.pair(validation.rows.unit(i), validation.rows.targetSlot()[i]));
    }
    Findings findings = new Findings();
    for (int i = 0; i < holdout.rows.size(); i++) {
      if (seen.contains(LabelRows.pair(holdout.rows.unit(i), holdout.rows.targetSlot()[i]))) {
        findings.add(
            "SLU-6038",
            "%s, line %d: the label is also a label of validation"
                .formatted(holdout.rows.name(), holdout.rows.line()[i]),
            "cut validation and holdout so that no target lies in both");
      }
    }
    findings.refuse();
  }

  private static SnapshotAudit audit(
      Path inputs, EvaluationSettings settings, List<Tables> sets, Units units, Instant asOf)
      throws IOException {
    Path snapshot = inputs.resolve("snapshot");
    if (!Files.exists(snapshot, LinkOption.NOFOLLOW_LINKS)) {
      return SnapshotAudit.impossible("evaluate has no input `snapshot`");
    }
    if (settings.labels().isEmpty()) {
      return SnapshotAudit.impossible("`with` has no `labels`");
    }
    return SnapshotAudit.of(
        snapshot,
        settings.labels().get(),
        sets.stream()
            .map(t -> new SnapshotAudit.Tables(t.name, t.format, t.panel, t.rows))
            .toList(),
        units,
        asOf);
  }

  private Summary score(Path outputs, SnapshotAudit audit, SortedMap<String, String> lost)
      throws IOException {
    Map<String, double[]> columns = new LinkedHashMap<>();
    ObjectNode json = Json.object();
    json.put("apiVersion", API_VERSION).put("asOf", asOf.toString());
    json.put("metric", settings.metric().name());
    settings.unit().forEach(json.putArray("unit")::add);
    settings.slices().forEach(json.putArray("slices")::add);

    List<Family> families = new ArrayList<>();
    ArrayNode familyList = json.putArray("families");
    for (Path folder : candidates(inputs)) {
      families.add(candidate(folder, familyList.addObject(), columns, lost));
    }
    lost.forEach((name, ending) -> {
      if (families.stream().noneMatch(f -> f.name().equals(name))) {
        ObjectNode entry = familyList.addObject().put("name", name).put("eligible", false);
        Diagnostic how = wasLost(ending);
        entry.putObject("reason").put("id", how.id()).put("message", how.message());
      }
    });
    Family chosen = best(families, columns);
    json.put("chosen", chosen.name());

    boolean hasChampion = champion(json, columns);
    String bestBaseline = baselines(json, columns);

    ObjectNode rows = json.putObject("rows");
    rows.put("holdout", holdout.rows.size()).put("validation", validation.rows.size());
    rows.put("units", holdout.rows.units());
    if (audit.why().isEmpty()) {
      rows.put("expected", audit.expectedRows());
    }
    json.put("firstHoldoutOrigin", holdout.rows.firstOrigin().toString());
    audit(json, audit);
    write(outputs, json, columns);
    return new Summary(
        List.copyOf(families),
        chosen.name(),
        bestBaseline,
        hasChampion,
        holdout.rows.size(),
        validation.rows.size(),
        audit.why());
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

  /** Scores one candidate, or says why it is out; the others go on. */
  private Family candidate(
      Path folder, ObjectNode json, Map<String, double[]> columns, SortedMap<String, String> lost)
      throws IOException {
    String family = folder.getFileName().toString();
    json.put("name", family);
    Optional<Instant> newestLabel = Optional.empty();
    try {
      BundleSignature signature = BundleSignature.read(folder, family);
      newestLabel = signature.newestLabel();
      if (!signature.family().equals(family)) {
        throw Refusal.unfit(
            family, "its signature names the family " + Refusal.quoted(signature.family()));
      }
      Instant first = holdout.rows.firstOrigin();
      if (newestLabel.isPresent() && newestLabel.get().isAfter(first)) {
        throw Refusal.of(
            "SLU-6037",
            "bundle `%s` was trained on labels known as late as %s; the holdout begins at %s"
                .formatted(family, newestLabel.get(), first),
            "train on labels that were known before the first holdout origin");
      }
      String ending = lost.get(family);
      if (ending != null) {
        throw new SluiceException(ExitCode.INPUT_WRONG, wasLost(ending));
      }
      Predictions predictions =
          predictions(folder, family, signature, inputs.resolve("predictions").resolve(family));
      unusable(predictions.validation)
          .ifPresent(what -> {
            throw Refusal.of(
                "SLU-6010",
                "bundle `%s` is ineligible: %s on validation".formatted(family, what),
                "forecast finite numbers that are not negative");
          });
      double loss = loss(validation, predictions.validation);
      columns.put("candidate:" + family, predictions.holdout);
      json.put("eligible", true).put("validationLoss", loss);
      put(json, "newestLabel", newestLabel);
      json.set("unusable", unusableCounts(predictions.holdout));
      return new Family(family, Optional.of(loss), newestLabel, Optional.empty());
    } catch (SluiceException e) {
      Diagnostic problem = e.diagnostics().getFirst();
      json.put("eligible", false);
      put(json, "newestLabel", newestLabel);
      json.putObject("reason").put("id", problem.id()).put("message", problem.message());
      return new Family(family, Optional.empty(), newestLabel, Optional.of(problem));
    }
  }

  private static Diagnostic wasLost(String ending) {
    return Diagnostic.of(
        "SLU-7502", "it was lost: " + ending, "the run's record has the stage and its cause");
  }

  /**
   * The best on validation. One that has no number to say about some row of the holdout cannot be
   * promoted, so it is picked only when there is no other; no actual of the holdout is looked at.
   */
  private Family best(List<Family> families, Map<String, double[]> columns) {
    Family best = null;
    boolean bestIsWhole = false;
    for (Family family : families) {
      double[] predictions = columns.get("candidate:" + family.name());
      if (family.validationLoss().isEmpty() || predictions == null) {
        continue;
      }
      boolean whole = unusable(predictions).isEmpty();
      boolean better = best == null || better(family.validationLoss().get(), best.validationLoss());
      if (whole == bestIsWhole ? better : whole) {
        best = family;
        bestIsWhole = whole;
      }
    }
    if (best == null) {
      List<Diagnostic> diagnostics = new ArrayList<>();
      diagnostics.add(
          Diagnostic.of(
              "SLU-6041",
              "no candidate can be evaluated (of %d)".formatted(families.size()),
              "each one's reason follows"));
      families.forEach(f -> f.problem().ifPresent(diagnostics::add));
      throw new SluiceException(ExitCode.INPUT_WRONG, diagnostics);
    }
    return best;
  }

  private boolean better(double loss, Optional<Double> than) {
    return than.isEmpty()
        || (settings.metric().higherIsBetter() ? loss > than.get() : loss < than.get());
  }

  private boolean champion(ObjectNode json, Map<String, double[]> columns) throws IOException {
    Path folder = inputs.resolve("champion");
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      json.putNull("champion");
      return false;
    }
    try {
      BundleSignature signature = BundleSignature.read(folder, "champion");
      Predictions predictions =
          predictions(folder, "champion", signature, inputs.resolve("champion-predictions"));
      ObjectNode champion = json.putObject("champion");
      champion.put("family", signature.family());
      Optional<Instant> newestLabel = signature.newestLabel();
      put(champion, "newestLabel", newestLabel);
      if (unusable(predictions.validation).isEmpty()) {
        champion.put("validationLoss", loss(validation, predictions.validation));
      }
      newestLabel.ifPresent(label -> {
        long unseen = 0;
        for (int i = 0; i < holdout.rows.size(); i++) {
          if (holdout.rows.knownAt()[i] > Micros.of(label)) {
            unseen++;
          }
        }
        champion.put("unseenRows", unseen);
      });
      champion.set("unusable", unusableCounts(predictions.holdout));
      columns.put("champion", predictions.holdout);
      return true;
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

  private String baselines(ObjectNode json, Map<String, double[]> columns) {
    ArrayNode list = json.putArray("baselines");
    String best = null;
    Optional<Double> bestLoss = Optional.empty();
    for (Baseline baseline : settings.baselines()) {
      ObjectNode entry = list.addObject().put("name", baseline.word());
      if (!NaiveForecast.offered(baseline, holdout.format)) {
        entry.put("offered", false).put("why", "the panel has no channel beside the label");
        continue;
      }
      double onValidation = loss(validation, baseline(baseline, validation));
      entry.put("offered", true).put("validationLoss", onValidation);
      columns.put("baseline:" + baseline.word(), baseline(baseline, holdout));
      if (better(onValidation, bestLoss)) {
        best = baseline.word();
        bestLoss = Optional.of(onValidation);
      }
    }
    if (best == null) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: none of the baselines can be made from this panel",
          "name `zero` among them");
    }
    json.put("bestBaseline", best);
    return best;
  }

  private double[] baseline(Baseline baseline, Tables tables) {
    return NaiveForecast.of(
        baseline, tables.format, tables.panel, tables.rows, settings.matureAfter());
  }

  private void audit(ObjectNode json, SnapshotAudit audit) {
    ObjectNode out = json.putObject("audit");
    // what is refused never gets here
    out.put("targets", "clean");
    out.put("maturity", settings.labels().isPresent() ? "clean" : "unaudited");
    out.put("snapshot", audit.why().isEmpty() ? "clean" : "unaudited");
    audit.why().ifPresent(why -> out.put("why", why));
    out.put("vintages", audit.vintages());
    out.put("labels", audit.labels());
    out.put("revisedSince", audit.revisedSince());
  }

  private double loss(Tables tables, double[] predicted) {
    double loss = settings.metric().value(tables.rows.actual(), predicted, tables.rows.weight());
    if (!Double.isFinite(loss)) {
      throw Refusal.of(
          "SLU-6044",
          "%s on %s is %s".formatted(settings.metric().name(), tables.name, loss),
          "the metric is not defined on these rows: take another, or other rows");
    }
    return loss;
  }

  /**
   * Of the graph, or, where the bundle has a predict command, what that wrote.
   *
   * @param made where the command's stage left its forecasts
   */
  private Predictions predictions(Path folder, String name, BundleSignature signature, Path made)
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

  private double[] written(Path made, String name, BundleSignature signature, Tables tables)
      throws IOException {
    fit(signature, name, tables);
    return OwnForecasts.read(
        made.resolve(tables.name),
        "forecasts of `" + name + "` on " + tables.name,
        tables.format,
        tables.rows,
        units,
        signature);
  }

  /** Refuses a model that was made for other tables. */
  private static void fit(BundleSignature signature, String name, Tables tables) {
    if (!signature.period().equals(tables.format.period())) {
      throw Refusal.unfit(
          name,
          "it forecasts periods of %s, the tables have %s"
              .formatted(signature.period(), tables.format.period()));
    }
    for (int h : tables.rows.horizons()) {
      if (signature.columnOf(h) < 0) {
        throw Refusal.unfit(
            name,
            "it does not forecast horizon %d, which %s asks for".formatted(h, tables.rows.name()));
      }
    }
  }

  /** One window per unit and origin, predicted in chunks; every row takes its horizon's column. */
  private static double[] predict(ModelBundle bundle, String name, Tables tables) {
    BundleSignature signature = bundle.signature();
    fit(signature, name, tables);
    int[] picked = signature.pick(tables.format, name);
    LabelRows rows = tables.rows;
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
        tables.panel.window(
            rows.groupUnit()[g],
            rows.groupOrigin()[g],
            signature.lookback(),
            picked,
            windows,
            i * signature.windowSize());
        days[i] = Micros.day(rows.groupOrigin()[g]);
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

  private static Optional<String> unusable(double[] predictions) {
    ObjectNode counts = unusableCounts(predictions);
    for (String kind : List.of("nan", "infinite", "negative")) {
      long n = counts.path(kind).asLong();
      if (n > 0) {
        return Optional.of("%d of %d predictions are %s".formatted(n, predictions.length, kind));
      }
    }
    return Optional.empty();
  }

  private static ObjectNode unusableCounts(double[] predictions) {
    long nan = 0;
    long infinite = 0;
    long negative = 0;
    for (double p : predictions) {
      if (Double.isNaN(p)) {
        nan++;
      } else if (Double.isInfinite(p)) {
        infinite++;
      } else if (p < 0) {
        negative++;
      }
    }
    return Json.object().put("nan", nan).put("infinite", infinite).put("negative", negative);
  }

  private static void put(ObjectNode json, String key, Optional<Instant> instant) {
    instant.ifPresent(t -> json.put(key, t.toString()));
  }

  private void write(Path outputs, ObjectNode json, Map<String, double[]> columns)
      throws IOException {
    Path folder = Files.createDirectories(outputs.resolve("rows"));
    List<String> keys = LabelRows.columns(holdout.format);
    List<double[]> predictions = List.copyOf(columns.values());
    try (CsvTable in = CsvTable.open(holdout.rowsFile, holdout.rows.name());
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
    Files.writeString(folder.resolve("evaluation.json"), Json.pretty(json));
  }

  /** NaN is an empty field; infinities are spelled out, so that the gate can tell them apart. */
  private static @Nullable String cell(double value) {
    return Double.isNaN(value) ? "" : CsvTable.format(value);
  }
}
