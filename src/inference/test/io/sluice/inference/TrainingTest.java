package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.diag.Diagnostic;
import io.sluice.core.diag.ExitCode;
import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What the models learned from is held against what they are judged by. */
class TrainingTest {
  @TempDir Path folder;
  Sample sample;

  @BeforeEach
  void inputs() throws IOException {
    sample = new Sample(folder);
  }

  private List<Diagnostic> refused() {
    SluiceException e = catchThrowableOfType(SluiceException.class, () -> sample.run());
    assertThat(e).isNotNull();
    assertThat(e.exitCode()).isEqualTo(ExitCode.INPUT_WRONG);
    assertThat(sample.outputs.resolve("rows/rows.csv")).doesNotExist();
    return e.diagnostics();
  }

  private void isRefused(String id, String where) {
    assertThat(refused())
        .anySatisfy(d -> {
          assertThat(d.id()).isEqualTo(id);
          assertThat(d.message()).contains(where);
        });
  }

  /** Appends the rows of one table to another's. */
  private void append(String from, String to) throws IOException {
    String rows = Files.readString(sample.inputs.resolve(from));
    sample.edit(to, s -> s + rows.substring(rows.indexOf('\n') + 1));
  }

  @Test
  void rowsOfTheHoldoutInTrainAreRefused() throws IOException {
    append("holdout/rows.csv", "training/train/rows.csv");

    isRefused(
        "SLU-6045", "training/train/rows.csv, line 47: the label is also a label of the holdout");
    assertThat(refused()).anySatisfy(d -> assertThat(d.message()).contains("the first of 54 such"));
  }

  @Test
  void labelsOfValidationInTrainAreRefused() throws IOException {
    append("validation/rows.csv", "training/train/rows.csv");

    isRefused("SLU-6045", "also a label of validation");
  }

  @Test
  void aRefitMayLearnFromValidationAndTheReportSaysHowMuch() throws IOException {
    sample.table("refit/known", 20, 24);
    append("validation/rows.csv", "refit/known/rows.csv");

    EvaluationReport.Training training = sample.run().audit().training().orElseThrow();

    assertThat(training.tables()).isEqualTo(2);
    assertThat(training.validationLabels()).as("3 units, targets of 7 weeks").isEqualTo(21);
  }

  @Test
  void rowsOfTheHoldoutInARefitAreRefused() throws IOException {
    sample.table("refit/known", 20, 24);
    append("holdout/rows.csv", "refit/known/rows.csv");

    isRefused("SLU-6045", "refit/known/rows.csv");
  }

  @Test
  void aTrialThatKnowsLabelsFromAfterTheFirstValidationOriginIsRefused() {
    // no label of validation, but one that was not known when validation begins
    sample.editFirstRow("training/train/rows.csv", 5, Sample.week(30).plusDays(1).toString());

    isRefused("SLU-6046", "a label that became known " + Sample.week(30).plusDays(1));
  }

  @Test
  void aLabelThatBecameKnownAtTheFirstValidationOriginIsNotFromTheFuture() throws IOException {
    sample.editFirstRow("training/train/rows.csv", 5, Sample.week(30).toString());
    sample.newestLabel("linear", Sample.week(30).toString());
    sample.newestLabel("doubled", Sample.week(30).toString());

    assertThat(sample.run().audit().unaudited()).isEmpty();
  }

  @Test
  void aPanelOfTrainThatKnowsMoreIsRefused() {
    sample.editFirstRow("training/train/panel.csv", 3, Sample.week(31).toString());

    isRefused("SLU-6046", "training/train/panel.csv, line 2, column 4 (`knownAt`): a vintage");
  }

  @Test
  void aSignatureThatSaysLessThanTheTablesPutsItsFamilyOut() throws IOException {
    sample.newestLabel("linear", "2025-01-06");

    EvaluationReport report = sample.run();

    assertThat(report.chosen()).isEqualTo("doubled");
    assertThat(report.family("linear").orElseThrow().reason().orElseThrow().sentence())
        .isEqualTo(
            "SLU-6047: bundle `linear` says that its newest label became known"
                + " 2025-01-06T00:00:00Z; what it was trained on has one of 2025-07-28T00:00:00Z");
  }

  @Test
  void aSignatureThatSaysNothingGetsWhatTheTablesSay() throws IOException {
    sample.edit(
        "candidates/linear/signature.json",
        s -> s.replaceFirst("\"newestLabel\": ?\"[^\"]*\", ", ""));

    assertThat(sample.run().family("linear").orElseThrow().newestLabel())
        .hasValueSatisfying(i -> assertThat(i).isEqualTo("2025-07-28T00:00:00Z"));
  }

  @Test
  void aTableForEachFamilyIsLookedAt() throws IOException {
    Files.move(
        sample.inputs.resolve("training/train"), sample.inputs.resolve("training/of-a-family"));
    Files.createDirectories(sample.inputs.resolve("training/features"));
    Files.move(
        sample.inputs.resolve("training/of-a-family"),
        sample.inputs.resolve("training/features/linear"));
    assertThat(sample.run().audit().unaudited()).isEmpty();

    Files.delete(sample.outputs.resolve("rows/rows.csv"));
    append("holdout/rows.csv", "training/features/linear/rows.csv");

    isRefused("SLU-6045", "training/features/linear/rows.csv");
  }

  @Test
  void whatIsNoTableSetIsNamed() throws IOException {
    Files.createDirectories(sample.inputs.resolve("training/features"));
    Files.writeString(sample.inputs.resolve("training/features/x.npz"), "x");

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.training()).isPresent();
    assertThat(audit.unaudited())
        .extracting(Unaudited::sentence)
        .containsExactly(
            "what the models learned from: the input `features` of tune (it is not a panel table"
                + " set: it has no panel.json)");
  }

  @Test
  void aModelToStartFromIsAuditedByItsSignature() throws IOException {
    Path before = sample.inputs.resolve("training/before");
    Sample.copy(Sample.bundle("linear"), before);
    assertThat(sample.run().audit().unaudited()).isEmpty();

    sample.edit(
        "training/before/signature.json", s -> s.replace("2025-01-06", Sample.week(31).toString()));
    assertThat(sample.run().audit().unaudited())
        .singleElement()
        .satisfies(u ->
            assertThat(u.sentence())
                .contains("the input `before` of tune", "as late as " + Sample.week(31)));
  }

  @Test
  void aBrokenTableIsNamedAndALeakBeforeTheBreakIsRefused() throws IOException {
    sample.edit("training/train/rows.csv", s -> s + "P-1,EU\n");
    assertThat(sample.run().audit().unaudited())
        .singleElement()
        .satisfies(u -> assertThat(u.why()).contains("training/train/rows.csv"));

    Files.delete(sample.outputs.resolve("rows/rows.csv"));
    sample.edit("training/train/rows.csv", s -> s.replace("P-1,EU\n", ""));
    append("holdout/rows.csv", "training/train/rows.csv");
    sample.edit("training/train/rows.csv", s -> s + "P-1,EU\n");

    isRefused("SLU-6045", "training/train/rows.csv");
  }

  @Test
  void withoutAnyTableOfTheModelsTheReportSaysSo() throws IOException {
    delete("training/train");

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.training()).isEmpty();
    assertThat(audit.unaudited())
        .extracting(Unaudited::sentence)
        .containsExactly(
            "what the models learned from (evaluate has no table that a train stage read)");
  }

  private void delete(String table) throws IOException {
    Path path = sample.inputs.resolve(table);
    for (String file : List.of("rows.csv", "panel.csv", "panel.json")) {
      Files.delete(path.resolve(file));
    }
    Files.delete(path);
  }
}
