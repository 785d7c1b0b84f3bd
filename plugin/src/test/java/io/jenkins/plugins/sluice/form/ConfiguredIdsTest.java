package io.jenkins.plugins.sluice.form;

import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;

/** What a configuration is refused for, in words that name it. */
class ConfiguredIdsTest {
  @Test
  void idsThatAreOneOfAKindPass() {
    ConfiguredIds.check("cluster", List.of("prod", "eu-1", "2nd_one"));
  }

  @Test
  void anIdThatNothingCouldNameIsRefusedByName() {
    assertThatThrownBy(() -> ConfiguredIds.check("cluster", List.of("prod", "bad id!")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cluster 'bad id!'");
    assertThatThrownBy(() -> ConfiguredIds.check("registry", List.of("")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("registry ''");
  }

  @Test
  void anIdThatNamesTwoIsRefused() {
    assertThatThrownBy(() -> ConfiguredIds.check("registry", List.of("mlflow", "mlflow")))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("there are two of registry mlflow");
  }
}
