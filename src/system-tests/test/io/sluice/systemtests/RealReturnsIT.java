package io.sluice.systemtests;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import io.sluice.core.json.Json;
import io.sluice.core.registry.ModelRegistry.Version;
import io.sluice.platform.RegistrySession;
import io.sluice.platform.RegistrySessions;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * The example on real returns, two cycles as they would have come: what the README says of them is
 * what comes out. Needs the data, which is not part of the repository: system property {@code
 * sluice.onlineRetail}, else variable {@code SLUICE_ONLINE_RETAIL}, else where a checkout has it
 * beside itself; skipped where it is in none of these places.
 */
@Timeout(1800)
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class RealReturnsIT {
  private static final String EXAMPLE = "pipelines/rma-forecast/online-retail.yaml";
  private static final String MODEL = "rma-online-retail";
  private static final String BESIDE = "../shared/data/online-retail/weekly-returns.csv";

  private Path file;
  private ForkedSluice sluice;

  /** Keeps the embedded server up between the cycles. */
  private Optional<RegistrySession> session = Optional.empty();

  @BeforeAll
  void start(@TempDir Path folder) {
    file = data();
    Assumptions.assumeTrue(
        Files.isRegularFile(file),
        "no real returns at " + file + ": give their place by -Dsluice.onlineRetail=FILE");
    sluice = new ForkedSluice(folder.resolve("state"));
    session = Optional.of(RegistrySessions.ofThisProcess().open(sluice.state(), event -> {}));
  }

  @AfterAll
  void end() {
    session.ifPresent(RegistrySession::close);
  }

  @Test
  @Order(1)
  void theFirstCycleIsThreeTenthsBelowTheBestBaselineAndItsTotalIsRight() throws Exception {
    Cycle cycle = cycle("2011-09-05", 1);
    assertThat(cycle.picked()).isEqualTo("candidate:linear");
    // measured: 0.309
    assertThat(cycle.improvement()).as(cycle.sentences().toString()).isGreaterThan(0.29);
    assertThat(cycle.bias()).as(cycle.sentences().toString()).isCloseTo(-0.09, within(0.05));
    assertThat(cycle.verdict().path("data").path("rows").asInt()).isEqualTo(25738);
    assertThat(cycle.study().path("search").asText()).isEqualTo("cold");
    assertThat(cycle.verdict().path("labels").path("candidate").asText())
        .as("newest label learned from, before the holdout's first origin")
        .isLessThanOrEqualTo("2011-06-27T00:00:00Z");
    // One of its eight weeks holds a third of what came back: eight weeks prove nothing then.
    assertThat(cycle.verdict().path("decision").asText()).isEqualTo("HOLD");
    assertThat(cycle.verdict().path("reason").asText()).isEqualTo("inconclusive");
    assertThat(cycle.sentences().get(1))
        .startsWith("Why: ")
        .contains("What would lift it: more target periods in the holdout");
    assertPicked(cycle);
  }

  @Test
  @Order(2)
  void theSecondCycleStartsWarmThoughTheFirstWasHeldAndSaysThatTheTotalHasMoved() throws Exception {
    assertThat(session().registry().promotions(MODEL).inspect().champion()).isEmpty();
    Cycle cycle = cycle("2011-12-12", 3);
    // measured: 0.182
    assertThat(cycle.improvement()).as(cycle.sentences().toString()).isGreaterThan(0.17);
    assertThat(cycle.verdict().path("data").path("rows").asInt()).isEqualTo(26754);
    assertThat(cycle.study().path("search").asText()).isEqualTo("warm");
    List<String> origins = new ArrayList<>();
    cycle.study().path("trials").forEach(t -> origins.add(t.path("origin").asText()));
    assertThat(origins).startsWith("champion", "warm").contains("sampled");
    // Returns per shipped unit double in these eight weeks, and no week before says so.
    assertThat(cycle.bias()).as(cycle.sentences().toString()).isCloseTo(-0.56, within(0.05));
    // The rate forecast is nearly as low, and eight such weeks prove neither the bias nor the gain.
    assertThat(cycle.verdict().path("decision").asText()).isEqualTo("HOLD");
    assertThat(cycle.verdict().path("reason").asText()).isEqualTo("inconclusive");
    assertThat(cycle.verdict().path("bias").path("proven").asBoolean(true)).isFalse();
    assertPicked(cycle);
  }

  /**
   * The verdict says by how much the other family is behind on validation, and what chance does.
   */
  private static void assertPicked(Cycle cycle) {
    assertThat(String.join(" ", cycle.sentences()))
        .contains("Of 2 families 2 have a candidate", " was picked as the ", "standard error");
  }

  /** What a cycle left in the registry. */
  private record Cycle(JsonNode verdict, JsonNode study) {
    /** Share by which the candidate's deviance is below that of the best naive forecast. */
    double improvement() {
      double best =
          Math.min(model("baseline:rate").asDouble(), model("baseline:movingAverage").asDouble());
      return 1 - model(picked()).asDouble() / best;
    }

    /** The column of the family that met the gate. */
    String picked() {
      return verdict.path("candidate").asText();
    }

    double bias() {
      return of(picked()).path("bias").asDouble();
    }

    List<String> sentences() {
      List<String> out = new ArrayList<>();
      verdict.path("sentences").forEach(s -> out.add(s.asText()));
      return out;
    }

    private JsonNode model(String name) {
      return of(name).path("value");
    }

    private JsonNode of(String name) {
      for (JsonNode model : verdict.path("models")) {
        if (model.path("name").asText().equals(name)) {
          return model;
        }
      }
      throw new AssertionError("no " + name + " in " + verdict.path("models"));
    }
  }

  private Cycle cycle(String asOf, int version) throws Exception {
    ForkedSluice.Ended run =
        sluice.run(
            "run", EXAMPLE, "--as-of", asOf, "--set", "data.returns.with.file=" + file, "--json");
    assertThat(run.code()).as(run.shown()).isEqualTo(0);
    Version candidate = session().registry().version(MODEL, version).orElseThrow();
    return new Cycle(json(candidate, "verdict.json"), json(candidate, "study.json"));
  }

  private JsonNode json(Version version, String path) throws IOException {
    try (InputStream in = session().registry().open(version, path)) {
      return Json.parse(in.readAllBytes());
    }
  }

  private RegistrySession session() {
    return session.orElseThrow();
  }

  private static Path data() {
    String named =
        Optional.ofNullable(System.getProperty("sluice.onlineRetail"))
            .or(() -> Optional.ofNullable(System.getenv("SLUICE_ONLINE_RETAIL")))
            .orElse("");
    return (named.isEmpty() ? ForkedSluice.root().resolve(BESIDE) : Path.of(named))
        .toAbsolutePath()
        .normalize();
  }
}
