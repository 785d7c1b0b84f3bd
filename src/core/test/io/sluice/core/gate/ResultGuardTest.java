package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.sluice.core.gate.NumberResult.Outcome;
import io.sluice.core.json.Json;
import io.sluice.core.task.Task;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Numbers that stages report, and what a policy asks of them. */
class ResultGuardTest {
  private static final Map<String, Double> NO_CHAMPION = Map.of("none", 0.0);

  private static Reported reported(
      Map<String, Map<String, String>> stages, Map<String, Double> champion) {
    TreeMap<String, SortedMap<String, String>> sorted = new TreeMap<>();
    stages.forEach((stage, results) -> sorted.put(stage, new TreeMap<>(results)));
    return new Reported(
        sorted,
        champion.equals(NO_CHAMPION) ? Optional.empty() : Optional.of(new TreeMap<>(champion)));
  }

  /** A good classifier against a champion, or a first one. */
  private static Verdict decide(
      String limits, Map<String, Map<String, String>> stages, Map<String, Double> champion) {
    Tables tables = new Tables(Task.BINARY, "logloss");
    tables.first = champion.equals(NO_CHAMPION);
    tables.reported = reported(stages, champion);
    GatePolicy policy =
        GatePolicy.parse(
            Json.parse(
                "{\"metric\": \"logloss\", \"guards\": {\"results\": {%s}}}".formatted(limits)));
    return Gate.decide(tables.build(), policy, History.NONE, 7);
  }

  private static Verdict bench(String limit, String reported, Map<String, Double> champion) {
    return decide(
        "\"bench.latency_ms\": " + limit,
        Map.of("bench", Map.of("latency_ms", reported)),
        champion);
  }

  /** Four limits against a champion, as the page of verdicts has them. */
  static Verdict decided(String latency) {
    return decide(
        """
        "bench.latency_ms": {"max": 50},
        "bench.coverage": {"min": 0.9, "worseByAbsolute": 0.02},
        "train.size_mb": {"worseBy": 0.1},
        "train.gap": {"max": 0.3, "worseBy": 0.1, "ifUnknown": "pass"}
        """,
        Map.of(
            "bench", Map.of("latency_ms", latency, "coverage", "0.93"),
            "train-forest", Map.of("size_mb", "10.5", "gap", "0.12")),
        Map.of("bench.coverage", 0.94, "train.size_mb", 10.2));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{\"max\": 50}; 50; MET",
        "{\"max\": 50}; 50.001; MISSED",
        "{\"max\": 50}; -3e2; MET",
        "{\"min\": 0.9}; 0.9; MET",
        "{\"min\": 0.9}; 0.899; MISSED",
        "{\"min\": 0, \"max\": 1}; 1.01; MISSED",
        "{\"min\": 0, \"max\": 1}; -0.01; MISSED",
        "{\"min\": 0, \"max\": 1}; 1; MET",
        "{\"max\": 0.3}; 0.1e0; MET"
      })
  void aNumberIsHeldToBoundsOfItsOwn(String limit, String value, Outcome outcome) {
    Verdict verdict = bench(limit, value, NO_CHAMPION);

    assertThat(verdict.numbers()).extracting(NumberResult::outcome).containsExactly(outcome);
    assertThat(verdict.promotes()).isEqualTo(outcome == Outcome.MET);
    if (outcome == Outcome.MISSED) {
      assertThat(verdict.reason()).contains(Reason.GUARD);
      assertThat(verdict.findings())
          .singleElement()
          .satisfies(f -> {
            assertThat(f.code()).isEqualTo("guard");
            assertThat(f.text())
                .contains(
                    "bench.latency_ms of forest is " + verdict.numbers().getFirst().figures());
          });
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        // less is better: by a tenth of 40 at most
        "{\"worseBy\": 0.1}; 40; 44; MET; 44",
        "{\"worseBy\": 0.1}; 40; 44.01; MISSED; 44",
        "{\"worseBy\": 0.1}; 40; 1; MET; 44",
        "{\"max\": 42, \"worseBy\": 0.1}; 40; 43; MISSED; 44",
        "{\"max\": 99, \"worseBy\": 0.1}; 40; 45; MISSED; 44",
        "{\"worseByAbsolute\": 2}; 40; 42; MET; 42",
        "{\"worseByAbsolute\": 2}; 40; 42.1; MISSED; 42",
        // the stricter of two
        "{\"worseByAbsolute\": 2, \"worseBy\": 0.5}; 40; 43; MISSED; 42",
        "{\"worseByAbsolute\": 9, \"worseBy\": 0.1}; 40; 45; MISSED; 44",
        // more is better
        "{\"min\": 0, \"worseBy\": 0.1}; 40; 36; MET; 36",
        "{\"min\": 0, \"worseBy\": 0.1}; 40; 35.9; MISSED; 36",
        "{\"better\": \"more\", \"worseBy\": 0}; 40; 39.99; MISSED; 40",
        "{\"better\": \"more\", \"max\": 100, \"worseByAbsolute\": 1}; 40; 39; MET; 39",
        "{\"better\": \"less\", \"min\": 0, \"worseBy\": 0.1}; 40; 45; MISSED; 44",
        // a part of a number below zero is one of its size
        "{\"worseBy\": 0.1}; -40; -36; MET; -36",
        "{\"worseBy\": 0.1}; -40; -35; MISSED; -36",
        "{\"worseBy\": 0.1}; 0; 0; MET; 0",
        "{\"worseBy\": 0.1}; 0; 0.001; MISSED; 0"
      })
  void aNumberIsHeldToTheChampions(
      String limit, double champion, String value, Outcome outcome, double worst) {
    Verdict verdict = bench(limit, value, Map.of("bench.latency_ms", champion));

    assertThat(verdict.reference()).contains(HoldoutRows.CHAMPION);
    assertThat(verdict.numbers().getFirst().outcome()).isEqualTo(outcome);
    assertThat(verdict.numbers().getFirst().worst().orElseThrow()).isCloseTo(worst, within(1e-9));
    assertThat(verdict.promotes()).isEqualTo(outcome == Outcome.MET);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"fast", "", "NaN", "Infinity", "-inf", "5 ms", "1,5", "0x10", "1d", "1e999"})
  void whatIsNotANumberHolds(String value) {
    Verdict verdict = bench("{\"max\": 1e9}", value, NO_CHAMPION);

    assertThat(verdict.numbers().getFirst().outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(verdict.promotes()).isFalse();
    assertThat(verdict.findings().getFirst().text())
        .contains("the stage bench reported it as \"" + value + "\", which is not a number");
  }

  @Test
  void aNumberThatWasNotReportedHoldsAndSaysWhatWas() {
    Map<String, Map<String, String>> stages =
        Map.of("bench", Map.of("latency", "3", "rows", "7"), "other", Map.of("latency_ms", "1"));

    Verdict mistyped = decide("\"bench.latency_ms\": {\"max\": 50}", stages, NO_CHAMPION);
    Verdict absent = decide("\"quality.gap\": {\"max\": 50}", stages, NO_CHAMPION);
    Verdict passed =
        decide(
            "\"quality.gap\": {\"worseBy\": 1, \"ifUnknown\": \"pass\"}",
            stages,
            Map.of("quality.gap", 1.0));

    assertThat(mistyped.findings().getFirst().text())
        .contains("the stage bench reported no latency_ms (it reported latency, rows)");
    assertThat(mistyped.findings().getFirst().lift()).contains("latency_ms in SLUICE_RESULTS");
    assertThat(absent.findings().getFirst().text())
        .contains("the stage quality reported no gap, nor anything else");
    assertThat(absent.promotes()).isFalse();
    assertThat(passed.promotes()).as("only the champion's may be unknown").isFalse();
  }

  @Test
  void withoutAChampionAComparisonIsToldAndBoundsHoldStill() {
    Verdict relative = bench("{\"worseBy\": 0.1}", "70", NO_CHAMPION);
    Verdict both = bench("{\"worseBy\": 0.1, \"max\": 50}", "70", NO_CHAMPION);
    Verdict within = bench("{\"worseBy\": 0.1, \"max\": 90}", "70", NO_CHAMPION);

    assertThat(relative.promotes()).isTrue();
    assertThat(relative.numbers().getFirst().outcome()).isEqualTo(Outcome.SKIPPED);
    assertThat(String.join("\n", relative.sentences()))
        .contains("Not compared with the champion: bench.latency_ms 70 (there is no champion yet");
    assertThat(both.promotes()).isFalse();
    assertThat(within.promotes()).isTrue();
    assertThat(String.join("\n", within.sentences()))
        .contains("bench.latency_ms 70 (at most 90)", "there is no champion yet");
  }

  @Test
  void aChampionWithoutTheNumberHoldsUnlessThatMayBe() {
    Verdict holds = bench("{\"worseBy\": 0.1}", "70", Map.of());
    Verdict passes = bench("{\"worseBy\": 0.1, \"ifUnknown\": \"pass\"}", "70", Map.of());
    Verdict bounded =
        bench("{\"worseBy\": 0.1, \"max\": 50, \"ifUnknown\": \"pass\"}", "70", Map.of());

    assertThat(holds.promotes()).isFalse();
    assertThat(holds.numbers().getFirst().outcome()).isEqualTo(Outcome.UNKNOWN);
    assertThat(holds.findings().getFirst().text()).contains("could not be checked", "champion's");
    assertThat(holds.findings().getFirst().lift()).contains("ifUnknown: pass");
    assertThat(passes.promotes()).isTrue();
    assertThat(passes.numbers().getFirst().outcome()).isEqualTo(Outcome.SKIPPED);
    assertThat(bounded.promotes()).isFalse();
    assertThat(bounded.numbers().getFirst().outcome()).isEqualTo(Outcome.MISSED);
  }

  @Test
  void ofAStageThatMeasuresAllModelsEachHasItsOwnNumber() {
    String limit = "\"bench.latency_ms\": {\"worseBy\": 0.1}";
    Map<String, Double> registered = Map.of("bench.latency_ms", 1.0);

    Verdict slower =
        decide(
            limit,
            Map.of(
                "bench",
                Map.of(
                    "latency_ms.forest", "50",
                    "latency_ms.linear", "1",
                    "latency_ms.champion", "40")),
            registered);
    Verdict asFast =
        decide(
            limit,
            Map.of("bench", Map.of("latency_ms.forest", "42", "latency_ms.champion", "40")),
            registered);

    assertThat(slower.promotes()).isFalse();
    assertThat(slower.findings().getFirst().text())
        .contains("is 50, and may be at most 44, as the champion's is 40");
    assertThat(asFast.promotes()).isTrue();
  }

  @Test
  void ofAStagePerFamilyTheJudgedFamilysOwnCounts() {
    Verdict verdict =
        decide(
            "\"train.gap\": {\"max\": 0.2}",
            Map.of(
                "train-linear", Map.of("gap", "0.1"),
                "train-forest", Map.of("gap", "0.3")),
            NO_CHAMPION);

    assertThat(verdict.promotes()).isFalse();
    assertThat(verdict.numbers().getFirst().measured()).contains(0.3);
  }

  @Test
  void aVersionKeepsTheNumbersOfItsFamilyAndThoseOfNoModel() {
    Map<String, String> results =
        Map.of(
            "rows", "700",
            "note", "fine",
            "latency_ms", "9",
            "latency_ms.forest", "5",
            "latency_ms.linear", "6",
            "size.linear", "7",
            "latency_ms.champion", "8",
            "p99.ms", "12");

    assertThat(Reported.numbers(results, "forest", List.of("forest", "linear")))
        .containsOnly(
            Map.entry("rows", 700.0), Map.entry("latency_ms", 5.0), Map.entry("p99.ms", 12.0));
    assertThat(Reported.numbers(results, "linear", List.of("forest", "linear")))
        .containsOnly(
            Map.entry("rows", 700.0),
            Map.entry("latency_ms", 6.0),
            Map.entry("size", 7.0),
            Map.entry("p99.ms", 12.0));
  }

  @Test
  void aStageOfItsOwnIsNotTakenForTheFamilyOfAnother() {
    Reported both =
        reported(
            Map.of(
                "bench", Map.of("latency_ms", "900"),
                "bench-forest", Map.of("latency_ms", "1")),
            NO_CHAMPION);
    ResultLimit limit =
        ResultLimit.read("bench.latency_ms", Json.parse("{\"max\": 50}")).orElseThrow();
    assertThat(both.candidate(limit, "forest")).contains("900");
  }

  @ParameterizedTest
  @ValueSource(strings = {"nan", "", "1e400", "5 ms"})
  void aMeasurementOfTheChampionThatFailedIsNotReplacedByAnOlderOne(String text) {
    Map<String, Map<String, String>> stages =
        Map.of("bench", Map.of("latency_ms.forest", "900", "latency_ms.champion", text));
    Map<String, Double> registered = Map.of("bench.latency_ms", 5000.0);
    Verdict held = decide("\"bench.latency_ms\": {\"worseBy\": 0.1}", stages, registered);
    assertThat(held.decision()).isEqualTo(Decision.HOLD);
    assertThat(held.findings())
        .anySatisfy(f ->
            assertThat(f.text()).contains("reported the champion's as", "which is not a number"));
    Verdict passed =
        decide(
            "\"bench.latency_ms\": {\"worseBy\": 0.1, \"ifUnknown\": \"pass\"}",
            stages,
            registered);
    assertThat(passed.decision()).isEqualTo(Decision.PROMOTE);
  }
}
