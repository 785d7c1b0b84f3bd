package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.cluster.TestCluster;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** Sluice's images, built from their Containerfiles and run as a cluster runs them. */
@ExtendWith(TestCluster.Starter.class)
class ImagesClusterIT {
  private static final String NAMESPACE = "fixture-images";
  private static final String ENVIRONMENT_LOCK = "pipelines/rma-forecast/envs/tabular.lock";
  private static final long MEGABYTE = 1_000_000;

  @BeforeAll
  static void aNamespace(TestCluster cluster) {
    cluster.freshNamespace(NAMESPACE);
  }

  @Test
  void twoBuildsOfTheWorkerGiveOneDigest(TestCluster cluster) {
    assertThat(cluster.image("--again", "worker")).isEqualTo(cluster.image("worker"));
  }

  @Test
  void twoBuildsOfAnEnvironmentGiveOneDigest(TestCluster cluster) {
    String[] tabular = {"environment", "tabular", ENVIRONMENT_LOCK, "--ml"};
    assertThat(cluster.image("--again", tabular[0], tabular[1], tabular[2], tabular[3]))
        .isEqualTo(cluster.image(tabular));
  }

  @Test
  void theWorkerImageIsSmall(TestCluster cluster) throws Exception {
    assertThat(compressedBytes(cluster, cluster.image("worker"))).isLessThan(250 * MEGABYTE);
  }

  @Test
  void theWorkerRunsUnderTheRestrictedLevelOnAReadOnlyRoot(TestCluster cluster) {
    String said = run(cluster, "worker", cluster.image("worker"), "[sluice-worker, dance]");
    assertThat(said).contains("SLU-4020", "unknown command dance").contains("exit 2");
  }

  @Test
  void theTunerAndTheDriftStageRunThere(TestCluster cluster) {
    assertThat(
            run(cluster, "tuner", cluster.image("tuner"), "[python, -m, sluice_ml.tuner, --help]"))
        .contains("--workspace")
        .contains("exit 0");
    assertThat(
            run(
                cluster,
                "drift",
                cluster.image("drift"),
                "[python, -c, 'import evidently, sluice_ml.drift; print(evidently.__version__)']"))
        .contains("0.7.23")
        .contains("exit 0");
  }

  @Test
  void anEnvironmentHasItsLockedPackagesFirstOnThePath(TestCluster cluster) {
    String image = cluster.image("environment", "tabular", ENVIRONMENT_LOCK, "--ml");
    assertThat(
            run(
                cluster,
                "tabular",
                image,
                "[python, -c, 'import sys, xgboost, onnx, sluice_ml; print(sys.prefix)']"))
        .contains("/opt/venv")
        .contains("exit 0");
  }

  /** Runs a command in a pod until it ends; its output, and "exit N". */
  private static String run(TestCluster cluster, String name, String image, String command) {
    String pod =
        """
        apiVersion: v1
        kind: Pod
        metadata: {name: %s}
        spec:
          restartPolicy: Never
          automountServiceAccountToken: false
          securityContext: {runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
          containers:
          - name: main
            image: "%s"
            command: %s
            securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        """
            .formatted(name, image, command);
    cluster.kubectlWith(pod, "-n", NAMESPACE, "apply", "-f", "-").orFail();
    // a pod that ends is no longer ready, whichever way it ended
    cluster
        .kubectl(
            "-n",
            NAMESPACE,
            "wait",
            "pod/" + name,
            "--for=jsonpath={.status.containerStatuses[0].state.terminated}",
            "--timeout=300s")
        .orFail();
    String exit =
        cluster
            .kubectl(
                "-n",
                NAMESPACE,
                "get",
                "pod",
                name,
                "-o",
                "jsonpath={.status.containerStatuses[0].state.terminated.exitCode}")
            .orFail();
    return cluster.kubectl("-n", NAMESPACE, "logs", name).orFail() + "\nexit " + exit;
  }

  /** What a node pulls: the layers of the manifest, from the registry. */
  private static long compressedBytes(TestCluster cluster, String reference) throws Exception {
    String[] parts = reference.substring(reference.indexOf('/') + 1).split("@");
    URI manifest =
        URI.create(
            "http://"
                + cluster.mlflow().getHost()
                + ":5000/v2/"
                + parts[0]
                + "/manifests/"
                + parts[1]);
    try (HttpClient client = HttpClient.newHttpClient()) {
      String json =
          client.send(HttpRequest.newBuilder(manifest).build(), BodyHandlers.ofString()).body();
      return Pattern.compile("\"size\":\\s*(\\d+)")
          .matcher(json)
          .results()
          .mapToLong(m -> Long.parseLong(m.group(1)))
          .sum();
    }
  }
}
