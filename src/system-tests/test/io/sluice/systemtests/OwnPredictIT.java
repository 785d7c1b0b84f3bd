package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer.OrderAnnotation;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * A family that predicts by a command of its own becomes champion and stays comparable: in the
 * environment that its version recorded, with the code that it took along, whatever became of both
 * since. A story in chapters, on a real MLflow server and real environments.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(OrderAnnotation.class)
class OwnPredictIT {
  static final String OLD =
      """
      six==1.16.0 \\
          --hash=sha256:1e61c37477a1626458e36f7b1d82aa5c9b094fa4802892072e49de9c60c4c926 \\
          --hash=sha256:8abb2f1d86890a2dfb989f9a77cfcfd3e47c2a354b01111771326f8aa26e0254
      """;
  static final String NEW =
      """
      six==1.17.0 \\
          --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274 \\
          --hash=sha256:ff70335d468e7eb6ec65b95b99d3a2836546063f63acc5171de367e834932a81
      """;

  /** Says which six it sees, and forecasts as the graph of the tiny pipeline does. */
  private static final String PREDICT =
      """
      import csv, os, six, sys
      assert sys.argv[1] == "it's $HOME and $(that)", sys.argv
      print("forecasting with six " + six.__version__ + ", code %s, as of " + os.environ["SLUICE_AS_OF"])
      with open(os.environ["SLUICE_INPUTS"] + "/windows.csv") as f:
          _, *rows = csv.reader(f)
      with open(os.environ["SLUICE_OUTPUTS"] + "/forecast.csv", "w") as f:
          print("product,market,horizon,forecast", file=f)
          for product, market, *window in rows:
              mean = sum(map(float, window)) / len(window)
              for h in 1, 2, 3:
                  print(product, market, h, mean * (1 + h / 10), sep=",", file=f)
      """;

  private static final String SIGNATURE =
      """
      {"apiVersion": "sluice.io/bundle/v1", "kind": "forecast", "family": "own", "period": "P7D",
       "inputs": [{"kind": "window", "channels": ["returned"], "lookback": 4}], "horizons": [1, 2, 3]}
      """;

  private static final String FAMILY =
      """
        own:
          environment: own
          run: mkdir "$SLUICE_OUTPUTS/model"; cp src/signature.json "$SLUICE_OUTPUTS/model"
          predict: [python, src/own.py, "it's $HOME and $(that)"]
      """;

  private static final String TIMEOUT = "defaults: { timeout: 45s }\n";

  private Path folder;
  private ForkedSluice sluice;
  private TinyPipeline pipeline;
  private RegistrySession session;

  /** The spec with the graph alone, and with both families. */
  private String without;

  private String both;

  @BeforeAll
  void start(@TempDir Path temporary) throws IOException {
    folder = temporary;
    sluice = new ForkedSluice(folder.resolve("state"));
    session = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
    pipeline = new TinyPipeline(folder.resolve("pipeline"));
    without = Files.readString(pipeline.file("sluice.yaml"));
    both =
        without
            .replace(
                "environments:\n", "environments:\n  own: { python: \"3.11\", lock: own.lock }\n")
            .replace("families:\n", "families:\n" + FAMILY);
    String alone = both.replaceFirst("(?s)  linear:\n.*?(?=stages:)", "");
    Files.writeString(pipeline.file("src/signature.json"), SIGNATURE);
    Files.writeString(pipeline.file("src/own.py"), PREDICT.formatted("one"));
    Files.writeString(pipeline.file("own.lock"), OLD);
    spec(alone);
  }

  @AfterAll
  void end() {
    session.close();
  }

  @Test
  @Order(1)
  void aBundleWithAPredictCommandIsTestedAndPromoted() throws Exception {
    String said = run("first");
    assertThat(said).contains("PROMOTED tiny version 1");
    List<String> calls = log("first", "predict-own", "forecasting with");
    // five origins of validation, then six of the holdout, each with what was known then
    assertThat(calls).hasSize(11);
    assertThat(calls.getFirst())
        .isEqualTo("forecasting with six 1.16.0, code one, as of 2025-08-04T00:00:00Z");
    assertThat(log("first", "predict-champion", "nothing to run")).hasSize(1);
  }

  @Test
  @Order(2)
  void mlflowListsItWithItsCommand() throws Exception {
    ModelRegistry registry = session.registry();
    Version version = registry.version("tiny", 1).orElseThrow();
    assertThat(version.tags())
        .containsEntry("sluice.predict", "python src/own.py it's $HOME and $(that)");
    assertThat(registry.files(version))
        .contains(
            "model/MLmodel",
            "model/signature.json",
            "model/predict/predict.json",
            "model/predict/environment.lock",
            "model/predict/code/src/own.py");
    try (InputStream in = registry.open(version, "model/predict/environment.lock")) {
      assertThat(in).asString(java.nio.charset.StandardCharsets.UTF_8).isEqualTo(OLD);
    }
  }

  /** In an environment that MLflow's loader makes of the lock; the machine has no such six. */
  @Test
  @Order(2)
  void mlflowsOwnClientForecastsWhatThePredictStageDid() throws Exception {
    Version version = session.registry().version("tiny", 1).orElseThrow();
    MlflowForecasts mlflow =
        new MlflowForecasts(session.address(), sluice.state(), "first", folder.resolve("mlflow"));
    byte[] signature;
    try (InputStream in = session.registry().open(version, "model/signature.json")) {
      signature = in.readAllBytes();
    }
    assertThat(mlflow.ofCommand("models:/tiny/1", "own", "split", signature, 5))
        .contains("the same as the predict stage: ");
  }

  @Test
  @Order(3)
  void theChampionIsScoredInItsOwnEnvironmentAfterTheSpecDroppedIt() throws Exception {
    spec(without);
    Files.delete(pipeline.file("own.lock"));
    Files.delete(pipeline.file("src/own.py"));
    // in two processes: the one that evaluates knows the environment from the one that resolved
    assertThat(run("second", "--stage", "stages.split")).contains("split done");
    assertThat(run("second", "--stage", "evaluate")).contains("HELD tiny version 2");
    assertThat(log("second", "predict-champion", "forecasting with"))
        .hasSize(11)
        .allMatch(line -> line.startsWith("forecasting with six 1.16.0, code one"));
  }

  @Test
  @Order(4)
  void aCandidateWithAnotherLockIsComparedWithTheChampionInItsOwnEnvironment() throws Exception {
    spec(both);
    Files.writeString(pipeline.file("own.lock"), NEW);
    Files.writeString(pipeline.file("src/own.py"), PREDICT.formatted("two"));
    run("third");
    assertThat(log("third", "predict-own", "forecasting with"))
        .hasSize(11)
        .allMatch(line -> line.startsWith("forecasting with six 1.17.0, code two"));
    // the same bundle over the same tables: what it forecast last time is known
    assertThat(log("third", "predict-champion", "cache hit")).hasSize(1);
  }

  @Test
  @Order(5)
  void aCommandThatFailsIsNamedWithItsOrigin() throws Exception {
    Files.writeString(
        pipeline.file("src/own.py"), "import sys; sys.exit('the model file is damaged')\n");
    ForkedSluice.Ended run = go("fourth");
    assertThat(run.code()).isEqualTo(1);
    assertThat(run.shown())
        .contains("predict-own")
        .contains("| the model file is damaged")
        .contains("exit code 1 at origin 2025-08-04T00:00:00Z of validation");
  }

  /** Hangs at the second origin of the holdout, and has a child that hangs as well. */
  private static final String HANGING =
      PREDICT.formatted("four")
          + """
          if os.environ["SLUICE_AS_OF"].startswith("2025-10-20"):
              import subprocess
              print("hanging", flush=True)
              subprocess.run(["sleep", "1000"])
          """;

  @Test
  @Order(6)
  void aHangingPredictCommandIsEndedAndOnlyItsFamilyFails() throws Exception {
    spec(both.replace("  own:\n", "  own:\n    onFailure: continue\n") + TIMEOUT);
    Files.writeString(pipeline.file("src/own.py"), HANGING);
    ForkedSluice.Ended run = go("fifth");
    assertThat(run.code()).as(run.shown()).isZero();
    String cause =
        "predict-own: the command ended with exit code 124 (its time was over): its time, 45 s, was"
            + " over at origin 2025-10-20T00:00:00Z of holdout";
    assertThat(log("fifth", "predict-own", "hanging")).hasSize(1);
    assertThat(run.shown()).contains("its time, 45 s, was over at origin 2025-10-20T00:00:00Z");
    assertThat(String.join("\n", log("fifth", "gate", "own")))
        .contains("The family own is out: it was lost: its stage ended with exit code 124");
    JsonNode record =
        session.registry().recordedRuns("tiny", 50).stream()
            .map(Json::parse)
            .filter(r -> r.path("run").asText().equals("fifth"))
            .findFirst()
            .orElseThrow();
    assertThat(record.path("families"))
        .filteredOn(f -> f.path("name").asText().equals("own"))
        .singleElement()
        .satisfies(f -> {
          assertThat(f.path("status").asText()).isEqualTo("lost");
          assertThat(f.path("cause").asText()).isEqualTo(cause);
        });
    assertThat(session.registry().versions("tiny"))
        .filteredOn(v -> "fifth".equals(v.tags().get("sluice.run")))
        .isNotEmpty()
        .allSatisfy(v -> assertThat(v.tags()).containsEntry("sluice.lost.own", cause))
        .anySatisfy(v -> assertThat(v.tags()).containsEntry("sluice.family", "linear"));
  }

  @Test
  @Order(7)
  void aRunFailsWithAReasonWhenTheFamilyIsRequired() throws Exception {
    spec(both + TIMEOUT);
    ForkedSluice.Ended run = go("sixth");
    assertThat(run.code()).as(run.shown()).isEqualTo(1);
    assertThat(run.shown()).contains("predict-own", "exit code 124 (its time was over)");
  }

  private void spec(String text) throws IOException {
    Files.writeString(pipeline.file("sluice.yaml"), text);
  }

  private ForkedSluice.Ended go(String id, String... more) throws Exception {
    List<String> all =
        new ArrayList<>(
            List.of("run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", id));
    all.addAll(List.of(more));
    return sluice.run(all.toArray(String[]::new));
  }

  private String run(String id, String... more) throws Exception {
    ForkedSluice.Ended run = go(id, more);
    assertThat(run.code()).as(run.shown()).isZero();
    return run.shown();
  }

  /** Lines of a stage that hold a text, as the run's own log has them. */
  private List<String> log(String run, String stage, String text) throws IOException {
    Path folder = sluice.state().resolve("runs").resolve(run);
    try (Stream<Path> files = Files.list(folder)) {
      Path events = files.filter(f -> f.toString().endsWith(".jsonl")).findFirst().orElseThrow();
      return Files.readAllLines(events).stream()
          .map(Json::parse)
          .filter(e -> e.path("stage").asText().equals(stage))
          .map(e -> e.path("text").asText())
          .filter(line -> line.contains(text))
          .toList();
    }
  }
}
