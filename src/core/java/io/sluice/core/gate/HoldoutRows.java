package io.sluice.core.gate;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.task.Task;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The holdout as a column store: what {@code evaluate} left in its output {@code rows}. Rows are
 * kept in the order of their keys (unit, origin, horizon, targetEnd) whatever the order in which
 * they came, so that every sum over them has the same bits. Made by a {@link Builder}; about 50
 * bytes a row with two models.
 *
 * <p>A prediction is one number, or of several classes one probability for each: the numbers of a
 * row are neighbours in its model's column, whose length is {@link #size} times {@link #width}.
 *
 * <p>Model names are {@code candidate:<family>}, {@code champion} and {@code baseline:<name>}.
 */
public final class HoldoutRows {
  /** Column name of the champion's predictions. */
  public static final String CHAMPION = "champion";

  private final EvaluationReport evaluation;
  private final GateContext context;
  private final int size;
  private final Codes units;
  private final SortedMap<String, Codes> slices;
  private final long[] origin;
  private final int[] horizon;
  private final long[] targetEnd;
  private final double[] actual;
  private final double[] weight;
  private final SortedMap<String, double[]> predictions;
  private final SortedMap<String, Integer> widths;
  private final boolean negativeLabels;

  /** A column of names: row {@code i} holds {@code names().get(code()[i])}. */
  static final class Codes {
    private final List<String> names;
    private final int[] code;

    Codes(List<String> names, int[] code) {
      this.names = names;
      this.code = code;
    }

    /** Distinct, sorted. */
    List<String> names() {
      return names;
    }

    int[] code() {
      return code;
    }
  }

  private HoldoutRows(EvaluationReport evaluation, GateContext context, Builder from) {
    this.evaluation = evaluation;
    this.context = context;
    this.size = from.size;
    Codes given = from.units.sorted(size);
    int[] order =
        Order.sorted(
            size,
            (a, b) -> {
              int c = Integer.compare(given.code[a], given.code[b]);
              c = c != 0 ? c : Long.compare(from.origin[a], from.origin[b]);
              c = c != 0 ? c : Integer.compare(from.horizon[a], from.horizon[b]);
              return c != 0 ? c : Long.compare(from.targetEnd[a], from.targetEnd[b]);
            });
    this.units = new Codes(given.names, pick(given.code, order));
    this.origin = pick(from.origin, order);
    this.horizon = pick(from.horizon, order);
    this.targetEnd = pick(from.targetEnd, order);
    this.actual = pick(from.actual, order);
    this.weight = pick(from.weight, order);
    this.slices = new TreeMap<>();
    for (int s = 0; s < from.sliceNames.size(); s++) {
      Codes column = from.slices.get(s).sorted(size);
      slices.put(from.sliceNames.get(s), new Codes(column.names, pick(column.code, order)));
    }
    this.predictions = new TreeMap<>();
    this.widths = new TreeMap<>();
    for (int m = 0; m < from.modelNames.size(); m++) {
      widths.put(from.modelNames.get(m), from.widths[m]);
      predictions.put(from.modelNames.get(m), pick(from.predictions[m], order, from.widths[m]));
    }
    widths.forEach((model, width) -> {
      int asked =
          evaluation.task().filter(t -> t == Task.MULTICLASS).isPresent()
              ? evaluation.classes().size()
              : 1;
      if (width != asked) {
        throw invalid(
            "numbers for each row and model: those of "
                + model
                + " are "
                + width
                + ", and the task asks for "
                + asked);
      }
    });
    this.negativeLabels = negative(evaluation, actual);
    for (int i = 1; i < size; i++) {
      if (units.code[i] == units.code[i - 1]
          && origin[i] == origin[i - 1]
          && horizon[i] == horizon[i - 1]) {
        throw invalid(
            "two holdout rows for unit "
                + units.names.get(units.code[i])
                + ", origin "
                + Instant.ofEpochMilli(origin[i])
                + ", horizon "
                + horizon[i]);
      }
    }
  }

  private HoldoutRows(HoldoutRows from, int[] kept) {
    evaluation = from.evaluation;
    context = from.context;
    size = kept.length;
    units = new Codes(from.units.names, pick(from.units.code, kept));
    origin = pick(from.origin, kept);
    horizon = pick(from.horizon, kept);
    targetEnd = pick(from.targetEnd, kept);
    actual = pick(from.actual, kept);
    weight = pick(from.weight, kept);
    slices = new TreeMap<>();
    from.slices.forEach((name, c) -> slices.put(name, new Codes(c.names, pick(c.code, kept))));
    predictions = new TreeMap<>();
    widths = from.widths;
    from.predictions.forEach(
        (name, column) -> predictions.put(name, pick(column, kept, from.width(name))));
    negativeLabels = negative(evaluation, actual);
  }

  private HoldoutRows(HoldoutRows from, String baseline, double value) {
    evaluation = from.evaluation.withBestBaseline(baseline);
    context = from.context;
    size = from.size;
    units = from.units;
    origin = from.origin;
    horizon = from.horizon;
    targetEnd = from.targetEnd;
    actual = from.actual;
    weight = from.weight;
    slices = from.slices;
    double[] column = new double[size];
    Arrays.fill(column, value);
    predictions = new TreeMap<>(from.predictions);
    predictions.put("baseline:" + baseline, column);
    widths = new TreeMap<>(from.widths);
    widths.put("baseline:" + baseline, 1);
    negativeLabels = from.negativeLabels;
  }

  /** The rows with one more baseline, which is the best and says this value of every row. */
  HoldoutRows withBaseline(String name, double value) {
    return new HoldoutRows(this, name, value);
  }

  /** Whether the rows carry no time: the end of each one's period is where the holdout begins. */
  boolean timeless() {
    return evaluation.task().map(Task::tabular).orElse(false) && Arrays.equals(origin, targetEnd);
  }

  private static boolean negative(EvaluationReport evaluation, double[] actual) {
    return evaluation.task().filter(t -> t.tabular() && !t.classes()).isPresent()
        || evaluation.rows().negativeLabels().orElse(0L) > 0
        || Arrays.stream(actual).anyMatch(a -> a < 0);
  }

  /**
   * Whether there are labels below zero, here or on validation; forecasts may then be so too.
   * Numbers of a table may always be, as a line through amounts near zero is.
   */
  boolean negativeLabels() {
    return negativeLabels;
  }

  /** Rows that weigh anything: those of weight 0 decide nothing. */
  long weighted() {
    return Arrays.stream(weight).filter(w -> w > 0).count();
  }

  /** The rows of a subset; itself when that is all of them. */
  HoldoutRows only(BitSet rows) {
    return rows.cardinality() == size ? this : new HoldoutRows(this, rows.stream().toArray());
  }

  /**
   * Starts an empty holdout.
   *
   * @param sliceNames slice columns, in the order of {@link Builder#add}'s {@code slices}
   * @param modelNames prediction columns, in the order of {@link Builder#add}'s {@code predictions}
   */
  public static Builder builder(List<String> sliceNames, List<String> modelNames) {
    int[] widths = new int[modelNames.size()];
    Arrays.fill(widths, 1);
    return builder(sliceNames, modelNames, widths);
  }

  /**
   * Starts an empty holdout whose predictions may be several numbers.
   *
   * @param sliceNames slice columns, in the order of {@link Builder#add}'s {@code slices}
   * @param modelNames prediction columns
   * @param widths numbers of one prediction, by model
   */
  public static Builder builder(List<String> sliceNames, List<String> modelNames, int[] widths) {
    return new Builder(sliceNames, modelNames, widths);
  }

  /** The report that came with the rows. */
  public EvaluationReport evaluation() {
    return evaluation;
  }

  /** What the gate knows of the run besides. */
  public GateContext context() {
    return context;
  }

  /** Number of rows. */
  public int size() {
    return size;
  }

  /** Names of the prediction columns, sorted. */
  public List<String> models() {
    return List.copyOf(predictions.keySet());
  }

  /** Names of the slice columns, sorted. */
  public List<String> sliceColumns() {
    return List.copyOf(slices.keySet());
  }

  Codes units() {
    return units;
  }

  Codes slice(String column) {
    Codes codes = slices.get(column);
    if (codes == null) {
      throw new IllegalArgumentException("no slice column " + column);
    }
    return codes;
  }

  long[] origin() {
    return origin;
  }

  int[] horizon() {
    return horizon;
  }

  long[] targetEnd() {
    return targetEnd;
  }

  double[] actual() {
    return actual;
  }

  double[] weight() {
    return weight;
  }

  boolean has(String model) {
    return predictions.containsKey(model);
  }

  /** How many numbers one prediction of a model is. */
  int width(String model) {
    Integer width = widths.get(model);
    if (width == null) {
      throw invalid("the holdout has no column " + model);
    }
    return width;
  }

  /** A model's predictions, those of a row side by side. */
  double[] predictions(String model) {
    double[] column = predictions.get(model);
    if (column == null) {
      throw invalid("the holdout has no column " + model);
    }
    return column;
  }

  static SluiceException invalid(String message) {
    return new SluiceException(
        ExitCode.INPUT_WRONG,
        Diagnostic.of(
            "SLU-8003",
            message,
            "look at rows.csv of the evaluate stage; a custom stage in its place must keep to the"
                + " contract of holdout rows"));
  }

  /** Collects rows in any order. Not for use by several threads. */
  public static final class Builder {
    private final List<String> sliceNames;
    private final List<String> modelNames;
    private int size;
    private final Names units = new Names();
    private final List<Names> slices = new ArrayList<>();
    private long[] origin = new long[64];
    private int[] horizon = new int[64];
    private long[] targetEnd = new long[64];
    private double[] actual = new double[64];
    private double[] weight = new double[64];
    private final int[] widths;
    private final int given;
    private final double[][] predictions;

    private Builder(List<String> sliceNames, List<String> modelNames, int[] widths) {
      this.sliceNames = distinct(sliceNames);
      this.modelNames = distinct(modelNames);
      if (widths.length != modelNames.size() || Arrays.stream(widths).anyMatch(w -> w < 1)) {
        throw new IllegalArgumentException("a width of 1 or more for each model");
      }
      this.widths = widths.clone();
      this.given = Arrays.stream(widths).sum();
      sliceNames.forEach(s -> slices.add(new Names()));
      predictions = new double[modelNames.size()][];
      Arrays.setAll(predictions, m -> new double[64 * widths[m]]);
    }

    private static List<String> distinct(List<String> names) {
      if (names.stream().distinct().count() != names.size()) {
        throw invalid("a column twice among " + names);
      }
      return List.copyOf(names);
    }

    /**
     * Adds one row.
     *
     * @param unit the unit's name; several unit columns are joined by the caller
     * @param slices value per slice column, in the builder's order
     * @param horizon whole periods, from 1
     * @param actual NaN when missing
     * @param weight finite, not negative
     * @param predictions the numbers of each model, in the builder's order; NaN when missing;
     *     copied
     * @throws SluiceException SLU-8003 when the row is malformed
     */
    public Builder add(
        String unit,
        List<String> slices,
        Instant origin,
        int horizon,
        Instant targetEnd,
        double actual,
        double weight,
        double... predictions) {
      if (slices.size() != sliceNames.size() || predictions.length != given) {
        throw invalid("a holdout row of unit " + unit + " has too few or too many columns");
      }
      if (!(weight >= 0 && Double.isFinite(weight))) {
        throw invalid("weight " + weight + " in a holdout row of unit " + unit);
      }
      if (Double.isInfinite(actual)) {
        throw invalid("an infinite actual in a holdout row of unit " + unit);
      }
      if (size == this.actual.length) {
        grow();
      }
      units.add(size, unit);
      for (int s = 0; s < slices.size(); s++) {
        this.slices.get(s).add(size, slices.get(s));
      }
      this.origin[size] = origin.toEpochMilli();
      this.horizon[size] = horizon;
      this.targetEnd[size] = targetEnd.toEpochMilli();
      this.actual[size] = actual;
      this.weight[size] = weight;
      int next = 0;
      for (int m = 0; m < widths.length; m++) {
        System.arraycopy(predictions, next, this.predictions[m], size * widths[m], widths[m]);
        next += widths[m];
      }
      size++;
      return this;
    }

    private void grow() {
      int length = size * 2;
      origin = Arrays.copyOf(origin, length);
      horizon = Arrays.copyOf(horizon, length);
      targetEnd = Arrays.copyOf(targetEnd, length);
      actual = Arrays.copyOf(actual, length);
      weight = Arrays.copyOf(weight, length);
      for (int m = 0; m < predictions.length; m++) {
        predictions[m] = Arrays.copyOf(predictions[m], length * widths[m]);
      }
    }

    /**
     * The finished holdout; the builder can go on.
     *
     * @throws SluiceException SLU-8003 when a key (unit, origin, horizon) comes twice
     */
    public HoldoutRows build(EvaluationReport evaluation, GateContext context) {
      return new HoldoutRows(evaluation, context, this);
    }
  }

  /** A column of names under construction, coded in order of appearance. */
  private static final class Names {
    private final Map<String, Integer> codes = new HashMap<>();
    private final List<String> names = new ArrayList<>();
    private int[] code = new int[64];

    void add(int row, String name) {
      Integer known = codes.get(name);
      if (known == null) {
        known = names.size();
        codes.put(name, known);
        names.add(name);
      }
      if (row == code.length) {
        code = Arrays.copyOf(code, row * 2);
      }
      code[row] = known;
    }

    Codes sorted(int rows) {
      List<String> sorted = new ArrayList<>(names);
      Collections.sort(sorted);
      int[] rank = new int[sorted.size()];
      for (int i = 0; i < rank.length; i++) {
        Integer old = codes.get(sorted.get(i));
        if (old != null) {
          rank[old] = i;
        }
      }
      int[] out = new int[rows];
      for (int i = 0; i < rows; i++) {
        out[i] = rank[code[i]];
      }
      return new Codes(List.copyOf(sorted), out);
    }
  }

  private static double[] pick(double[] from, int[] order, int width) {
    if (width == 1) {
      return pick(from, order);
    }
    double[] out = new double[order.length * width];
    for (int i = 0; i < order.length; i++) {
      System.arraycopy(from, order[i] * width, out, i * width, width);
    }
    return out;
  }

  private static double[] pick(double[] from, int[] order) {
    double[] out = new double[order.length];
    Arrays.setAll(out, i -> from[order[i]]);
    return out;
  }

  private static long[] pick(long[] from, int[] order) {
    long[] out = new long[order.length];
    Arrays.setAll(out, i -> from[order[i]]);
    return out;
  }

  private static int[] pick(int[] from, int[] order) {
    int[] out = new int[order.length];
    Arrays.setAll(out, i -> from[order[i]]);
    return out;
  }
}
