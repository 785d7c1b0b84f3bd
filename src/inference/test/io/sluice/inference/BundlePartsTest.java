package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The bundle that a bare script writes, model and signature, becomes a whole one. */
class BundlePartsTest {
  @TempDir Path folder;

  @Test
  void aModelAndItsSignatureAreEnough() throws IOException {
    Path bundle = least("one");
    assertThat(BundleParts.complete(bundle, "linear", Json.parse("{\"depth\":3}")))
        .containsExactly("params.json", "probe.json", "MLmodel");
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
    for (String file : new String[] {"params.json", "probe.json", "MLmodel"}) {
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
    Files.writeString(bundle.resolve("predict/predict.json"), "{}");
    assertThatThrownBy(() -> BundleParts.complete(bundle, "own", Json.object()))
        .hasMessageContaining("SLU-6001")
        .hasMessageContaining("signature.json");
    Files.copy(Sample.bundle("linear").resolve("signature.json"), bundle.resolve("signature.json"));
    assertThat(BundleParts.complete(bundle, "own", Json.object())).containsExactly("MLmodel");
    assertThat(bundle.resolve("MLmodel")).content().contains("predict: predict/predict.json");
  }

  private Path least(String name) throws IOException {
    Path bundle = Sample.copy(Sample.bundle("linear"), folder.resolve(name));
    for (String file : new String[] {"params.json", "probe.json", "MLmodel"}) {
      Files.delete(bundle.resolve(file));
    }
    return bundle;
  }
}
