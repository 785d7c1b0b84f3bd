package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Makes holdouts for tests: counts per unit and week, forecasts with errors of a given size. */
final class Holdouts {
  static final Instant START = Instant.parse("2026-01-05T00:00:00Z");
  static final Duration WEEK = Duration.ofDays(7);

  int units = 150;
  int weeks = 12;
  double candidateError = 0.2;
  double championError = 0.2;
  double candidateLevel = 1;
  double championLevel = 1;
  boolean champion = true;
  long seed = 1;
  Report evaluation = new Report(START.plus(WEEK.multipliedBy(20)));

  /** What a test varies of an evaluation report and of what the gate knows besides. */
  static final class Report {
    Instant asOf;
    Optional<Instant> candidateNewestLabel = Optional.empty();
    Optional<Instant> championNewestLabel = Optional.empty();
    Optional<String> championRun = Optional.empty();
    Optional<Long> expectedRows = Optional.empty();
    Optional<GateContext.Drift> drift = Optional.empty();
    Optional<GateContext.Hold> hold = Optional.empty();
    long rowsOfHoldout;
    Optional<Long> withoutHistory = Optional.empty();
    Optional<Long> negativeLabels = Optional.empty();
    Optional<EvaluationReport.EarlierLabels> earlierLabels = Optional.empty();
    List<EvaluationReport.Unaudited> unaudited = List.of();
    double candidateValidationLoss = 1.125;
    Optional<Double> baselineValidationLoss = Optional.of(3.0);
    List<EvaluationReport.Family> others = List.of();
    Optional<EvaluationReport.Behind> behind = Optional.empty();

    Report(Instant asOf) {
      this.asOf = asOf;
    }

    EvaluationReport report() {
      List<EvaluationReport.Family> families = new ArrayList<>(others);
      EvaluationReport.Family xgboost =
          family(
              "xgboost",
              Optional.of(candidateValidationLoss),
              candidateNewestLabel,
              Optional.empty());
      families.add(behind.map(xgboost::with).orElse(xgboost));
      return new EvaluationReport(
          asOf,
          "poisson_deviance",
          Optional.empty(),
          List.of(),
          List.of("unit"),
          List.of("market"),
          families,
          "xgboost",
          Optional.of(
              new EvaluationReport.Champion(
                  "xgboost",
                  championNewestLabel,
                  Optional.empty(),
                  Optional.empty(),
                  new EvaluationReport.Unusable(0, 0, 0))),
          List.of(
              new EvaluationReport.Baseline(
                  "rate", true, baselineValidationLoss, Optional.empty())),
          Optional.of("rate"),
          new EvaluationReport.Rows(
              rowsOfHoldout, 0, 0, expectedRows, withoutHistory, negativeLabels),
          earlierLabels,
          START,
          new EvaluationReport.Audit(
              EvaluationReport.Audited.CLEAN,
              EvaluationReport.Audited.CLEAN,
              EvaluationReport.Audited.CLEAN,
              Optional.empty(),
              0,
              0,
              0,
              Optional.of(new EvaluationReport.Training(1, 1, Optional.of(START), 0)),
              unaudited));
    }

    static EvaluationReport.Family family(
        String name,
        Optional<Double> loss,
        Optional<Instant> newestLabel,
        Optional<EvaluationReport.Ineligibility> reason) {
      return new EvaluationReport.Family(
          name, loss.isPresent(), loss, newestLabel, Optional.empty(), Optional.empty(), reason);
    }

    GateContext context() {
      return new GateContext(asOf, championRun, drift, hold, Reported.NOTHING);
    }
  }

  /** One row, before it goes into the builder. */
  record Row(
      String unit, String market, int week, double actual, double weight, double[] predictions) {
    Row withActual(double other) {
      return new Row(unit, market, week, other, weight, predictions);
    }

    Row withWeight(double other) {
      return new Row(unit, market, week, actual, other, predictions);
    }

    Row withPredictions(double... other) {
      return new Row(unit, market, week, actual, weight, other);
    }
  }

  List<String> models() {
    return champion
        ? List.of("candidate:xgboost", "champion", "baseline:rate")
        : List.of("candidate:xgboost", "baseline:rate");
  }

  List<Row> list() {
    Random random = new Random(seed);
    List<Row> rows = new ArrayList<>();
    for (int u = 0; u < units; u++) {
      double level = Math.exp(random.nextGaussian() * 0.5 + 0.7);
      for (int w = 0; w < weeks; w++) {
        double mean = level * Math.exp(0.2 * random.nextGaussian());
        double actual = 0;
        for (double t = -Math.log(random.nextDouble());
            t < mean;
            t -= Math.log(random.nextDouble())) {
          actual++;
        }
        double candidate = candidateLevel * mean * Math.exp(candidateError * random.nextGaussian());
        double other = championLevel * mean * Math.exp(championError * random.nextGaussian());
        double rate = mean * Math.exp(0.9 * random.nextGaussian());
        rows.add(
            new Row(
                "unit-" + u,
                u % 3 == 0 ? "DE" : u % 3 == 1 ? "FR" : "US",
                w,
                actual,
                1,
                champion ? new double[] {candidate, other, rate} : new double[] {candidate, rate}));
      }
    }
    return rows;
  }

  HoldoutRows build() {
    return build(list());
  }

  HoldoutRows build(List<Row> rows) {
    HoldoutRows.Builder builder = HoldoutRows.builder(List.of("market"), models());
    for (Row r : rows) {
      Instant origin = START.plus(WEEK.multipliedBy(r.week));
      builder.add(
          r.unit,
          List.of(r.market),
          origin,
          1,
          origin.plus(WEEK),
          r.actual,
          r.weight,
          r.predictions);
    }
    return builder.build(evaluation.report(), evaluation.context());
  }

  HoldoutRows shuffled(long order) {
    List<Row> rows = list();
    Collections.shuffle(rows, new Random(order));
    return build(rows);
  }
}
