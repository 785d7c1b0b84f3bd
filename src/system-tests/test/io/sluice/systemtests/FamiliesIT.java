package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Families that compete, on real MLflow with the real tuner: one wins, then the other; some are
 * lost in every way there is. One story told in order; each chapter needs those before it.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class FamiliesIT {
  /** A trial reports its parameter; before, each family waits until the other one is at work. */
  private static final String TRIAL =
      """
      if [ "$SLUICE_MODE" = trial ]; then
        : >"%1$s/$SLUICE_FAMILY"
        tries=0
        while [ ! -e "%1$s/linear" ] || [ ! -e "%1$s/doubled" ]; do
          tries=$((tries + 1))
          [ "$tries" -lt 600 ] || { echo "alone" >"$SLUICE_RESULTS/failure"; exit 1; }
          sleep 0.2
        done
        sed -n 's/.*"x": *\\([0-9.e-]*\\).*/\\1/p' "$SLUICE_PARAMS" >"$SLUICE_RESULTS/objective"
      else
        cp -r "src/$SLUICE_FAMILY" "$SLUICE_OUTPUTS/model"
      fi
      """;

  private ForkedSluice sluice;
  private RegistrySession session;
  private Path folder;
  private TinyPipeline pipeline;

  @BeforeAll
  void start(@TempDir Path folder) throws Exception {
    this.folder = folder;
    sluice = new ForkedSluice(folder.resolve("state"));
    session = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
    pipeline = new TinyPipeline(folder.resolve("tiny"));
    pipeline.bundle("linear", "linear", "linear").bundle("doubled", "doubled", "doubled");
    Files.createDirectories(folder.resolve("meet"));
    competing();
  }

  @AfterAll
  void end() {
    session.close();
  }

  private void competing() throws Exception {
    pipeline.families(
        family("linear", "shell", "", TRIAL.formatted(folder.resolve("meet")))
            + family(
                "doubled",
                "shell",
                "budget: { share: 50% }",
                TRIAL.formatted(folder.resolve("meet"))),
        "",
        "{ trials: 4, patience: 2 }",
        "");
  }

  private static String family(String name, String environment, String more, String script) {
    return """
    %s:
      environment: %s
      onFailure: continue
      space: { x: { float: [0.1, 1] } }
      %s
      run: |
    %s
    """
        .formatted(name, environment, more, script.indent(4).stripTrailing());
  }

  @Test
  @Order(1)
  void twoFamiliesAreTunedSideBySideAndTheBestOnValidationMeetsTheGate() throws Exception {
    ForkedSluice.Ended run = run("first");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(report(run).path("verdict").asText()).isEqualTo("PROMOTE");
    assertThat(version(chosen(run)).tags()).containsEntry("sluice.family", "linear");
    // each trial waited for one of the other family, so both ran at once
    assertThat(study("first", "linear").path("trials")).hasSize(4);
    assertThat(study("first", "doubled").path("trials")).as("its share is half").hasSize(2);
    assertThat(study("first", "linear").path("trials"))
        .noneMatch(t -> t.path("reason").asText().contains("alone"));
    List<String> order = order(run, "tune-linear", "tune-doubled");
    assertThat(order.subList(0, 2)).allMatch(e -> e.startsWith("stageStarted"));

    assertThat(said(run, "gate"))
        .contains("Of 2 families 2 have a candidate", "linear was picked as the best there");
    JsonNode families = report(run).path("families");
    assertThat(families).hasSize(2);
    assertThat(families)
        .allMatch(f -> f.path("validation_loss").isNumber() && f.path("holdout_loss").isNumber());
    assertThat(families).filteredOn(f -> f.path("picked").asBoolean()).hasSize(1);
    JsonNode record = runRecord("first").path("families");
    assertThat(record)
        .extracting(f -> f.path("name").asText())
        .containsExactly("doubled", "linear");
    assertThat(record).allMatch(f -> f.path("status").asText().equals("candidate"));
    assertThat(record.path(0).path("search").path("trials").asText()).isEqualTo("2");
  }

  @Test
  @Order(2)
  void theOtherFamilyWinsTheNextCycleAndBothStartWarm() throws Exception {
    int champion = chosen("first");
    pipeline.tables(36, 2.0);

    ForkedSluice.Ended run = run("second");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(report(run).path("verdict").asText()).as(run.shown()).isEqualTo("PROMOTE");
    int winner = chosen(run);
    assertThat(version(winner).tags())
        .containsEntry("sluice.family", "doubled")
        .containsEntry("sluice.champion", Integer.toString(champion));
    assertThat(said(run, "gate")).contains("doubled was picked", "doubled replaces the champion");
    for (String family : List.of("linear", "doubled")) {
      JsonNode study = study("second", family);
      assertThat(study.path("search").asText()).as(family).isEqualTo("warm");
      assertThat(study.path("trials").path(0).path("params"))
          .as("each from its own study, also that of the family that is not champion")
          .isEqualTo(best(study("first", family)));
      assertThat(study.path("savings").has("againstCold")).isTrue();
    }

    JsonNode trace = json(sluice.run("trace", pipeline.path(), "" + winner, "--json"));
    assertThat(trace.path("champion").asBoolean()).isTrue();
    assertThat(trace.at("/verdict/families")).hasSize(2);
    JsonNode diff = json(sluice.run("diff", pipeline.path(), "" + champion, "" + winner, "--json"));
    assertThat(diff.path("differences"))
        .extracting(d -> d.path("key").asText())
        .contains("sluice.family", "sluice.bundle");
    JsonNode history = json(sluice.run("history", pipeline.path(), "--json"));
    assertThat(history.path("entries"))
        .extracting(e -> e.path("to").asInt())
        .containsExactly(champion, winner);
  }

  @Test
  @Order(3)
  void aFamilyMayFailInAnyWayWithoutFailingTheOthers() throws Exception {
    pipeline.bundle("doubled", "unsound", "unsound");
    Path probe = pipeline.file("src/unsound/probe.json");
    Files.writeString(probe, Files.readString(probe).replace("\"output\": [[", "\"output\": [[9"));
    Files.writeString(pipeline.file("no-hash.lock"), "nowhere==1.0\n");
    String trial =
        """
        if [ "$SLUICE_MODE" = trial ]; then echo 1 >"$SLUICE_RESULTS/objective"; exit; fi
        """;
    pipeline.families(
        family("doubled", "shell", "", trial + "cp -r src/doubled \"$SLUICE_OUTPUTS/model\"")
            + family("unsound", "shell", "", trial + "cp -r src/unsound \"$SLUICE_OUTPUTS/model\"")
            + family("killed", "shell", "", "kill -KILL $$")
            + family(
                "failing",
                "shell",
                "",
                trial + "echo 'out of ideas' >\"$SLUICE_RESULTS/failure\"; exit 3")
            + family("late", "shell", "", trial + "sleep 1000")
            + family("unbuilt", "locked", "", trial),
        "locked: { python: \"3.11\", lock: no-hash.lock }",
        "{ trials: 1 }",
        "timeout: 20s");

    ForkedSluice.Ended run = run("third");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(report(run).path("status").asText()).isEqualTo("succeeded");
    assertThat(version(chosen(run)).tags()).containsEntry("sluice.family", "doubled");
    Map<String, String> causes = new TreeMap<>();
    Map<String, String> ends = new TreeMap<>();
    for (JsonNode f : runRecord("third").path("families")) {
      causes.put(f.path("name").asText(), f.path("cause").asText());
      ends.put(f.path("name").asText(), f.path("status").asText());
    }
    assertThat(ends)
        .containsEntry("doubled", "candidate")
        .containsEntry("unsound", "out")
        .containsEntry("killed", "lost")
        .containsEntry("failing", "lost")
        .containsEntry("late", "lost")
        .containsEntry("unbuilt", "lost");
    assertThat(causes.get("unsound")).contains("probe");
    assertThat(causes.get("killed"))
        .startsWith("tune-killed: the command ended with exit code 1: SLU-7401")
        .contains("exit code 137 (killed: by hand, or because memory ran out)");
    assertThat(causes.get("failing"))
        .isEqualTo("train-failing: the command ended with exit code 3: out of ideas");
    assertThat(causes.get("late"))
        .isEqualTo(
            "train-late: the command ended with exit code 124 (its time was over):"
                + " its time, 20 s, was over");
    assertThat(causes.get("unbuilt"))
        .startsWith("tune-unbuilt: the command ended with exit code 78")
        .contains("SLU-3016", "nowhere");
    for (String lost : List.of("killed", "failing", "late", "unbuilt")) {
      assertThat(version(chosen(run)).tags())
          .containsEntry("sluice.lost." + lost, causes.get(lost));
      assertThat(said(run, "gate")).contains("The family " + lost + " is out: it was lost");
    }
    assertThat(report(run).path("families"))
        .extracting(f -> f.path("family").asText())
        .contains("doubled", "unsound", "killed", "failing", "late", "unbuilt");
  }

  @Test
  @Order(4)
  void theRunFailsWhenEveryFamilyFails() throws Exception {
    pipeline.families(
        family("doubled", "shell", "", "exit 3") + family("linear", "shell", "", "exit 4"),
        "",
        "",
        "");

    ForkedSluice.Ended run = run("fourth");

    assertThat(run.code()).as(run.shown()).isEqualTo(1);
    assertThat(said(run, "evaluate")).contains("SLU-4022");
    assertThat(runRecord("fourth").path("families"))
        .extracting(f -> f.path("status").asText())
        .containsExactly("lost", "lost");
  }

  @Test
  @Order(5)
  void theRunFailsWhenARequiredFamilyFails() throws Exception {
    pipeline.families(
        family("doubled", "shell", "", "cp -r src/doubled \"$SLUICE_OUTPUTS/model\"")
            + family("linear", "shell", "", "exit 4").replace("onFailure: continue", ""),
        "",
        "",
        "");

    ForkedSluice.Ended run = run("fifth");

    assertThat(run.code()).as(run.shown()).isEqualTo(1);
    assertThat(report(run).path("reason").asText()).contains("train-linear").contains("4");
  }

  @Test
  @Order(6)
  void driftIsUnknownAndTheRunContinuesWhenTheChampionsSnapshotIsGone() throws Exception {
    pipeline.families(
        family("doubled", "shell", "", "cp -r src/doubled \"$SLUICE_OUTPUTS/model\""), "", "", "");
    pipeline.drift();
    int champion = registry().promotions("tiny").inspect().champion().orElseThrow();
    String of = version(champion).tags().get("sluice.run");
    for (JsonNode stage : runRecord(of).path("stages")) {
      if (stage.path("stage").asText().equals("split")) {
        forget(stage.path("outputs").asText());
      }
    }

    ForkedSluice.Ended run = run("sixth");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    JsonNode drift = report(run).path("drift");
    assertThat(drift.path("status").asText()).isEqualTo("unknown");
    assertThat(drift.path("reason").asText())
        .contains("trained on (run " + of + ", split.holdout) is gone from the store");
    assertThat(report(run).path("verdict").asText()).isIn("PROMOTE", "HOLD");
  }

  @Test
  @Order(7)
  void aSearchForMoreKeepsTheTrialThatFoundMost() throws Exception {
    pipeline = new TinyPipeline(folder.resolve("more")).model("more");
    pipeline.bundle("linear", "linear", "linear");
    pipeline.families(
        family(
            "linear",
            "shell",
            "",
            """
            if [ "$SLUICE_MODE" = trial ]; then
              sed -n 's/.*"x": *\\([0-9.e-]*\\).*/\\1/p' "$SLUICE_PARAMS" >"$SLUICE_RESULTS/objective"
            else
              cp -r src/linear "$SLUICE_OUTPUTS/model"
            fi
            """),
        "",
        "{ objective: auc, trials: 4, patience: 4 }",
        "");

    ForkedSluice.Ended run = run("seventh");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    JsonNode study = study("more", "seventh", "linear");
    assertThat(study.path("direction").asText()).isEqualTo("maximize");
    List<Double> found = new ArrayList<>();
    study.path("trials").forEach(t -> found.add(t.path("objective").asDouble()));
    assertThat(found).hasSize(4);
    assertThat(found.get(study.path("best").asInt())).isEqualTo(Collections.max(found));
    assertThat(Collections.max(found)).isGreaterThan(Collections.min(found));
  }

  @Test
  @Order(8)
  void aModelThatKnowsTheMeanIsHeldWhereNoBaselineKnowsAnything() throws Exception {
    pipeline = new TinyPipeline(folder.resolve("blind")).model("blind");
    // no label before any origin, as of units that come once
    pipeline.split(
        """
        cp -r src/validation src/holdout "$SLUICE_OUTPUTS"
        for table in validation holdout; do
          sed -i -E '2,$s/^(([^,]*,){4})[^,]*,/\\1,/' "$SLUICE_OUTPUTS/$table/panel.csv"
        done
        """,
        "");
    Files.writeString(
        pipeline.file("src/signature.json"),
        """
        {"apiVersion": "sluice.io/bundle/v1", "kind": "forecast", "family": "mean", "period": "P7D",
         "inputs": [{"kind": "window", "channels": ["returned"], "lookback": 4}], "horizons": [1, 2, 3]}
        """);
    Files.writeString(
        pipeline.file("src/mean.sh"),
        """
        {
          echo product,market,horizon,forecast
          tail -n +2 "$SLUICE_INPUTS/windows.csv" | while IFS=, read -r product market window; do
            for horizon in 1 2 3; do echo "$product,$market,$horizon,60"; done
          done
        } >"$SLUICE_OUTPUTS/forecast.csv"
        """);
    pipeline.families(
        """
        mean:
          environment: shell
          run: mkdir "$SLUICE_OUTPUTS/model"; cp src/signature.json "$SLUICE_OUTPUTS/model"
          predict: [sh, src/mean.sh]
        """,
        "",
        "",
        "");

    ForkedSluice.Ended run = run("eighth");

    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    assertThat(report(run).path("verdict").asText()).isEqualTo("HOLD");
    assertThat(said(run, "gate"))
        .contains("the baselines are blind")
        .contains("2160 of 2160 holdout rows belong to units without any label before");
    assertThat(registry().promotions("blind").inspect().champion()).isEmpty();
  }

  /** Takes a manifest from the store. */
  private void forget(String digest) throws Exception {
    String hex = digest.substring("sha256:".length());
    try (var files = Files.walk(sluice.state().resolve("store/blobs"))) {
      List<Path> found =
          files
              .filter(Files::isRegularFile)
              .filter(f -> hex.endsWith(String.valueOf(f.getFileName())))
              .toList();
      assertThat(found).hasSize(1);
      Files.delete(found.getFirst());
    }
  }

  // ---- looking at what came of it

  private ForkedSluice.Ended run(String id) throws Exception {
    return sluice.run(
        "run", pipeline.path(), "--as-of", TinyPipeline.AS_OF, "--run-id", id, "--json");
  }

  private static JsonNode report(ForkedSluice.Ended run) {
    return ForkedSluice.json(run.out()).getLast().path("report");
  }

  private int chosen(ForkedSluice.Ended run) {
    assertThat(report(run).path("version").isInt()).as(run.shown()).isTrue();
    return report(run).path("version").asInt();
  }

  private int chosen(String run) {
    return registry().versions("tiny").stream()
        .filter(v -> run.equals(v.tags().get("sluice.run")))
        .filter(v -> "true".equals(v.tags().get("sluice.chosen")))
        .findFirst()
        .orElseThrow()
        .version();
  }

  /** The kinds of events about these stages, in their order. */
  private static List<String> order(ForkedSluice.Ended run, String... stages) {
    List<String> out = new ArrayList<>();
    for (JsonNode e : ForkedSluice.json(run.out())) {
      String kind = e.path("event").asText();
      if (List.of(stages).contains(e.path("stage").asText()) && kind.startsWith("stage")) {
        out.add(kind + " " + e.path("stage").asText());
      }
    }
    return out;
  }

  private static String said(ForkedSluice.Ended run, String stage) {
    StringBuilder out = new StringBuilder();
    for (JsonNode e : ForkedSluice.json(run.out())) {
      if (e.path("stage").asText().equals(stage) && e.has("text")) {
        out.append(e.path("text").asText()).append('\n');
      }
    }
    return out.toString();
  }

  private static JsonNode json(ForkedSluice.Ended command) {
    assertThat(command.code()).as(command.shown()).isEqualTo(0);
    return Json.parse(command.out().getBytes(StandardCharsets.UTF_8));
  }

  private JsonNode study(String run, String family) throws Exception {
    return study("tiny", run, family);
  }

  private JsonNode study(String model, String run, String family) throws Exception {
    for (Version v : registry().versions(model)) {
      if (run.equals(v.tags().get("sluice.run")) && family.equals(v.tags().get("sluice.family"))) {
        try (InputStream in = registry().open(v, "study.json")) {
          return Json.parse(in.readAllBytes());
        }
      }
    }
    throw new AssertionError("no version of " + family + " by " + run);
  }

  private static JsonNode best(JsonNode study) {
    return study.path("trials").path(study.path("best").asInt()).path("params");
  }

  private JsonNode runRecord(String run) {
    for (byte[] record : registry().recordedRuns("tiny", 50)) {
      JsonNode node = Json.parse(record);
      if (run.equals(node.path("run").asText())) {
        return node;
      }
    }
    throw new AssertionError("no record of " + run + " in the registry");
  }

  private ModelRegistry registry() {
    return session.registry();
  }

  private Version version(int number) {
    return registry().version("tiny", number).orElseThrow();
  }
}
