package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.core.gate.GatePolicy.OnDrift;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class DriftRuleTest {
  private static final String REASON = "gone today: market 'us' (39.0% of the reference)";

  private static Optional<Verdict.Finding> found(DriftStatus status, boolean champion, OnDrift on) {
    return DriftRule.finding(Optional.of(new GateContext.Drift(status, REASON)), champion, on);
  }

  @Test
  void aHoldNamesTheColumnsAndWhy() {
    Verdict.Finding finding = found(DriftStatus.DRIFTED, true, OnDrift.HOLD).orElseThrow();

    assertThat(finding.reason()).isEqualTo(Reason.GUARD);
    assertThat(finding.text()).contains("drifted from the training data", REASON);
  }

  @Test
  void driftThatCouldNotBeLookedAtHoldsToo() {
    Verdict.Finding finding = found(DriftStatus.UNKNOWN, true, OnDrift.HOLD).orElseThrow();

    assertThat(finding.reason()).isEqualTo(Reason.INSUFFICIENT);
    assertThat(finding.text()).contains("is unknown", REASON);
  }

  @ParameterizedTest
  @CsvSource({"UNKNOWN, false", "STABLE, true", "STABLE, false"})
  void aFirstRunAndStableDataPass(DriftStatus status, boolean champion) {
    assertThat(found(status, champion, OnDrift.HOLD)).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(DriftStatus.class)
  void onlyTheHoldingPolicyTouchesTheVerdict(DriftStatus status) {
    assertThat(found(status, true, OnDrift.REVIEW)).isEmpty();
    assertThat(found(status, true, OnDrift.IGNORE)).isEmpty();
  }

  @Test
  void aPolicyThatHoldsWithoutADriftStageHolds() {
    assertThat(DriftRule.finding(Optional.empty(), true, OnDrift.HOLD).orElseThrow().text())
        .contains("no drift@1 stage");
    assertThat(DriftRule.finding(Optional.empty(), false, OnDrift.HOLD)).isEmpty();
  }

  @Test
  void theVerdictOfADriftedRunSaysWhatMoved() {
    Holdouts holdouts = new Holdouts();
    holdouts.championError = 1.2;
    holdouts.evaluation.drift = Optional.of(new GateContext.Drift(DriftStatus.DRIFTED, REASON));
    GatePolicy policy =
        GatePolicy.of(new Metric.PoissonDeviance()).with(GatePolicy.ON_DRIFT, OnDrift.HOLD);

    Verdict verdict = Gate.decide(holdouts.build(), policy, History.NONE, 1);

    assertThat(verdict.decision()).isEqualTo(Decision.HOLD);
    assertThat(verdict.sentences().get(0)).startsWith("HOLD (guard): ");
    assertThat(verdict.sentences().get(1)).contains(REASON);
  }
}
