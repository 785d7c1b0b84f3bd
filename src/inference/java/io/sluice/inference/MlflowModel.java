package io.sluice.inference;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.artifact.Digest;
import io.sluice.core.json.Json;
import io.sluice.core.record.FilesBundle;
import io.sluice.core.record.PredictCommand;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files by which MLflow knows a bundle: what loads it, which environment it is served in, and
 * an example of a call. No time, no random id and nothing of the machine is in them: the same model
 * is the same bytes.
 */
final class MlflowModel {
  /** MLflow's own description; its author answers for all files that it names. */
  static final String FILE = "MLmodel";

  /** The MLflow that Sluice embeds: what a bundle is loaded with is what it was tried with. */
  private static final String MLFLOW = "3.17.2";

  private static final String ONNX = "1.23.2";
  private static final String NUMPY = "2.4.6";
  private static final String PANDAS = "3.1.1";

  /** A whole version: given a part of one, MLflow has pyenv build the newest that pyenv lists. */
  private static final String PYTHON = "3.11.7";

  /** Whole versions of the other minors, which pyenv, uv and conda-forge have. */
  private static final Map<String, String> WHOLE =
      Map.of("3.12", "3.12.7", "3.13", "3.13.1", "3.14", "3.14.0");

  /** The first Python 3 that NumPy and pandas of these versions exist for. */
  private static final int OLDEST_MINOR = 11;

  /** What MLflow imports to load a bundle that forecasts by a command; it lies in the bundle. */
  private static final String LOADER = "sluice_predict";

  private static final String LOADER_FOLDER = PredictCommand.FOLDER + "/mlflow";

  private static final String EXAMPLE = "input_example.json";
  private static final String SERVED_EXAMPLE = "serving_input_example.json";

  /** Rows of the probe that become the example: two, so that one sees what the batch is. */
  private static final int EXAMPLE_ROWS = 2;

  private final Path folder;
  private final List<String> added = new ArrayList<>();

  private MlflowModel(Path folder) {
    this.folder = folder;
  }

  /**
   * A graph as MLflow describes one.
   *
   * @param runtime version of the ONNX Runtime that scored it, so that what is served is what was
   *     tested
   * @param inputs tensors that it takes
   * @param outputs tensors that it gives
   * @param example a call: rows of each input, by its name
   */
  private record Graph(String runtime, ArrayNode inputs, ArrayNode outputs, ObjectNode example) {}

  /**
   * Describes a bundle whose model is a graph of windows.
   *
   * @return the files that were added; what is there stays as it is
   */
  static List<String> ofGraph(Path folder, ModelBundle bundle, Probe probe) throws IOException {
    ForecastSignature signature = bundle.signature();
    ArrayNode inputs = JsonNodeFactory.instance.arrayNode();
    inputs.add(tensor(signature.window(), "float32", bundle.windowShape()));
    signature.originDay().ifPresent(day -> inputs.add(tensor(day, "int64", new long[] {-1, 1})));
    ArrayNode outputs = JsonNodeFactory.instance.arrayNode();
    outputs.add(
        tensor(signature.output(), "float32", new long[] {-1, signature.horizons().size()}));
    return described(
        folder, new Graph(bundle.runtimeVersion(), inputs, outputs, example(bundle, probe)));
  }

  /**
   * Describes a bundle whose model is a graph of rows.
   *
   * @param probe the content of its {@code probe.json}
   * @return the files that were added; what is there stays as it is
   */
  static List<String> ofGraph(Path folder, TabularModel model, JsonNode probe) throws IOException {
    ArrayNode inputs = JsonNodeFactory.instance.arrayNode();
    ObjectNode example = Json.object();
    List<TabularSignature.Input> declared = model.signature().inputs();
    for (int i = 0; i < declared.size(); i++) {
      TabularSignature.Input input = declared.get(i);
      boolean flat = model.flat(i);
      long[] shape = flat ? new long[] {-1} : new long[] {-1, input.columns().size()};
      inputs.add(tensor(input.name(), dtype(input.type()), shape));
      ArrayNode rows = example.putArray(input.name());
      for (int row = 0; row < EXAMPLE_ROWS; row++) {
        JsonNode values = probe.path("inputs").path(input.name()).path(row);
        rows.add(flat ? values.path(0) : values);
      }
    }
    ArrayNode outputs = JsonNodeFactory.instance.arrayNode();
    model
        .outputTensor()
        .ifPresent(shape ->
            outputs.add(
                tensor(model.output(), model.outputIsDouble() ? "float64" : "float32", shape)));
    return described(folder, new Graph(model.runtimeVersion(), inputs, outputs, example));
  }

  private static String dtype(TabularSignature.Type type) {
    return switch (type) {
      case FLOAT -> "float32";
      case DOUBLE -> "float64";
      case INT -> "int64";
      case BOOL -> "bool";
      case STRING -> "object";
    };
  }

  private static List<String> described(Path folder, Graph graph) throws IOException {
    MlflowModel model = new MlflowModel(folder);
    // the runtime that scored it, so that what is served is what was tested
    model.environment(PYTHON, List.of("onnx==" + ONNX, "onnxruntime==" + graph.runtime()));
    model.put(EXAMPLE, Json.write(graph.example()) + "\n");
    ObjectNode served = Json.object();
    served.set("inputs", graph.example());
    model.put(SERVED_EXAMPLE, Json.write(served) + "\n");
    model.put(FILE, model.description(graph));
    return model.added;
  }

  /**
   * Describes a bundle that forecasts by a command: MLflow loads it by {@link #LOADER}, which runs
   * the command as the predict stage does. It has no signature: MLflow would refuse a window of
   * whole numbers for one of doubles, and would drop the columns of the unit, which a bundle does
   * not know.
   */
  static List<String> ofCommand(Path folder, BundleSignature signature, PredictCommand command)
      throws IOException {
    MlflowModel model = new MlflowModel(folder);
    String flavor =
        switch (signature) {
          case ForecastSignature f -> model.loaded(command);
          // the loader knows windows alone: MLflow lists such a version and loads it by nothing
          case TabularSignature t -> "";
        };
    model.put(
        FILE,
        """
        flavors:
        %s  sluice:
            predict: %s
        mlflow_version: %s
        model_uuid: %s
        """
            .formatted(flavor, PredictCommand.FILE, MLFLOW, model.uuid()));
    return model.added;
  }

  /**
   * Describes a bundle of any files: MLflow lists such a version, and loads it by nothing, since
   * nobody but the team knows how.
   */
  static List<String> ofFiles(Path folder) throws IOException {
    MlflowModel model = new MlflowModel(folder);
    model.put(
        FILE,
        """
        flavors:
          sluice:
            bundle: %s
        mlflow_version: %s
        model_uuid: %s
        """
            .formatted(FilesBundle.FILE, MLFLOW, model.uuid()));
    return model.added;
  }

  /** The flavor of a bundle whose loader is in it. */
  private String loaded(PredictCommand command) throws IOException {
    String python = python(command.environment().python());
    environment(python, List.of());
    Files.createDirectories(folder.resolve(LOADER_FOLDER));
    put(LOADER_FOLDER + "/" + LOADER + ".py", loader());
    return """
      python_function:
        code: %s
        env:
          conda: conda.yaml
          virtualenv: python_env.yaml
        loader_module: %s
        python_version: '%s'
    """
        .formatted(LOADER_FOLDER, LOADER, python);
  }

  /**
   * The Python in which MLflow starts the command: that of the command's own environment, so that
   * the loader can make it, where MLflow's packages exist for it. Of an older one the loader needs
   * the program on the PATH beside it.
   */
  private static String python(Optional<String> recorded) {
    return recorded
        .filter(p -> !PYTHON.startsWith(p + "."))
        .filter(p -> Integer.parseInt(p.split("\\.", 3)[1]) >= OLDEST_MINOR)
        .map(p -> WHOLE.getOrDefault(p, p))
        .orElse(PYTHON);
  }

  private static String loader() throws IOException {
    try (InputStream in = MlflowModel.class.getResourceAsStream("pyfunc/" + LOADER + ".py")) {
      return new String(
          Objects.requireNonNull(in, "the loader is missing in this build").readAllBytes(),
          StandardCharsets.UTF_8);
    }
  }

  private void environment(String python, List<String> more) throws IOException {
    List<String> requirements =
        Stream.concat(
                Stream.of("mlflow==" + MLFLOW, "numpy==" + NUMPY, "pandas==" + PANDAS),
                more.stream())
            .sorted()
            .toList();
    put("requirements.txt", String.join("\n", requirements) + "\n");
    put(
        "python_env.yaml",
        """
        python: '%s'
        build_dependencies:
        - pip
        dependencies:
        - -r requirements.txt
        """
            .formatted(python));
    put(
        "conda.yaml",
        """
        name: mlflow-env
        channels:
        - conda-forge
        dependencies:
        - python=%s
        - pip
        - pip:
          - %s
        """
            .formatted(python, String.join("\n  - ", requirements)));
  }

  private static ObjectNode example(ModelBundle bundle, Probe probe) {
    ForecastSignature signature = bundle.signature();
    ObjectNode inputs = Json.object();
    ArrayNode windows = inputs.putArray(signature.window());
    ArrayNode days = JsonNodeFactory.instance.arrayNode();
    for (int row = 0; row < EXAMPLE_ROWS; row++) {
      windows.add(window(bundle, probe, row));
      days.addArray().add(probe.originDays()[row]);
    }
    signature.originDay().ifPresent(input -> inputs.set(input, days));
    return inputs;
  }

  private static ArrayNode window(ModelBundle bundle, Probe probe, int row) {
    ForecastSignature signature = bundle.signature();
    int channels = signature.channels().size();
    boolean flat = bundle.windowShape().length == 2;
    ArrayNode window = JsonNodeFactory.instance.arrayNode();
    ArrayNode period = window;
    for (int i = 0; i < signature.windowSize(); i++) {
      if (!flat && i % channels == 0) {
        period = window.addArray();
      }
      float value = probe.windows()[row * signature.windowSize() + i];
      if (Float.isNaN(value)) {
        period.addNull();
      } else {
        period.add(value);
      }
    }
    return window;
  }

  private String description(Graph graph) throws IOException {
    return """
    flavors:
      onnx:
        code: null
        data: model.onnx
        onnx_session_options:
          execution_mode: sequential
          inter_op_num_threads: 1
          intra_op_num_threads: 1
        onnx_version: %s
        providers:
        - CPUExecutionProvider
      python_function:
        data: model.onnx
        env:
          conda: conda.yaml
          virtualenv: python_env.yaml
        loader_module: mlflow.onnx
        python_version: %s
    mlflow_version: %s
    model_uuid: %s
    saved_input_example_info:
      artifact_path: %s
      serving_input_path: %s
      type: ndarray
    signature:
      inputs: %s
      outputs: %s
      params: null
    """
        .formatted(
            ONNX,
            PYTHON,
            MLFLOW,
            uuid(),
            EXAMPLE,
            SERVED_EXAMPLE,
            quoted(graph.inputs()),
            quoted(graph.outputs()));
  }

  private static ObjectNode tensor(String name, String type, long[] shape) {
    ObjectNode tensor = Json.object();
    tensor.put("name", name).put("type", "tensor");
    ArrayNode dimensions = tensor.putObject("tensor-spec").put("dtype", type).putArray("shape");
    for (long dimension : shape) {
      dimensions.add(dimension);
    }
    return tensor;
  }

  private void put(String file, String content) throws IOException {
    Path path = folder.resolve(file);
    if (!Files.exists(path, LinkOption.NOFOLLOW_LINKS)) {
      Files.writeString(path, content);
      added.add(file);
    }
  }

  /** A YAML scalar in single quotes; JSON has no line breaks of its own. */
  private static String quoted(JsonNode value) {
    return "'" + Json.write(value).replace("'", "''") + "'";
  }

  /** Of everything that the bundle holds so far. */
  private String uuid() throws IOException {
    StringBuilder all = new StringBuilder();
    try (Stream<Path> files = Files.walk(folder)) {
      for (Path file :
          files.filter(f -> Files.isRegularFile(f, LinkOption.NOFOLLOW_LINKS)).sorted().toList()) {
        all.append(folder.relativize(file))
            .append(' ')
            .append(Digest.of(Files.readAllBytes(file)))
            .append('\n');
      }
    }
    return Digest.of(all.toString()).hex().substring(0, 32);
  }
}
