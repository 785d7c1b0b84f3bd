package io.sluice.bench;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A small, seeded edition of the tables in docs/gate.md. */
class GateRatesTest {
  private final GateRates rates = new GateRates(300, 1);

  /** Nominal, two points, and three standard errors of 300 repetitions. */
  private static final double BOUND = 0.05 + 0.02 + 3 * 0.0126;

  @ParameterizedTest
  @CsvSource({
    "SHOCKS,4",
    "SHOCKS,8",
    "SHOCKS_7,4",
    "SHOCKS_7,8",
    "SHOCKS_95,4",
    "SHOCKS_95,8",
    "LEVEL,4",
    "OVERDISPERSED,8",
    "INTERMITTENT,4"
  })
  void errorsOfAllUnitsDoNotPassForAGain(GateRates.Equal equal, int weeks) {
    assertThat(rates.rates(equal.generator, 100, weeks, 0.01, 1).now()).isLessThan(BOUND);
  }

  @Test
  void whereUnitsShareNothingThePowerIsThatOfTheTestByUnit() {
    for (int weeks : new int[] {4, 8}) {
      GateRates.Rates found = rates.rates(p -> p.better(.2, true, 0), 100, weeks, 0.01, 2);

      assertThat(found.byUnit()).isBetween(.4, .99);
      assertThat(found.now()).isGreaterThan(found.byUnit() - .05);
      assertThat(found.now()).isGreaterThanOrEqualTo(weeks < 8 ? 0 : found.before());
    }
  }
}
