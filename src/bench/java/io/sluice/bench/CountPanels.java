package io.sluice.bench;

import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.AhrensDieterMarsagliaTsangGammaSampler;
import org.apache.commons.rng.sampling.distribution.PoissonSampler;
import org.apache.commons.rng.sampling.distribution.SharedStateContinuousSampler;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;

/**
 * Draws what a gate on intermittent demand sees: zero-inflated counts of many units over a few
 * weeks, and forecasts whose errors are known. Truth per unit is lognormal; a row is zero with
 * probability 0.35, else Poisson with a Gamma (shape 0.8) mean that a shock of its unit scales.
 */
final class CountPanels {
  private static final double FLOOR = 1e-3;

  private final UniformRandomProvider random;
  private final ZigguratSampler.NormalizedGaussian normal;
  private final double scale;
  private final int weeks;

  /**
   * @param scale standard deviation of the units' log level: 1.3, or 2.0 for heavy tails
   * @param weeks target weeks of every unit
   */
  CountPanels(UniformRandomProvider random, double scale, int weeks) {
    this.random = random;
    this.normal = ZigguratSampler.NormalizedGaussian.of(random);
    this.scale = scale;
    this.weeks = weeks;
  }

  /**
   * How a forecast errs, on the log scale.
   *
   * @param unitError standard deviation by unit
   * @param rowError standard deviation by row
   * @param level mean
   */
  record Forecast(double unitError, double rowError, double level) {}

  static final Forecast USUAL = new Forecast(0.35, 0.15, 0);

  /**
   * Errors that all units share in a week, drawn for each forecast apart.
   *
   * @param deviation standard deviation, on the log scale
   * @param autocorrelation of one week's with the week's before
   */
  record Shocks(double deviation, double autocorrelation) {
    static final Shocks NONE = new Shocks(0, 0);
  }

  /**
   * What was drawn. Rows are unit times weeks plus week.
   *
   * @param expected what {@code actual} is on average, given the unit: the truth
   * @param predictions by forecast, then by row
   */
  @SuppressWarnings("ArrayRecordComponent") // drawn once, read once, never compared
  record Panel(double[] actual, double[] expected, double[][] predictions) {}

  /** What families are picked on, and what the gate sees. */
  record Windows(Panel validation, Panel holdout) {}

  Panel draw(int units, Shocks shocks, Forecast... forecasts) {
    double[][] common = new double[forecasts.length][weeks];
    double fresh = Math.sqrt(1 - shocks.autocorrelation * shocks.autocorrelation);
    for (double[] shared : common) {
      for (int w = 0; w < weeks; w++) {
        double drawn = shocks.deviation * normal.sample();
        shared[w] = w == 0 ? drawn : shocks.autocorrelation * shared[w - 1] + fresh * drawn;
      }
    }
    var gamma = AhrensDieterMarsagliaTsangGammaSampler.of(random, 0.8, 1 / 0.8);
    Panel panel = empty(units, weeks, forecasts.length);
    double[] unitError = new double[forecasts.length];
    for (int u = 0; u < units; u++) {
      double mean = Math.exp(-2.2 + scale * normal.sample());
      double own = Math.exp(0.5 * normal.sample());
      for (int f = 0; f < forecasts.length; f++) {
        unitError[f] = forecasts[f].level + forecasts[f].unitError * normal.sample();
      }
      for (int w = 0; w < weeks; w++) {
        int row = u * weeks + w;
        outcome(panel, row, mean, own, gamma);
        for (int f = 0; f < forecasts.length; f++) {
          double error = unitError[f] + forecasts[f].rowError * normal.sample() + common[f][w];
          panel.predictions[f][row] = Math.max(mean * Math.exp(error), FLOOR);
        }
      }
    }
    return panel;
  }

  /**
   * Validation and holdout of the same units, without common shocks.
   *
   * @param validationWeeks weeks of validation; the holdout has this object's
   * @param persistence correlation between validation and holdout of what is special about a unit:
   *     its own level, and how each forecast errs on it
   */
  Windows drawWindows(int units, int validationWeeks, double persistence, Forecast... forecasts) {
    var gamma = AhrensDieterMarsagliaTsangGammaSampler.of(random, 0.8, 1 / 0.8);
    double fresh = Math.sqrt(1 - persistence * persistence);
    Panel validation = empty(units, validationWeeks, forecasts.length);
    Panel holdout = empty(units, weeks, forecasts.length);
    for (int u = 0; u < units; u++) {
      double mean = Math.exp(-2.2 + scale * normal.sample());
      // of the unit's level, then of each forecast's error
      double[] before = new double[1 + forecasts.length];
      double[] now = new double[before.length];
      for (int i = 0; i < before.length; i++) {
        before[i] = normal.sample();
        now[i] = persistence * before[i] + fresh * normal.sample();
      }
      window(validation, u * validationWeeks, validationWeeks, mean, before, gamma, forecasts);
      window(holdout, u * weeks, weeks, mean, now, gamma, forecasts);
    }
    return new Windows(validation, holdout);
  }

  private void window(
      Panel panel,
      int first,
      int length,
      double mean,
      double[] special,
      SharedStateContinuousSampler gamma,
      Forecast... forecasts) {
    for (int row = first; row < first + length; row++) {
      outcome(panel, row, mean, Math.exp(0.5 * special[0]), gamma);
      for (int f = 0; f < forecasts.length; f++) {
        Forecast forecast = forecasts[f];
        double error =
            forecast.level
                + forecast.unitError * special[1 + f]
                + forecast.rowError * normal.sample();
        panel.predictions[f][row] = Math.max(mean * Math.exp(error), FLOOR);
      }
    }
  }

  private void outcome(
      Panel panel, int row, double mean, double own, SharedStateContinuousSampler gamma) {
    panel.expected[row] = mean * own;
    panel.actual[row] = random.nextDouble() < 0.35 ? 0 : count(gamma.sample() * mean * own / 0.65);
  }

  private static Panel empty(int units, int weeks, int forecasts) {
    int rows = units * weeks;
    return new Panel(new double[rows], new double[rows], new double[forecasts][rows]);
  }

  private int count(double mean) {
    return mean < 1e-12 ? 0 : PoissonSampler.of(random, mean).sample();
  }
}
