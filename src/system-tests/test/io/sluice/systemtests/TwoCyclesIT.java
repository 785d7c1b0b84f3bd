package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.FileContent;
import io.sluice.core.registry.ModelRegistry.Recording;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.core.run.StageStatus;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.ByteArrayInputStream;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
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
 * The example as a fresh user meets it: real environments, real MLflow, few trials. One story told
 * in order; each chapter needs those before it.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoCyclesIT {
  private static final String EXAMPLE = "pipelines/rma-forecast";

  private ForkedSluice sluice;

  /** Keeps the embedded server up between commands, and is how the test looks behind them. */
  private RegistrySession session;

  /**
   * The version of each run's chosen candidate. Every family's candidate is registered, so they do
   * not count up by one.
   */
  private int first;

  private int again;
  private int smoke;
  private int newer;

  @BeforeAll
  void start(@TempDir Path folder) {
    sluice = new ForkedSluice(folder.resolve("state"));
    session = RegistrySessions.ofThisProcess().open(sluice.state(), event -> {});
  }

  @AfterAll
  void end() {
    session.close();
  }

  @Test
  @Order(1)
  void theFirstRunPromotesTheBetterOfTwoFamilies() throws Exception {
    ForkedSluice.Ended run = run("2026-06-01");
    assertThat(report(run).path("verdict").asText()).isEqualTo("PROMOTE");
    assertThat(stages(run).keySet())
        .contains("resolve", "data-returns", "preprocess", "drift")
        .contains("tune-xgboost", "train-xgboost", "tune-itransformer", "train-itransformer")
        .contains("evaluate", "gate", "register", "promote", "record");
    assertThat(stages(run).values()).containsOnly("succeeded");
    assertThat(said(run, "gate")).contains("first champion").contains("movingAverage");
    first = report(run).path("version").asInt();
    champion(first);
    assertThat(registry().files(version(first)))
        .contains("model/MLmodel", "model/model.onnx", "study.json", "verdict.json", "drift.json");
    assertThat(version(first).tags())
        .containsEntry("sluice.drift", "unknown")
        .containsEntry("sluice.needsReview", "false");
    assertThat(version(first).tags().get("sluice.drift.reason")).startsWith("no champion yet");
  }

  @Test
  @Order(2)
  void theSameDataIsTakenFromTheCacheAndHeldForLackOfNewRows() throws Exception {
    ForkedSluice.Ended run = run("2026-06-01");
    assertThat(cached(run)).contains("data-returns", "preprocess");
    assertThat(report(run).path("verdict").asText()).isEqualTo("HOLD");
    assertThat(said(run, "gate"))
        .contains("insufficient")
        .contains("none of the holdout rows is new");
    champion(first);
    again = report(run).path("version").asInt();
    assertThat(version(again).tags()).containsEntry("sluice.verdict", "HOLD");
  }

  @Test
  @Order(3)
  void failOnHoldTurnsAHeldRunIntoExitCodeFive() throws Exception {
    ForkedSluice.Ended run =
        sluice.run("run", EXAMPLE, "--as-of", "2026-06-01", "--profile", "smoke", "--fail-on-hold");
    assertThat(run.code()).as(run.shown()).isEqualTo(5);
    Matcher held = Pattern.compile("HELD rma-forecast version (\\d+)").matcher(run.out());
    assertThat(held.find()).as(run.shown()).isTrue();
    smoke = Integer.parseInt(held.group(1));
    champion(first);
  }

  @Test
  @Order(4)
  void aRunOnNewerDataStartsWarmAndGivesAVerdictWithReasons() throws Exception {
    ForkedSluice.Ended run = run("2026-11-02");
    assertThat(cached(run)).isEmpty();
    assertThat(report(run).path("verdict").asText()).isIn("PROMOTE", "HOLD");
    assertThat(said(run, "gate")).contains("the champion").contains("95% interval");
    newer = report(run).path("version").asInt();
    // whichever family was picked: the trees have trials to spare for points of the last study
    JsonNode study = Json.parse(file(version(versionOf(report(run), "xgboost")), "study.json"));
    List<String> origins = new ArrayList<>();
    study.path("trials").forEach(t -> origins.add(t.path("origin").asText()));
    assertThat(origins).as(study.toString()).contains("warm").hasSizeGreaterThanOrEqualTo(3);
    assertThat(version(newer).tags()).containsEntry("sluice.champion", String.valueOf(first));
    assertThat(report(run).path("drift").path("status").asText()).isEqualTo("stable");
    JsonNode drift = Json.parse(file(version(newer), "drift.json"));
    assertThat(drift.path("champion").path("version").asInt())
        .as("the reference is what the champion was trained on")
        .isEqualTo(first);
    assertThat(drift.path("rows").path("reference").path("rows").asInt()).isGreaterThan(1000);
    champion(report(run).path("verdict").asText().equals("PROMOTE") ? newer : first);
  }

  private static int versionOf(JsonNode report, String family) {
    for (JsonNode f : report.path("families")) {
      if (f.path("family").asText().equals(family)) {
        return f.path("version").asInt();
      }
    }
    throw new AssertionError("no family " + family + " in " + report);
  }

  @Test
  @Order(5)
  void logsOverridesAndRollbacks() throws Exception {
    ForkedSluice.Ended override =
        sluice.run(
            "override",
            EXAMPLE,
            String.valueOf(again),
            "--reason",
            "the recall of product 17 is over");
    assertThat(override.code()).as(override.shown()).isEqualTo(0);
    champion(again);
    ForkedSluice.Ended back =
        sluice.run(
            "rollback",
            EXAMPLE,
            "--to",
            String.valueOf(first),
            "--reason",
            "forecasts doubled overnight");
    assertThat(back.code()).as(back.shown()).isEqualTo(0);
    champion(first);

    ForkedSluice.Ended history = sluice.run("history", EXAMPLE, "--json");
    JsonNode log = Json.parse(history.out().getBytes(StandardCharsets.UTF_8));
    List<String> entries = new ArrayList<>();
    log.path("entries").forEach(e -> entries.add(e.path("kind").asText() + " " + e.path("to")));
    assertThat(entries)
        .startsWith("promote " + first)
        .endsWith("override " + again, "rollback " + first);
    assertThat(history.out()).contains("the recall of product 17 is over");
    assertThat(log.path("champion").asInt()).isEqualTo(first);
  }

  @Test
  @Order(6)
  void aForbiddenOverrideEndsWithExitCodeTwoAndChangesNothing() throws Exception {
    String never = String.valueOf(smoke);
    String held = String.valueOf(again);
    assertThat(sluice.run("rollback", EXAMPLE, "--to", never, "--reason", "no").code())
        .isEqualTo(2);
    assertThat(sluice.run("override", EXAMPLE, held).code()).isEqualTo(2);
    ForkedSluice.Ended silent = sluice.run("override", EXAMPLE, held, "--reason", " ");
    assertThat(silent.code()).isEqualTo(2);
    assertThat(silent.err()).contains("SLU-9017");
    ForkedSluice.Ended none = sluice.run("trace", EXAMPLE, "99");
    assertThat(none.code()).isEqualTo(2);
    assertThat(none.err()).contains("SLU-9021").doesNotContain("\tat ");
    champion(first);
  }

  @Test
  @Order(7)
  void aVersionIsTracedToDataParametersCodeEnvironmentsVerdictAndPromoter() throws Exception {
    ForkedSluice.Ended trace = sluice.run("trace", EXAMPLE, String.valueOf(first), "--json");
    assertThat(trace.code()).as(trace.shown()).isEqualTo(0);
    JsonNode root = Json.parse(trace.out().getBytes(StandardCharsets.UTF_8));
    JsonNode lineage = root.path("lineage");
    String family = version(first).tags().get("sluice.family");
    for (String key :
        List.of(
            "sluice.snapshot",
            "sluice.code",
            "sluice.bundle",
            "sluice.holdout",
            "sluice.study",
            "sluice.environment.train-" + family)) {
      assertThat(lineage.path(key).asText()).as(key).startsWith("sha256:");
    }
    assertThat(root.path("params").has(family.equals("xgboost") ? "depth" : "learning_rate"))
        .isTrue();
    assertThat(root.path("verdict").path("decision").asText()).isEqualTo("PROMOTE");
    assertThat(root.path("promotions").path(0).path("who").asText()).isNotEmpty();
    assertThat(root.path("champion").asBoolean()).isTrue();
  }

  @Test
  @Order(8)
  void diffNamesWhatTwoVersionsDifferIn() throws Exception {
    ForkedSluice.Ended diff =
        sluice.run("diff", EXAMPLE, String.valueOf(first), String.valueOf(newer), "--json");
    assertThat(diff.code()).as(diff.shown()).isEqualTo(0);
    JsonNode root = Json.parse(diff.out().getBytes(StandardCharsets.UTF_8));
    List<String> keys = new ArrayList<>();
    root.path("differences").forEach(d -> keys.add(d.path("key").asText()));
    assertThat(keys).contains("sluice.snapshot", "holdout_loss", "sluice.asOf");
    assertThat(keys).doesNotContain("sluice.code");
  }

  @Test
  @Order(9)
  void doctorShowsATagThatSomebodySetAndMendsItWhenAskedTo() throws Exception {
    registry().tag(version(newer), "stage", "Production");
    ForkedSluice.Ended shown = sluice.run("doctor", EXAMPLE);
    assertThat(shown.code()).as(shown.shown()).isEqualTo(1);
    assertThat(shown.out())
        .containsPattern("WRONG +alias and tag")
        .contains("others set it", "--fix");
    assertThat(registry().promotions("rma-forecast").inspect().production()).contains(newer);

    ForkedSluice.Ended doctor = sluice.run("doctor", EXAMPLE, "--fix");
    assertThat(doctor.code()).as(doctor.shown()).isEqualTo(0);
    assertThat(doctor.out()).contains("mended").contains("champion is version " + first);
    assertThat(doctor.out())
        .contains("environment tabular", "environment deep", "environment tuner")
        .contains("environment drift", "environment mlflow");
    champion(first);
    assertThat(sluice.run("doctor", EXAMPLE).out()).doesNotContain("mended");
  }

  @Test
  @Order(10)
  void afterTwoInconclusiveHoldsTheSearchIsCold() throws Exception {
    // What the chapters before came to is none of this one's business: the row begins after it.
    recordGate("held-0", "worse", "2026-11-03T00:00:00Z");
    recordGate("held-1", "inconclusive", "2026-11-04T00:00:00Z");
    recordGate("held-2", "inconclusive", "2026-11-05T00:00:00Z");

    ForkedSluice.Ended run = run("2026-11-02");

    assertThat(said(run, "resolve")).contains("two gates in a row were inconclusive");
    JsonNode study = Json.parse(file(version(report(run).path("version").asInt()), "study.json"));
    assertThat(study.path("search").asText()).isEqualTo("cold");
    assertThat(study.path("why").asText()).isEqualTo("two gates in a row were inconclusive");
    assertThat(study.path("trials")).allMatch(t -> t.path("origin").asText().equals("sampled"));
    assertThat(study.path("cycle").asInt()).as("it is a later cycle all the same").isGreaterThan(1);
  }

  /** Records a held run, as far as resolve reads the record. */
  private void recordGate(String run, String reason, String finished) {
    byte[] record =
        """
        {"run": "%s", "finished": "%s",
         "verdict": {"decision": "HOLD", "reason": "%s", "holdoutKeys": 0}}
        """
            .formatted(run, finished, reason)
            .getBytes(StandardCharsets.UTF_8);
    FileContent file =
        new FileContent("run.json", record.length, () -> new ByteArrayInputStream(record));
    registry()
        .record(
            new Recording("rma-forecast", run, StageStatus.SUCCEEDED, "", Map.of(), List.of(file)));
  }

  /** Log, alias and tag all say that this version is champion. */
  private void champion(int version) {
    var inspection = registry().promotions("rma-forecast").inspect();
    assertThat(inspection.damage()).isEmpty();
    assertThat(inspection.champion()).contains(version);
    assertThat(inspection.alias()).contains(version);
    assertThat(inspection.production()).containsExactly(version);
  }

  private ForkedSluice.Ended run(String asOf) throws Exception {
    ForkedSluice.Ended run =
        sluice.run("run", EXAMPLE, "--as-of", asOf, "--set", "stages.tune.with.trials=3", "--json");
    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    return run;
  }

  private static JsonNode report(ForkedSluice.Ended run) {
    JsonNode last = ForkedSluice.json(run.out()).getLast();
    assertThat(last.path("event").asText()).isEqualTo("report");
    return last.path("report");
  }

  /** Stage to status. */
  private static Map<String, String> stages(ForkedSluice.Ended run) {
    Map<String, String> out = new TreeMap<>();
    for (JsonNode e : ForkedSluice.json(run.out())) {
      if (e.path("event").asText().equals("stageFinished")) {
        out.put(e.path("stage").asText(), e.path("status").asText());
      }
    }
    return out;
  }

  private static List<String> cached(ForkedSluice.Ended run) {
    return ForkedSluice.json(run.out()).stream()
        .filter(e -> e.path("event").asText().equals("stageFinished"))
        .filter(e -> e.path("cached").asBoolean())
        .map(e -> e.path("stage").asText())
        .toList();
  }

  /** What a stage wrote. */
  private static String said(ForkedSluice.Ended run, String stage) {
    StringBuilder out = new StringBuilder();
    for (JsonNode e : ForkedSluice.json(run.out())) {
      if (e.path("stage").asText().equals(stage) && e.has("text")) {
        out.append(e.path("text").asText()).append('\n');
      }
    }
    return out.toString();
  }

  private ModelRegistry registry() {
    return session.registry();
  }

  private Version version(int number) {
    return registry().version("rma-forecast", number).orElseThrow();
  }

  private byte[] file(Version version, String path) throws Exception {
    try (InputStream in = registry().open(version, path)) {
      return in.readAllBytes();
    }
  }
}
