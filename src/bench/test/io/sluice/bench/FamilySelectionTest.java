package io.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.bench.FamilySelection.Rule;
import org.junit.jupiter.api.Test;

/** A small, seeded edition of the table of families in docs/gate.md. */
class FamilySelectionTest {
  private static final int REPETITIONS = 200;
  private static final double BOUND =
      FalsePromotions.NOMINAL
          + 3 * Math.sqrt(FalsePromotions.NOMINAL * (1 - FalsePromotions.NOMINAL) / REPETITIONS);

  private final FamilySelection simulation = new FamilySelection(REPETITIONS, 1);

  @Test
  void aPickOnRowsThatHaveNothingInCommonWithTheHoldoutKeepsTheLevel() {
    assertThat(simulation.equal(Rule.VALIDATION, 3, 4, 0).promoted())
        .isPositive()
        .isLessThanOrEqualTo(BOUND);
  }

  @Test
  void allTogetherKeepTheLevelWhateverPersists() {
    assertThat(simulation.equal(Rule.ALL, 3, 4, 1).promoted())
        .isPositive()
        .isLessThanOrEqualTo(BOUND);
  }

  @Test
  void bothRulesSeeTheSamePanelsSoThatOneFamilyIsTheSameCase() {
    assertThat(simulation.equal(Rule.ALL, 1, 4, 1))
        .isEqualTo(simulation.equal(Rule.VALIDATION, 1, 4, 1));
  }
}
