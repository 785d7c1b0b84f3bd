package io.sluice.mlflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;
import static org.assertj.core.api.Assertions.tuple;

import io.sluice.core.promotion.PromotionLog;
import io.sluice.core.promotion.PromotionLog.Kind;
import io.sluice.core.registry.ModelRegistry.Dataset;
import io.sluice.core.registry.ModelRegistry.Registration;
import io.sluice.core.registry.ModelRegistry.Version;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.mlflow.api.proto.ModelRegistry.ModelVersion;
import org.mlflow.api.proto.ModelRegistry.ModelVersionTag;
import org.mlflow.api.proto.ModelRegistry.RegisteredModel;
import org.mlflow.api.proto.ModelRegistry.RegisteredModelAlias;
import org.mlflow.api.proto.ModelRegistry.RegisteredModelTag;
import org.mlflow.api.proto.Service.DatasetInput;
import org.mlflow.api.proto.Service.Metric;
import org.mlflow.api.proto.Service.Param;
import org.mlflow.api.proto.Service.Run;
import org.mlflow.api.proto.Service.RunStatus;
import org.mlflow.api.proto.Service.RunTag;
import org.mlflow.api.proto.Service.ViewType;
import org.mlflow.tracking.MlflowClient;

/** MLflow's own client, over its own HTTP, finds everything that was registered. */
class ReadBackIT {
  private static final String MODEL = "read-back";

  private static MlflowClient client;
  private static Version version;

  @BeforeAll
  static void register() {
    MlflowRegistry registry = RealServer.registry();
    client = new MlflowClient(RealServer.shared().uri().toString());
    version =
        registry.register(
            new Registration(
                MODEL,
                "run-1/xgboost",
                "run-1/xgboost",
                Map.of("eta", "0.05", "depth", "6"),
                Map.of("poisson_deviance", 1.25, "bias", -0.5, "undefined", Double.NaN),
                Map.of("sluice.run", "run-1", "sluice.code", "sha256:abc"),
                Optional.of(
                    new Dataset("returns", "8c53a9f0d2", "file:data.csv", OptionalLong.of(32776))),
                List.of(MlflowRegistryIT.file("MLmodel", "flavors: {}")),
                List.of(MlflowRegistryIT.file("study.json", "{}"))));
    registry.tag(version, "gate", "PROMOTE");
    PromotionLog log = registry.promotions(MODEL);
    log.append(MlflowRegistryIT.request(Kind.PROMOTE, log.head(), version.version(), "run-1"));
  }

  @Test
  void theVersionWithItsTags() {
    ModelVersion found = client.getModelVersion(MODEL, "1");
    assertThat(found.getRunId()).isEqualTo(version.run());
    assertThat(found.getSource()).endsWith("/artifacts/model");
    assertThat(found.getCreationTimestamp()).isEqualTo(version.created().toEpochMilli());
    assertThat(tags(found))
        .contains(
            entry("sluice.run", "run-1"),
            entry("sluice.code", "sha256:abc"),
            entry("sluice.key", "run-1/xgboost"),
            entry("gate", "PROMOTE"),
            entry("stage", "Production"));
    assertThat(client.searchModelVersions("name = '" + MODEL + "'").getItems())
        .extracting(ModelVersion::getVersion)
        .containsExactly("1");
  }

  @Test
  void theModelWithItsAlias() {
    RegisteredModel found = client.getRegisteredModel(MODEL);
    assertThat(found.getAliasesList())
        .extracting(RegisteredModelAlias::getAlias, RegisteredModelAlias::getVersion)
        .containsExactly(tuple("champion", "1"));
    assertThat(found.getTagsList())
        .extracting(RegisteredModelTag::getKey)
        .containsExactlyInAnyOrder("sluice.promotions", "sluice.projections");
  }

  @Test
  void theRunWithWhatWasLogged() {
    Run run = client.getRun(version.run());
    assertThat(run.getInfo().getStatus()).isEqualTo(RunStatus.FINISHED);
    assertThat(run.getInfo().getRunName()).isEqualTo("run-1/xgboost");
    assertThat(run.getInfo().getEndTime()).isGreaterThanOrEqualTo(run.getInfo().getStartTime());
    assertThat(
            run.getData().getParamsList().stream()
                .collect(Collectors.toMap(Param::getKey, Param::getValue)))
        .isEqualTo(Map.of("eta", "0.05", "depth", "6"));
    assertThat(
            run.getData().getMetricsList().stream()
                .collect(Collectors.toMap(Metric::getKey, Metric::getValue)))
        .isEqualTo(Map.of("poisson_deviance", 1.25, "bias", -0.5));
    assertThat(
            run.getData().getTagsList().stream()
                .collect(Collectors.toMap(RunTag::getKey, RunTag::getValue)))
        .contains(entry("sluice.kind", "candidate"), entry("sluice.code", "sha256:abc"));
    DatasetInput dataset = run.getInputs().getDatasetInputs(0);
    assertThat(dataset.getDataset().getName()).isEqualTo("returns");
    assertThat(dataset.getDataset().getDigest()).isEqualTo("8c53a9f0d2");
    assertThat(dataset.getDataset().getProfile()).contains("32776");
    assertThat(dataset.getTags(0).getValue()).isEqualTo("training");
  }

  @Test
  void theExperimentAndThePromotion() {
    String experiment = client.getExperimentByName(MODEL).orElseThrow().getExperimentId();
    assertThat(
            client
                .searchRuns(
                    List.of(experiment), "tags.`sluice.run` = 'run-1'", ViewType.ACTIVE_ONLY, 10)
                .getItems())
        .extracting(r -> r.getInfo().getRunId())
        .containsExactly(version.run());
    ModelVersion promotion = client.getModelVersion(MODEL + ".promotions", "1");
    assertThat(tags(promotion)).contains(entry("to", "1"), entry("who", "tester"));
  }

  private static Map<String, String> tags(ModelVersion version) {
    return version.getTagsList().stream()
        .collect(Collectors.toMap(ModelVersionTag::getKey, ModelVersionTag::getValue));
  }
}
