package io.jenkins.plugins.sluice;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** Secrets of a registry as a log would show them. */
class LoginsTest {
  @Test
  void aTokenOrPasswordIsSecretAsItWouldBeShown() {
    assertThat(new Logins.Registry("https://mlflow.example", "", "t0ken\n").secrets())
        .containsExactly("t0ken");
    assertThat(new Logins.Registry("https://mlflow.example", "ci", "pass").secrets())
        .as("as it is, and as a header has it: ci:pass")
        .containsExactly("pass", "Y2k6cGFzcw==");
  }

  @Test
  void noCredentialsAreNoSecret() {
    assertThat(new Logins.Registry("https://mlflow.example", "", "").secrets()).isEmpty();
  }
}
