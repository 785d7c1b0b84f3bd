package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.diag.SluiceException;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ModelBundleTest {
  @TempDir Path temp;
  Path bundle;

  @BeforeEach
  void good() throws IOException {
    bundle = Sample.copy(Sample.bundle("linear"), temp.resolve("linear"));
  }

  private String refused(String id) {
    SluiceException e =
        catchThrowableOfType(SluiceException.class, () -> ModelBundle.load(bundle).close());
    assertThat(e).as("a refusal with " + id).isNotNull();
    assertThat(e.diagnostics().getFirst().id()).isEqualTo(id);
    return e.diagnostics().getFirst().message();
  }

  private void edit(String file, String from, String to) throws IOException {
    String before = Files.readString(bundle.resolve(file));
    assertThat(before).contains(from);
    Files.writeString(bundle.resolve(file), before.replace(from, to));
  }

  @Test
  void answersAsPythonsOnnxRuntimeDid() {
    // the probe's outputs were computed by Python's ONNX Runtime; load compares them
    try (ModelBundle loaded = ModelBundle.load(bundle)) {
      assertThat(loaded.signature().horizons()).containsExactly(1, 2, 3);
      assertThat(loaded.signature().family()).isEqualTo("linear");
    }
  }

  @Test
  void batchesOfAnySizeGiveTheSameForecasts() {
    try (ModelBundle loaded = ModelBundle.load(bundle)) {
      int n = 2 * loaded.chunkRows() + 17;
      float[][][] windows = new float[n][6][2];
      long[] days = new long[n];
      for (int i = 0; i < n; i++) {
        for (float[] period : windows[i]) {
          Arrays.fill(period, i % 13 == 0 ? Float.NaN : i % 11);
        }
        days[i] = 20000 + i;
      }
      float[][] all = loaded.predict(windows, days);
      for (int i : new int[] {0, 5, 1023, 1024, n - 1}) {
        assertThat(loaded.predict(new float[][][] {windows[i]}, new long[] {days[i]})[0])
            .containsExactly(all[i]);
      }
      assertThat(loaded.predict(new float[0][][], new long[0])).isEmpty();
    }
  }

  @Test
  void aModelThatIsCutOffIsRefused() throws IOException {
    byte[] whole = Files.readAllBytes(bundle.resolve("model.onnx"));
    for (int length : new int[] {0, 1, 10, whole.length / 2, whole.length - 1}) {
      Files.write(bundle.resolve("model.onnx"), Arrays.copyOf(whole, length));
      refused("SLU-6003");
    }
  }

  @ParameterizedTest
  @CsvSource({"opset.onnx, SLU-6003", "custom-op.onnx, SLU-6003", "external.onnx, SLU-6004"})
  void aModelThatWantsMoreThanItMayIsRefused(String model, String id) throws IOException {
    Files.copy(
        Sample.bundle(model),
        bundle.resolve("model.onnx"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    Files.write(temp.resolve("secret.bin"), new byte[12]);
    refused(id);
  }

  @Test
  void aHugeFileIsRefusedUnread() throws IOException {
    try (RandomAccessFile file =
        new RandomAccessFile(bundle.resolve("probe.json").toFile(), "rw")) {
      file.setLength(1L << 33);
    }
    assertThat(refused("SLU-6001")).contains("probe.json has 8589934592 bytes");
  }

  @Test
  void aLinkInPlaceOfTheModelIsRefused() throws IOException {
    Files.move(bundle.resolve("model.onnx"), temp.resolve("elsewhere.onnx"));
    Files.createSymbolicLink(bundle.resolve("model.onnx"), temp.resolve("elsewhere.onnx"));
    refused("SLU-6001");
  }

  @Test
  void aProbeThatDiffersNamesTheLargestDifferenceAndItsRow() throws IOException {
    Files.copy(
        Sample.bundle("doubled").resolve("model.onnx"),
        bundle.resolve("model.onnx"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    assertThat(refused("SLU-6007"))
        .containsPattern("largest difference [0-9.]+ in row \\d, horizon 3");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"lookback\": 6 | \"lookback\": 7 | SLU-6006",
        "\"horizons\": [1, 2, 3] | \"horizons\": [1, 2] | SLU-6006",
        "\"output\": \"forecast\" | \"output\": \"nope\" | SLU-6005",
        "\"kind\": \"forecast\" | \"kind\": \"oracle\" | SLU-6002",
        "\"family\" | \"famly\" | SLU-6002",
        "P7D | P1M | SLU-6002",
        "\"lookback\": 6 | \"lookback\": 2000000000 | SLU-6002",
        "2025-01-06 | yesterday | SLU-6002",
        ", {\"name\": \"origin_day\", \"kind\": \"originDay\"} | '' | SLU-6006",
      })
  void aSignatureThatLiesIsRefused(String from, String to, String id) throws IOException {
    edit("signature.json", from, to);
    refused(id);
  }

  @Test
  void aGraphInputThatTheSignatureHidesIsRefused() throws IOException {
    edit("signature.json", ", {\"name\": \"origin_day\", \"kind\": \"originDay\"}", "");
    String probe = Files.readString(bundle.resolve("probe.json"));
    Files.writeString(
        bundle.resolve("probe.json"), probe.replaceFirst(", \"origin_day\": .*\\]\\]\\}", "}"));
    assertThat(refused("SLU-6005")).contains("origin_day");
  }

  @Test
  void aToleranceThatWouldLetAnythingPassIsRefused() throws IOException {
    edit("probe.json", "1e-05", "1e9");
    refused("SLU-6006");
  }
}
