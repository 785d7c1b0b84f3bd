package io.sluice.inference;

import ai.onnxruntime.NodeInfo;
import ai.onnxruntime.OnnxJavaType;
import ai.onnxruntime.OnnxMap;
import ai.onnxruntime.OnnxSequence;
import ai.onnxruntime.OnnxTensor;
import ai.onnxruntime.OnnxValue;
import ai.onnxruntime.OrtException;
import ai.onnxruntime.OrtSession;
import ai.onnxruntime.SequenceInfo;
import ai.onnxruntime.TensorInfo;
import ai.onnxruntime.ValueInfo;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.json.Json;
import io.sluice.core.serving.Tensors;
import io.sluice.core.task.Task;
import java.nio.DoubleBuffer;
import java.nio.FloatBuffer;
import java.nio.LongBuffer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.IntStream;

/**
 * A model that predicts row by row, as evaluate and serving see it: the one way from a bundle's
 * folder to a prediction. It takes graphs as skl2onnx, onnxmltools and CatBoost write them. A
 * loaded one has passed its own probe.
 *
 * <p>{@link #predict} may be called by several threads at once; the caller sees to it that none is
 * inside when {@link #close} is called.
 */
public final class TabularModel implements Predictor {
  /** Rows per call of ONNX Runtime; fixed, so that results do not depend on the caller's. */
  private static final int CHUNK = 4096;

  /** Upper bound of the numbers in one chunk, for rows that are very long. */
  private static final int CHUNK_NUMBERS = 4 << 20;

  private final TabularSignature signature;
  private final JsonNode params;
  private final OnnxGraph graph;
  private final String output;
  private final double tolerance;

  /** Of each input of the signature whether the graph takes it without a second dimension. */
  private final boolean[] flat;

  private TabularModel(
      TabularSignature signature,
      JsonNode params,
      OnnxGraph graph,
      String output,
      double tolerance,
      boolean[] flat) {
    this.signature = signature;
    this.params = params;
    this.graph = graph;
    this.output = output;
    this.tolerance = tolerance;
    this.flat = flat;
  }

  /**
   * Reads a bundle, holds its signature against the graph and its probe against what the model
   * answers here.
   *
   * @param folder with {@code model.onnx}, {@code signature.json}, {@code probe.json}, {@code
   *     params.json}
   * @throws SluiceException (exit code 2) SLU-6001 to SLU-6009: which part is wrong, and how
   */
  public static TabularModel load(Path folder) {
    String name = String.valueOf(folder.getFileName());
    TabularSignature signature = TabularSignature.read(folder, name);
    TabularProbe probe;
    try {
      probe = TabularProbe.parse(BundleFiles.json(folder, name, "probe.json"), signature);
    } catch (IllegalArgumentException e) {
      throw BundleFiles.badProbe(name, e);
    }
    TabularModel model =
        graph(folder, name, signature, BundleFiles.params(folder, name), probe.tolerance());
    try {
      probe.run(model, name);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
    return model;
  }

  /** The graph of a bundle that has no probe yet, held against its signature. */
  static TabularModel unproven(Path folder, String name) {
    return graph(folder, name, TabularSignature.read(folder, name), Json.object(), 0);
  }

  private static TabularModel graph(
      Path folder, String name, TabularSignature signature, JsonNode params, double tolerance) {
    OnnxGraph graph = OnnxGraph.load(folder, name);
    try {
      boolean[] flat = inputs(graph, signature);
      return new TabularModel(signature, params, graph, output(graph, signature), tolerance, flat);
    } catch (RuntimeException e) {
      graph.close();
      throw e;
    }
  }

  @Override
  public TabularSignature signature() {
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
    Features rows = Features.of(input);
    double[] answer = predict(rows);
    return List.of(new Tensors.Tensor.Doubles(PREDICTION, rows.size(), signature.width(), answer));
  }

  /** The name of the graph's output that holds the predictions. */
  String output() {
    return output;
  }

  private ValueInfo outputInfo() {
    NodeInfo info = graph.outputs().get(output);
    if (info == null) {
      throw new IllegalStateException("no output " + output);
    }
    return info.getInfo();
  }

  /** The shape of the output, -1 for what is open; empty where it is a sequence of maps. */
  Optional<long[]> outputTensor() {
    return outputInfo() instanceof TensorInfo tensor
        ? Optional.of(tensor.getShape())
        : Optional.empty();
  }

  boolean outputIsDouble() {
    return outputInfo() instanceof TensorInfo tensor && tensor.type == OnnxJavaType.DOUBLE;
  }

  /** Version of the ONNX Runtime that computes here. */
  String runtimeVersion() {
    return graph.environment().getVersion();
  }

  /** Whether the graph takes an input without a second dimension. */
  boolean flat(int input) {
    return flat[input];
  }

  /**
   * Predicts.
   *
   * @return flat {@code [rows][width]}; a probability of the second class where there are two
   * @throws SluiceException SLU-6008 when the model fails or answers in another form, SLU-6009 when
   *     a column is missing or of another type
   */
  double[] predict(Features rows) {
    List<Features.Column[]> columns = signature.inputs().stream().map(i -> pick(rows, i)).toList();
    int width = signature.width();
    double[] out = new double[Math.multiplyExact(rows.size(), width)];
    int widest = signature.inputs().stream().mapToInt(i -> i.columns().size()).max().orElse(1);
    int chunk = Math.max(1, Math.min(CHUNK, CHUNK_NUMBERS / widest));
    for (int from = 0; from < rows.size(); from += chunk) {
      chunk(columns, from, Math.min(chunk, rows.size() - from), out);
    }
    return out;
  }

  private Features.Column[] pick(Features rows, TabularSignature.Input input) {
    Features.Column[] picked = new Features.Column[input.columns().size()];
    for (int k = 0; k < picked.length; k++) {
      String column = input.columns().get(k);
      Features.Column found = rows.columns().get(column);
      if (found == null) {
        throw Refusal.unfit(
            graph.name(),
            "it needs a feature %s; the tables have %s"
                .formatted(
                    Refusal.quoted(column),
                    CsvTable.columnsInWords(List.copyOf(rows.columns().keySet()))));
      }
      if (!takes(input.type(), found)) {
        throw Refusal.unfit(
            graph.name(),
            "it takes %s as `%s`, and the tables have %s there; declare the type that models take, as"
                    .formatted(Refusal.quoted(column), input.type().word(), kind(found))
                + " `types: {%s: %s}` in split@1 does, since an inferred one changes with the values"
                    .formatted(column, declared(input.type())));
      }
      picked[k] = found;
    }
    return picked;
  }

  /** A number may become another without loss of meaning; a text stays a text. */
  private static boolean takes(TabularSignature.Type type, Features.Column column) {
    return switch (column) {
      case Features.Column.Numbers numbers ->
          type == TabularSignature.Type.FLOAT
              || type == TabularSignature.Type.DOUBLE
              || (type == TabularSignature.Type.INT
                  && Arrays.stream(numbers.values()).allMatch(TabularModel::isWhole));
      case Features.Column.Whole whole ->
          type == TabularSignature.Type.FLOAT
              || type == TabularSignature.Type.DOUBLE
              || type == TabularSignature.Type.INT;
      case Features.Column.Words words -> type == TabularSignature.Type.STRING;
      case Features.Column.Flags flags -> type != TabularSignature.Type.STRING;
    };
  }

  /** Neither missing nor a fraction, nor so large that doubles skip whole numbers. */
  private static boolean isWhole(double value) {
    return value == Math.rint(value) && Math.abs(value) <= 1L << 53;
  }

  private static String declared(TabularSignature.Type type) {
    return switch (type) {
      case FLOAT, DOUBLE -> "float";
      case INT -> "int";
      case STRING -> "string";
      case BOOL -> "bool";
    };
  }

  private static String kind(Features.Column column) {
    return switch (column) {
      case Features.Column.Numbers numbers -> "`float`";
      case Features.Column.Whole whole -> "`int`";
      case Features.Column.Words words -> "`string`";
      case Features.Column.Flags flags -> "`bool`";
    };
  }

  private void chunk(List<Features.Column[]> columns, int from, int n, double[] out) {
    Map<String, OnnxTensor> inputs = new LinkedHashMap<>();
    try {
      for (int i = 0; i < columns.size(); i++) {
        TabularSignature.Input input = signature.inputs().get(i);
        long[] shape = flat[i] ? new long[] {n} : new long[] {n, input.columns().size()};
        inputs.put(input.name(), tensor(input.type(), columns.get(i), from, n, shape));
      }
      try (OrtSession.Result result = graph.run(inputs, output)) {
        read(result.get(0), n, out, from * signature.width());
      }
    } catch (OrtException e) {
      throw graph.failed(e);
    } finally {
      inputs.values().forEach(OnnxTensor::close);
    }
  }

  private OnnxTensor tensor(
      TabularSignature.Type type, Features.Column[] columns, int from, int n, long[] shape)
      throws OrtException {
    int width = columns.length;
    var environment = graph.environment();
    return switch (type) {
      case FLOAT -> {
        float[] values = new float[n * width];
        for (int c = 0; c < width; c++) {
          for (int i = 0; i < n; i++) {
            values[i * width + c] = (float) number(columns[c], from + i);
          }
        }
        yield OnnxTensor.createTensor(environment, FloatBuffer.wrap(values), shape);
      }
      case DOUBLE -> {
        double[] values = new double[n * width];
        for (int c = 0; c < width; c++) {
          for (int i = 0; i < n; i++) {
            values[i * width + c] = number(columns[c], from + i);
          }
        }
        yield OnnxTensor.createTensor(environment, DoubleBuffer.wrap(values), shape);
      }
      case INT -> {
        long[] values = new long[n * width];
        for (int c = 0; c < width; c++) {
          for (int i = 0; i < n; i++) {
            values[i * width + c] = whole(columns[c], from + i);
          }
        }
        yield OnnxTensor.createTensor(environment, LongBuffer.wrap(values), shape);
      }
      case STRING -> {
        String[] values = new String[n * width];
        for (int c = 0; c < width; c++) {
          for (int i = 0; i < n; i++) {
            values[i * width + c] = text(columns[c], from + i);
          }
        }
        yield OnnxTensor.createTensor(environment, values, shape);
      }
      case BOOL -> {
        if (shape.length == 1) {
          boolean[] values = new boolean[n];
          for (int i = 0; i < n; i++) {
            values[i] = whole(columns[0], from + i) != 0;
          }
          yield OnnxTensor.createTensor(environment, values);
        }
        boolean[][] values = new boolean[n][width];
        for (int c = 0; c < width; c++) {
          for (int i = 0; i < n; i++) {
            values[i][c] = whole(columns[c], from + i) != 0;
          }
        }
        yield OnnxTensor.createTensor(environment, values);
      }
    };
  }

  private static double number(Features.Column column, int row) {
    return column instanceof Features.Column.Numbers numbers
        ? numbers.values()[row]
        : whole(column, row);
  }

  private static long whole(Features.Column column, int row) {
    return switch (column) {
      case Features.Column.Whole whole -> whole.values()[row];
      case Features.Column.Flags flags -> flags.values()[row] ? 1 : 0;
      case Features.Column.Numbers numbers -> (long) numbers.values()[row]; // whole, see takes
      case Features.Column.Words words -> throw new IllegalStateException("a text as a number");
    };
  }

  private static String text(Features.Column column, int row) {
    if (column instanceof Features.Column.Words words) {
      return words.words().get(words.codes()[row]);
    }
    throw new IllegalStateException("a number as a text");
  }

  private void read(OnnxValue value, int n, double[] out, int at) throws OrtException {
    switch (value) {
      case OnnxTensor tensor -> read(tensor, n, out, at);
      case OnnxSequence maps -> read(maps, n, out, at);
      default -> throw answered(String.valueOf(value.getInfo()), n);
    }
  }

  private void read(OnnxTensor tensor, int n, double[] out, int at) {
    long[] shape = tensor.getInfo().getShape();
    long columns = shape.length == 1 ? 1 : shape.length == 2 ? shape[1] : -1;
    boolean pair = signature.task() == Task.BINARY && columns == 2;
    if (shape.length == 0 || shape[0] != n || columns != (pair ? 2 : signature.width())) {
      throw answered(tensor.getInfo().type + " " + Arrays.toString(shape), n);
    }
    int count = Math.toIntExact(n * columns);
    double[] values = new double[count];
    switch (tensor.getInfo().type) {
      case FLOAT -> {
        FloatBuffer floats = tensor.getFloatBuffer();
        for (int i = 0; i < count; i++) {
          values[i] = CsvTable.shortest(floats.get(i)); // what is scored is what is written
        }
      }
      case DOUBLE -> tensor.getDoubleBuffer().get(values);
      default -> throw answered(tensor.getInfo().type + " " + Arrays.toString(shape), n);
    }
    if (pair) {
      for (int i = 0; i < n; i++) {
        refuseNoPair(graph.name(), values[2 * i], values[2 * i + 1]);
        out[at + i] = values[2 * i + 1];
      }
    } else {
      System.arraycopy(values, 0, out, at, count);
    }
  }

  /** One map of classes to probabilities for each row, as ZipMap makes them. */
  private void read(OnnxSequence maps, int n, double[] out, int at) throws OrtException {
    List<? extends OnnxValue> rows = maps.getValue();
    if (rows.size() != n) {
      throw answered("a sequence of " + rows.size(), n);
    }
    int width = signature.width();
    for (int i = 0; i < n; i++) {
      try (OnnxValue row = rows.get(i)) {
        if (!(row instanceof OnnxMap map)) {
          throw answered("a sequence of " + row.getInfo(), n);
        }
        Map<String, Number> byClass = byClass(graph.name(), signature.classes(), map.getValue());
        if (signature.task() == Task.BINARY) {
          double[] both = byClass.values().stream().mapToDouble(Number::doubleValue).toArray();
          refuseNoPair(graph.name(), both[0], both[1]);
        }
        for (int k = 0; k < width; k++) {
          String wanted = signature.classes().get(width == 1 ? 1 : k);
          Number probability = byClass.get(wanted);
          if (probability == null) {
            throw answered("no probability of " + Refusal.quoted(wanted), n);
          }
          out[at + i * width + k] =
              probability instanceof Float f ? CsvTable.shortest(f) : probability.doubleValue();
        }
      }
    }
  }

  /** One of two probabilities is kept: that the other is none would never be noticed. */
  static void refuseNoPair(String name, double first, double second) {
    double sum = first + second;
    if (Double.isFinite(sum) && Math.abs(sum - 1) > TabularEvaluation.SUM_ROUNDING) {
      throw Refusal.of(
          "SLU-6058",
          "bundle `%s`: the probabilities of the two classes sum to %s".formatted(name, sum),
          "predict a probability from 0 to 1 for each class, together 1, and no score, margin or"
              + " class");
    }
  }

  /** By the classes' words, or, where the graph numbers them from 0, by their place. */
  static Map<String, Number> byClass(String name, List<String> classes, Map<?, ?> found) {
    Map<String, Number> named = new LinkedHashMap<>();
    for (Map.Entry<?, ?> entry : found.entrySet()) {
      if (entry.getValue() instanceof Number number) {
        named.put(String.valueOf(entry.getKey()), number);
      }
    }
    boolean byName = named.size() == classes.size() && named.keySet().containsAll(classes);
    Map<String, Number> placed = new LinkedHashMap<>();
    for (int k = 0; k < classes.size(); k++) {
      Number number = found.keySet().iterator().next() instanceof Long ? named.get("" + k) : null;
      if (number != null && named.size() == classes.size()) {
        placed.put(classes.get(k), number);
      }
    }
    boolean byPlace = placed.size() == classes.size();
    if (byName
        && byPlace
        && !IntStream.range(0, classes.size()).allMatch(k -> classes.get(k).equals("" + k))) {
      throw Refusal.of(
          "SLU-6008",
          "bundle `%s`: the model numbers its classes from 0, and the signature's classes %s are"
                  .formatted(name, CsvTable.columnsInWords(classes))
              + " numbers in another order, so that a number may be a name or a place",
          "export without ZipMap (`options={id(model): {\"zipmap\": False}}`), or name the"
              + " classes in ascending order");
    }
    if (byName) {
      return named;
    }
    if (byPlace) {
      return placed;
    }
    throw Refusal.of(
        "SLU-6008",
        "bundle `%s`: the model knows the classes %s, its signature names %s"
            .formatted(
                name,
                CsvTable.columnsInWords(List.copyOf(new TreeSet<>(named.keySet()))),
                CsvTable.columnsInWords(classes)),
        "write the classes of the model into its signature, in its order");
  }

  private SluiceException answered(String what, int n) {
    String wanted =
        signature.task().classes()
            ? "a probability for each of %d classes".formatted(signature.classes().size())
            : "a number";
    return Refusal.of(
        "SLU-6008",
        "bundle `%s`: the model answered %s in `%s` to %d rows, not %s a row"
            .formatted(graph.name(), what, output, n, wanted),
        "name the output that holds them, as float or double: [batch, classes], [batch, 1],"
            + " [batch] or the maps of a ZipMap");
  }

  @Override
  public void close() {
    graph.close();
  }

  /** Holds the inputs of the signature against the graph's; tells which are flat. */
  private static boolean[] inputs(OnnxGraph graph, TabularSignature signature) {
    Map<String, NodeInfo> inputs = graph.inputs();
    boolean[] flat = new boolean[signature.inputs().size()];
    for (int i = 0; i < flat.length; i++) {
      TabularSignature.Input input = signature.inputs().get(i);
      NodeInfo info = inputs.get(input.name());
      if (info == null) {
        throw graph.mismatch(
            "the graph has no input `%s`, only %s".formatted(input.name(), inputs.keySet()));
      }
      if (!(info.getInfo() instanceof TensorInfo tensor) || tensor.type != type(input.type())) {
        throw graph.mismatch(
            "input `%s` is %s, the signature says `%s`"
                .formatted(
                    input.name(),
                    info.getInfo() instanceof TensorInfo other ? other.type : info.getInfo(),
                    input.type().word()));
      }
      long[] shape = tensor.getShape();
      int columns = input.columns().size();
      flat[i] = shape.length == 1 && columns == 1;
      if (!flat[i] && (shape.length != 2 || (shape[1] != -1 && shape[1] != columns))) {
        throw graph.mismatch(
            "input `%s` has shape %s, the signature says [batch, %d]"
                .formatted(input.name(), Arrays.toString(shape), columns));
      }
      if (shape[0] != -1) {
        throw graph.mismatch(
            "input `%s` takes batches of %d only; its first dimension must be open"
                .formatted(input.name(), shape[0]));
      }
    }
    for (String input : inputs.keySet()) {
      if (signature.inputs().stream().noneMatch(i -> i.name().equals(input))) {
        throw graph.mismatch(
            "the graph has an input `%s` that the signature lacks".formatted(input));
      }
    }
    return flat;
  }

  private static OnnxJavaType type(TabularSignature.Type type) {
    return switch (type) {
      case FLOAT -> OnnxJavaType.FLOAT;
      case DOUBLE -> OnnxJavaType.DOUBLE;
      case INT -> OnnxJavaType.INT64;
      case STRING -> OnnxJavaType.STRING;
      case BOOL -> OnnxJavaType.BOOL;
    };
  }

  /** The output that the signature names, or the one that it can only be. */
  private static String output(OnnxGraph graph, TabularSignature signature) {
    Map<String, NodeInfo> outputs = graph.outputs();
    Optional<String> told = signature.output();
    if (told.isEmpty() && signature.task().classes()) {
      told = Optional.of("probabilities").filter(outputs::containsKey);
    }
    if (told.isEmpty() && outputs.size() == 1) {
      told = outputs.keySet().stream().findFirst();
    }
    String name =
        told.orElseThrow(() ->
            graph.mismatch(
                "the graph has the outputs %s, and the signature names none"
                    .formatted(outputs.keySet())));
    NodeInfo info = outputs.get(name);
    if (info == null) {
      throw graph.mismatch(
          "the graph has no output `%s`, only %s".formatted(name, outputs.keySet()));
    }
    boolean fits =
        switch (info.getInfo()) {
          case TensorInfo tensor -> fits(tensor, signature);
          case SequenceInfo sequence -> signature.task().classes() && sequence.isSequenceOfMaps();
          default -> false;
        };
    if (!fits) {
      throw graph.mismatch(
          "output `%s` is %s, which is not %s"
              .formatted(
                  name,
                  info.getInfo() instanceof TensorInfo t
                      ? t.type + " " + Arrays.toString(t.getShape())
                      : info.getInfo(),
                  signature.task().classes()
                      ? "a probability for each of %d classes".formatted(signature.classes().size())
                      : "one number a row"));
    }
    return name;
  }

  private static boolean fits(TensorInfo tensor, TabularSignature signature) {
    long[] shape = tensor.getShape();
    if (tensor.type != OnnxJavaType.FLOAT && tensor.type != OnnxJavaType.DOUBLE) {
      return false;
    }
    long columns = shape.length == 1 ? 1 : shape.length == 2 ? shape[1] : 0;
    return columns == -1
        || columns == signature.width()
        || (signature.task() == Task.BINARY && columns == 2);
  }
}
