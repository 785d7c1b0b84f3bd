package io.sluice.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.cluster.TestCluster;
import io.sluice.core.json.Json;
import io.sluice.core.run.RunId;
import io.sluice.store.Area;
import io.sluice.store.S3Settings;
import io.sluice.store.S3Store;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A machine that loses power while a stage runs on it, with the store in a bucket. */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
class NodeLossClusterIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private String lost = "";

  @AfterEach
  void bothNodesAgain(TestCluster cluster) {
    if (!lost.isEmpty()) {
      String unused = cluster.cluster("node", lost, "up").orFail();
    }
  }

  @Test
  void theRunEndsAndItsRecordSaysWhy(TestCluster cluster, @TempDir Path folder) throws Exception {
    PreparedNamespace namespace = new PreparedNamespace(cluster, "node-loss", folder);
    S3Settings bucket = namespace.bucket();
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("pipeline"));
    String id = "lost-" + Long.toString(System.currentTimeMillis(), 36);
    pipeline.model(id);
    // Kubernetes cannot know that the pod does not run any more: the limit of the stage decides
    pipeline.split("echo going; exec sleep 900", "timeout: 2m");
    namespace.target(
        pipeline,
        "s3: bucket",
        "wait: 10s\npods: { tolerations: [{ key: node.kubernetes.io/unreachable, effect: NoExecute, for: 10s }] }");
    ForkedSluice sluice = namespace.sluice(folder.resolve("state"));
    ForkedSluice.Going run =
        sluice.start(
            "run",
            pipeline.path(),
            "--on",
            "cluster",
            "--json",
            "--run-id",
            id,
            "--as-of",
            TinyPipeline.AS_OF);
    await().atMost(PATIENCE).until(() -> run.shown().contains("\"text\":\"going\""));
    String node =
        namespace.kubectl(
            "get",
            "pods",
            "-l",
            "sluice.io/run=" + id + ",tekton.dev/pipelineTask=split",
            "-o",
            "jsonpath={.items[0].spec.nodeName}");
    lost = node.strip();
    String unused = cluster.cluster("node", lost, "down").orFail();

    ForkedSluice.Ended ended = run.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(1);
    assertThat(ended.shown()).contains(lost);
    List<byte[]> records = new S3Store(bucket, Area.TRUSTED).records(new RunId(id));
    JsonNode record =
        records.stream()
            .map(r -> Json.parse(new String(r, UTF_8)))
            .filter(r -> r.has("tasks"))
            .findFirst()
            .orElseThrow();
    assertThat(record.path("status").asText()).as(record.toString()).isEqualTo("failed");
    assertThat(record.path("tasks").toString()).contains("split");
  }
}
