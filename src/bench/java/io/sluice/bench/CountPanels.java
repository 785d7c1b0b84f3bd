package io.sluice.bench;

import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.AhrensDieterMarsagliaTsangGammaSampler;
import org.apache.commons.rng.sampling.distribution.PoissonSampler;
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
   * @param predictions by forecast, then by row
   */
  @SuppressWarnings("ArrayRecordComponent") // drawn once, read once, never compared
  record Panel(double[] actual, double[][] predictions) {}

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
    double[] actual = new double[units * weeks];
    double[][] predictions = new double[forecasts.length][units * weeks];
    double[] unitError = new double[forecasts.length];
    for (int u = 0; u < units; u++) {
      double mean = Math.exp(-2.2 + scale * normal.sample());
      double own = Math.exp(0.5 * normal.sample());
      for (int f = 0; f < forecasts.length; f++) {
        unitError[f] = forecasts[f].level + forecasts[f].unitError * normal.sample();
      }
      for (int w = 0; w < weeks; w++) {
        int row = u * weeks + w;
        actual[row] = random.nextDouble() < 0.35 ? 0 : count(gamma.sample() * mean * own / 0.65);
        for (int f = 0; f < forecasts.length; f++) {
          double error = unitError[f] + forecasts[f].rowError * normal.sample() + common[f][w];
          predictions[f][row] = Math.max(mean * Math.exp(error), FLOOR);
        }
      }
    }
    return new Panel(actual, predictions);
  }

  private int count(double mean) {
    return mean < 1e-12 ? 0 : PoissonSampler.of(random, mean).sample();
  }
}
