package io.sluice.systemtests;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.awaitility.Awaitility.await;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.sluice.cluster.TestCluster;
import io.sluice.core.json.Json;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** What the form of a stage promises, on a real cluster. */
@Timeout(1800)
@ExtendWith(TestCluster.Starter.class)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class StageFormClusterIT {
  private static final Duration PATIENCE = Duration.ofMinutes(10);

  private final String era = Long.toString(System.currentTimeMillis(), 36);
  private Path folder;
  private TestCluster cluster;
  private PreparedNamespace namespace;

  @BeforeAll
  void prepare(TestCluster cluster, @TempDir Path temporary) throws Exception {
    this.cluster = cluster;
    folder = temporary;
    namespace = new PreparedNamespace(cluster, "stage-form", folder);
  }

  @Test
  void aUsersStepSeesNeitherTheStoreNorCredentials() throws Exception {
    TinyPipeline pipeline = pipeline("sees");
    pipeline.data(
        """
        env
        echo "in the store: $(ls -A /workspace/store 2>/dev/null)"
        ls /var/run/secrets /run/secrets 2>&1 || true
        tr '\\0' '\\n' </proc/1/environ 2>&1 || true
        cp src/weeks "$SLUICE_OUTPUTS/weeks"
        """);
    ForkedSluice.Ended run = run(pipeline, "sees");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(lines(run, "data-weeks", "run"))
        .contains("in the store: ")
        .noneMatch(l -> l.contains("token") || l.contains("MLFLOW") || l.contains("S3"));

    assertThat(run.shown()).doesNotContain("reader-token", "writer-token");
    assertThat(namespace.record("sees-" + era)).doesNotContain("reader-token", "writer-token");
  }

  @Test
  void aStageIsOnePod() throws Exception {
    ForkedSluice.Ended run = run(pipeline("pods"), "pods");
    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    long stages =
        ForkedSluice.json(run.out()).stream()
            .filter(e -> e.path("event").asText().equals("stageStarted"))
            .count();
    String pods = namespace.kubectl("get", "pods", "-l", "sluice.io/run=pods-" + era, "-o", "name");
    assertThat(pods.lines()).hasSize((int) stages);
  }

  @Test
  void argumentsArriveUnchanged() throws Exception {
    Random random = new Random(20261125);
    List<String> arguments = new ArrayList<>();
    List<String> pieces =
        List.of(
            "$",
            "(",
            ")",
            "$(",
            "$$",
            "§",
            "§S",
            "{",
            "}",
            "'",
            "\"",
            "\\",
            "\n",
            " ",
            "\t",
            "#",
            ":",
            "-",
            "params.run",
            "workspaces.store.path",
            "ü",
            "日",
            "\uD83D\uDE80",
            "`",
            "*",
            "&",
            "|",
            "%s");
    for (int i = 0; i < 80; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(pieces.get(random.nextInt(pieces.size())));
      }
      arguments.add(text.toString());
    }
    String list =
        Stream.concat(
                Stream.of(
                    "sh",
                    "-c",
                    "for a; do printf %s \"$a\" >../tmp/a; base64 -w0 ../tmp/a; echo; done",
                    "sh"),
                arguments.stream())
            .map(a -> "    - " + quoted(a) + "\n")
            .reduce("", String::concat);
    TinyPipeline pipeline = pipeline("arguments");
    pipeline.stages(
        "echoes:\n  environment: shell\n  inputs: { weeks: data.weeks }\n  run:\n" + list);
    ForkedSluice.Ended run = run(pipeline, "arguments");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(lines(run, "echoes", "run").stream().map(StageFormClusterIT::decoded))
        .containsExactlyElementsOf(arguments);
  }

  @Test
  void resultsNeverOverflow() throws Exception {
    TinyPipeline pipeline = pipeline("results");
    String outputs = String.join(", ", IntStream.range(0, 150).mapToObj(i -> "part" + i).toList());
    pipeline.stages(
        """
        many:
          environment: shell
          run: |
            for i in $(seq 0 149); do echo $i >"$SLUICE_OUTPUTS/part$i"; done
            for i in $(seq 1 64); do head -c 4000 /dev/zero | tr '\\0' x >"$SLUICE_RESULTS/r$i"; done
          inputs: { weeks: data.weeks }
          outputs: [%s]
        """
            .formatted(outputs));
    ForkedSluice.Ended run = run(pipeline, "results");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    JsonNode many = stage(namespace.recorded("results-" + era), "many");
    assertThat(many.path("artifacts")).hasSize(150);
    assertThat(many.path("results")).hasSize(64);
  }

  @Test
  void aLostWorkerCostsNoTrial() throws Exception {
    TinyPipeline pipeline = pipeline("lost");
    pipeline.bundle("linear", "linear", "linear");
    pipeline.families(
        """
        linear:
          environment: shell
          space: { x: { float: [0.1, 1] } }
          run: |
            if [ "$SLUICE_MODE" = trial ]; then
              # the first trial of all takes its worker along
              if mkdir "${SLUICE_WORKSPACE:-/workspace/stage}/first" 2>/dev/null; then kill -9 $PPID; sleep 60; fi
              echo 0.5 >"$SLUICE_RESULTS/objective"
            else
              cp -r src/linear "$SLUICE_OUTPUTS/model"
            fi
        """,
        "",
        "{ trials: 5, patience: 5, parallel: 2 }",
        "");
    ForkedSluice.Ended run = run(pipeline, "lost");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(run.shown()).contains("is lost");
    JsonNode record = namespace.recorded("lost-" + era);
    assertThat(record.path("families").path(0).path("search").path("trials").asText())
        .isEqualTo("5");
  }

  @Test
  void reportsThatARunWasCancelled() throws Exception {
    TinyPipeline pipeline = pipeline("cancelled");
    pipeline.split("echo going; exec sleep 600", "");
    ForkedSluice.Going run = start(pipeline, "cancelled");
    going(run);
    ForkedSluice.Ended cancel =
        namespace
            .sluice(folder.resolve("cancels"))
            .run("cancel", "cancelled-" + era, "--on", "cluster", "--pipeline", pipeline.path());
    assertThat(cancel.code()).as(cancel.shown()).isEqualTo(0);

    ForkedSluice.Ended ended = run.await();
    assertThat(ended.code()).as(ended.shown()).isNotEqualTo(0);
    JsonNode record = namespace.recorded("cancelled-" + era);
    assertThat(record.path("status").asText()).as(record.toString()).isEqualTo("cancelled");
    assertThat(task(record, "split")).containsPattern("cancelled");
  }

  @Test
  void reportsThatATimeoutElapsed() throws Exception {
    TinyPipeline pipeline = pipeline("late");
    pipeline.split("exec sleep 600", "timeout: 15s");
    ForkedSluice.Ended run = run(pipeline, "late");
    assertThat(run.code()).as(run.shown()).isEqualTo(1);
    JsonNode record = namespace.recorded("late-" + era);
    assertThat(record.path("status").asText()).isEqualTo("failed");
    assertThat(task(record, "split")).as(record.toString()).containsPattern("(?i)time");
  }

  @Test
  void reportsAnEvictedPod() throws Exception {
    TinyPipeline pipeline = pipeline("evicted");
    pipeline.split("echo going; exec sleep 600", "");
    ForkedSluice.Going run = start(pipeline, "evicted");
    // Tekton fails the task when it sees the pod fail, and makes another one when it was too late
    // to see that: then it continues there, and is evicted again.
    for (int round = 1; round <= 6 && run.process().isAlive(); round++) {
      int times = round;
      await()
          .atMost(PATIENCE)
          .until(() -> !run.process().isAlive() || goingOn(run) == times || isOver("evicted"));
      if (goingOn(run) == times && !isOver("evicted")) {
        evict("evicted");
      }
    }

    ForkedSluice.Ended ended = run.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(1);
    assertThat(ended.shown()).contains("evicted");
    JsonNode record = namespace.recorded("evicted-" + era);
    assertThat(record.path("status").asText()).as(record.toString()).isEqualTo("failed");
    assertThat(task(record, "split")).as(record.toString()).isNotEmpty();
  }

  @Test
  void aDetachedRunIsFollowedLater() throws Exception {
    TinyPipeline pipeline = pipeline("detached");
    ForkedSluice sluice = namespace.sluice(folder.resolve("detached-state"));
    String id = "detached-" + era;
    ForkedSluice.Ended started =
        sluice.run(
            "run",
            pipeline.path(),
            "--on",
            "cluster",
            "--detach",
            "--as-of",
            TinyPipeline.AS_OF,
            "--run-id",
            id);
    assertThat(started.code()).as(started.shown()).isEqualTo(0);
    assertThat(started.shown()).contains(id).doesNotContain("PROMOTED");

    ForkedSluice.Ended followed =
        namespace
            .sluice(folder.resolve("another-state"))
            .run("attach", id, "--on", "cluster", "--pipeline", pipeline.path(), "--json");
    assertThat(followed.code()).as(followed.shown()).isEqualTo(0);
    assertThat(lines(followed, "resolve", "resolve")).as(followed.shown()).isNotEmpty();
    assertThat(namespace.recorded(id).path("status").asText()).isEqualTo("succeeded");
  }

  @Test
  void theFirstCtrlCAsksARunToEndAndTheSecondLeavesIt() throws Exception {
    TinyPipeline pipeline = pipeline("left");
    // deaf to the request: its pod stays for as long as the kubelet is patient
    pipeline.split("trap '' TERM; echo going; for i in $(seq 600); do sleep 1; done", "");
    ForkedSluice.Going run = start(pipeline, "left");
    going(run);
    run.signal("INT");
    await().atMost(PATIENCE).until(() -> asked("left-" + era).equals("CancelledRunFinally"));
    run.signal("INT");
    ForkedSluice.Ended ended = run.await();
    assertThat(ended.code()).as(ended.shown()).isEqualTo(130);

    await()
        .atMost(PATIENCE)
        .untilAsserted(() -> assertThat(namespace.record("left-" + era)).contains("\"cancelled\""));
  }

  private String asked(String run) {
    return namespace.kubectl("get", "pipelinerun", run, "-o", "jsonpath={.spec.status}");
  }

  private TinyPipeline pipeline(String name) throws Exception {
    TinyPipeline pipeline = new TinyPipeline(folder.resolve(name));
    pipeline.model("form-" + name + "-" + era);
    namespace.target(pipeline, "");
    return pipeline;
  }

  private ForkedSluice.Ended run(TinyPipeline pipeline, String name) throws Exception {
    return start(pipeline, name).await();
  }

  private ForkedSluice.Going start(TinyPipeline pipeline, String name) throws Exception {
    return namespace
        .sluice(folder.resolve(name + "-state"))
        .start(
            "run",
            pipeline.path(),
            "--on",
            "cluster",
            "--json",
            "--as-of",
            TinyPipeline.AS_OF,
            "--run-id",
            name + "-" + era);
  }

  private static void going(ForkedSluice.Going run) {
    await().atMost(PATIENCE).until(() -> run.shown().contains("\"text\":\"going\""));
  }

  /** How often the step has begun, each in a pod of its own. */
  private static int goingOn(ForkedSluice.Going run) throws IOException {
    return run.shown().split("\"text\":\"going\"", -1).length - 1;
  }

  private boolean isOver(String name) {
    return !namespace
        .kubectl(
            "get",
            "pipelinerun",
            name + "-" + era,
            "--ignore-not-found",
            "-o",
            "jsonpath={.status.completionTime}")
        .isEmpty();
  }

  /** Evicts the pod of the stage {@code split}, as who empties a node does. */
  private void evict(String name) {
    String pod =
        namespace
            .kubectl(
                "get",
                "pods",
                "-l",
                "sluice.io/run=" + name + "-" + era + ",tekton.dev/pipelineTask=split",
                "-o",
                "jsonpath={.items[0].metadata.name}")
            .strip();
    String eviction =
        """
        {"apiVersion": "policy/v1", "kind": "Eviction",
         "metadata": {"name": "%s", "namespace": "stage-form"}}
        """
            .formatted(pod);
    cluster
        .kubectlWith(
            eviction,
            "create",
            "--raw",
            "/api/v1/namespaces/stage-form/pods/" + pod + "/eviction",
            "-f",
            "-")
        .orFail();
  }

  private static List<String> lines(ForkedSluice.Ended run, String stage, String step) {
    return ForkedSluice.json(run.out()).stream()
        .filter(e -> e.path("event").asText().equals("logLine"))
        .filter(e -> e.path("stage").asText().equals(stage))
        .filter(e -> e.path("step").asText().equals(step))
        .map(e -> e.path("text").asText())
        .toList();
  }

  private static JsonNode stage(JsonNode record, String name) {
    for (JsonNode stage : record.path("stages")) {
      if (stage.path("stage").asText().equals(name)) {
        return stage;
      }
    }
    throw new AssertionError("no stage " + name + " in " + record);
  }

  /** Status and cause of a task in a run's record. */
  private static String task(JsonNode record, String name) {
    for (JsonNode task : record.path("tasks")) {
      if (task.path("name").asText().equals(name)) {
        return task.path("status").asText() + " " + task.path("cause").asText();
      }
    }
    throw new AssertionError("no task " + name + " in " + record);
  }

  private static String quoted(String text) {
    return Json.write(TextNode.valueOf(text));
  }

  private static String decoded(String base64) {
    return new String(Base64.getDecoder().decode(base64), UTF_8);
  }
}
