package io.sluice.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.inference.ModelBundle;
import io.sluice.mlflow.EmbeddedMlflow;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The example with scikit-learn and Java, as its README has it. */
@Timeout(1800)
class OtherFrameworksIT {
  private static final Path EXAMPLE = ForkedSluice.root().resolve("pipelines/other-frameworks");
  private static final int MOST_LINES = 40;

  @TempDir Path folder;

  @Test
  void bothFamiliesAreTunedTestedAndRegistered() throws Exception {
    ForkedSluice sluice = new ForkedSluice(folder.resolve("state"));
    try (RegistrySession session =
        RegistrySessions.ofThisProcess().open(sluice.state(), event -> {})) {
      ForkedSluice.Ended run =
          sluice.run(
              "run",
              EXAMPLE.toString(),
              "--profile",
              "smoke",
              "--as-of",
              "2026-09-01",
              "--run-id",
              "frameworks");
      assertThat(run.code()).as(run.shown()).isZero();
      assertThat(run.shown()).contains("PROMOTED other-frameworks");
      ModelRegistry registry = session.registry();
      for (Version version : registry.versions("other-frameworks")) {
        String family = version.tags().get("sluice.family");
        JsonNode verdict = Json.parse(read(registry, version, "verdict.json"));
        assertThat(verdict.path("models").findValuesAsText("name"))
            .contains("candidate:" + verdict.path("candidate").asText().replaceFirst(".*:", ""));
        assertThat(registry.files(version))
            .contains("model/MLmodel", "model/signature.json", "model/python_env.yaml");
        assertThat(new String(read(registry, version, "model/requirements.txt"), UTF_8).lines())
            .contains("mlflow==" + EmbeddedMlflow.VERSION);
        String uri = "models:/other-frameworks/" + version.version();
        MlflowForecasts mlflow =
            new MlflowForecasts(
                session.address(), sluice.state(), "frameworks", folder.resolve("by-" + family));
        if (family.equals("forest")) {
          loadsAnywhere(registry, version);
          assertThat(mlflow.ofGraph(uri)).contains("the same as the probe: 4");
        } else {
          assertThat(registry.files(version))
              .contains("model/predict/predict.json", "model/predict/code/families/Smoothing.java")
              .doesNotContain("model/model.onnx");
          byte[] signature = read(registry, version, "model/signature.json");
          // 120 units at two horizons and two origins
          assertThat(mlflow.ofCommand(uri, family, "split", signature, 2))
              .contains("the same as the predict stage: 480");
        }
      }
      assertThat(registry.versions("other-frameworks")).hasSize(2);
    }
  }

  @Test
  void eachFamilyIsOneShortFileThatKnowsNothingOfSluice() throws IOException {
    try (Stream<Path> files = Files.list(EXAMPLE.resolve("families"))) {
      List<Path> scripts = files.filter(Files::isRegularFile).toList();
      assertThat(scripts).hasSize(2);
      for (Path script : scripts) {
        assertThat(Files.readAllLines(script))
            .as(script.toString())
            .hasSizeLessThanOrEqualTo(MOST_LINES);
        assertThat(script)
            .content()
            .doesNotContain("sluice_ml", "import io.sluice", "import mlflow");
      }
    }
    assertThat(EXAMPLE.resolve("sluice.yaml")).content().doesNotContain("sluiceMl");
    assertThat(EXAMPLE.resolve("envs/sklearn.lock")).content().doesNotContain("sluice", "mlflow");
  }

  /** What train@1 added makes a bundle that evaluate and serving load. */
  private void loadsAnywhere(ModelRegistry registry, Version version) throws IOException {
    Path bundle = Files.createDirectory(folder.resolve("forest"));
    for (String file :
        List.of("MLmodel", "model.onnx", "signature.json", "params.json", "probe.json")) {
      Files.write(bundle.resolve(file), read(registry, version, "model/" + file));
    }
    try (ModelBundle loaded = ModelBundle.load(bundle)) {
      assertThat(loaded.signature().horizons()).containsExactly(1, 2);
      assertThat(loaded.params().has("trees")).isTrue();
    }
  }

  private static byte[] read(ModelRegistry registry, Version version, String file)
      throws IOException {
    try (InputStream in = registry.open(version, file)) {
      return in.readAllBytes();
    }
  }
}
