package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PreflightTest {
  @ParameterizedTest
  @CsvSource({
    "v1.15.0, true",
    "v1.15.3, true",
    "v1.20.0, true",
    "v2.0.0, true",
    "v1.9.2, false",
    "v0.65.1, false",
    "devel, true"
  })
  void versionsAreComparedAsNumbers(String version, boolean newEnough) {
    assertThat(Preflight.isNoOlder(version, "v1.15.0")).isEqualTo(newEnough);
  }
}
