package io.sluice.core.gate;

import java.util.Optional;

/**
 * A window of so few target periods that errors which last from one period to the next cannot be
 * told from a gain, with what that costs: of 100 models that are as good as the champion, so many
 * pass at a nominal 5 where all units share strong errors (standard deviation 0.5 on the log scale,
 * autocorrelation 0.95). For 2 and 3 periods they were measured with more repetitions than {@code
 * io.sluice.bench.GateRates} makes, which finds 9.8 and 8.6, and that 4 to 26 periods are within
 * the promise. For one period it is the rate of the test by unit alone at 2 periods.
 *
 * @param periods target periods
 * @param falsePromotions percent
 */
record ShortWindow(int periods, double falsePromotions) {
  /** The fewest target periods for which the promise holds. */
  static final int ENOUGH = 4;

  private static final double[] MEASURED = {17, 11, 9};

  static Optional<ShortWindow> of(int periods) {
    return periods >= ENOUGH || periods < 1
        ? Optional.empty()
        : Optional.of(new ShortWindow(periods, MEASURED[periods - 1]));
  }
}
