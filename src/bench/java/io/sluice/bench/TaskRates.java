package io.sluice.bench;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.bench.ScoredTable.Part;
import io.sluice.core.gate.Gate;
import io.sluice.core.gate.GatePolicy;
import io.sluice.core.gate.History;
import io.sluice.core.gate.HoldoutRows;
import io.sluice.core.gate.Metric;
import io.sluice.core.gate.Verdict;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Random;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Measures how often gates over tables promote: models that know nothing on a first gate, models as
 * good as the champion, and models that are better. The tables in {@code docs/gate.md}, by {@link
 * Gate#decide} itself. Arguments: {@code first}, {@code equal}, {@code power}, {@code tooGood} or
 * {@code large}; repetitions (2000); rows (114); rows of a group (1); a seed (1); metrics (all);
 * weeks of the holdout (0: no time); the standard deviation of errors that all rows of a week share
 * (0), a model's own, on the logit or the number.
 *
 * <p>A row has a feature {@code z}, and of a group all rows have a part of it, and of the error, in
 * common. Classes follow a logistic model in it, numbers a linear one with errors of Student's t
 * with 5 degrees of freedom. With a shift the holdout has other shares of the classes than the
 * training (of two classes 45% where it was 25%), or another mean.
 */
public final class TaskRates {
  private static final List<String> METRICS =
      List.of(
          "logloss",
          "auc",
          "average_precision",
          "f1(0.5)",
          "brier",
          "accuracy",
          "balanced_accuracy",
          "3 logloss",
          "3 accuracy",
          "3 auc",
          "rmse",
          "mae",
          "r2",
          "pinball(0.9)");
  private static final String CANDIDATE = "candidate:" + ScoredTable.FAMILY;
  private static final int TRAINING = 2000;

  private final Metric.Loss metric;
  private final Task task;
  private final int classes;
  private final int rows;
  private final int group;
  private final int weeks;
  private final double shocks;
  private final Random random;

  private TaskRates(String name, int rows, int group, long seed, int weeks, double shocks) {
    this.classes = name.startsWith("3 ") ? 3 : 2;
    this.metric = Metric.Loss.named(name.replace("3 ", "")).orElseThrow();
    this.task =
        metric.probabilities()
            ? classes > 2 ? Task.MULTICLASS : Task.BINARY
            : metric instanceof Metric.Pinball ? Task.QUANTILE : Task.REGRESSION;
    this.rows = rows;
    this.group = group;
    this.weeks = weeks;
    this.shocks = shocks;
    this.random = new Random(seed * 1_000_003 + name.hashCode() * 31L + rows * 7L + group);
  }

  /** What a model says of a row. */
  private enum Model {
    /** Scores drawn evenly, or numbers about the training's mean. */
    RANDOM,
    /** Learned from shuffled labels: about what the training holds, with errors. */
    SHUFFLED,
    /** The same with classes weighed as equally frequent, or with a mean that happens to fit. */
    BALANCED,
    /** Knows the truth, with errors of its own. */
    NOISY,
    /** Knows half of what can be known. */
    WEAK,
    /** Knows what can be known. */
    ORACLE
  }

  /** A drawn part: per row the logits of the classes or the mean, and the label. */
  @SuppressWarnings("ArrayRecordComponent") // columns; nobody compares two
  private record World(double[] truth, double[] level, double[] actual) {}

  private World world(int n, boolean shifted) {
    int width = classes > 2 ? classes : 1;
    double[] truth = new double[n * width];
    double[] level = new double[width];
    double[] actual = new double[n];
    for (int c = 0; c < width; c++) {
      level[c] =
          !task.classes()
              ? (shifted ? 0.5 : 0)
              : width == 1 ? (shifted ? -0.25 : -1.35) : (shifted && c == 2 ? 1 : 0);
    }
    double shared = 0;
    double sharedError = 0;
    double[] tilt = new double[width];
    for (int i = 0; i < n; i++) {
      if (i % group == 0) {
        shared = random.nextGaussian();
        sharedError = random.nextGaussian();
        Arrays.setAll(tilt, c -> random.nextGaussian());
      }
      double[] logits = new double[width];
      for (int c = 0; c < width; c++) {
        double own = random.nextGaussian();
        double z = group == 1 ? own : 0.8 * (width == 1 ? shared : tilt[c]) + 0.6 * own;
        truth[i * width + c] = z;
        logits[c] = level[c] + 1.5 * z + (group == 1 || !task.classes() ? 0 : sharedError);
      }
      actual[i] =
          !task.classes()
              ? logits[0] + (group == 1 ? 1 : 0.6) * student() + (group == 1 ? 0 : sharedError)
              : width == 1 ? (random.nextDouble() < sigmoid(logits[0]) ? 1 : 0) : drawn(logits);
    }
    return new World(truth, level, actual);
  }

  private double student() {
    double squares = 0;
    for (int i = 0; i < 5; i++) {
      double g = random.nextGaussian();
      squares += g * g;
    }
    return random.nextGaussian() / Math.sqrt(squares / 5);
  }

  private int drawn(double[] logits) {
    double[] p = softmax(logits);
    double u = random.nextDouble();
    int c = 0;
    while (c < p.length - 1 && u >= p[c]) {
      u -= p[c++];
    }
    return c;
  }

  private static double sigmoid(double x) {
    return 1 / (1 + Math.exp(-x));
  }

  private static double[] softmax(double[] logits) {
    double sum = Arrays.stream(logits).map(Math::exp).sum();
    return Arrays.stream(logits).map(l -> Math.exp(l) / sum).toArray();
  }

  private double[] predicted(Model model, World world, World training) {
    int n = world.actual.length;
    int width = world.truth.length / n;
    double[] out = new double[world.truth.length];
    double[] shares = new double[classes];
    if (task.classes()) {
      Arrays.stream(training.actual).forEach(a -> shares[(int) a] += 1.0 / TRAINING);
    }
    double mean = Arrays.stream(training.actual).average().orElseThrow();
    double high = metric instanceof Metric.Pinball ? 1.9 : 0;
    double[] shared = new double[weeks * width];
    Arrays.setAll(shared, i -> shocks == 0 ? 0 : shocks * random.nextGaussian());
    for (int i = 0; i < n; i++) {
      double[] logits = new double[width];
      for (int c = 0; c < width; c++) {
        double z = 1.5 * world.truth[i * width + c];
        double noise = random.nextGaussian();
        double trained =
            !task.classes()
                ? mean
                : width == 1 ? Math.log(shares[1] / shares[0]) : Math.log(shares[c]);
        double level = task.classes() ? trained : world.level[c];
        logits[c] =
            switch (model) {
              case RANDOM -> task.classes() ? 0 : trained + 1.5 * noise + high;
              case SHUFFLED -> trained + 0.4 * noise + high;
              case BALANCED -> (task.classes() ? 0 : 0.4) + 0.4 * noise + high;
              case NOISY -> level + z + 0.7 * noise + high;
              case WEAK -> level + z / 2 + high;
              case ORACLE -> world.level[c] + z + high;
            };
        logits[c] += weeks == 0 ? 0 : shared[i % weeks * width + c];
        if (model == Model.RANDOM && task.classes()) {
          double u = random.nextDouble();
          logits[c] = Math.log(u / (1 - u));
        }
      }
      double[] said =
          !task.classes()
              ? logits
              : width == 1 ? new double[] {sigmoid(logits[0])} : softmax(logits);
      System.arraycopy(said, 0, out, i * width, width);
    }
    return out;
  }

  private Verdict decide(Model model, Model champion, boolean shifted, boolean first, long seed) {
    World training = world(TRAINING, false);
    World validation = world(rows, false);
    World holdout = world(rows, shifted);
    SortedMap<String, double[]> onValidation = new TreeMap<>();
    onValidation.put(CANDIDATE, predicted(model, validation, training));
    SortedMap<String, double[]> onHoldout = new TreeMap<>();
    onHoldout.put(CANDIDATE, predicted(model, holdout, training));
    if (!first) {
      onHoldout.put(HoldoutRows.CHAMPION, predicted(champion, holdout, training));
    }
    HoldoutRows scored =
        new ScoredTable(task, metric, classes)
            .rows(
                training.actual,
                new Part(validation.actual, onValidation),
                new Part(holdout.actual, onHoldout),
                group,
                weeks);
    return Gate.decide(scored, policy(), History.NONE, seed);
  }

  private GatePolicy policy() {
    // sufficiency is not what is measured; 499 draws tell 5%
    ObjectNode with = Json.object().put("metric", metric.name()).put("replicates", 499);
    with.put("minPositiveUnits", 0).put("minUnits", 2).put("requireAudit", false);
    return GatePolicy.parse(with.put("task", task.word()));
  }

  private String rates(
      Model model, Model champion, boolean shifted, boolean first, int repetitions) {
    int promoted = 0;
    Map<String, Integer> codes = new TreeMap<>();
    for (int r = 0; r < repetitions; r++) {
      Verdict verdict = decide(model, champion, shifted, first, r);
      promoted += verdict.promotes() ? 1 : 0;
      verdict.findings().forEach(f -> codes.merge(f.code(), 1, Integer::sum));
    }
    System.err.printf(
        "%s %s %s %d x %d%s: %s%n",
        metric.name(),
        model,
        first ? "first" : "equal",
        rows,
        group,
        shifted ? " shifted" : "",
        codes);
    return String.format(Locale.ROOT, "%.1f", 100.0 * promoted / repetitions);
  }

  /** Runs one table. */
  public static void main(String[] args) {
    String table = args[0];
    int repetitions = args.length > 1 ? Integer.parseInt(args[1]) : 2000;
    int rows = args.length > 2 ? Integer.parseInt(args[2]) : 114;
    int group = args.length > 3 ? Integer.parseInt(args[3]) : 1;
    long seed = args.length > 4 ? Long.parseLong(args[4]) : 1;
    List<String> metrics = args.length > 5 ? List.of(args[5].split(";", -1)) : METRICS;
    int weeks = args.length > 6 ? Integer.parseInt(args[6]) : 0;
    double shocks = args.length > 7 ? Double.parseDouble(args[7]) : 0;
    if (table.equals("large")) {
      large(rows);
      return;
    }
    for (String metric : metrics) {
      TaskRates rates = new TaskRates(metric, rows, group, seed, weeks, shocks);
      List<String> cells = new ArrayList<>(List.of(rates.task.word(), metric));
      switch (table) {
        case "first" -> {
          for (Model model : List.of(Model.RANDOM, Model.SHUFFLED, Model.BALANCED)) {
            cells.add(
                rates.rates(model, model, false, true, repetitions)
                    + " / "
                    + rates.rates(model, model, true, true, repetitions));
          }
        }
        case "equal" ->
            cells.add(
                rates.rates(Model.NOISY, Model.NOISY, false, false, repetitions)
                    + " / "
                    + rates.rates(Model.NOISY, Model.NOISY, true, false, repetitions));
        case "power" -> {
          cells.add(rates.rates(Model.WEAK, Model.WEAK, false, true, repetitions));
          cells.add(rates.rates(Model.ORACLE, Model.ORACLE, false, true, repetitions));
          cells.add(rates.rates(Model.ORACLE, Model.WEAK, false, false, repetitions));
          cells.add(rates.rates(Model.ORACLE, Model.NOISY, false, false, repetitions));
        }
        default -> throw new IllegalArgumentException("first, equal, power or large");
      }
      System.out.println("| " + String.join(" | ", cells) + " |");
    }
  }

  /** Time and memory of one decision about a classifier. */
  private static void large(int rows) {
    TaskRates rates = new TaskRates("logloss", rows, 1, 1, 0, 0);
    World training = rates.world(TRAINING, false);
    World holdout = rates.world(rows, false);
    SortedMap<String, double[]> models = new TreeMap<>();
    models.put(CANDIDATE, rates.predicted(Model.ORACLE, holdout, training));
    models.put(HoldoutRows.CHAMPION, rates.predicted(Model.WEAK, holdout, training));
    SortedMap<String, double[]> same = new TreeMap<>(models);
    for (Metric.Loss metric : Metric.Loss.of(Task.BINARY)) {
      long begin = System.nanoTime();
      HoldoutRows scored =
          new ScoredTable(Task.BINARY, metric, 2)
              .rows(
                  training.actual,
                  new Part(holdout.actual, same),
                  new Part(holdout.actual, new TreeMap<>(models)),
                  1);
      long built = System.nanoTime();
      Verdict verdict =
          Gate.decide(
              scored,
              GatePolicy.parse(
                  Json.object()
                      .put("metric", metric.name())
                      .put("requireAudit", false)
                      .put("task", Task.BINARY.word())),
              History.NONE,
              1);
      long decided = System.nanoTime();
      System.gc();
      Runtime runtime = Runtime.getRuntime();
      System.out.printf(
          Locale.ROOT,
          "| %s | %.1f s | %.1f s | %s | %d MB kept |%n",
          metric.name(),
          (built - begin) / 1e9,
          (decided - built) / 1e9,
          verdict.decision(),
          (runtime.totalMemory() - runtime.freeMemory()) >> 20);
    }
  }
}
