package io.sluice.inference;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Metric;
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

/**
 * The candidates and the champion of an evaluation, scored: who is eligible, and who is picked on
 * validation. One way for panels and for rows.
 */
final class ModelScores {
  /** Reason of a family that failed before it could be compared. */
  static final String FAILED_FAMILY = "SLU-7502";

  private final Judge judge;
  private final Path inputs;
  private final Map<String, double[]> columns = new LinkedHashMap<>();
  private final List<EvaluationReport.Family> families = new ArrayList<>();
  private String chosen = "";
  private Optional<EvaluationReport.Champion> champion = Optional.empty();

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
  record Predictions(double[] validation, double[] holdout) {}

  private ModelScores(Judge judge, Path inputs) {
    this.judge = judge;
    this.inputs = inputs;
  }

  /**
   * Scores.
   *
   * @param inputs of the stage
   * @param failed families that produced no candidate, or no predictions with it, and how they
   *     ended
   * @param preference which family is picked
   * @throws SluiceException SLU-6041 to SLU-6043: there is nothing to compare
   */
  static ModelScores of(
      Judge judge, Path inputs, SortedMap<String, String> failed, Preference preference)
      throws IOException {
    ModelScores scores = new ModelScores(judge, inputs);
    scores.score(failed, preference);
    return scores;
  }

  private void score(SortedMap<String, String> failed, Preference preference) throws IOException {
    List<Candidate> candidates = new ArrayList<>();
    for (Path folder : folders(inputs)) {
      Candidate candidate = candidate(folder, failed);
      candidates.add(candidate);
      candidate.holdout().ifPresent(p -> columns.put("candidate:" + candidate.name(), p));
    }
    Candidate best = best(candidates);
    Map<String, EvaluationReport.Behind> behind =
        preference.distances(pickable(candidates), best.name());
    candidates.stream()
        .map(Candidate::family)
        .map(f -> Optional.ofNullable(behind.get(f.name())).map(f::with).orElse(f))
        .forEach(families::add);
    failed.forEach((name, ending) -> {
      if (candidates.stream().noneMatch(c -> c.name().equals(name))) {
        families.add(ineligible(name, Optional.empty(), failure(ending)));
      }
    });
    chosen = preference.chosen(behind, best.name());
    Optional<Champion> found = scoredChampion();
    found.ifPresent(c -> columns.put("champion", c.holdout()));
    champion = found.map(Champion::report);
  }

  /** Predictions on the holdout, by the name of their column. */
  Map<String, double[]> columns() {
    return columns;
  }

  List<EvaluationReport.Family> families() {
    return families;
  }

  String chosen() {
    return chosen;
  }

  Optional<EvaluationReport.Champion> champion() {
    return champion;
  }

  /** The best baseline on validation. */
  static String bestBaseline(Metric.Loss metric, List<EvaluationReport.Baseline> baselines) {
    EvaluationReport.Baseline best = null;
    for (EvaluationReport.Baseline baseline : baselines) {
      Optional<Double> loss = baseline.validationLoss();
      if (loss.isPresent()
          && (best == null
              || best.validationLoss()
                  .filter(than -> !metric.direction().better(loss.get(), than))
                  .isEmpty())) {
        best = baseline;
      }
    }
    if (best == null) {
      throw Refusal.of(
          "SLU-6040",
          "evaluate: none of the baselines can be made from these tables"
              + baselines.stream()
                  .flatMap(b -> b.why().map(why -> "; " + b.name() + ": " + why).stream())
                  .reduce("", String::concat),
          "name one that can");
    }
    return best.name();
  }

  private static List<Path> folders(Path inputs) throws IOException {
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
      BundleSignature signature = judge.signature(folder, family);
      newestLabel = signature.newestLabel();
      if (!signature.family().equals(family)) {
        throw Refusal.unfit(
            family, "its signature names the family " + Refusal.quoted(signature.family()));
      }
      Optional<Instant> first = judge.newestAllowed();
      if (newestLabel.isPresent() && first.filter(newestLabel.get()::isAfter).isPresent()) {
        throw Refusal.of(
            "SLU-6037",
            "bundle `%s` was trained on labels known as late as %s; the holdout begins at %s"
                .formatted(family, newestLabel.get(), first.get()),
            "train on labels that were known before the first holdout origin");
      }
      refuseUnderstated(family, newestLabel);
      newestLabel = newestLabel.or(judge::newest);
      String ending = failed.get(family);
      if (ending != null) {
        throw new SluiceException(ExitCode.INPUT_WRONG, failure(ending));
      }
      Predictions predictions =
          beforeItSawValidation(
              folder,
              family,
              predictions(folder, family, inputs.resolve("predictions").resolve(family)));
      unusable(predictions.validation())
          .ifPresent(what -> {
            throw Refusal.of(
                "SLU-6010",
                "bundle `%s` is ineligible: %s on validation".formatted(family, what),
                judge.remedy());
          });
      double loss = judge.validationLoss(predictions.validation());
      return new Candidate(
          new EvaluationReport.Family(
              family,
              true,
              Optional.of(loss),
              newestLabel,
              Optional.of(counts(predictions.holdout())),
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
        && judge.newestOfTrials().filter(n -> day(n).isAfter(day(newestLabel.get()))).isPresent()) {
      throw Refusal.of(
          "SLU-6047",
          "bundle `%s` says that its newest label became known %s; what it was trained on has one of %s"
              .formatted(family, newestLabel.get(), judge.newestOfTrials().orElseThrow()),
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
  private SortedMap<String, double[]> pickable(List<Candidate> candidates) {
    SortedMap<String, double[]> out = new TreeMap<>();
    for (Candidate candidate : candidates) {
      candidate
          .predicted()
          .filter(p -> unusable(p.holdout()).isEmpty())
          .ifPresent(p -> out.put(candidate.name(), p.validation()));
    }
    return out;
  }

  private boolean better(double loss, Optional<Double> than) {
    return than.isEmpty() || judge.metric().direction().better(loss, than.get());
  }

  private Optional<Champion> scoredChampion() throws IOException {
    Path folder = inputs.resolve("champion");
    if (!Files.exists(folder, LinkOption.NOFOLLOW_LINKS)) {
      return Optional.empty();
    }
    try {
      BundleSignature signature = judge.signature(folder, "champion");
      Predictions predictions =
          predictions(folder, "champion", inputs.resolve("champion-predictions"));
      Optional<Double> loss =
          unusable(predictions.validation()).isEmpty()
              ? Optional.of(judge.validationLoss(predictions.validation()))
              : Optional.empty();
      return Optional.of(
          new Champion(
              new EvaluationReport.Champion(
                  signature.family(),
                  signature.newestLabel(),
                  loss,
                  signature.newestLabel().flatMap(this::holdoutRowsSince),
                  counts(predictions.holdout())),
              predictions.holdout()));
    } catch (SluiceException e) {
      List<Diagnostic> diagnostics = new ArrayList<>();
      diagnostics.add(
          Diagnostic.of(
              "SLU-6042",
              "the champion cannot be evaluated, so no candidate can be compared with it",
              e.diagnostics().stream().allMatch(d -> d.id().equals("SLU-6009"))
                  ? "its bundle is whole, and takes what the tables had when it was made: let the"
                      + " tables have that again, as follows"
                  : "restore its bundle in the registry, or roll back to a version that loads"));
      diagnostics.addAll(e.diagnostics());
      throw new SluiceException(e.exitCode(), diagnostics, e);
    }
  }

  /**
   * Of the graph, or, where the bundle has a predict command, what that wrote.
   *
   * @param made where the command's stage left its predictions
   */
  private Predictions predictions(Path folder, String name, Path made) throws IOException {
    if (!Files.exists(folder.resolve(BundleParts.PREDICT), LinkOption.NOFOLLOW_LINKS)) {
      return judge.computed(folder, name);
    }
    if (!Files.isDirectory(made, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6305",
          "bundle `%s` %s by a command, and its stage left nothing".formatted(name, judge.does()),
          "look at the log of its predict stage");
    }
    return new Predictions(
        judge.written(folder, name, made, TableSets.VALIDATION),
        judge.written(folder, name, made, TableSets.HOLDOUT));
  }

  /**
   * Where a candidate was fitted to validation too, after everything was chosen, its bundle says
   * what it predicted there before; anything else would compare families by what they remember. (A
   * champion's bundle says it of an earlier validation.)
   */
  private Predictions beforeItSawValidation(Path folder, String family, Predictions made)
      throws IOException {
    return Files.isDirectory(folder.resolve(BundleParts.VALIDATION), LinkOption.NOFOLLOW_LINKS)
        ? new Predictions(
            judge.written(folder, family, folder, TableSets.VALIDATION), made.holdout())
        : made;
  }

  /** Holdout rows whose label became known after this one; empty where nobody knows. */
  private Optional<Long> holdoutRowsSince(Instant label) {
    long micros = EpochMicros.of(label);
    return judge
        .holdoutKnownAt()
        .map(known -> Arrays.stream(known).filter(at -> at > micros).count());
  }

  /** Predictions that the gate cannot use. */
  private EvaluationReport.Unusable counts(double[] predictions) {
    long nan = 0;
    long infinite = 0;
    long negative = 0;
    for (double p : predictions) {
      if (Double.isNaN(p)) {
        nan++;
      } else if (Double.isInfinite(p)) {
        infinite++;
      } else if (!judge.metric().usable(Math.min(p, 0), judge.negatives())) {
        negative++;
      }
    }
    return new EvaluationReport.Unusable(nan, infinite, negative);
  }

  private Optional<String> unusable(double[] predictions) {
    EvaluationReport.Unusable counts = counts(predictions);
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
}
