package io.jenkins.plugins.sluice.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import hudson.AbortException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A registry and its models are for the jobs that its configuration names. */
class ModelOwnersTest {
  private static final String LINES =
      "rma-forecast: team-forecast/retrain, ops\n\n * : team-forecast\n";

  private static void check(String model, String job) throws AbortException {
    RegistryConfig registry = new RegistryConfig("mlflow", "https://mlflow.example");
    registry.setModels(LINES);
    registry.checkMayChange(model, job);
  }

  @Test
  void aModelIsForTheJobsOfItsLine() {
    assertThatCode(() -> check("rma-forecast", "team-forecast/retrain")).doesNotThrowAnyException();
    assertThatCode(() -> check("rma-forecast", "ops/rollback")).doesNotThrowAnyException();
    assertThatThrownBy(() -> check("rma-forecast", "team-forecast/other"))
        .isInstanceOf(AbortException.class)
        .hasMessage(
            "team-forecast/other may not change the model rma-forecast of registry mlflow: its"
                + " configuration names team-forecast/retrain, ops");
    assertThatThrownBy(() -> check("rma-forecast", "ops-of-others"))
        .as("a name that begins alike")
        .isInstanceOf(AbortException.class);
  }

  @Test
  void theStarStandsForModelsWithoutALineOfTheirOwn() {
    assertThatCode(() -> check("churn", "team-forecast/other")).doesNotThrowAnyException();
    assertThatThrownBy(() -> check("churn", "ops")).isInstanceOf(AbortException.class);
  }

  @Test
  void aModelThatNoLineCoversIsForNobody() throws Exception {
    assertThatThrownBy(() -> ModelOwners.parse("a: ops").check("b", "ops", "mlflow"))
        .isInstanceOf(AbortException.class)
        .hasMessageContaining("names no job that may");
    ModelOwners.parse(" \n").check("b", "anything", "mlflow");
  }

  @ParameterizedTest
  @ValueSource(strings = {"rma-forecast", "rma-forecast:", ": ops", "a: b,,c", "a: b\na: c"})
  void aLineThatIsWrongIsNamedAndAllowsNothing(String lines) {
    assertThatThrownBy(() -> ModelOwners.parse(lines)).isInstanceOf(IllegalArgumentException.class);
    RegistryConfig registry = new RegistryConfig("mlflow", "https://mlflow.example");
    registry.setModels(lines);
    assertThatThrownBy(() -> registry.checkMayChange("a", "b"))
        .isInstanceOf(AbortException.class)
        .hasMessageStartingWith("registry mlflow: ");
  }

  @Test
  void aServiceIsForTheFoldersThatItNames() {
    RegistryConfig registry = new RegistryConfig("mlflow", "https://mlflow.example");
    assertThat(registry.allows("anything")).isTrue();
    registry.setFolders("team-forecast\n ops/rollback ");
    assertThat(registry.allows("team-forecast/retrain")).isTrue();
    assertThat(registry.allows("ops/rollback")).isTrue();
    assertThat(registry.allows("team-forecast-2/x")).isFalse();
    assertThat(registry.allows("ops")).isFalse();
  }
}
