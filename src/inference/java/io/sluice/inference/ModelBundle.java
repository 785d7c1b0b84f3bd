package io.sluice.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.serving.Tensors;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * A model as evaluate and serving see it: the one way from a bundle's folder to a forecast, so that
 * what was tested is what is served. A loaded bundle has passed its own probe.
 *
 * <p>{@link #predict} may be called by several threads at once; the caller sees to it that none is
 * inside when {@link #close} is called. One compute thread per call: a sum in another order gives
 * other bits, and equal calls give equal outputs. A row alone and the same row among others may
 * differ in their last bits.
 */
public final class ModelBundle implements Predictor {
  /** Windows per call of ONNX Runtime; fixed, so that results do not depend on the caller's. */
  private static final int CHUNK = 1024;

  /** Upper bound of the numbers in one chunk (64 MiB), for windows that are very long. */
  private static final int CHUNK_NUMBERS = 16 << 20;

  private final String name;
  private final ForecastSignature signature;
  private final JsonNode params;
  private final OnnxGraph graph;
  private final double tolerance;

  /** Whether the graph takes windows with lookback and channels in one dimension. */
  private final boolean flat;

  private ModelBundle(
      String name,
      ForecastSignature signature,
      JsonNode params,
      OnnxGraph graph,
      double tolerance,
      boolean flat) {
    this.name = name;
    this.signature = signature;
    this.params = params;
    this.graph = graph;
    this.tolerance = tolerance;
    this.flat = flat;
  }

  /**
   * Reads a bundle, holds its signature against the graph and its probe against what the model
   * answers here.
   *
   * @param folder with {@code model.onnx}, {@code signature.json}, {@code probe.json}, {@code
   *     params.json}
   * @throws SluiceException (exit code 2) SLU-6001 to SLU-6007: which part is wrong, and how
   */
  public static ModelBundle load(Path folder) {
    String name = String.valueOf(folder.getFileName());
    ForecastSignature signature = ForecastSignature.read(folder, name);
    Probe probe = probe(folder, name, signature);
    ModelBundle bundle =
        graph(folder, name, signature, BundleFiles.params(folder, name), probe.tolerance());
    try {
      bundle.run(probe);
    } catch (RuntimeException e) {
      bundle.close();
      throw e;
    }
    return bundle;
  }

  /**
   * The probe of a bundle.
   *
   * @throws SluiceException SLU-6001 when there is none, SLU-6006 when it is none
   */
  static Probe probe(Path folder, String name, ForecastSignature signature) {
    try {
      return Probe.parse(BundleFiles.json(folder, name, "probe.json"), signature);
    } catch (IllegalArgumentException e) {
      throw BundleFiles.badProbe(name, e);
    }
  }

  /** The graph of a bundle that has no probe yet, held against its signature. */
  static ModelBundle unproven(Path folder, String name) {
    return graph(folder, name, ForecastSignature.read(folder, name), Json.object(), 0);
  }

  private static ModelBundle graph(
      Path folder, String name, ForecastSignature signature, JsonNode params, double tolerance) {
    OnnxGraph graph = OnnxGraph.load(folder, name);
    try {
      return new ModelBundle(name, signature, params, graph, tolerance, flat(graph, signature));
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  @Override
  public ForecastSignature signature() {
    return signature;
  }

  @Override
  public JsonNode params() {
    return params;
  }

  @Override
  public double tolerance() {
    return tolerance;
  }

  @Override
  public List<Tensors.Tensor> predict(List<Tensors.Tensor> input) {
    float[] windows = null;
    long[] days = null;
    String originDay = signature.originDay().orElse(ORIGIN_DAY);
    for (Tensors.Tensor table : input) {
      if (table instanceof Tensors.Tensor.Floats floats
          && table.name().equals(signature.window())
          && table.width() == signature.windowSize()) {
        windows = floats.values();
      } else if (table instanceof Tensors.Tensor.Longs longs
          && table.name().equals(originDay)
          && table.width() == 1) {
        days = longs.values();
      } else if (!table.name().equals(ORIGIN_MICROS)) {
        throw new IllegalArgumentException(
            "a forecast takes no table %s of width %d".formatted(table.name(), table.width()));
      }
    }
    if (windows == null || (days == null && signature.originDay().isPresent())) {
      throw new IllegalArgumentException("a forecast needs its window and its origin days");
    }
    int n = windows.length / signature.windowSize();
    int horizons = signature.horizons().size();
    float[] answer = predict(windows, days == null ? new long[n] : days);
    long[] periods = signature.horizons().stream().mapToLong(h -> h).toArray();
    return List.of(
        new Tensors.Tensor.Floats(signature.output(), n, horizons, answer),
        new Tensors.Tensor.Longs(HORIZON, 1, horizons, periods));
  }

  /**
   * Forecasts.
   *
   * @param windows {@code [n][lookback][channels]} in the signature's order, NaN = missing
   * @param originDays {@code [n]} days since 1970-01-01 of each origin; not looked at by a model
   *     that takes none
   * @return {@code [n][horizons]} in the signature's order
   * @throws IllegalArgumentException when the shapes are not those
   * @throws SluiceException SLU-6008 when the model fails
   */
  public float[][] predict(float[][][] windows, long[] originDays) {
    int channels = signature.channels().size();
    float[] flat = new float[Math.multiplyExact(windows.length, signature.windowSize())];
    int at = 0;
    for (float[][] window : windows) {
      if (window.length != signature.lookback()) {
        throw new IllegalArgumentException(
            "a window of %d periods, not %d".formatted(window.length, signature.lookback()));
      }
      for (float[] period : window) {
        if (period.length != channels) {
          throw new IllegalArgumentException(
              "a period of %d channels, not %d".formatted(period.length, channels));
        }
        System.arraycopy(period, 0, flat, at, channels);
        at += channels;
      }
    }
    float[] out = predict(flat, originDays);
    int horizons = signature.horizons().size();
    float[][] rows = new float[windows.length][];
    for (int i = 0; i < rows.length; i++) {
      rows[i] = Arrays.copyOfRange(out, i * horizons, (i + 1) * horizons);
    }
    return rows;
  }

  /**
   * Forecasts without a copy per row.
   *
   * @param windows flat {@code [n][lookback][channels]}
   * @param originDays {@code [n]}
   * @return flat {@code [n][horizons]}
   * @throws IllegalArgumentException when the lengths do not go together
   * @throws SluiceException SLU-6008 when the model fails
   */
  public float[] predict(float[] windows, long[] originDays) {
    int n = originDays.length;
    int size = signature.windowSize();
    if (windows.length != (long) n * size) {
      throw new IllegalArgumentException(
          "%d numbers for %d windows of %d".formatted(windows.length, n, size));
    }
    int horizons = signature.horizons().size();
    float[] out = new float[Math.multiplyExact(n, horizons)];
    int chunk = chunkRows();
    for (int from = 0; from < n; from += chunk) {
      chunk(windows, originDays, from, Math.min(chunk, n - from), out);
    }
    return out;
  }

  /** Version of the ONNX Runtime that computes here. */
  String runtimeVersion() {
    return graph.environment().getVersion();
  }

  /** Shape of the graph's window, -1 for the batch. */
  long[] windowShape() {
    return flat
        ? new long[] {-1, signature.windowSize()}
        : new long[] {-1, signature.lookback(), signature.channels().size()};
  }

  /** Windows that one call of ONNX Runtime takes; a caller that streams does well to use it too. */
  int chunkRows() {
    return Math.max(1, Math.min(CHUNK, CHUNK_NUMBERS / signature.windowSize()));
  }

  private void chunk(float[] windows, long[] originDays, int from, int n, float[] out) {
    int size = signature.windowSize();
    int horizons = signature.horizons().size();
    long[] shape = windowShape();
    shape[0] = n;
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try (OnnxTensor window =
            OnnxTensor.createTensor(
                graph.environment(), FloatBuffer.wrap(windows, from * size, n * size), shape);
        OnnxTensor day =
            OnnxTensor.createTensor(
                graph.environment(), LongBuffer.wrap(originDays, from, n), new long[] {n, 1})) {
      inputs.put(signature.window(), window);
      signature.originDay().ifPresent(input -> inputs.put(input, day));
      try (OrtSession.Result result = graph.run(inputs, signature.output())) {
        OnnxValue value = result.get(0);
        if (!(value instanceof OnnxTensor tensor)
            || tensor.getInfo().type != OnnxJavaType.FLOAT
            || !Arrays.equals(tensor.getInfo().getShape(), new long[] {n, horizons})) {
          throw Refusal.of(
              "SLU-6008",
              "bundle `%s`: the model answered %s to %d windows, not float [%d, %d]"
                  .formatted(name, value.getInfo(), n, n, horizons),
              "export the model with the output shape that its signature states");
        }
        tensor.getFloatBuffer().get(out, from * horizons, n * horizons);
      }
    } catch (OrtException e) {
      throw graph.failed(e);
    }
  }

  @Override
  public void close() {
    graph.close();
  }

  /** Holds the signature against the graph; tells whether the graph's window is flat. */
  private static boolean flat(OnnxGraph graph, ForecastSignature signature) {
    Map<String, NodeInfo> inputs = graph.inputs();
    NodeInfo window = inputs.get(signature.window());
    boolean flat =
        window != null
            && window.getInfo() instanceof TensorInfo tensor
            && tensor.getShape().length == 2;
    long[] shape =
        flat
            ? new long[] {signature.windowSize()}
            : new long[] {signature.lookback(), signature.channels().size()};
    expect(graph, "input", inputs, signature.window(), OnnxJavaType.FLOAT, shape);
    if (signature.originDay().isPresent()) {
      expect(graph, "input", inputs, signature.originDay().get(), OnnxJavaType.INT64, 1);
    }
    for (String input : inputs.keySet()) {
      if (!input.equals(signature.window())
          && !signature.originDay().filter(input::equals).isPresent()) {
        throw graph.mismatch(
            "the graph has an input `%s` that the signature lacks".formatted(input));
      }
    }
    expect(
        graph,
        "output",
        graph.outputs(),
        signature.output(),
        OnnxJavaType.FLOAT,
        signature.horizons().size());
    return flat;
  }

  /** Dimensions after the batch; the batch itself must be open, others may be (-1). */
  private static void expect(
      OnnxGraph graph,
      String what,
      Map<String, NodeInfo> nodes,
      String node,
      OnnxJavaType type,
      long... inner) {
    NodeInfo info = nodes.get(node);
    if (info == null) {
      throw graph.mismatch(
          "the graph has no %s `%s`, only %s".formatted(what, node, nodes.keySet()));
    }
    if (!(info.getInfo() instanceof TensorInfo tensor) || tensor.type != type) {
      throw graph.mismatch("%s `%s` is no %s tensor".formatted(what, node, type));
    }
    long[] shape = tensor.getShape();
    boolean fits = shape.length == inner.length + 1;
    for (int i = 0; fits && i < inner.length; i++) {
      fits = shape[i + 1] == -1 || shape[i + 1] == inner[i];
    }
    if (!fits) {
      throw graph.mismatch(
          "%s `%s` has shape %s, the signature says [batch, %s"
              .formatted(what, node, Arrays.toString(shape), Arrays.toString(inner).substring(1)));
    }
    if (shape[0] != -1) {
      throw graph.mismatch(
          "%s `%s` takes batches of %d only; its first dimension must be open"
              .formatted(what, node, shape[0]));
    }
  }

  private void run(Probe probe) {
    float[] found = predict(probe.windows(), probe.originDays());
    double worst = -1;
    int at = 0;
    boolean passes = true;
    for (int i = 0; i < found.length; i++) {
      double expected = probe.expected()[i];
      double difference = Math.abs(found[i] - expected);
      if (Double.isNaN(difference)) {
        difference = Double.POSITIVE_INFINITY;
      }
      passes &= difference <= probe.tolerance() * Math.max(1, Math.abs(expected));
      if (difference > worst) {
        worst = difference;
        at = i;
      }
    }
    if (!passes) {
      int horizons = signature.horizons().size();
      throw Refusal.of(
          "SLU-6007",
          ("bundle `%s` fails its probe: largest difference %s in row %d, horizon %d"
                  + " (expected %s, the model says %s; tolerance %s)")
              .formatted(
                  name,
                  worst,
                  at / horizons,
                  signature.horizons().get(at % horizons),
                  probe.expected()[at],
                  found[at],
                  probe.tolerance()),
          "this is not the model that was exported, or it answers differently here: export again");
    }
  }
}
