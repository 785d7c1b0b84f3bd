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
  /** Target weeks. */
  static final int WEEKS = 12;

  private static final double FLOOR = 1e-3;

  private final UniformRandomProvider random;
  private final ZigguratSampler.NormalizedGaussian normal;
  private final double scale;

  /**
   * @param scale standard deviation of the units' log level: 1.3, or 2.0 for heavy tails
   */
  CountPanels(UniformRandomProvider random, double scale) {
    this.random = random;
    this.normal = ZigguratSampler.NormalizedGaussian.of(random);
    this.scale = scale;
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
   * Poisson deviances of several forecasts of one panel.
   *
   * @param shock standard deviation of errors that all units share in a week (autocorrelated 0.7),
   *     drawn for each forecast apart
   * @return by forecast, then by row: unit times {@link #WEEKS} plus week
   */
  double[][] deviances(int units, double shock, Forecast... forecasts) {
    double[][] common = new double[forecasts.length][WEEKS];
    for (double[] weeks : common) {
      for (int w = 0; w < WEEKS; w++) {
        double fresh = shock * normal.sample();
        weeks[w] = w == 0 ? fresh : 0.7 * weeks[w - 1] + fresh * Math.sqrt(1 - 0.49);
      }
    }
    var gamma = AhrensDieterMarsagliaTsangGammaSampler.of(random, 0.8, 1 / 0.8);
    double[][] out = new double[forecasts.length][units * WEEKS];
    double[] unitError = new double[forecasts.length];
    for (int u = 0; u < units; u++) {
      double mean = Math.exp(-2.2 + scale * normal.sample());
      double own = Math.exp(0.5 * normal.sample());
      for (int f = 0; f < forecasts.length; f++) {
        unitError[f] = forecasts[f].level + forecasts[f].unitError * normal.sample();
      }
      for (int w = 0; w < WEEKS; w++) {
        double y = random.nextDouble() < 0.35 ? 0 : count(gamma.sample() * mean * own / 0.65);
        for (int f = 0; f < forecasts.length; f++) {
          double error = unitError[f] + forecasts[f].rowError * normal.sample() + common[f][w];
          double p = Math.max(mean * Math.exp(error), FLOOR);
          out[f][u * WEEKS + w] = 2 * ((y > 0 ? y * Math.log(y / p) : 0) - y + p);
        }
      }
    }
    return out;
  }

  private int count(double mean) {
    return mean < 1e-12 ? 0 : PoissonSampler.of(random, mean).sample();
  }
}
