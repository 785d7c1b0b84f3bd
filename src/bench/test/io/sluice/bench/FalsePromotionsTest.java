package io.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import io.sluice.bench.FalsePromotions.Truth;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A small, seeded edition of the table in docs/gate.md. */
class FalsePromotionsTest {
  private final FalsePromotions simulation = new FalsePromotions(400, 1);

  @ParameterizedTest
  @CsvSource({"EQUAL_MODELS,30", "EQUAL_MODELS,100", "HEAVY_TAILS,30", "HEAVY_TAILS,100"})
  void falsePromotionsStayAtTheNominalRate(Truth truth, int units) {
    double bound = FalsePromotions.NOMINAL + 3 * simulation.standardError();

    FalsePromotions.Rates rates = simulation.rates(truth, units);

    assertThat(rates.signFlip()).isPositive().isLessThanOrEqualTo(bound);
    assertThat(rates.both()).isLessThanOrEqualTo(rates.signFlip());
  }

  @Test
  void weeksThatGoBadTogetherFoolTheUnitsButNotTheTwoWayTest() {
    FalsePromotions.Rates rates = new FalsePromotions(200, 1).commonShocks(1000, 0);

    assertThat(rates.both())
        .isLessThan(rates.signFlip())
        .isLessThanOrEqualTo(FalsePromotions.NOMINAL + 3 * simulation.standardError());
  }

  @Test
  void theBestOfSeveralIsTestedAsSuch() {
    FalsePromotions.Selection rates = simulation.bestOf(10);

    assertThat(rates.naive()).isGreaterThan(2 * FalsePromotions.NOMINAL);
    assertThat(rates.maxT())
        .isLessThanOrEqualTo(FalsePromotions.NOMINAL + 3 * simulation.standardError());
  }
}
