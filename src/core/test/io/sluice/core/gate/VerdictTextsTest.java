package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.task.Task;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.function.Supplier;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/**
 * {@code docs/verdicts.md} has the text of the commonest outcomes, as the gate says them. {@code
 * -Dgoldens=write} writes the page.
 */
class VerdictTextsTest {
  private static final Path PAGE =
      Path.of(System.getProperty("sluice.root"), "docs", "verdicts.md");
  private static final String FROM = "<!-- verdicts: written by VerdictTextsTest -->\n";
  private static final String TO = "<!-- end of verdicts -->";
  private static final GatePolicy POLICY = GatePolicy.of(new Metric.PoissonDeviance());

  /** Outcomes in the order of the page; each is made by {@link Gate#decide}. */
  private static Map<String, Supplier<Verdict>> outcomes() {
    Map<String, Supplier<Verdict>> all = new LinkedHashMap<>();
    all.put("A better candidate replaces the champion", () -> decide(better()));
    all.put("The first champion", () -> decide(first(0.2)));
    all.put("As good as a stale champion", () -> decide(stale(0.1, 0.1)));
    all.put("Better than a stale champion", () -> decide(stale(0.2, 0.8)));
    all.put(
        "Neither better than a stale champion nor as good", () -> decide(fewer(stale(0.3, 0.3))));
    all.put("A gain that chance could bring", () -> decide(fewer(levels(0.33, 0.38))));
    all.put("A gain that is smaller than asked", () -> decide(fewer(levels(0.36, 0.38))));
    all.put("Measured worse, which is not proven", () -> decide(fewer(levels(0.39, 0.38))));
    all.put("A gain that whole periods could bring", () -> judged(POLICY, goodWeeks()));
    all.put("Proven worse than the champion", () -> decide(levels(0.9, 0.2)));
    all.put("Far worse than the champion", VerdictTextsTest::farWorse);
    all.put("Worse than the baseline, without a champion", () -> decide(first(2)));
    all.put("A biased candidate", VerdictTextsTest::biased);
    all.put("A regression of one slice", VerdictTextsTest::slice);
    all.put("Too few units", () -> decide(few(better())));
    all.put("Rows that earlier gates saw", VerdictTextsTest::again);
    all.put("Data that has drifted, where the policy holds on drift", VerdictTextsTest::drifted);
    all.put("Baselines that know nothing", VerdictTextsTest::blind);
    all.put("What could not be audited, where the audit is required", () -> unaudited(true));
    all.put("What could not be audited, where it is not required", () -> unaudited(false));
    all.put("Too good on the holdout", VerdictTextsTest::tooGood);
    all.put("Rare large values that the holdout lacks", VerdictTextsTest::rareValues);
    all.put("Forecasts that cannot be judged", VerdictTextsTest::unusable);
    all.put("Several families, one of them lost", VerdictTextsTest::families);
    all.put("A champion that others set", VerdictTextsTest::apart);
    all.put("A metric of which more is better", VerdictTextsTest::accuracy);
    all.put("The first classifier", () -> table(Task.BINARY, "logloss", t -> {}));
    all.put("A better classifier", () -> table(Task.BINARY, "auc", VerdictTextsTest::replacing));
    all.put(
        "A classifier of several classes, with groups and time",
        () ->
            table(
                Task.MULTICLASS,
                "logloss",
                t -> {
                  t.group = 2;
                  t.weeks = 6;
                  t.rows = 600;
                }));
    all.put("A classifier that learned nothing", VerdictTextsTest::shuffled);
    all.put("A classifier that is right only about the level", VerdictTextsTest::level);
    all.put("One number for every row", VerdictTextsTest::constant);
    all.put(
        "Too few rows of a class",
        () ->
            table(
                Task.BINARY,
                "logloss",
                t -> {
                  t.level = -5;
                  t.baseline = 0.05;
                  t.candidateOnValidation = Optional.of(0.06);
                  t.baselineOnValidation = Optional.of(0.16);
                }));
    all.put("Probabilities that cannot be judged", VerdictTextsTest::noProbabilities);
    all.put("A classifier that may have seen the holdout", VerdictTextsTest::leaking);
    all.put("Floors that are reached", () -> floors(0.7, 0.6));
    all.put("Floors that are missed", () -> floors(0.9, 0.8));
    all.put("Numbers of stages that keep to their limits", () -> ResultGuardTest.decided("40"));
    all.put("Numbers of stages that do not", () -> ResultGuardTest.decided("61.2"));
    all.put("The first regressor", () -> table(Task.REGRESSION, "rmse", t -> {}));
    all.put(
        "A regressor as good as the champion",
        () ->
            table(
                Task.REGRESSION,
                "r2",
                t -> {
                  t.first = false;
                  t.champion = 1.01;
                }));
    return all;
  }

  @Test
  @Tag("golden")
  void thePageHasWhatTheGateSays() throws IOException {
    StringBuilder expected = new StringBuilder();
    outcomes()
        .forEach((title, verdict) ->
            expected
                .append("\n## ")
                .append(title)
                .append("\n```text\n")
                .append(String.join("\n", verdict.get().sentences()))
                .append("\n```\n"));
    expected.append('\n');
    String page = Files.readString(PAGE);
    assertThat(page).contains(FROM, TO);
    UnaryOperator<String> between =
        text -> text.substring(text.indexOf(FROM) + FROM.length(), text.indexOf(TO));
    if ("write".equals(System.getProperty("goldens"))) {
      page = page.replace(FROM + between.apply(page), FROM + expected);
      Files.writeString(PAGE, page);
    }
    assertThat(between.apply(page)).isEqualTo(expected.toString());
  }

  /** A sign, an article before a vowel, a percentage of four digits, a missing champion. */
  private static final Pattern SLIPS =
      Pattern.compile(
          "(?<![\\w.])-\\d[\\d.]*%|\\ba [aeiou]|\\b\\d{4,}%|\\b1 (units|rows|days|slices)\\b"
              + "|NaN|Infinity|\\.\\.(?![ `])|; ;|\\b(\\w+) \\1\\b",
          Pattern.CASE_INSENSITIVE);

  @Test
  void noTextHasASlipThatAReaderWouldStumbleOver() {
    outcomes()
        .forEach((title, outcome) -> {
          Verdict verdict = outcome.get();
          assertThat(verdict.sentences()).as(title).isNotEmpty();
          for (String sentence : verdict.sentences()) {
            assertThat(SLIPS.matcher(sentence).results().map(r -> r.group()).toList())
                .as(title + ": " + sentence)
                .isEmpty();
            assertThat(sentence).as(title).endsWith(".");
          }
          if (verdict.reference().filter(HoldoutRows.CHAMPION::equals).isEmpty()) {
            assertThat(verdict.sentences().getFirst()).as(title).doesNotContain("replace");
          }
        });
  }

  private static Verdict table(Task task, String metric, Consumer<Tables> change) {
    Tables tables = new Tables(task, metric);
    if (task == Task.REGRESSION) {
      tables.candidateOnValidation = Optional.of(metric.equals("r2") ? 0.79 : 1.05);
      tables.baselineOnValidation = Optional.of(metric.equals("r2") ? -0.01 : 2.3);
    }
    change.accept(tables);
    return judged(tables, tables.build());
  }

  private static Verdict judged(Tables tables, HoldoutRows rows) {
    return judged(GatePolicy.of(Metric.Loss.named(tables.metric).orElseThrow()), rows);
  }

  /** Of a classifier whose recall is 0.8; one country has too few rows to be judged by itself. */
  private static Verdict floors(double recall, double f1) {
    Tables tables = new Tables(Task.BINARY, "logloss");
    List<Tables.Row> rows = new ArrayList<>();
    for (Tables.Row r : tables.list()) {
      String country = rows.size() < 4 ? "LU" : r.country();
      rows.add(new Tables.Row(r.unit(), country, r.actual(), r.predictions()));
    }
    return judged(
        GatePolicy.of(new Metric.LogLoss())
            .with(
                GatePolicy.FLOORS,
                List.of(
                    Floor.of("accuracy", recall).orElseThrow(),
                    Floor.of("auc", 0.8).orElseThrow(),
                    Floor.of("recall", recall).orElseThrow(),
                    Floor.of("slice(country).f1", f1).orElseThrow())),
        tables.build(rows));
  }

  private static void replacing(Tables tables) {
    tables.first = false;
    tables.champion = 0;
    tables.candidateOnValidation = Optional.of(0.9);
    tables.baselineOnValidation = Optional.of(0.5);
  }

  /** A table in which the candidate says something else. */
  private static Verdict told(Tables tables, UnaryOperator<Tables.Row> change) {
    return judged(tables, tables.build(tables.list().stream().map(change).toList()));
  }

  private static Verdict shuffled() {
    Random random = new Random(3);
    return told(
        new Tables(Task.BINARY, "logloss"), r -> r.with(0, 0.38 + 0.1 * random.nextGaussian()));
  }

  private static Verdict level() {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.level = 0.4;
    tables.baseline = 0.05;
    Random random = new Random(3);
    return told(tables, r -> r.with(0, 0.55 + 0.02 * random.nextGaussian()));
  }

  private static Verdict constant() {
    return told(new Tables(Task.BINARY, "logloss"), r -> r.with(0, 0.42));
  }

  private static Verdict noProbabilities() {
    return told(
        new Tables(Task.MULTICLASS, "logloss"),
        r -> r.unit().endsWith("7") ? r.with(0, 0.5, 0.4, 0.2) : r);
  }

  private static Verdict leaking() {
    Tables tables = new Tables(Task.BINARY, "accuracy");
    tables.candidateOnValidation = Optional.of(0.8);
    tables.baselineOnValidation = Optional.of(0.6);
    return told(tables, r -> r.with(0, 0.01 + 0.98 * r.actual()));
  }

  private static Verdict decide(Holdouts holdouts) {
    return judged(POLICY, holdouts.build());
  }

  private static Verdict judged(GatePolicy policy, HoldoutRows rows) {
    return Gate.decide(rows, policy, History.NONE, 7);
  }

  private static Holdouts levels(double candidateError, double championError) {
    Holdouts holdouts = new Holdouts();
    holdouts.candidateError = candidateError;
    holdouts.championError = championError;
    return holdouts;
  }

  private static Holdouts better() {
    return levels(0.2, 0.8);
  }

  private static Holdouts few(Holdouts holdouts) {
    holdouts.units = 40;
    return holdouts;
  }

  private static Holdouts fewer(Holdouts holdouts) {
    holdouts.units = 110;
    return holdouts;
  }

  private static Holdouts first(double candidateError) {
    Holdouts holdouts = levels(candidateError, 0.2);
    holdouts.champion = false;
    return holdouts;
  }

  private static Holdouts stale(double candidateError, double championError) {
    Holdouts holdouts = levels(candidateError, championError);
    holdouts.units = 1500;
    Instant now = Holdouts.START.plus(Duration.ofDays(200));
    holdouts.evaluation = new Holdouts.Report(now);
    holdouts.evaluation.candidateNewestLabel = Optional.of(now.minus(Duration.ofDays(10)));
    holdouts.evaluation.championNewestLabel = Optional.of(now.minus(Duration.ofDays(110)));
    return holdouts;
  }

  private static HoldoutRows goodWeeks() {
    Holdouts holdouts = new Holdouts();
    holdouts.weeks = 4;
    holdouts.units = 400;
    return holdouts.build(
        holdouts.list().stream()
            .map(r ->
                r.withPredictions(
                    r.predictions()[0],
                    r.predictions()[1] * (r.week() < 2 ? 3 : 1),
                    r.predictions()[2]))
            .toList());
  }

  private static Verdict farWorse() {
    Holdouts holdouts = new Holdouts();
    return judged(
        POLICY.with(GatePolicy.BIAS, 9.99),
        holdouts.build(
            holdouts.list().stream()
                .map(r ->
                    r.withPredictions(
                        r.predictions()[0] * 9, r.predictions()[1], r.predictions()[2]))
                .toList()));
  }

  private static Verdict biased() {
    Holdouts holdouts = levels(0.2, 1.2);
    holdouts.candidateLevel = 0.7;
    holdouts.championLevel = 0.5;
    return decide(holdouts);
  }

  private static Verdict slice() {
    Holdouts holdouts = better();
    return judged(
        POLICY,
        holdouts.build(
            holdouts.list().stream()
                .map(r ->
                    r.market().equals("FR")
                        ? r.withPredictions(r.predictions()[1] * 1.5, r.predictions()[1], 1)
                        : r)
                .toList()));
  }

  private static Verdict again() {
    Holdouts holdouts = better();
    History history =
        new History(
            List.of(
                History.PastGate.of("r-20260504-090000-aaaa", Holdouts.START, decide(better()))));
    return Gate.decide(holdouts.build(), POLICY, history, 7);
  }

  private static Verdict drifted() {
    Holdouts holdouts = better();
    holdouts.evaluation.drift =
        Optional.of(
            new GateContext.Drift(
                DriftStatus.DRIFTED, "units_shipped moved (0.41, threshold 0.1)"));
    return judged(POLICY.with(GatePolicy.ON_DRIFT, GatePolicy.OnDrift.HOLD), holdouts.build());
  }

  private static Verdict blind() {
    Holdouts holdouts = first(0.2);
    holdouts.evaluation.rowsOfHoldout = 1800;
    holdouts.evaluation.withoutHistory = Optional.of(1500L);
    return decide(holdouts);
  }

  private static Verdict unaudited(boolean required) {
    Holdouts holdouts = better();
    holdouts.evaluation.unaudited =
        List.of(
            new EvaluationReport.Unaudited(
                EvaluationReport.Check.SNAPSHOT,
                "the channel `holiday`",
                "the snapshot has no column `holiday`",
                false));
    return judged(POLICY.with(GatePolicy.REQUIRE_AUDIT, required), holdouts.build());
  }

  private static Verdict tooGood() {
    Holdouts holdouts = better();
    holdouts.evaluation.candidateValidationLoss = 3.0;
    return decide(holdouts);
  }

  /** One label in 2000 is a hundred: half of the volume. */
  private static Verdict rareValues() {
    Holdouts holdouts = new Holdouts();
    Random random = new Random(4);
    List<Holdouts.Row> rows = new ArrayList<>();
    for (int unit = 0; unit < 300; unit++) {
      for (int week = 0; week < 4; week++) {
        rows.add(
            new Holdouts.Row(
                "unit-" + unit,
                "DE",
                week,
                random.nextDouble() < 0.05 ? 1 : 0,
                1,
                new double[] {0.08, 0.122474, 0.1 + unit % 2}));
      }
    }
    List<Double> earlier = new ArrayList<>();
    for (int i = 0; i < 20_000; i++) {
      earlier.add(i < 10 ? 100.0 : i < 1000 ? 1.0 : 0.0);
    }
    holdouts.evaluation.earlierLabels =
        Optional.of(new EvaluationReport.EarlierLabels(20_000, 1990, earlier.subList(0, 1000)));
    return judged(POLICY, holdouts.build(rows));
  }

  private static Verdict unusable() {
    Holdouts holdouts = better();
    List<Holdouts.Row> rows = holdouts.list();
    rows.get(5).predictions()[0] = -0.1;
    return judged(POLICY, holdouts.build(rows));
  }

  private static Verdict families() {
    Holdouts holdouts = better();
    holdouts.evaluation.others =
        List.of(
            Holdouts.Report.family(
                "itransformer",
                Optional.empty(),
                Optional.empty(),
                Optional.of(
                    new EvaluationReport.Ineligibility(
                        "SLU-7502", "it was lost: its stage ended with exit code 124"))),
            Holdouts.Report.family(
                "linear", Optional.of(1.25), Optional.empty(), Optional.empty()));
    return decide(holdouts);
  }

  private static Verdict apart() {
    Holdouts holdouts = first(0.2);
    holdouts.evaluation.hold =
        Optional.of(
            new GateContext.Hold(
                "others set a champion that the promotion log does not know: the alias champion"
                    + " names version 4",
                "`sluice adopt 4 --reason ..`, after which candidates meet that version, or"
                    + " `sluice override` with a reason"));
    return decide(holdouts);
  }

  private static Verdict accuracy() {
    Holdouts holdouts = new Holdouts();
    Random random = new Random(3);
    return judged(
        GatePolicy.of(new Metric.Accuracy()).with(GatePolicy.BIAS, 9.99),
        holdouts.build(
            holdouts.list().stream()
                .map(r -> {
                  double actual = random.nextBoolean() ? 1 : 0;
                  return r.withActual(actual)
                      .withPredictions(
                          random.nextDouble() < 0.9 ? actual : 1 - actual,
                          random.nextDouble() < 0.8 ? actual : 1 - actual,
                          0.4);
                })
                .toList()));
  }
}
