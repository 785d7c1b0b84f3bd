package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class GateTest {
  private static final Policy POLICY = Policy.of(new Metric.PoissonDeviance());

  @Test
  void aClearlyBetterCandidateIsPromoted() {
    Holdouts holdouts = new Holdouts();
    holdouts.championError = 0.8;

    Verdict verdict = Gate.decide(holdouts.build(), POLICY, History.NONE, 7);

    assertThat(verdict.findings()).isEmpty();
    assertThat(verdict.decision()).isEqualTo(Decision.PROMOTE);
  }

  @Test
  void theVerdictSurvivesJson() {
    Verdict verdict = Gate.decide(new Holdouts().build(), POLICY, History.NONE, 7);

    assertThat(Verdict.parse(verdict.toJson())).isEqualTo(verdict);
  }
}
