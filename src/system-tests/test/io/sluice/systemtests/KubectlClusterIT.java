package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.cluster.TestCluster;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.mlflow.MlflowConfig;
import io.sluice.mlflow.MlflowRegistry;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example on a cluster by {@code kubectl} alone: what was compiled is applied, a run is
 * created, and its verdict is in MLflow without Sluice having been there.
 */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
class KubectlClusterIT {
  private static final String NAMESPACE = "fixture-kubectl";

  /** Of its own, because a cluster that was up already may know the example's. */
  private static final String MODEL = "kubectl-" + Long.toString(System.nanoTime(), 36);

  @TempDir private static Path folder;

  @BeforeAll
  static void whatAnAdministratorPrepares(TestCluster cluster) {
    cluster.freshNamespace(NAMESPACE);
    apply(
        cluster,
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: sluice-store}
        spec:
          accessModes: [ReadWriteMany]
          resources: {requests: {storage: 1Gi}}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: mlflow-reader}
        stringData: {MLFLOW_TRACKING_URI: "%1$s"}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: mlflow-writer}
        stringData: {MLFLOW_TRACKING_URI: "%1$s"}
        """
            .formatted(cluster.mlflowInPods()));
  }

  @Test
  void aRunThatKubectlCreatesPromotesTheFirstVersion(TestCluster cluster) throws Exception {
    Path pipeline = example(cluster);
    ForkedSluice sluice = new ForkedSluice(folder.resolve("state"));
    String run = folder.resolve("run.yaml").toString();
    done(
        sluice.run(
            "compile", pipeline.toString(), "--on", "cluster", "--profile", "smoke", "--run", run));
    assertThat(upload(cluster, pipeline))
        .as("the code's digest, as run.yaml names it")
        .isSubstringOf(Files.readString(Path.of(run)));

    String created = kubectl(cluster, "create", "-f", run, "-o", "name").strip();
    kubectl(cluster, "wait", created, "--for=jsonpath={.status.completionTime}", "--timeout=850s");

    assertThat(kubectl(cluster, "get", created, "-o", "jsonpath={.status.conditions[0].reason}"))
        .as(() -> kubectl(cluster, "get", "taskruns,pods"))
        .isEqualTo("Succeeded");
    ModelRegistry registry = MlflowRegistry.connect(MlflowConfig.of(cluster.mlflow()));
    assertThat(registry.promotions(MODEL).inspect().champion()).contains(1);
    Version version = registry.version(MODEL, 1).orElseThrow();
    assertThat(version.tags()).containsEntry("sluice.verdict", "PROMOTE");
    try (InputStream verdict = registry.open(version, "verdict.json")) {
      assertThat(new String(verdict.readAllBytes(), StandardCharsets.UTF_8))
          .contains("\"PROMOTE\"");
    }
  }

  /** A copy of the example under the model's own name, with a target. */
  private static Path example(TestCluster cluster) throws Exception {
    Path from = ForkedSluice.root().resolve("pipelines/rma-forecast");
    Path to = Files.createDirectories(folder.resolve("example"));
    for (String part : List.of("rma", "envs")) {
      Files.createDirectories(to.resolve(part));
      try (Stream<Path> files = Files.list(from.resolve(part)).filter(Files::isRegularFile)) {
        for (Path file : files.toList()) {
          Files.copy(file, to.resolve(part).resolve(file.getFileName()));
        }
      }
    }
    Files.writeString(
        to.resolve("sluice.yaml"),
        Files.readString(from.resolve("sluice.yaml"))
            .replace("model: rma-forecast\n", "model: " + MODEL + "\n"));
    Files.createDirectories(to.resolve("targets"));
    Files.writeString(
        to.resolve("targets/cluster.yaml"),
        """
        apiVersion: sluice.io/v1alpha1
        kind: Target
        namespace: %s
        store: { claim: sluice-store }
        registry: { read: mlflow-reader, write: mlflow-writer, uri: "%s" }
        images:
          worker: "%s"
          tuner: "%s"
          drift: "%s"
          environments: { tabular: "%s", deep: "%s" }
        """
            .formatted(
                NAMESPACE,
                cluster.mlflow(),
                cluster.image("worker"),
                cluster.image("tuner"),
                cluster.image("drift"),
                environment(cluster, "tabular"),
                environment(cluster, "deep")));
    return to;
  }

  private static String environment(TestCluster cluster, String name) throws Exception {
    String lock = "pipelines/rma-forecast/envs/%s.lock".formatted(name);
    return cluster.image("environment", name, lock, "--ml");
  }

  /** Puts the code into the store through a pod; the digest of its manifest. */
  private static String upload(TestCluster cluster, Path pipeline) throws Exception {
    apply(
        cluster,
        documented()
            .replace("namespace: models", "namespace: " + NAMESPACE)
            .replaceFirst("image: \"[^\"]+\"", "image: \"" + cluster.image("worker") + "\""));
    kubectl(cluster, "wait", "pod/sluice-code", "--for=condition=Ready", "--timeout=300s");
    Path archive = folder.resolve("code.tar");
    Process tar =
        new ProcessBuilder("tar", "-C", pipeline.toString(), "-cf", archive.toString(), "rma")
            .inheritIO()
            .start();
    assertThat(tar.waitFor()).isEqualTo(0);
    String digest =
        cluster
            .kubectlFrom(
                archive,
                "-n",
                NAMESPACE,
                "exec",
                "-i",
                "sluice-code",
                "--",
                "sluice-worker",
                "receive",
                "--store",
                "/store")
            .orFail()
            .lines()
            .toList()
            .getLast();
    kubectl(cluster, "delete", "pod", "sluice-code", "--wait=false");
    return digest;
  }

  /** The pod that docs/cluster.md shows, to the letter. */
  private static String documented() throws IOException {
    Matcher block =
        Pattern.compile("(?s)<!-- applied by KubectlClusterIT -->\n```yaml\n(.*?)```")
            .matcher(Files.readString(ForkedSluice.root().resolve("docs/cluster.md")));
    assertThat(block.find()).isTrue();
    return block.group(1);
  }

  private static void done(ForkedSluice.Ended ended) {
    assertThat(ended.code()).as(ended.shown()).isEqualTo(0);
  }

  private static String kubectl(TestCluster cluster, String... arguments) {
    return cluster
        .kubectl(
            Stream.concat(Stream.of("-n", NAMESPACE), Stream.of(arguments)).toArray(String[]::new))
        .orFail();
  }

  private static void apply(TestCluster cluster, String objects) {
    cluster.kubectlWith(objects, "-n", NAMESPACE, "apply", "-f", "-").orFail();
  }
}
