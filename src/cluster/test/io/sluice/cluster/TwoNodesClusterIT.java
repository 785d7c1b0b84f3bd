package io.sluice.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;

/** What the tests of the cluster runner and of the images stand on. */
@ExtendWith(TestCluster.Starter.class)
class TwoNodesClusterIT {
  private static final String NAMESPACE = "fixture-two-nodes";

  @BeforeAll
  static void aPodOnEachNode(TestCluster cluster) {
    cluster.freshNamespace(NAMESPACE);
    String claim =
        """
        apiVersion: v1
        kind: PersistentVolumeClaim
        metadata: {name: both}
        spec:
          accessModes: [ReadWriteMany]
          resources: {requests: {storage: 1Gi}}
        ---
        apiVersion: v1
        kind: Service
        metadata: {name: two}
        spec:
          selector: {pod: two}
          ports: [{port: 80, targetPort: 8080}]
        """;
    apply(cluster, claim + pod(cluster, "one", "node1") + pod(cluster, "two", "node2"));
    cluster
        .kubectl(
            "-n",
            NAMESPACE,
            "wait",
            "--for=condition=Ready",
            "pod/one",
            "pod/two",
            "--timeout=180s")
        .orFail();
  }

  @Test
  void podsOfBothNodesReachEachOther(TestCluster cluster) {
    String address =
        cluster
            .kubectl("-n", NAMESPACE, "get", "pod", "two", "-o", "jsonpath={.status.podIP}")
            .orFail();
    assertThat(in(cluster, "one", "wget -qO- http://" + address + ":8080/hello"))
        .isEqualTo("from two\n");
  }

  @Test
  void aServiceIsFoundByItsName(TestCluster cluster) {
    assertThat(in(cluster, "one", "wget -qO- http://two/hello")).isEqualTo("from two\n");
    assertThat(in(cluster, "two", "wget -qO- http://two." + NAMESPACE + ".svc.cluster.local/hello"))
        .isEqualTo("from two\n");
  }

  @Test
  void aVolumeIsWrittenByAUserThatIsNotRootAndReadOnTheOtherNode(TestCluster cluster) {
    assertThat(in(cluster, "one", "id -u && echo left by one > /shared/note")).isEqualTo("65532\n");
    assertThat(in(cluster, "two", "cat /shared/note")).isEqualTo("left by one\n");
  }

  @Test
  void podsReachMlflowS3AndPostgres(TestCluster cluster) {
    assertThat(in(cluster, "two", "wget -qO- " + cluster.mlflowInPods() + "/health"))
        .isEqualTo("OK");
    assertThat(in(cluster, "one", "wget -qO- http://s3.services:9000/ 2>&1 || true"))
        .as("an unsigned request to S3")
        .contains("403");
    assertThat(in(cluster, "one", "nc -w 5 postgres.services 5432 </dev/null && echo open"))
        .isEqualTo("open\n");
  }

  @Test
  void nothingInsideReachesOutside(TestCluster cluster) {
    assertThat(in(cluster, "one", "nslookup example.org 2>&1 || true")).contains("NXDOMAIN");
    assertThat(in(cluster, "one", "nc -w 3 1.1.1.1 53 </dev/null 2>&1 || echo no way"))
        .contains("no way");
  }

  private static String in(TestCluster cluster, String pod, String script) {
    return cluster.kubectl("-n", NAMESPACE, "exec", pod, "--", "/bin/sh", "-c", script).orFail();
  }

  private static void apply(TestCluster cluster, String objects) {
    cluster.kubectlWith(objects, "-n", NAMESPACE, "apply", "-f", "-").orFail();
  }

  /** Serves the text "from NAME" and keeps the volume at hand. */
  private static String pod(TestCluster cluster, String name, String node) {
    return """
    ---
    apiVersion: v1
    kind: Pod
    metadata: {name: %1$s, labels: {pod: %1$s}}
    spec:
      nodeName: %2$s
      securityContext: {runAsUser: 65532, runAsNonRoot: true, fsGroup: 65532, seccompProfile: {type: RuntimeDefault}}
      terminationGracePeriodSeconds: 0
      containers:
      - name: web
        image: %3$s
        command: [/bin/sh, -c, "echo from %1$s > /www/hello && exec busybox httpd -f -p 8080 -h /www"]
        readinessProbe: {httpGet: {path: /hello, port: 8080}, periodSeconds: 1}
        securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        volumeMounts: [{name: www, mountPath: /www}, {name: shared, mountPath: /shared}]
      volumes:
      - name: www
        emptyDir: {}
      - name: shared
        persistentVolumeClaim: {claimName: both}
    """
        .formatted(name, node, cluster.toolsImage());
  }
}
