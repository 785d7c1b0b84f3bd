package io.jenkins.plugins.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

/** What the form of the configuration says when it is refused. */
class SluiceConfigurationTest {
  @Test
  void theMessageOfASetterIsFoundBelowWhatWrapsIt() {
    assertThat(
            SluiceConfiguration.rootMessage(
                new IllegalArgumentException("x", new RuntimeException("the cause"))))
        .isEqualTo("the cause");
  }
}
