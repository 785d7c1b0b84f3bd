package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.json.Json;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The probe of a bundle that predicts row by row ({@code probe.json}, schema {@code
 * probe.schema.json}): each input of the graph by its name, a list of rows, each the list of its
 * columns' values; {@code null} is a missing number.
 *
 * @param rows the inputs
 * @param expected flat {@code [rows][width]}, finite
 * @param tolerance a difference up to {@code tolerance * max(1, |expected|)} is none
 */
@SuppressWarnings("ArrayRecordComponent") // numbers; nobody compares two probes
record TabularProbe(Features rows, double[] expected, double tolerance) {
  static final int ROWS = 8;

  /** Float32 arithmetic of another build stays well inside. */
  private static final double TOLERANCE = 1e-5;

  /**
   * Reads the content of {@code probe.json}.
   *
   * @throws IllegalArgumentException when it is not a probe for this signature; the message says
   *     where
   */
  static TabularProbe parse(JsonNode json, TabularSignature signature) {
    Fields top = new Fields("the probe", json);
    JsonNode output = top.array("output", Probe.MIN_ROWS, Probe.MAX_ROWS);
    int n = output.size();
    Fields inputs = new Fields("`inputs` of the probe", top.required("inputs"));
    SortedMap<String, Features.Column> columns = new TreeMap<>();
    for (TabularSignature.Input input : signature.inputs()) {
      JsonNode rows = inputs.array(input.name(), n, n);
      for (int c = 0; c < input.columns().size(); c++) {
        List<JsonNode> values = new ArrayList<>();
        for (JsonNode row : rows) {
          if (!row.isArray() || row.size() != input.columns().size()) {
            throw new IllegalArgumentException(
                "`%s` of the probe holds a row that is not a list of %d"
                    .formatted(input.name(), input.columns().size()));
          }
          values.add(row.get(c));
        }
        // where two inputs look at one column, whole numbers serve both
        columns.merge(
            input.columns().get(c),
            column(input, values),
            (a, b) -> a instanceof Features.Column.Numbers ? b : a);
      }
    }
    inputs.end();
    int width = signature.width();
    double[] expected = new double[n * width];
    for (int r = 0; r < n; r++) {
      JsonNode row = output.get(r);
      if (!row.isArray() || row.size() != width) {
        throw new IllegalArgumentException(
            "the output in probe row %d is not a list of %d".formatted(r, width));
      }
      for (int k = 0; k < width; k++) {
        double value = row.get(k).isNumber() ? row.get(k).doubleValue() : Double.NaN;
        if (!Double.isFinite(value)) {
          throw new IllegalArgumentException(
              "the output in probe row %d holds something that is not a number".formatted(r));
        }
        expected[r * width + k] = value;
      }
    }
    double tolerance = top.number("tolerance");
    if (!(tolerance >= 0 && tolerance <= Probe.MAX_TOLERANCE)) {
      throw new IllegalArgumentException(
          "`tolerance` of the probe is not within 0.." + Probe.MAX_TOLERANCE);
    }
    top.end();
    return new TabularProbe(new Features(n, columns), expected, tolerance);
  }

  private static Features.Column column(TabularSignature.Input input, List<JsonNode> values) {
    int n = values.size();
    return switch (input.type()) {
      case FLOAT, DOUBLE -> {
        double[] numbers = new double[n];
        for (int r = 0; r < n; r++) {
          JsonNode value = values.get(r);
          if (!value.isNull() && !value.isNumber()) {
            throw wrong(input, r);
          }
          numbers[r] = value.isNull() ? Double.NaN : value.doubleValue();
        }
        yield new Features.Column.Numbers(numbers);
      }
      case INT -> {
        long[] whole = new long[n];
        for (int r = 0; r < n; r++) {
          if (!values.get(r).isIntegralNumber()) {
            throw wrong(input, r);
          }
          whole[r] = values.get(r).longValue();
        }
        yield new Features.Column.Whole(whole);
      }
      case STRING -> {
        int[] codes = new int[n];
        List<String> words = new ArrayList<>();
        for (int r = 0; r < n; r++) {
          if (!values.get(r).isTextual()) {
            throw wrong(input, r);
          }
          codes[r] = r;
          words.add(values.get(r).textValue());
        }
        yield new Features.Column.Words(codes, List.copyOf(words));
      }
      case BOOL -> {
        boolean[] flags = new boolean[n];
        for (int r = 0; r < n; r++) {
          if (!values.get(r).isBoolean()) {
            throw wrong(input, r);
          }
          flags[r] = values.get(r).booleanValue();
        }
        yield new Features.Column.Flags(flags);
      }
    };
  }

  private static IllegalArgumentException wrong(TabularSignature.Input input, int row) {
    return new IllegalArgumentException(
        "`%s` of the probe holds in row %d something that is no `%s`"
            .formatted(input.name(), row, input.type().word()));
  }

  /**
   * Refuses a model that answers otherwise.
   *
   * @throws io.sluice.core.diag.SluiceException SLU-6007
   */
  void run(TabularModel model, String name) {
    double[] found = model.predict(rows);
    double worst = -1;
    int at = 0;
    boolean passes = true;
    for (int i = 0; i < found.length; i++) {
      double difference = Math.abs(found[i] - expected[i]);
      if (Double.isNaN(difference)) {
        difference = Double.POSITIVE_INFINITY;
      }
      passes &= difference <= tolerance * Math.max(1, Math.abs(expected[i]));
      if (difference > worst) {
        worst = difference;
        at = i;
      }
    }
    if (!passes) {
      throw Refusal.of(
          "SLU-6007",
          ("bundle `%s` fails its probe: largest difference %s in row %d"
                  + " (expected %s, the model says %s; tolerance %s)")
              .formatted(
                  name, worst, at / model.signature().width(), expected[at], found[at], tolerance),
          "this is not the model that was exported, or it answers differently here: export again");
    }
  }

  /**
   * Rows that nobody is in, and what the model says to them here. Each value stands in its column
   * of the table, of which every column gives those of other rows: a bundle keeps no row of a
   * person.
   *
   * @param table the features of rows that the model was made for; fewer than none are made up
   * @throws io.sluice.core.diag.SluiceException SLU-6006 when too few answers are finite
   */
  static ObjectNode make(TabularModel model, String name, Features table) {
    TabularSignature signature = model.signature();
    List<String> columns = signature.columns();
    Map<String, int[]> from = new LinkedHashMap<>();
    for (int c = 0; c < columns.size(); c++) {
      int[] rows = new int[ROWS];
      for (int r = 0; r < ROWS; r++) {
        rows[r] = table.size() == 0 ? 0 : Math.floorMod(r + c * ROWS, table.size());
      }
      from.put(columns.get(c), rows);
    }
    Features rows = table.pick(from, ROWS);
    double[] answers = model.predict(rows);
    int width = signature.width();
    ObjectNode probe = Json.object();
    ObjectNode inputs = probe.putObject("inputs");
    ArrayNode output = JsonNodeFactory.instance.arrayNode();
    List<Integer> finite = new ArrayList<>();
    for (int r = 0; r < ROWS; r++) {
      ArrayNode answer = JsonNodeFactory.instance.arrayNode();
      boolean usable = true;
      for (int k = 0; k < width; k++) {
        answer.add(answers[r * width + k]);
        usable &= Double.isFinite(answers[r * width + k]);
      }
      if (usable) {
        finite.add(r);
        output.add(answer);
      }
    }
    if (finite.size() < Probe.MIN_ROWS) {
      throw Refusal.of(
          "SLU-6006",
          "bundle `%s`: to %d of %d made-up rows the model answers no finite number"
              .formatted(name, ROWS - finite.size(), ROWS),
          "write probe.json with rows that the model is made for");
    }
    for (TabularSignature.Input input : signature.inputs()) {
      ArrayNode shown = inputs.putArray(input.name());
      for (int r : finite) {
        ArrayNode row = shown.addArray();
        for (String column : input.columns()) {
          Features.Column values = rows.columns().get(column);
          if (values != null) {
            add(row, input.type(), values, r);
          }
        }
      }
    }
    probe.set("output", output);
    probe.put("tolerance", TOLERANCE);
    return probe;
  }

  private static void add(
      ArrayNode row, TabularSignature.Type type, Features.Column column, int at) {
    switch (column) {
      case Features.Column.Numbers numbers -> {
        if (Double.isNaN(numbers.values()[at])) {
          row.addNull();
        } else {
          row.add(numbers.values()[at]);
        }
      }
      case Features.Column.Whole whole -> row.add(whole.values()[at]);
      case Features.Column.Words words -> row.add(words.words().get(words.codes()[at]));
      case Features.Column.Flags flags -> {
        if (type == TabularSignature.Type.BOOL) {
          row.add(flags.values()[at]);
        } else {
          row.add(flags.values()[at] ? 1 : 0);
        }
      }
    }
  }

  /**
   * Rows for a model of which no table is there: numbers of several sizes, a missing one, words.
   */
  static Features madeUp(TabularSignature signature) {
    SortedMap<String, Features.Column> columns = new TreeMap<>();
    for (TabularSignature.Input input : signature.inputs()) {
      for (String name : input.columns()) {
        int c = columns.size();
        double[] numbers = new double[ROWS];
        long[] whole = new long[ROWS];
        boolean[] flags = new boolean[ROWS];
        int[] codes = new int[ROWS];
        for (int r = 0; r < ROWS; r++) {
          numbers[r] = r == ROWS - 1 && c % 3 == 0 ? Double.NaN : (r - 2) * (c + 1) / 2.0;
          whole[r] = (long) r * (c + 1);
          flags[r] = (r + c) % 2 == 0;
          codes[r] = (r + c) % 2;
        }
        columns.putIfAbsent(
            name,
            switch (input.type()) {
              case FLOAT, DOUBLE -> new Features.Column.Numbers(numbers);
              case INT -> new Features.Column.Whole(whole);
              case BOOL -> new Features.Column.Flags(flags);
              case STRING -> new Features.Column.Words(codes, List.of("a", "b"));
            });
      }
    }
    return new Features(ROWS, columns);
  }
}
