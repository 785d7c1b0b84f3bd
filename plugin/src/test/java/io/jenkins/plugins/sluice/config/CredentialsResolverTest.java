package io.jenkins.plugins.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import io.jenkins.plugins.sluice.connect.RegistryLogin;
import org.junit.jupiter.api.Test;

/** Secrets of a registry as a log would show them. */
class CredentialsResolverTest {
  @Test
  void aTokenOrPasswordIsSecretAsItWouldBeShown() {
    assertThat(new RegistryLogin("https://mlflow.example", "", "t0ken\n").secrets())
        .containsExactly("t0ken");
    assertThat(new RegistryLogin("https://mlflow.example", "ci", "pass").secrets())
        .as("as it is, and as a header has it: ci:pass")
        .containsExactly("pass", "Y2k6cGFzcw==");
  }

  @Test
  void noCredentialsAreNoSecret() {
    assertThat(new RegistryLogin("https://mlflow.example", "", "").secrets()).isEmpty();
  }
}
