package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.cluster.TestCluster;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A search over several pods of a real cluster, which meet on a real PostgreSQL. */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ParallelTuningClusterIT {
  private static final String NAMESPACE = "matrix-tuning";
  private static final Duration PATIENCE = Duration.ofMinutes(8);
  private static final int TRIALS = 14;

  /** Runs SQL in a pod that has the tuner's driver. */
  private static final String SQL =
      "import os, sys, psycopg\n"
          + "url, text = os.environ[sys.argv[1]], sys.argv[2]\n"
          + "with psycopg.connect(url, autocommit=True) as c:\n"
          + "    found = c.execute(text)\n"
          + "    print(*(' '.join(map(str, r)) for r in (found if found.description else ())), sep='\\n')";

  private final String era = Long.toString(System.currentTimeMillis(), 36);
  private Path folder;
  private PreparedNamespace namespace;
  private String password;

  @BeforeAll
  void prepare(TestCluster cluster, @TempDir Path temporary) throws Exception {
    folder = temporary;
    namespace = new PreparedNamespace(cluster, NAMESPACE, folder);
    String server = cluster.postgresInPods().toString();
    password = cluster.postgresInPods().getUserInfo().split(":", 2)[1];
    String database = "matrix_" + era;
    namespace.apply(
        """
        apiVersion: v1
        kind: Secret
        metadata: {name: optuna}
        stringData: {OPTUNA_STORAGE_URL: "%1$s", SERVER: "%2$s"}
        ---
        apiVersion: v1
        kind: Pod
        metadata: {name: sql}
        spec:
          terminationGracePeriodSeconds: 0
          automountServiceAccountToken: false
          securityContext: {runAsUser: 65532, runAsNonRoot: true, seccompProfile: {type: RuntimeDefault}}
          containers:
          - name: sql
            image: "%3$s"
            command: [sleep, "7200"]
            envFrom: [{secretRef: {name: optuna}}]
            securityContext: {allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: {drop: [ALL]}}
        """
            .formatted(
                server.substring(0, server.lastIndexOf('/') + 1) + database,
                server,
                cluster.image("tuner")));
    namespace.kubectl("wait", "pod/sql", "--for=condition=Ready", "--timeout=300s");
    String unused = sql("SERVER", "CREATE DATABASE " + database);
  }

  private String sql(String variable, String text) {
    return namespace.kubectl("exec", "sql", "--", "python", "-c", SQL, variable, text).strip();
  }

  @Test
  void threePodsDoExactlyTheRequestedTrialsWhicheverPodIsLost() throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve("three"));
    pipeline.model("tuning-three-" + era);
    pipeline.bundle("linear", "linear", "linear");
    pipeline.families(
        """
        linear:
          environment: shell
          space: { x: { float: [0.1, 1] } }
          run: |
            if [ "$SLUICE_MODE" = trial ]; then
              env
              ls -A /workspace/storage 2>/dev/null && echo "the storage is here" || echo "no storage here"
              sleep 4
              echo 0.5 >"$SLUICE_RESULTS/objective"
            else
              cp -r src/linear "$SLUICE_OUTPUTS/model"
            fi
        """,
        "",
        "{ trials: %1$d, patience: %1$d, parallel: 3 }".formatted(TRIALS),
        "");
    namespace.target(pipeline, "tuning: { storage: optuna }");
    String id = "three-" + era;
    ForkedSluice.Going run =
        namespace
            .sluice(folder.resolve("three-state"))
            .start(
                "run",
                pipeline.path(),
                "--on",
                "cluster",
                "--json",
                "--as-of",
                TinyPipeline.AS_OF,
                "--run-id",
                id);
    String running =
        "SELECT count(*) FROM trials WHERE state = 'RUNNING' AND trial_id IN"
            + " (SELECT trial_id FROM trial_user_attributes WHERE key = 'sluice:worker'"
            + " AND value_json = '\"1\"')";
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> run.shown().contains("worker 1 is here"));
    await()
        .atMost(PATIENCE)
        .pollInterval(Duration.ofSeconds(1))
        .until(() -> sql("OPTUNA_STORAGE_URL", running).equals("1"));
    String unused =
        namespace.kubectl("delete", "pod", id + "-tune-linear-workers-0-pod", "--wait=false");

    ForkedSluice.Ended ended = run.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(0);
    List<String> lines =
        ForkedSluice.json(ended.out()).stream()
            .filter(e -> e.path("event").asText().equals("logLine"))
            .map(e -> e.path("stage").asText() + ": " + e.path("text").asText())
            .toList();
    assertThat(lines)
        .anyMatch(l -> l.matches("tune-linear: worker 1 is lost: trial \\d+ goes to another one"))
        .anyMatch(l -> l.matches("tune-linear: trial \\d+ \\(sampled\\) on worker 2: .*"))
        .anyMatch(l -> l.startsWith("tune-linear-workers-1: the search is over; trials done here"))
        .contains("tune-linear: no storage here")
        .doesNotContain("tune-linear: the storage is here")
        .noneMatch(l -> l.contains(password) || l.contains("OPTUNA"));
    JsonNode record = namespace.recorded(id);
    assertThat(record.path("status").asText()).isEqualTo("succeeded");
    assertThat(record.path("families").path(0).path("search").path("trials").asText())
        .isEqualTo(Integer.toString(TRIALS));
    assertThat(record.toString()).doesNotContain(password).doesNotContain("-workers");
    assertThat(
            sql(
                "OPTUNA_STORAGE_URL",
                "SELECT state, count(*) FROM trials GROUP BY state ORDER BY state"))
        .isEqualToNormalizingNewlines("COMPLETE " + TRIALS + "\nFAIL 1");
  }
}
