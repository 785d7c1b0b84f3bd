package io.sluice.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.cluster.TestCluster;
import io.sluice.core.json.Json;
import io.sluice.store.S3Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A namespace with what docs/cluster.md says to apply, and the command line as the account that it
 * makes there.
 */
final class PreparedNamespace {
  private static final Pattern MANIFEST =
      Pattern.compile("<!-- applied by PreparedNamespace -->\n```yaml\n(.*?)```", Pattern.DOTALL);

  private final TestCluster cluster;
  private final String name;
  private final Path access;

  /** Makes it anew; {@code folder} keeps a kubeconfig. */
  PreparedNamespace(TestCluster cluster, String name, Path folder) throws IOException {
    this.cluster = cluster;
    this.name = name;
    cluster.freshNamespace(name);
    String page = Files.readString(ForkedSluice.root().resolve("docs/cluster.md"));
    Matcher manifest = MANIFEST.matcher(page);
    assertThat(manifest.find()).isTrue();
    apply(
        manifest
            .group(1)
            .replace("namespace: models", "namespace: " + name)
            .replace("name: models\n", "name: " + name + "\n"));
    apply(
        """
        apiVersion: v1
        kind: ServiceAccount
        metadata: {name: ci}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: mlflow-reader}
        stringData: {MLFLOW_TRACKING_URI: "%1$s", MLFLOW_TRACKING_TOKEN: reader-token}
        ---
        apiVersion: v1
        kind: Secret
        metadata: {name: mlflow-writer}
        stringData: {MLFLOW_TRACKING_URI: "%1$s", MLFLOW_TRACKING_TOKEN: writer-token}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: peek}
        spec:
          terminationGracePeriodSeconds: 0
          automountServiceAccountToken: false
          securityContext: {runAsUser: 65532, runAsNonRoot: true, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
          containers:
          - name: peek
            image: "%2$s"
            command: [sleep, "7200"]
            securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
            volumeMounts: [{name: store, mountPath: /store}]
          volumes:
          - name: store
            persistentVolumeClaim: {claimName: sluice-store}
        """
            .formatted(cluster.mlflowInPods(), cluster.image("worker")));
    access = folder.resolve("kubeconfig");
    Files.copy(cluster.kubeconfig(), access);
    String token = kubectl("create", "token", "ci", "--duration=3h").strip();
    config("set-credentials", "ci", "--token=" + token);
    config("set-context", "--current", "--user=ci");
  }

  String name() {
    return name;
  }

  /** A kubeconfig of the account. */
  Path access() {
    return access;
  }

  private void config(String... change) {
    List<String> arguments = new ArrayList<>(List.of("--kubeconfig", access.toString(), "config"));
    arguments.addAll(List.of(change));
    String unused = cluster.kubectl(arguments.toArray(String[]::new)).orFail();
  }

  /** Applies objects in the namespace, as an administrator. */
  void apply(String objects) {
    String unused = cluster.kubectlWith(objects, "-n", name, "apply", "-f", "-").orFail();
  }

  /** {@code kubectl} as an administrator, in the namespace. */
  String kubectl(String... arguments) {
    return cluster
        .kubectl(Stream.concat(Stream.of("-n", name), Stream.of(arguments)).toArray(String[]::new))
        .orFail();
  }

  /** Gives a pipeline the target {@code cluster}, with more keys of it. */
  void target(TinyPipeline pipeline, String more) throws IOException {
    target(pipeline, "claim: sluice-store", more);
  }

  /**
   * Makes the Secret {@code bucket}, for {@code s3: bucket} as a target's store.
   *
   * @return the bucket as this machine reaches it
   */
  S3Settings bucket() {
    String settings =
        """
        {"endpoint": "%s", "bucket": "%s", "prefix": "%s/",
         "accessKeyId": "%s", "secretAccessKey": "%s"}
        """;
    Map<String, String> v = cluster.variables();
    String key = v.get("SLUICE_CLUSTER_S3_KEY");
    String secret = v.get("SLUICE_CLUSTER_S3_SECRET");
    String bucket = v.get("SLUICE_CLUSTER_S3_BUCKET");
    apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: bucket}
        stringData:
          s3.json: |
        """
            + settings
                .formatted(v.get("SLUICE_CLUSTER_S3_IN_PODS"), bucket, name, key, secret)
                .indent(4));
    return S3Settings.parse(
        settings.formatted(v.get("SLUICE_CLUSTER_S3"), bucket, name, key, secret));
  }

  /** Gives a pipeline the target {@code cluster} with this store, and more keys of it. */
  void target(TinyPipeline pipeline, String store, String more) throws IOException {
    Files.createDirectories(pipeline.file("targets"));
    Files.writeString(
        pipeline.file("targets/cluster.yaml"),
        """
        apiVersion: sluice.io/v1alpha1
        kind: Target
        namespace: %1$s
        store: { %7$s }
        registry: { read: mlflow-reader, write: mlflow-writer, uri: "%2$s" }
        serviceAccounts: { reader: sluice-reader, writer: sluice-writer }
        images: { worker: "%3$s", tuner: "%4$s", drift: "%5$s", environments: { shell: "%3$s" } }
        %6$s
        """
            .formatted(
                name,
                cluster.mlflow(),
                cluster.image("worker"),
                cluster.image("tuner"),
                cluster.image("drift"),
                more,
                store));
  }

  /** The command line with a state folder of its own, on the cluster's registry. */
  ForkedSluice sluice(Path state) {
    return new ForkedSluice(state)
        .with("KUBECONFIG", access.toString())
        .with("MLFLOW_TRACKING_URI", cluster.mlflow().toString());
  }

  /** The text of a run's record in the store; empty when there is none. */
  String record(String run) {
    return cluster
        .kubectl(
            "-n", name, "exec", "peek", "--", "cat", "/store/runs/" + run + "/record/0000.json")
        .out();
  }

  /** A run's record. */
  JsonNode recorded(String run) {
    return Json.parse(record(run).getBytes(UTF_8));
  }
}
