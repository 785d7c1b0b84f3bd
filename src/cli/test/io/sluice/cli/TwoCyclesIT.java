package io.sluice.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry;
import io.sluice.core.registry.ModelRegistry.Version;
import java.io.InputStream;
import java.nio.file.Path;
import java.util.ArrayList;
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
 * The example as a fresh user meets it: real environments, real MLflow, few trials. One story told
 * in order; each chapter needs those before it.
 */
@Timeout(300)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class TwoCyclesIT {
  private static final String EXAMPLE = "pipelines/rma-forecast";

  private ForkedSluice sluice;

  /** Keeps the embedded server up between commands, and is how the test looks behind them. */
  private RegistrySession session;

  @BeforeAll
  void start(@TempDir Path folder) {
    sluice = new ForkedSluice(folder.resolve("state"));
    session = Wiring.registry(sluice.state(), event -> {});
  }

  @AfterAll
  void end() {
    session.close();
  }

  @Test
  @Order(1)
  void theFirstRunPromotesVersionOne() throws Exception {
    ForkedSluice.Ended run = run("2026-06-01");
    assertThat(report(run).path("verdict").asText()).isEqualTo("PROMOTE");
    assertThat(stages(run).keySet())
        .contains("resolve", "data-returns", "preprocess", "tune-xgboost", "train-xgboost")
        .contains("evaluate", "gate", "register", "promote", "record");
    assertThat(stages(run).values()).containsOnly("succeeded");
    assertThat(said(run, "gate")).contains("first champion").contains("movingAverage");
    champion(1);
    assertThat(registry().files(version(1)))
        .contains("model/MLmodel", "model/model.onnx", "study.json", "verdict.json");
  }

  @Test
  @Order(2)
  void theSameDataAgainIsTakenFromTheCacheAndHeldForWantOfNewRows() throws Exception {
    ForkedSluice.Ended run = run("2026-06-01");
    assertThat(cached(run)).contains("data-returns", "preprocess");
    assertThat(report(run).path("verdict").asText()).isEqualTo("HOLD");
    assertThat(said(run, "gate")).contains("insufficient").contains("0% of the holdout rows");
    champion(1);
    assertThat(version(2).tags()).containsEntry("sluice.verdict", "HOLD");
  }

  @Test
  @Order(3)
  void failOnHoldTurnsAHeldRunIntoExitCodeFive() throws Exception {
    ForkedSluice.Ended run =
        sluice.run("run", EXAMPLE, "--as-of", "2026-06-01", "--profile", "smoke", "--fail-on-hold");
    assertThat(run.code()).as(run.shown()).isEqualTo(5);
    assertThat(run.out()).contains("HELD rma-forecast");
    champion(1);
  }

  @Test
  @Order(4)
  void aRunOnNewerDataStartsWarmAndGivesAVerdictWithReasons() throws Exception {
    ForkedSluice.Ended run = run("2026-11-02");
    assertThat(cached(run)).isEmpty();
    assertThat(report(run).path("verdict").asText()).isIn("PROMOTE", "HOLD");
    assertThat(said(run, "gate")).contains("the champion").contains("95% interval");
    JsonNode study = Json.parse(file(version(4), "study.json"));
    List<String> origins = new ArrayList<>();
    study.path("trials").forEach(t -> origins.add(t.path("origin").asText()));
    assertThat(origins).as(study.toString()).contains("warm").hasSizeGreaterThanOrEqualTo(3);
    assertThat(version(4).tags()).containsEntry("sluice.champion", "1");
    champion(report(run).path("verdict").asText().equals("PROMOTE") ? 4 : 1);
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
