package io.sluice.core.gate;

import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.task.Task;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** Makes holdouts of tables for tests: rows with a feature, and models that know some of it. */
final class Tables {
  static final Instant AS_OF = Instant.parse("2026-03-02T00:00:00Z");

  final Task task;
  int rows = 300;
  int group = 1;
  int weeks;
  int weighted = Integer.MAX_VALUE;
  double candidate = 1;
  double champion = 0.4;
  boolean first = true;
  double level = -0.5;
  double baseline = 0.38;
  String metric;
  Optional<Double> candidateOnValidation = Optional.of(0.5);
  Optional<Double> baselineOnValidation = Optional.of(0.66);
  long validation = 300;
  Instant asOf = AS_OF;
  String named = "customer-";
  long seed = 1;
  Reported reported = Reported.NOTHING;
  List<EvaluationReport.Unaudited> unaudited = List.of();

  Tables(Task task, String metric) {
    this.task = task;
    this.metric = metric;
  }

  /** One row, before it goes into the builder. */
  record Row(String unit, String country, double actual, double[] predictions) {
    Row with(int column, double... prediction) {
      double[] other = predictions.clone();
      System.arraycopy(prediction, 0, other, column * prediction.length, prediction.length);
      return new Row(unit, country, actual, other);
    }
  }

  private int width() {
    return task == Task.MULTICLASS ? 3 : 1;
  }

  List<String> models() {
    List<String> models = new ArrayList<>(List.of("candidate:forest"));
    if (!first) {
      models.add(HoldoutRows.CHAMPION);
    }
    models.add("baseline:" + word());
    return models;
  }

  private String word() {
    return task.classes() ? "prior" : task == Task.QUANTILE ? "quantile" : "mean";
  }

  List<Row> list() {
    Random random = new Random(seed);
    List<Row> out = new ArrayList<>();
    double[] shared = new double[width()];
    for (int i = 0; i < rows; i++) {
      if (i % group == 0) {
        Arrays.setAll(shared, c -> random.nextGaussian());
      }
      double[] z = new double[width()];
      for (int c = 0; c < z.length; c++) {
        z[c] = 2 * shared[c];
      }
      double actual =
          switch (task) {
            case BINARY -> random.nextDouble() < sigmoid(level + z[0]) ? 1 : 0;
            case MULTICLASS -> drawn(softmax(z), random.nextDouble());
            case REGRESSION, QUANTILE, FORECAST, OWN -> 10 + z[0] + random.nextGaussian();
          };
      List<double[]> said = new ArrayList<>(List.of(said(z, candidate)));
      if (!first) {
        said.add(said(z, champion));
      }
      double[] naive = new double[width()];
      for (int c = 0; c < naive.length; c++) {
        naive[c] = width() > 1 ? 1.0 / 3 : task == Task.BINARY ? baseline : 10;
      }
      said.add(naive);
      out.add(
          new Row(
              named + i / group,
              i % 3 == 0 ? "DE" : i % 3 == 1 ? "FR" : "US",
              actual,
              said.stream().flatMapToDouble(Arrays::stream).toArray()));
    }
    return out;
  }

  private double[] said(double[] z, double known) {
    return switch (task) {
      case BINARY -> new double[] {sigmoid(level + known * z[0])};
      case MULTICLASS -> {
        double[] logits = new double[z.length];
        for (int c = 0; c < z.length; c++) {
          logits[c] = known * z[c];
        }
        yield softmax(logits);
      }
      case REGRESSION, QUANTILE, FORECAST, OWN -> new double[] {10 + known * z[0]};
    };
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] softmax(double[] logits) {
    double sum = 0;
    double[] out = new double[logits.length];
    for (int c = 0; c < out.length; c++) {
      out[c] = Math.exp(logits[c]);
      sum += out[c];
    }
    for (int c = 0; c < out.length; c++) {
      out[c] /= sum;
    }
    return out;
  }

  private static int drawn(double[] shares, double u) {
    int c = 0;
    double left = u;
    while (c < shares.length - 1 && left >= shares[c]) {
      left -= shares[c++];
    }
    return c;
  }

  HoldoutRows build() {
    return build(list());
  }

  HoldoutRows build(List<Row> rows) {
    int[] widths = new int[models().size()];
    Arrays.fill(widths, width());
    HoldoutRows.Builder builder = HoldoutRows.builder(List.of("country"), models(), widths);
    for (int i = 0; i < rows.size(); i++) {
      Row r = rows.get(i);
      Instant origin = weeks == 0 ? asOf : asOf.minus(Duration.ofDays(7L * (i % weeks + 1)));
      Instant end = weeks == 0 ? asOf : origin.plus(Duration.ofDays(7));
      builder.add(
          r.unit,
          List.of(r.country),
          origin,
          i % group + 1,
          end,
          r.actual,
          i < weighted ? 1 : 0,
          r.predictions);
    }
    return builder.build(
        report(),
        new GateContext(asOf, Optional.empty(), Optional.empty(), Optional.empty(), reported));
  }

  private EvaluationReport report() {
    EvaluationReport.Unusable none = new EvaluationReport.Unusable(0, 0, 0);
    return new EvaluationReport(
        asOf,
        metric,
        Optional.of(task),
        task == Task.BINARY
            ? List.of("stays", "leaves")
            : task == Task.MULTICLASS ? List.of("cat", "dog", "owl") : List.of(),
        List.of("customer"),
        List.of("country"),
        List.of(
            new EvaluationReport.Family(
                "forest",
                true,
                candidateOnValidation,
                Optional.empty(),
                Optional.of(none),
                Optional.empty(),
                Optional.empty())),
        "forest",
        first
            ? Optional.empty()
            : Optional.of(
                new EvaluationReport.Champion(
                    "forest", Optional.empty(), Optional.empty(), Optional.empty(), none)),
        List.of(
            new EvaluationReport.Baseline(word(), true, baselineOnValidation, Optional.empty())),
        Optional.of(word()),
        new EvaluationReport.Rows(
            rows, validation, rows, Optional.empty(), Optional.empty(), Optional.empty()),
        Optional.empty(),
        asOf,
        new EvaluationReport.Audit(
            EvaluationReport.Audited.CLEAN,
            EvaluationReport.Audited.CLEAN,
            EvaluationReport.Audited.CLEAN,
            Optional.empty(),
            0,
            0,
            0,
            Optional.of(new EvaluationReport.Training(1, 1000, Optional.of(asOf), 0)),
            unaudited));
  }
}
