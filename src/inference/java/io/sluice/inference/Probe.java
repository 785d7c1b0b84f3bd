package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * A few inputs with the outputs that the model gave when it was written ({@code probe.json}, schema
 * {@code probe.schema.json}). Run at every load: a bundle that answers differently here than where
 * it was made is not the model that was tested.
 *
 * @param rows how many, at least {@link #MIN_ROWS}
 * @param windows flat {@code [rows][lookback][channels]}, NaN = missing
 * @param originDays {@code [rows]}; zeros when the model takes no origin day
 * @param expected flat {@code [rows][horizons]}, finite
 * @param tolerance a difference up to {@code tolerance * max(1, |expected|)} is none
 */
@SuppressWarnings("ArrayRecordComponent") // tensors; nobody compares two probes
record Probe(int rows, float[] windows, long[] originDays, float[] expected, double tolerance) {
  static final int MIN_ROWS = 3;
  static final int MAX_ROWS = 1_000;

  /** A probe that tolerates more than this would let another model pass. */
  static final double MAX_TOLERANCE = 1e-2;

  /**
   * Reads the content of {@code probe.json}.
   *
   * @throws IllegalArgumentException when it is not a probe for this signature; the message says
   *     where
   */
  static Probe parse(JsonNode json, ForecastSignature signature) {
    Fields top = new Fields("the probe", json);
    Fields inputs = new Fields("`inputs` of the probe", top.required("inputs"));
    JsonNode windows = inputs.array(signature.window(), MIN_ROWS, MAX_ROWS);
    int rows = windows.size();
    int channels = signature.channels().size();
    float[] flat = new float[rows * signature.windowSize()];
    int at = 0;
    for (int r = 0; r < rows; r++) {
      JsonNode window = list(windows.get(r), signature.lookback(), "the window", r);
      for (JsonNode period : window) {
        for (JsonNode value : list(period, channels, "a period of the window", r)) {
          flat[at++] = value.isNull() ? Float.NaN : number(value, "the window", r);
        }
      }
    }
    long[] days = new long[rows];
    if (signature.originDay().isPresent()) {
      JsonNode list = inputs.array(signature.originDay().get(), rows, rows);
      for (int r = 0; r < rows; r++) {
        JsonNode day = list(list.get(r), 1, "the origin day", r).get(0);
        if (!day.isIntegralNumber() || !day.canConvertToInt()) {
          throw new IllegalArgumentException("the origin day of probe row " + r + " is not a day");
        }
        days[r] = day.longValue();
      }
    }
    inputs.end();
    JsonNode output = top.array("output", rows, rows);
    int horizons = signature.horizons().size();
    float[] expected = new float[rows * horizons];
    for (int r = 0; r < rows; r++) {
      JsonNode row = list(output.get(r), horizons, "the output", r);
      for (int h = 0; h < horizons; h++) {
        expected[r * horizons + h] = number(row.get(h), "the output", r);
      }
    }
    double tolerance = top.number("tolerance");
    if (!(tolerance >= 0 && tolerance <= MAX_TOLERANCE)) {
      throw new IllegalArgumentException(
          "`tolerance` of the probe is not within 0.." + MAX_TOLERANCE);
    }
    top.end();
    return new Probe(rows, flat, days, expected, tolerance);
  }

  private static JsonNode list(JsonNode node, int size, String what, int row) {
    if (!node.isArray() || node.size() != size) {
      throw new IllegalArgumentException(
          "%s in probe row %d is not a list of %d".formatted(what, row, size));
    }
    return node;
  }

  private static float number(JsonNode node, String what, int row) {
    float value = node.isNumber() ? (float) node.doubleValue() : Float.NaN;
    if (!Float.isFinite(value)) {
      throw new IllegalArgumentException(
          "%s in probe row %d holds something that is not a number".formatted(what, row));
    }
    return value;
  }
}
