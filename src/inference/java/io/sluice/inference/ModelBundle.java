package io.sluice.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtEnvironment;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtLoggingLevel;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.TensorInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.Brief;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A model as evaluate and serving see it: the one way from a bundle's folder to a forecast, so that
 * what was tested is what is served. A loaded bundle has passed its own probe.
 *
 * <p>{@link #predict} may be called by several threads at once; the caller sees to it that none is
 * inside when {@link #close} is called. One compute thread per call: a sum in another order gives
 * other bits, and equal inputs are to give equal outputs on any machine.
 */
public final class ModelBundle implements AutoCloseable {
  private static final long MAX_JSON_BYTES = 32L << 20;
  private static final long MAX_MODEL_BYTES = 1L << 30;

  /** Windows per call of ONNX Runtime; fixed, so that results do not depend on the caller's. */
  private static final int CHUNK = 1024;

  /** Upper bound of the numbers in one chunk (64 MiB), for windows that are very long. */
  private static final int CHUNK_NUMBERS = 16 << 20;

  /** What a location of external data may look like: ONNX Runtime gives others a meaning. */
  private static final Pattern PLAIN_LOCATION = Pattern.compile("[A-Za-z0-9_][A-Za-z0-9._/-]*");

  private final String name;
  private final ForecastSignature signature;
  private final JsonNode params;
  private final OrtEnvironment environment;
  private final OrtSession session;

  /** Whether the graph takes windows with lookback and channels in one dimension. */
  private final boolean flat;

  private ModelBundle(
      String name,
      ForecastSignature signature,
      JsonNode params,
      OrtEnvironment environment,
      OrtSession session,
      boolean flat) {
    this.name = name;
    this.signature = signature;
    this.params = params;
    this.environment = environment;
    this.session = session;
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
    JsonNode params;
    try {
      params = json(folder, name, "params.json");
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6001",
          "bundle `%s`: params.json is not JSON: %s".formatted(name, e.getMessage()),
          "write the hyperparameters of the fit as one JSON object",
          e);
    }
    ModelBundle bundle = graph(folder, name, signature, params);
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
      return Probe.parse(json(folder, name, "probe.json"), signature);
    } catch (IllegalArgumentException e) {
      throw Refusal.of(
          "SLU-6006",
          "bundle `%s`: %s".formatted(name, e.getMessage()),
          "write probe.json when the model is exported, with at least %d rows that fit the signature"
              .formatted(Probe.MIN_ROWS),
          e);
    }
  }

  /** The graph of a bundle that has no probe yet, held against its signature. */
  static ModelBundle unproven(Path folder, String name) {
    return graph(folder, name, ForecastSignature.read(folder, name), Json.object());
  }

  private static ModelBundle graph(
      Path folder, String name, ForecastSignature signature, JsonNode params) {
    Path model = regular(folder, name, "model.onnx", MAX_MODEL_BYTES);
    refuseForeignData(folder, name, model);
    OrtEnvironment environment =
        OrtEnvironment.getEnvironment(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL, "sluice");
    OrtSession session = open(environment, name, model);
    try {
      boolean flat = flat(name, session, signature);
      return new ModelBundle(name, signature, params, environment, session, flat);
    } catch (RuntimeException e) {
      close(session);
      throw e;
    }
  }

  public ForecastSignature signature() {
    return signature;
  }

  /** The hyperparameters that the model was fitted with, as {@code params.json} has them. */
  public JsonNode params() {
    return params;
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
    return environment.getVersion();
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
                environment, FloatBuffer.wrap(windows, from * size, n * size), shape);
        OnnxTensor day =
            OnnxTensor.createTensor(
                environment, LongBuffer.wrap(originDays, from, n), new long[] {n, 1})) {
      inputs.put(signature.window(), window);
      signature.originDay().ifPresent(input -> inputs.put(input, day));
      try (OrtSession.Result result = session.run(inputs, Set.of(signature.output()))) {
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
      throw Refusal.of(
          "SLU-6008",
          "bundle `%s`: the model failed: %s".formatted(name, reason(e)),
          "load the bundle where it was made and predict with it",
          e);
    }
  }

  @Override
  public void close() {
    close(session);
  }

  private static void close(OrtSession session) {
    try {
      session.close();
    } catch (OrtException e) {
      throw new IllegalStateException("ONNX Runtime could not close a session", e);
    }
  }

  static JsonNode json(Path folder, String name, String file) {
    Path path = regular(folder, name, file, MAX_JSON_BYTES);
    try {
      return Json.parse(Files.readAllBytes(path));
    } catch (IOException e) {
      throw unreadable(name, file, e);
    }
  }

  private static Path regular(Path folder, String name, String file, long maxBytes) {
    Path path = folder.resolve(file);
    if (!Files.isRegularFile(path, LinkOption.NOFOLLOW_LINKS)) {
      throw Refusal.of(
          "SLU-6001",
          "bundle `%s` has no file %s".formatted(name, file),
          "a bundle is a folder with model.onnx and signature.json; train@1 adds MLmodel,"
              + " params.json and probe.json where they are not there");
    }
    try {
      long size = Files.size(path);
      if (size > maxBytes) {
        throw Refusal.of(
            "SLU-6001",
            "bundle `%s`: %s has %d bytes, the limit is %d".formatted(name, file, size, maxBytes),
            "a smaller model, or a shorter probe");
      }
    } catch (IOException e) {
      throw unreadable(name, file, e);
    }
    return path;
  }

  private static SluiceException unreadable(String name, String file, IOException e) {
    return Refusal.of(
        "SLU-6001",
        "bundle `%s`: %s cannot be read: %s".formatted(name, file, e.getMessage()),
        "check the file and its permissions",
        e);
  }

  /** A model file may name others to be mapped into memory: only files of its own bundle may be. */
  private static void refuseForeignData(Path folder, String name, Path model) {
    Set<String> locations;
    try {
      locations = OnnxFile.externalData(model);
    } catch (IOException e) {
      throw Refusal.of(
          "SLU-6003",
          "bundle `%s`: model.onnx is cut off or no ONNX model: %s".formatted(name, e.getMessage()),
          "export the model again",
          e);
    }
    long total = 0;
    for (String location : locations) {
      try {
        Path file = folder.resolve(location);
        if (!PLAIN_LOCATION.matcher(location).matches()
            || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)
            || !file.toRealPath().startsWith(folder.toRealPath())) {
          throw Refusal.of(
              "SLU-6004",
              "bundle `%s`: model.onnx wants its data from %s, which is not a file of the bundle"
                  .formatted(name, Refusal.quoted(location)),
              "save the tensors inside model.onnx, or in a file beside it");
        }
        total += Files.size(file);
      } catch (IOException e) {
        throw unreadable(name, location, e);
      }
    }
    if (total > MAX_MODEL_BYTES) {
      throw Refusal.of(
          "SLU-6001",
          "bundle `%s`: %d bytes of external data, the limit is %d"
              .formatted(name, total, MAX_MODEL_BYTES),
          "a smaller model");
    }
  }

  private static OrtSession open(OrtEnvironment environment, String name, Path model) {
    try (OrtSession.SessionOptions options = new OrtSession.SessionOptions()) {
      options.setIntraOpNumThreads(1);
      options.setInterOpNumThreads(1);
      options.setDeterministicCompute(true);
      options.setSessionLogLevel(OrtLoggingLevel.ORT_LOGGING_LEVEL_FATAL);
      return environment.createSession(model.toString(), options);
    } catch (OrtException e) {
      throw Refusal.of(
          "SLU-6003",
          "bundle `%s`: ONNX Runtime does not load model.onnx: %s".formatted(name, reason(e)),
          "export with standard operators and an opset that ONNX Runtime %s knows"
              .formatted(environment.getVersion()),
          e);
    }
  }

  /** Holds the signature against the graph; tells whether the graph's window is flat. */
  private static boolean flat(String name, OrtSession session, ForecastSignature signature) {
    try {
      Map<String, NodeInfo> inputs = session.getInputInfo();
      NodeInfo window = inputs.get(signature.window());
      boolean flat =
          window != null
              && window.getInfo() instanceof TensorInfo tensor
              && tensor.getShape().length == 2;
      long[] shape =
          flat
              ? new long[] {signature.windowSize()}
              : new long[] {signature.lookback(), signature.channels().size()};
      expect(name, "input", inputs, signature.window(), OnnxJavaType.FLOAT, shape);
      if (signature.originDay().isPresent()) {
        expect(name, "input", inputs, signature.originDay().get(), OnnxJavaType.INT64, 1);
      }
      for (String input : inputs.keySet()) {
        if (!input.equals(signature.window())
            && !signature.originDay().filter(input::equals).isPresent()) {
          throw mismatch(
              name, "the graph has an input `%s` that the signature lacks".formatted(input));
        }
      }
      expect(
          name,
          "output",
          session.getOutputInfo(),
          signature.output(),
          OnnxJavaType.FLOAT,
          signature.horizons().size());
      return flat;
    } catch (OrtException e) {
      throw Refusal.of(
          "SLU-6003",
          "bundle `%s`: ONNX Runtime cannot tell inputs and outputs: %s".formatted(name, reason(e)),
          "export the model again",
          e);
    }
  }

  /** Dimensions after the batch; the batch itself must be open, others may be (-1). */
  private static void expect(
      String name,
      String what,
      Map<String, NodeInfo> nodes,
      String node,
      OnnxJavaType type,
      long... inner) {
    NodeInfo info = nodes.get(node);
    if (info == null) {
      throw mismatch(
          name, "the graph has no %s `%s`, only %s".formatted(what, node, nodes.keySet()));
    }
    if (!(info.getInfo() instanceof TensorInfo tensor) || tensor.type != type) {
      throw mismatch(name, "%s `%s` is no %s tensor".formatted(what, node, type));
    }
    long[] shape = tensor.getShape();
    boolean fits = shape.length == inner.length + 1;
    for (int i = 0; fits && i < inner.length; i++) {
      fits = shape[i + 1] == -1 || shape[i + 1] == inner[i];
    }
    if (!fits) {
      throw mismatch(
          name,
          "%s `%s` has shape %s, the signature says [batch, %s"
              .formatted(what, node, Arrays.toString(shape), Arrays.toString(inner).substring(1)));
    }
    if (shape[0] != -1) {
      throw mismatch(
          name,
          "%s `%s` takes batches of %d only; its first dimension must be open"
              .formatted(what, node, shape[0]));
    }
  }

  private static SluiceException mismatch(String name, String how) {
    return Refusal.of(
        "SLU-6005",
        "bundle `%s`: signature.json and model.onnx disagree: %s".formatted(name, how),
        "write the signature from the graph that is exported");
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

  private static String reason(OrtException e) {
    return Brief.line(String.valueOf(e.getMessage()), 300);
  }
}
