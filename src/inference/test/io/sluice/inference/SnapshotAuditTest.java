package io.sluice.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.sluice.core.diag.SluiceException;
import io.sluice.core.evaluation.EvaluationReport;
import io.sluice.core.evaluation.EvaluationReport.Audited;
import io.sluice.core.evaluation.EvaluationReport.Unaudited;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What cannot be audited is named, and takes nothing else with it. */
class SnapshotAuditTest {
  @TempDir Path folder;
  Sample sample;

  @BeforeEach
  void inputs() throws IOException {
    sample = new Sample(folder);
  }

  private String refusal() {
    SluiceException e = catchThrowableOfType(SluiceException.class, () -> sample.run());
    assertThat(e).isNotNull();
    return e.diagnostics().getFirst().id();
  }

  /** A channel that no snapshot has: the returns of the four weeks after the period. */
  private void targetAsANewChannel() {
    for (String set : List.of("training/train", "validation", "holdout")) {
      sample.edit(set + "/panel.json", s -> s.replace("\"shipped\"]", "\"shipped\",\"hint\"]"));
      sample.edit(
          set + "/panel.csv",
          text -> {
            List<String> lines = new ArrayList<>(text.lines().toList());
            for (int i = 1; i < lines.size(); i++) {
              lines.set(i, lines.get(i) + "," + 4 * (i % 9));
            }
            lines.set(0, lines.getFirst() + ",hint");
            return String.join("\n", lines) + "\n";
          });
    }
  }

  @Test
  void aChannelThatTheSnapshotLacksIsNamedAndAllOthersAreAudited() throws IOException {
    targetAsANewChannel();

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.snapshot()).isEqualTo(Audited.PARTIAL);
    assertThat(audit.why()).isEmpty();
    assertThat(audit.unaudited())
        .extracting(Unaudited::sentence)
        .containsExactly("the channel `hint` (the snapshot has no column `hint`)");
    assertThat(audit.unaudited().getFirst().declared()).isFalse();
    assertThat(audit.vintages()).as("rows of both panels").isPositive();
    assertThat(audit.labels()).isEqualTo(3 * 5 * 3 + 3 * 6 * 3);
    assertThat(sample.run().rows().expected()).hasValue(54L);
  }

  @Test
  void aVintageLeakIsRefusedThoughAnotherChannelCannotBeAudited() {
    targetAsANewChannel();
    sample.editFirstRow("holdout/panel.csv", 4, String.valueOf(Sample.returned(0, 0, 1)));

    assertThat(refusal()).isEqualTo("SLU-6032");
  }

  @Test
  void aRevisedActualIsRefusedThoughAnotherChannelCannotBeAudited() {
    targetAsANewChannel();
    sample.editFirstRow("holdout/rows.csv", 6, String.valueOf(Sample.returned(0, 40, 0)));

    assertThat(refusal()).isEqualTo("SLU-6035");
  }

  @Test
  void aChannelThatTheSpecCallsDerivedIsNamedAsDeclared() throws IOException {
    targetAsANewChannel();
    var with = Sample.with();
    with.putArray("derived").add("hint");

    assertThat(sample.run(with).audit().unaudited())
        .singleElement()
        .satisfies(u -> assertThat(u.declared()).isTrue());
  }

  @Test
  void theLabelCannotBeDerived() {
    var with = Sample.with();
    with.putArray("derived").add("returned");

    SluiceException e = catchThrowableOfType(SluiceException.class, () -> sample.run(with));

    assertThat(e.diagnostics().getFirst().id()).isEqualTo("SLU-6040");
  }

  @Test
  void aSnapshotWithoutTheLabelStillAuditsTheOtherChannelsAndCountsNoMissingRows()
      throws IOException {
    sample.edit("snapshot", s -> s.replaceFirst("returned", "retouren"));

    EvaluationReport report = sample.run();

    assertThat(report.audit().unaudited())
        .extracting(Unaudited::what)
        .containsExactly("the label `returned`, and whether rows are missing");
    assertThat(report.audit().labels()).isZero();
    assertThat(report.rows().expected()).isEmpty();
    sample.editFirstRow("holdout/panel.csv", 5, "7");
    assertThat(refusal()).as("shipped").isEqualTo("SLU-6032");
  }

  @Test
  void aChannelOfWordsIsNamedWithItsPlace() throws IOException {
    sample.edit("snapshot", s -> s.replaceFirst(",(\\d+),x\n", ",forty,x\n"));

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.snapshot()).isEqualTo(Audited.PARTIAL);
    assertThat(audit.unaudited())
        .singleElement()
        .satisfies(u -> {
          assertThat(u.what()).isEqualTo("the channel `shipped`");
          assertThat(u.why()).contains("snapshot, line 2, column 6 (`shipped`)", "`forty`");
        });
    assertThat(audit.labels()).isPositive();
  }

  @Test
  void aChannelThatSaysTwoThingsAtOnceIsNamed() throws IOException {
    String line = "%s,%s,P-1,EU,999,%d,x\n";
    sample.edit(
        "snapshot",
        s -> s + line.formatted(Sample.week(0), Sample.known(0, 0), Sample.shipped(0, 0)));

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.unaudited())
        .singleElement()
        .satisfies(u -> {
          assertThat(u.what()).startsWith("the label `returned`");
          assertThat(u.why()).contains("lines 2 and", "two different `returned`");
        });
    sample.editFirstRow("holdout/panel.csv", 5, "7");
    assertThat(refusal()).as("shipped").isEqualTo("SLU-6032");
  }

  @Test
  void rowsOfNoUnitTakeNothingWithThem() throws IOException {
    sample.edit("snapshot", s -> s + "2025-01-06,2025-01-13,,EU,1,1,not assigned\n");

    assertThat(sample.run().audit().unaudited()).isEmpty();
  }

  @Test
  void aTimeWithAnOffsetTakesTheWholeAuditAndIsNamedWithItsPlace() throws IOException {
    // when a report was known decides which of them held: without it nothing can be compared
    sample.edit("snapshot", s -> s.replaceFirst("2025-01-13,", "2025-01-13T00:00:00+01:00,"));

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.snapshot()).isEqualTo(Audited.UNAUDITED);
    assertThat(audit.unaudited())
        .singleElement()
        .satisfies(u ->
            assertThat(u.why())
                .contains("snapshot, line 2, column 2 (`reported`)", "2025-01-13T00:00:00+01:00"));
  }

  @Test
  void aByteOrderMarkBeforeAKeyColumnTakesTheWholeAuditAndIsNamed() throws IOException {
    sample.edit("snapshot", s -> "\ufeff" + s);

    EvaluationReport.Audit audit = sample.run().audit();

    assertThat(audit.snapshot()).isEqualTo(Audited.UNAUDITED);
    assertThat(audit.unaudited()).hasSize(1);
  }

  @Test
  void withoutASnapshotAndLabelsBothAreNamed() throws IOException {
    var with = Sample.with();
    with.remove("labels");

    assertThat(sample.run(with).audit().unaudited())
        .extracting(Unaudited::what)
        .containsExactly("features and labels against the snapshot", "the age of labels");
  }
}
