package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.app.Starter;
import io.sluice.cluster.TestCluster;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * A classifier, a regressor and models that a team evaluates itself, from {@code sluice init} to a
 * gated promotion on a real cluster, by the account that docs/cluster.md makes: the same verdict in
 * the same words as on this machine.
 */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TabularClusterIT {
  private static final String LOCK =
      "src/app/resources/io/sluice/app/starter/classification/envs/sklearn.lock";
  private static final String[] GRAPH = {"model/signature.json", "model/probe.json"};
  private static final String AS_OF = "2026-06-01";

  /** Models of a cluster that was up already are others. */
  private final String era = Long.toString(System.currentTimeMillis(), 36);

  private Path folder;
  private TestCluster cluster;
  private PreparedNamespace namespace;
  private ModelRegistry registry;

  @BeforeAll
  void prepare(TestCluster cluster, @TempDir Path temporary) throws Exception {
    this.cluster = cluster;
    folder = temporary;
    namespace = new PreparedNamespace(cluster, "tabular", folder);
    registry = MlflowRegistry.connect(MlflowConfig.of(cluster.mlflow()));
  }

  @Test
  void aClassifierIsPromotedAndTheNextOneMeetsItAsChampion() throws Exception {
    Path pipeline = init(Starter.Kind.CLASSIFICATION, "tumour-classifier");
    Version champion = promoted(pipeline, "tumour-classifier");
    assertThat(registry.files(champion)).contains(GRAPH);

    ForkedSluice.Ended second = run(pipeline, champion.model(), true);
    assertThat(report(second).path("verdict").asText()).as(second.shown()).isEqualTo("HOLD");
    assertThat(gate(second)).anyMatch(l -> l.contains("champion"));
    assertThat(registry.promotions(champion.model()).inspect().champion())
        .contains(champion.version());
  }

  @Test
  void aRegressorIsPromoted() throws Exception {
    Path pipeline = init(Starter.Kind.REGRESSION, "disease-progression");
    assertThat(registry.files(promoted(pipeline, "disease-progression"))).contains(GRAPH);
  }

  @Test
  void modelsThatTheTeamItselfEvaluatesArePromoted() throws Exception {
    Path pipeline = init(Starter.Kind.OWN, "picture-search");
    assertThat(registry.files(promoted(pipeline, "picture-search"))).doesNotContain(GRAPH);
  }

  /** Runs it here and on the cluster, each as the first run of a model of its own. */
  private Version promoted(Path pipeline, String name) throws Exception {
    ForkedSluice.Ended here = run(pipeline, name + "-here-" + era, false);
    String model = name + "-there-" + era;
    ForkedSluice.Ended there = run(pipeline, model, true);

    assertThat(report(there).path("verdict").asText()).as(there.shown()).isEqualTo("PROMOTE");
    assertThat(gate(there)).isNotEmpty().isEqualTo(gate(here));
    int version = report(there).path("version").asInt();
    assertThat(registry.promotions(model).inspect().champion()).contains(version);
    Version champion = registry.version(model, version).orElseThrow();
    assertThat(champion.tags()).containsEntry("sluice.verdict", "PROMOTE");
    assertThat(registry.files(champion))
        .contains("model/MLmodel", "model/params.json", "verdict.json");
    return champion;
  }

  private Path init(Starter.Kind kind, String model) throws Exception {
    Path pipeline = folder.resolve(model);
    ForkedSluice.Ended init =
        namespace
            .sluice(folder.resolve("state"))
            .run("init", "--kind", kind.word(), pipeline.toString());
    assertThat(init.code()).as(init.shown()).isZero();
    Files.createDirectories(pipeline.resolve("targets"));
    Files.writeString(
        pipeline.resolve("targets/cluster.yaml"),
        """
        apiVersion: sluice.io/v1alpha1
        kind: Target
        namespace: %s
        store: { claim: sluice-store }
        registry: { read: mlflow-reader, write: mlflow-writer, uri: "%s" }
        serviceAccounts: { reader: sluice-reader, writer: sluice-writer }
        images: { worker: "%s", tuner: "%s", environments: { sklearn: "%s" } }
        """
            .formatted(
                namespace.name(),
                cluster.mlflow(),
                cluster.image("worker"),
                cluster.image("tuner"),
                cluster.image("environment", "sklearn", LOCK)));
    return pipeline;
  }

  private ForkedSluice.Ended run(Path pipeline, String model, boolean onCluster) throws Exception {
    Path spec = pipeline.resolve("sluice.yaml");
    Files.writeString(
        spec, Files.readString(spec).replaceFirst("(?m)^model: \\S+", "model: " + model));
    List<String> arguments = new ArrayList<>(List.of("run", pipeline.toString(), "--json"));
    arguments.addAll(List.of("--profile", "smoke", "--as-of", AS_OF));
    if (onCluster) {
      arguments.addAll(List.of("--on", "cluster"));
    }
    ForkedSluice.Ended run =
        namespace.sluice(folder.resolve("state")).run(arguments.toArray(String[]::new));
    assertThat(run.code()).as(run.shown()).isZero();
    return run;
  }

  private static JsonNode report(ForkedSluice.Ended run) {
    JsonNode last = ForkedSluice.json(run.out()).getLast();
    assertThat(last.path("event").asText()).isEqualTo("report");
    return last.path("report");
  }

  /** What the gate said. */
  private static List<String> gate(ForkedSluice.Ended run) {
    return ForkedSluice.json(run.out()).stream()
        .filter(e -> e.path("event").asText().equals("logLine"))
        .filter(e -> e.path("stage").asText().equals("gate"))
        .filter(e -> e.path("step").asText().equals("run"))
        .map(e -> e.path("text").asText())
        .toList();
  }
}
