package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.gate.Baseline;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EvaluationTest {
  @TempDir Path folder;
  Sample sample;

  @BeforeEach
  void inputs() throws IOException {
    sample = new Sample(folder);
  }

  private SluiceException refused() {
    SluiceException e = catchThrowableOfType(SluiceException.class, sample::run);
    assertThat(e).isNotNull();
    assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
    assertThat(sample.outputs.resolve("rows/rows.csv")).doesNotExist();
    return e;
  }

  private void isRefused(String id, String where) {
    assertThat(refused().diagnostics())
        .anySatisfy(d -> {
          assertThat(d.id()).isEqualTo(id);
          assertThat(d.message()).contains(where);
        });
  }

  @Test
  void scoresEveryModelOnTheSameHoldoutRows() throws IOException {
    Sample.copy(Sample.bundle("linear"), sample.inputs.resolve("champion"));
    EvaluationReport report = sample.run();

    assertThat(report.chosen()).isEqualTo("linear");
    assertThat(report.champion()).isPresent();
    assertThat(report.audit().why()).isEmpty();
    List<String> lines = Files.readAllLines(sample.outputs.resolve("rows/rows.csv"));
    assertThat(lines.getFirst())
        .isEqualTo(
            "product,market,origin,horizon,targetEnd,knownAt,actual,weight,candidate:doubled,"
                + "candidate:linear,champion,baseline:zero,baseline:movingAverage,"
                + "baseline:seasonal,baseline:rate");
    assertThat(lines).hasSize(1 + 3 * 6 * 3);
    JsonNode json = sample.evaluation();
    assertThat(json.at("/audit/snapshot").asText()).isEqualTo("clean");
    assertThat(json.at("/rows/expected").asLong()).isEqualTo(54);
    assertThat(json.at("/families/0/eligible").asBoolean()).isTrue();
    assertThat(json.at("/champion/unseenRows").asLong()).isEqualTo(54);
  }

  @Test
  void aSimplerFamilyThatIsWorseByMoreThanChanceIsNotPreferred() throws IOException {
    ObjectNode with = Sample.with();
    with.putArray("prefer").add("doubled").add("linear");
    EvaluationReport report = sample.run(with);

    assertThat(report.chosen()).isEqualTo("linear");
    EvaluationReport.Behind doubled = report.family("doubled").orElseThrow().behind().orElseThrow();
    assertThat(doubled.share()).isGreaterThan(doubled.standardError()).isPositive();
    assertThat(report.family("linear").orElseThrow().behind())
        .contains(new EvaluationReport.Behind(0, 0));
  }

  @Test
  void aCandidateIsComparedByWhatItForecastBeforeItWasFittedToValidation() throws IOException {
    double seen = sample.run().family("linear").orElseThrow().validationLoss().orElseThrow();
    Path before =
        Files.createDirectories(sample.inputs.resolve("candidates/linear").resolve("validation"));
    for (int origin = 30; origin <= 34; origin++) {
      StringBuilder forecasts = new StringBuilder("product,market,horizon,forecast\n");
      for (String product : List.of("P-1", "P-2", "\"P, \"\"3\"\"\"")) {
        for (int horizon : ForecastSignature.read(Sample.bundle("linear"), "linear").horizons()) {
          forecasts.append("%s,EU,%d,1\n".formatted(product, horizon));
        }
      }
      Files.writeString(
          before.resolve(Sample.week(origin).toString().replace("-", "") + "T000000.csv"),
          forecasts);
    }
    // a champion's is of another validation, and is left alone
    Path champion = Sample.copy(Sample.bundle("linear"), sample.inputs.resolve("champion"));
    Files.createDirectories(champion.resolve("validation"));
    EvaluationReport report = sample.run();

    double honest = report.family("linear").orElseThrow().validationLoss().orElseThrow();
    assertThat(honest).isGreaterThan(seen);
    assertThat(report.chosen()).isEqualTo("doubled");
    assertThat(report.champion().orElseThrow().validationLoss()).contains(seen);

    Files.delete(before.resolve(Sample.week(30).toString().replace("-", "") + "T000000.csv"));
    EvaluationReport incomplete = sample.run();
    assertThat(incomplete.family("linear").orElseThrow().reason().orElseThrow().id())
        .isEqualTo("SLU-6301");
  }

  @Test
  void aForecastUsesTheVintagesThatWereKnownAtItsOrigin() throws IOException {
    sample.run();
    String[] first = Files.readAllLines(sample.outputs.resolve("rows/rows.csv")).get(1).split(",");
    int o = 40;
    // week w's revision is known three weeks after it starts: 36 and 37 are revised, 38 and 39 not
    double sum = 0;
    for (int w = o - 4; w < o; w++) {
      sum += Sample.returned(0, w, w + 3 <= o ? 1 : 0);
    }
    long weekday = Sample.week(o).toEpochDay() % 7;
    assertThat(Double.parseDouble(first[9]))
        .isCloseTo(sum / 4 * 1.1 + weekday / 100.0, org.assertj.core.data.Offset.offset(1e-5));
    // moving average: the latest eight weeks that ended two weeks before the origin, so revised
    double mean = 0;
    for (int w = o - 10; w < o - 2; w++) {
      mean += Sample.returned(0, w, 1) / 8.0;
    }
    assertThat(Double.parseDouble(first[11]))
        .isCloseTo(mean, org.assertj.core.data.Offset.offset(1e-12));
  }

  @Test
  void sameInputsGiveTheSameBytes() throws IOException {
    sample.run();
    byte[] rows = Files.readAllBytes(sample.outputs.resolve("rows/rows.csv"));
    byte[] json = Files.readAllBytes(sample.outputs.resolve("rows/evaluation.json"));
    sample.run();
    assertThat(sample.outputs.resolve("rows/rows.csv")).hasBinaryContent(rows);
    assertThat(sample.outputs.resolve("rows/evaluation.json")).hasBinaryContent(json);
  }

  @Test
  void aTargetInsideTheWindowIsRefused() {
    sample.editFirstRow("holdout/rows.csv", 4, Sample.week(40).toString());
    isRefused("SLU-6030", "holdout/rows.csv, line 2, column 5");
  }

  @Test
  void aPeriodKnownBeforeItIsOverIsRefused() {
    sample.editFirstRow("holdout/panel.csv", 3, Sample.week(0).toString());
    isRefused("SLU-6031", "holdout/panel.csv, line 2, column 4");
  }

  @Test
  void aRevisedFeatureUnderItsOldKnownAtIsRefused() {
    // week 0 as first reported carries the value of its later revision
    sample.editFirstRow("holdout/panel.csv", 4, String.valueOf(Sample.returned(0, 0, 1)));
    isRefused("SLU-6032", "holdout/panel.csv, line 2");
  }

  @Test
  void anImmatureLabelIsRefused() {
    sample.editFirstRow("holdout/rows.csv", 5, Sample.week(42).toString());
    isRefused("SLU-6033", "immature");
  }

  @Test
  void aLabelKnownAfterTheAsOfIsRefused() {
    sample.editFirstRow("holdout/rows.csv", 5, "2026-03-02");
    isRefused("SLU-6034", "after the as-of");
  }

  @Test
  void anActualThatTheSnapshotNeverHadAtItsKnownAtIsRefused() {
    // all rows of that target, so that they agree with each other and only the snapshot tells
    sample.editFirstRow("holdout/rows.csv", 6, String.valueOf(Sample.returned(0, 40, 0)));
    isRefused("SLU-6035", "holdout/rows.csv, line 2");
  }

  @Test
  void twoActualsOfOneTargetAreRefused() {
    sample.edit(
        "holdout/rows.csv",
        text -> {
          String row = "EU,%s,2,%s,".formatted(Sample.week(40), Sample.week(42));
          int at = text.indexOf(row) + row.length() + 11;
          return text.substring(0, at) + "9" + text.substring(at);
        });
    isRefused("SLU-6036", "two different actuals");
  }

  @Test
  void validationLabelsInTheHoldoutAreRefused() throws IOException {
    Files.copy(
        sample.inputs.resolve("holdout/rows.csv"),
        sample.inputs.resolve("validation/rows.csv"),
        java.nio.file.StandardCopyOption.REPLACE_EXISTING);
    isRefused("SLU-6038", "also a label of validation");
  }

  @Test
  void aCandidateTrainedOnTheHoldoutIsOutAndTheOthersGoOn() throws IOException {
    sample.newestLabel("linear", "2025-12-01");
    EvaluationReport report = sample.run();
    assertThat(report.chosen()).isEqualTo("doubled");
    assertThat(report.families().get(1).reason().orElseThrow().id()).isEqualTo("SLU-6037");
    assertThat(sample.evaluation().at("/families/1/reason/id").asText()).isEqualTo("SLU-6037");
  }

  @Test
  void withoutAnEligibleCandidateTheStageFailsWithEveryReason() {
    sample.edit("candidates/linear/probe.json", s -> s.replaceFirst("\"output\": \\[\\[", "$0 9"));
    sample.edit("candidates/doubled/signature.json", s -> s.replace("P7D", "P1D"));
    assertThat(refused().diagnostics())
        .extracting(d -> d.id())
        .containsExactly("SLU-6041", "SLU-6009", "SLU-6007");
  }

  @Test
  void aChampionThatFailsItsProbeFailsTheStage() throws IOException {
    Sample.copy(Sample.bundle("linear"), sample.inputs.resolve("champion"));
    sample.edit("champion/probe.json", s -> s.replaceFirst("\"output\": \\[\\[", "$0 9"));
    assertThat(refused().diagnostics())
        .extracting(d -> d.id())
        .containsExactly("SLU-6042", "SLU-6007");
  }

  @Test
  void aSnapshotOfAnotherFormLeavesTheTablesUnauditedAndSaysWhy() throws IOException {
    sample.edit("snapshot", s -> s.replaceFirst("reported", "seen"));
    EvaluationReport.Audit audit = sample.run().audit();
    assertThat(audit.why())
        .hasValue(
            "the snapshot has no column `reported`; it has `week`, `seen`, `product`, `market`,"
                + " `returned`, `shipped`, `note`");
    assertThat(sample.evaluation().at("/audit/snapshot").asText()).isEqualTo("unaudited");
    assertThat(audit.unaudited())
        .singleElement()
        .satisfies(u -> {
          assertThat(u.check()).isEqualTo(EvaluationReport.Check.SNAPSHOT);
          assertThat(u.what()).isEqualTo("features and labels against the snapshot");
        });
  }

  @Test
  void aWholeAuditHasNothingUnaudited() throws IOException {
    EvaluationReport.Audit audit = sample.run().audit();
    assertThat(audit.unaudited()).isEmpty();
    assertThat(audit.snapshot()).isEqualTo(EvaluationReport.Audited.CLEAN);
    assertThat(audit.training())
        .hasValue(
            new EvaluationReport.Training(
                1,
                3 * 5 * 3,
                Optional.of(Sample.week(29).atStartOfDay(java.time.ZoneOffset.UTC).toInstant()),
                0));
  }

  @Test
  void aMissingOrStrangeColumnIsRefused() {
    sample.edit("holdout/rows.csv", s -> s.replaceFirst("weight", "candidate"));
    isRefused("SLU-6021", "`weight`");
  }

  @Test
  void aBadNumberIsShownWithFileLineAndColumn() {
    sample.editFirstRow("holdout/panel.csv", 4, "0x1p3");
    isRefused("SLU-6022", "holdout/panel.csv, line 2, column 5 (`returned`)");
  }

  @Test
  void aShortRowIsRefused() {
    sample.edit("holdout/rows.csv", s -> s + "P-1,EU\n");
    isRefused("SLU-6022", "holdout/rows.csv");
  }

  @Test
  void twoVintagesOfOneInstantAreRefused() {
    sample.edit(
        "holdout/panel.csv",
        s -> s + "P-1,EU,%s,%s,77,40\n".formatted(Sample.week(0), Sample.known(0, 0)));
    isRefused("SLU-6023", "lines 2 and");
  }

  @Test
  void anOriginInsideAPeriodIsRefused() {
    sample.editFirstRow("holdout/rows.csv", 2, Sample.week(40).plusDays(1).toString());
    isRefused("SLU-6024", "holdout/rows.csv, line 2, column 3");
  }

  @Test
  void aPeriodOffTheGridIsRefused() {
    sample.editFirstRow("holdout/panel.csv", 2, Sample.week(0).plusDays(1).toString());
    isRefused("SLU-6024", "holdout/panel.csv, line 3, column 3");
  }

  @Test
  void aRowThatIsThereTwiceIsRefused() {
    sample.edit("holdout/rows.csv", s -> s + s.lines().skip(1).findFirst().orElseThrow() + "\n");
    isRefused("SLU-6025", "holdout/rows.csv, lines 2 and 56");
  }

  @Test
  void aTargetThatEndsElsewhereThanItsHorizonIsRefused() {
    sample.editFirstRow("holdout/rows.csv", 4, Sample.week(42).toString());
    isRefused("SLU-6026", "which is " + Sample.week(41));
  }

  @Test
  void aRowOfAUnitWithoutHistoryIsRefused() {
    sample.editFirstRow("holdout/rows.csv", 0, "P-9");
    isRefused("SLU-6027", "holdout/rows.csv, line 2, column 1");
  }

  @Test
  void aTableWithoutRowsOrWeightIsRefused() {
    sample.edit("holdout/rows.csv", s -> s.replaceAll("(?m),1$", ",0"));
    isRefused("SLU-6028", "holdout/rows.csv has no row with a weight above zero");
    sample.edit("holdout/rows.csv", s -> s.substring(0, s.indexOf('\n') + 1));
    isRefused("SLU-6028", "holdout/rows.csv has no rows");
  }

  @Test
  void anUnknownMetricIsRefused() {
    SluiceException e =
        catchThrowableOfType(
            SluiceException.class, () -> sample.run(Sample.with().put("metric", "vibes")));
    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6040");
  }

  @Test
  void theBestIsTheHighestWhereMoreIsBetter() throws IOException {
    Files.delete(sample.inputs.resolve("snapshot"));
    for (String label : List.of("1", "0")) {
      for (String set : List.of("validation", "holdout")) {
        sample.edit(set + "/rows.csv", s -> s.replaceAll("(?m),[0-9]+,1$", "," + label + ",1"));
      }
      // zero says no to all, every other baseline says yes
      EvaluationReport report = sample.run(Sample.with().put("metric", "accuracy"));
      assertThat(report.bestBaseline()).contains(label.equals("1") ? "movingAverage" : "zero");
    }
  }

  @Test
  void whatLabelsWereLikeBeforeIsReported() throws IOException {
    EvaluationReport report = sample.run();
    // of each unit the weeks that were mature at the first origin, in their last version
    List<Double> before =
        java.util.stream.IntStream.range(0, 3)
            .boxed()
            .flatMap(u ->
                java.util.stream.IntStream.range(0, 38)
                    .mapToObj(w -> (double) Sample.returned(u, w, 1)))
            .sorted(java.util.Comparator.reverseOrder())
            .toList();
    assertThat(report.earlierLabels())
        .contains(
            new EvaluationReport.EarlierLabels(
                3 * 38, before.stream().mapToDouble(d -> d).sum(), before));
    assertThat(report.rows().withoutHistory()).contains(0L);
    assertThat(report.rows().negativeLabels()).contains(0L);
  }

  @Test
  void rowsOfUnitsWithoutAKnownLabelAreCounted() throws IOException {
    // P-1 is in the panel, with what was shipped and nothing that came back
    sample.edit(
        "holdout/panel.csv", s -> s.replaceAll("(?m)^(\"P-1\",.*),[0-9]+(,[0-9]+)$", "$1,$2"));
    assertThat(sample.run().rows().withoutHistory()).contains(18L);
  }

  @Test
  void rateIsNotOfferedWithoutASecondChannel() throws IOException {
    for (String set : List.of("validation", "holdout")) {
      sample.edit(set + "/panel.json", s -> s.replace(",\"shipped\"", ""));
      sample.edit(set + "/panel.csv", s -> s.replaceAll("(?m),[^,\n]*$", ""));
    }
    // both models want the second channel: neither fits
    assertThat(refused().diagnostics())
        .extracting(d -> d.id())
        .containsExactly("SLU-6041", "SLU-6009", "SLU-6009");
    PanelFormat one = PanelFormat.read(sample.inputs.resolve("holdout"), "holdout");
    assertThat(NaiveForecast.offered(Baseline.RATE, one)).isFalse();
  }

  @Test
  void aFamilyThatWasLostIsListedAndTheOthersGoOn() throws IOException {
    sample.lost.put("deep", "its stage ended with exit code 137");
    assertThat(sample.run().chosen()).isEqualTo("linear");
    JsonNode lost = sample.evaluation().path("families").path(2);
    assertThat(lost.path("name").asText()).isEqualTo("deep");
    assertThat(lost.path("eligible").asBoolean()).isFalse();
    assertThat(lost.at("/reason/id").asText()).isEqualTo("SLU-7502");
  }

  @Test
  void aFamilyThatHasNoNumberForSomeRowOfTheHoldoutIsNotPickedWhenThereIsAnother()
      throws IOException {
    sample.candidate("partial");
    EvaluationReport report = sample.run();
    assertThat(report.families())
        .filteredOn(f -> f.name().equals("partial"))
        .singleElement()
        .satisfies(f ->
            assertThat(f.validationLoss().orElseThrow())
                .as("as good as linear there")
                .isEqualTo(
                    report.families().stream()
                        .filter(l -> l.name().equals("linear"))
                        .findFirst()
                        .orElseThrow()
                        .validationLoss()
                        .orElseThrow()));
    assertThat(report.chosen()).isEqualTo("linear");
    assertThat(sample.evaluation().at("/families/2/unusable/nan").asLong()).isPositive();
  }
}
