package io.sluice.inference;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;

import ai.onnxruntime.OrtEnvironment;
import java.io.InputStream;
import org.junit.jupiter.api.Test;

/**
 * ONNX Runtime 1.29.0 sends what it loads to its maker, and a JVM cannot tell it not to (ADR 0134).
 */
class NoTelemetryTest {
  @Test
  void theNativeLibraryKnowsNoCollector() throws Exception {
    String library = "/ai/onnxruntime/native/linux-x64/libonnxruntime.so";
    try (InputStream in = requireNonNull(OrtEnvironment.class.getResourceAsStream(library))) {
      String bytes = new String(in.readAllBytes(), ISO_8859_1);
      assertThat(bytes.contains("CPUExecutionProvider"))
          .as("this is how the library's texts are looked for")
          .isTrue();
      assertThat(bytes.contains("events.data.microsoft.com"))
          .as("ONNX Runtime reports home: docs/adr/0134-nothing-reports-home.md")
          .isFalse();
    }
  }
}
