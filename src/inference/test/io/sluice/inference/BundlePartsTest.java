package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.onnxruntime.OrtEnvironment;
import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The bundle that a bare script writes, model and signature, becomes a whole one. */
class BundlePartsTest {
  /** What is added to a graph and its signature. */
  private static final List<String> ALL =
      List.of(
          "params.json",
          "probe.json",
          "requirements.txt",
          "python_env.yaml",
          "conda.yaml",
          "input_example.json",
          "serving_input_example.json",
          "MLmodel");

  private static final String COMMAND =
      """
      {"apiVersion": "sluice.io/predict/v1", "command": ["python", "own.py"], "executable": [],
       "environment": {"name": "own", "image": "localhost/own", "python": "%s",
                       "lock": "predict/environment.lock"}}
      """;

  @TempDir Path folder;

  @Test
  void aModelAndItsSignatureAreEnough() throws IOException {
    Path bundle = least("one");
    assertThat(BundleParts.complete(bundle, "linear", Json.parse("{\"depth\":3}")))
        .containsExactlyElementsOf(ALL);
    try (ModelBundle loaded = ModelBundle.load(bundle)) {
      assertThat(loaded.params().path("depth").asInt()).isEqualTo(3);
    }
    assertThat(bundle.resolve("MLmodel"))
        .content()
        .contains("loader_module: mlflow.onnx", "data: model.onnx", "'[{\"name\":\"window\"");
  }

  @Test
  void theSameModelIsTheSameBytes() throws IOException {
    Path one = least("one");
    Path two = least("two");
    BundleParts.complete(one, "linear", Json.object());
    BundleParts.complete(two, "linear", Json.object());
    for (String file : ALL) {
      assertThat(two.resolve(file)).hasSameBinaryContentAs(one.resolve(file));
    }
  }

  @Test
  void whatIsThereStaysAsItIs() throws IOException {
    Path whole = Sample.copy(Sample.bundle("linear"), folder.resolve("whole"));
    assertThat(BundleParts.complete(whole, "linear", Json.object())).isEmpty();
    assertThat(whole.resolve("probe.json"))
        .hasSameBinaryContentAs(Sample.bundle("linear").resolve("probe.json"));
  }

  @Test
  void mlflowIsToldTheRuntimeThatScoredIt() throws IOException {
    Path bundle = least("one");
    BundleParts.complete(bundle, "linear", Json.object());
    String runtime = OrtEnvironment.getEnvironment().getVersion();
    assertThat(bundle.resolve("requirements.txt"))
        .content()
        .isEqualTo(
            "mlflow==3.17.2\nnumpy==2.4.6\nonnx==1.23.2\nonnxruntime==%s\npandas==3.1.1\n"
                .formatted(runtime));
    assertThat(bundle.resolve("conda.yaml")).content().contains("  - onnxruntime==" + runtime);
    assertThat(bundle.resolve("python_env.yaml"))
        .content()
        .contains("python: '3.11.7'", "- -r requirements.txt");
  }

  @Test
  void theExampleOfACallIsTheProbes() throws IOException {
    Path bundle = least("one");
    Files.copy(Sample.bundle("linear").resolve("probe.json"), bundle.resolve("probe.json"));
    BundleParts.complete(bundle, "linear", Json.object());
    JsonNode probe = Json.parse(Files.readAllBytes(bundle.resolve("probe.json")));
    JsonNode example = Json.parse(Files.readAllBytes(bundle.resolve("input_example.json")));
    for (String input : List.of("window", "origin_day")) {
      assertThat(example.get(input)).hasSize(2);
      for (int row = 0; row < 2; row++) {
        assertThat(example.get(input).get(row).toString().replace(".0", ""))
            .isEqualTo(probe.get("inputs").get(input).get(row).toString().replace(".0", ""));
      }
    }
    assertThat(Json.parse(Files.readAllBytes(bundle.resolve("serving_input_example.json"))))
        .isEqualTo(Json.parse("{\"inputs\":" + example + "}"));
  }

  @Test
  void anEnvironmentOfTheAuthorsOwnStays() throws IOException {
    Path bundle = least("one");
    Files.writeString(bundle.resolve("python_env.yaml"), "python: '3.12.1'\n");
    assertThat(BundleParts.complete(bundle, "linear", Json.object()))
        .doesNotContain("python_env.yaml")
        .contains("requirements.txt", "MLmodel");
    assertThat(bundle.resolve("python_env.yaml")).content().isEqualTo("python: '3.12.1'\n");
  }

  @Test
  void aDerivedProbeTellsAnotherModel() throws IOException {
    Path bundle = least("one");
    BundleParts.complete(bundle, "linear", Json.object());
    Files.delete(bundle.resolve("model.onnx"));
    Files.copy(Sample.bundle("doubled").resolve("model.onnx"), bundle.resolve("model.onnx"));
    assertThatThrownBy(() -> ModelBundle.load(bundle)).hasMessageContaining("SLU-6007");
  }

  @Test
  void aSignatureThatTheGraphContradictsIsSaid() throws IOException {
    Path bundle = least("one");
    Path file = bundle.resolve("signature.json");
    Files.writeString(
        file,
        Files.readString(file).replace("\"output\": \"forecast\"", "\"output\": \"returns\""));
    assertThatThrownBy(() -> BundleParts.complete(bundle, "forest", Json.object()))
        .hasMessageContaining("SLU-6005")
        .hasMessageContaining("bundle `forest`");
    Files.delete(file);
    assertThatThrownBy(() -> BundleParts.complete(bundle, "forest", Json.object()))
        .hasMessageContaining("SLU-6001");
  }

  @Test
  void aCommandNeedsASignatureAndNoModel() throws IOException {
    Path bundle = Files.createDirectories(folder.resolve("own/predict")).getParent();
    Files.writeString(bundle.resolve("predict/predict.json"), COMMAND.formatted("3.11"));
    assertThatThrownBy(() -> BundleParts.complete(bundle, "own", Json.object()))
        .hasMessageContaining("SLU-6001")
        .hasMessageContaining("signature.json");
    Files.copy(Sample.bundle("linear").resolve("signature.json"), bundle.resolve("signature.json"));
    assertThat(BundleParts.complete(bundle, "own", Json.object()))
        .containsExactly(
            "requirements.txt",
            "python_env.yaml",
            "conda.yaml",
            "predict/mlflow/sluice_predict.py",
            "MLmodel");
    assertThat(bundle.resolve("MLmodel"))
        .content()
        .startsWith("flavors:\n  python_function:\n    code: predict/mlflow\n    env:\n")
        .contains(
            "\n  sluice:\n    predict: ",
            "loader_module: sluice_predict",
            "predict: predict/predict.json",
            "python_version: '3.11.7'");
    assertThat(bundle.resolve("requirements.txt"))
        .content()
        .isEqualTo("mlflow==3.17.2\nnumpy==2.4.6\npandas==3.1.1\n");
  }

  @Test
  void aCommandForRowsHasNoLoaderYet() throws IOException {
    Path bundle = Files.createDirectories(folder.resolve("own/predict")).getParent();
    Files.writeString(bundle.resolve("predict/predict.json"), COMMAND.formatted("3.11"));
    Files.copy(
        Path.of(System.getProperty("sluice.root"))
            .resolve(
                "src/contracts/resources/contracts/samples/bundle-signature/valid/tabular.json"),
        bundle.resolve("signature.json"));
    assertThat(BundleParts.complete(bundle, "own", Json.object())).contains("MLmodel");
    assertThat(bundle.resolve("MLmodel"))
        .content()
        .startsWith("flavors:\n  sluice:\n    predict: predict/predict.json\n");
    assertThat(bundle.resolve("predict/mlflow")).doesNotExist();
  }

  @ParameterizedTest
  @CsvSource({"3.11, 3.11.7", "3.12, 3.12.7", "3.13.2, 3.13.2", "3.14, 3.14.0", "3.10, 3.11.7"})
  void mlflowStartsACommandInThePythonOfItsEnvironmentWhereItCan(String own, String mlflows)
      throws IOException {
    Path bundle = Files.createDirectories(folder.resolve("own/predict")).getParent();
    Files.writeString(bundle.resolve("predict/predict.json"), COMMAND.formatted(own));
    Files.copy(Sample.bundle("linear").resolve("signature.json"), bundle.resolve("signature.json"));
    BundleParts.complete(bundle, "own", Json.object());
    assertThat(bundle.resolve("python_env.yaml")).content().startsWith("python: '" + mlflows + "'");
  }

  private Path least(String name) throws IOException {
    Path bundle = Sample.copy(Sample.bundle("linear"), folder.resolve(name));
    for (String file : new String[] {"params.json", "probe.json", "MLmodel"}) {
      Files.delete(bundle.resolve(file));
    }
    return bundle;
  }
}
