package io.sluice.bench;

import io.sluice.core.gate.Metric;
import java.util.Arrays;
import java.util.function.DoubleSupplier;
import org.apache.commons.rng.UniformRandomProvider;
import org.apache.commons.rng.sampling.distribution.AhrensDieterMarsagliaTsangGammaSampler;
import org.apache.commons.rng.sampling.distribution.PoissonSampler;
import org.apache.commons.rng.sampling.distribution.SharedStateContinuousSampler;
import org.apache.commons.rng.sampling.distribution.ZigguratSampler;
import org.apache.commons.rng.simple.RandomSource;

/**
 * Draws panels of demand with the forecasts of a candidate and a champion, by {@link Generator
 * generators} that differ in how demand and errors depend on each other. Rows are unit times weeks
 * plus week.
 */
final class LossPanels {
  private static final Metric.Loss METRIC = new Metric.PoissonDeviance();

  private final UniformRandomProvider random;
  private final ZigguratSampler.NormalizedGaussian normal;
  private final int units;
  private final int weeks;

  /**
   * @param seed of everything that is drawn
   */
  LossPanels(long seed, int units, int weeks) {
    this.random = RandomSource.XO_SHI_RO_256_PP.create(seed);
    this.normal = ZigguratSampler.NormalizedGaussian.of(random);
    this.units = units;
    this.weeks = weeks;
  }

  /** A panel: what happened, and what each of the two said. */
  @SuppressWarnings("ArrayRecordComponent") // drawn once, read once, never compared
  record Panel(double[] actual, double[] candidate, double[] champion) {

    /** Poisson deviance of the candidate, by row. */
    double[] candidateLoss() {
      return losses(candidate);
    }

    /** Poisson deviance of the champion, by row. */
    double[] championLoss() {
      return losses(champion);
    }

    private double[] losses(double[] predicted) {
      double[] ones = new double[actual.length];
      Arrays.fill(ones, 1);
      return METRIC.losses(actual, predicted, ones);
    }

    /** The same with the two forecasts exchanged. */
    Panel swapped() {
      return new Panel(actual, champion, candidate);
    }
  }

  /** How demand comes about, and how forecasts err on it. */
  @FunctionalInterface
  interface Generator {
    Panel draw(LossPanels panels);
  }

  /** Errors of a forecast, on the log scale: by unit and by row. */
  record Errors(double unit, double row) {
    static final Errors USUAL = new Errors(.35, .15);
  }

  /** Errors that all units share in a week: deviation on the log scale, autocorrelation. */
  record Shocks(double deviation, double autocorrelation) {
    static final Shocks NONE = new Shocks(0, 0);
  }

  /** Intermittent demand: a week is zero, or a geometric size. Both models err alike. */
  Panel intermittent() {
    Intermittent drawn = intermittentDemand();
    return new Panel(
        drawn.actual, forecast(drawn.mean, Errors.USUAL), forecast(drawn.mean, Errors.USUAL));
  }

  /** The same with a candidate that is the champion and noise: truly worse. */
  Panel noisier() {
    Intermittent drawn = intermittentDemand();
    double[] champion = forecast(drawn.mean, Errors.USUAL);
    double[] candidate = new double[champion.length];
    Arrays.setAll(candidate, i -> champion[i] * Math.exp(.3 * normal.sample() - .045));
    return new Panel(drawn.actual, candidate, champion);
  }

  /** The same with forecasts that are off by a factor each, of equal expected deviance. */
  Panel intermittentTooLow() {
    Intermittent drawn = intermittentDemand();
    return tooLow(drawn.actual, drawn.mean);
  }

  /** Overdispersed demand of a unit's mean, candidate too low: equal expected deviance. */
  Panel overdispersedTooLow() {
    double[] mean = byUnit(() -> Math.exp(1.2 * normal.sample()));
    return tooLow(counts(mean, gamma(.3)), mean);
  }

  /** One row in 2000 is 100 pieces, half of the volume; candidate too low. */
  Panel bulkTooLow() {
    double[] mean = byUnit(() -> .05 + 100.0 / 2000);
    double[] actual = new double[mean.length];
    Arrays.setAll(actual, i -> count(.05) + (random.nextDouble() < 1.0 / 2000 ? 100 : 0));
    return tooLow(actual, mean);
  }

  /**
   * Overdispersed demand with effects of units that neither model knows; models err alike.
   *
   * @param shocks of each model, apart
   * @param level standard deviation of each model's level, drawn once for the window
   */
  Panel overdispersed(Shocks shocks, double level) {
    double[] known = byUnit(() -> Math.exp(1.2 * normal.sample()));
    double[] effect = byUnit(() -> Math.exp(-.32 + .8 * normal.sample()));
    double[] mean = new double[known.length];
    Arrays.setAll(mean, i -> known[i] * effect[i]);
    double[] actual = counts(mean, gamma(.5));
    double[] candidate = shared(forecast(known, Errors.USUAL), shocks, level);
    return new Panel(actual, candidate, shared(forecast(known, Errors.USUAL), shocks, level));
  }

  /**
   * Negative binomial demand of units whose sizes have a heavy tail (Pareto, exponent 1.5, no unit
   * above 100 times the least), with errors by unit; a candidate that errs less by a share of them.
   *
   * @param gain share of the champion's errors by unit that the candidate does without, 0 to 1
   * @param shocks of each model, apart
   */
  Panel heavyTailed(double gain, Shocks shocks) {
    double[] mean = byUnit(() -> .3 * Math.min(100, Math.pow(random.nextDouble(), -1 / 1.5)));
    double[] actual = counts(mean, gamma(1));
    double[] champion = errors(new Errors(.45, .25));
    double[] own = errors(new Errors(.15, .1));
    double[] other = errors(new Errors(.15, .1));
    double[] candidate = new double[mean.length];
    for (int i = 0; i < mean.length; i++) {
      candidate[i] = mean[i] * Math.exp((1 - gain) * champion[i] + own[i]);
      champion[i] = mean[i] * Math.exp(champion[i] + other[i]);
    }
    return new Panel(actual, shared(candidate, shocks, 0), shared(champion, shocks, 0));
  }

  /**
   * Two models of the same errors by unit, each with some of its own, as one model trained twice.
   *
   * @param own standard deviation of the candidate's own errors by unit; the champion's is 0.2
   */
  Panel retrained(double own) {
    double[] known = byUnit(() -> Math.exp(normal.sample()));
    double[] effect = byUnit(() -> Math.exp(-.08 + .4 * normal.sample()));
    double[] mean = new double[known.length];
    Arrays.setAll(mean, i -> known[i] * effect[i]);
    double[] actual = counts(mean, gamma(1.5));
    double[] both = errors(new Errors(.35, .1));
    double[] candidate = errors(new Errors(own, .1));
    double[] champion = errors(new Errors(.2, .1));
    for (int i = 0; i < known.length; i++) {
      candidate[i] = known[i] * Math.exp(both[i] + candidate[i]);
      champion[i] = known[i] * Math.exp(both[i] + champion[i]);
    }
    return new Panel(actual, candidate, champion);
  }

  /**
   * Rare events of units that go up and down together by week, which nobody foresees: the total of
   * a window is far from what it should be. The candidate knows the mean, the other errs by unit.
   *
   * @param together standard deviation of the weeks, on the log scale
   * @param candidate factor on the candidate's forecasts
   * @param other factor on those of the reference
   */
  Panel restless(double together, double candidate, double other) {
    double[] mean = byUnit(() -> .3 * Math.exp(1.2 * normal.sample()));
    double[] moved = shared(mean.clone(), new Shocks(together, 0), 0);
    for (int i = 0; i < moved.length; i++) {
      moved[i] *= Math.exp(-together * together / 2);
    }
    double[] actual = counts(moved, gamma(.3));
    double[] theirs = forecast(mean, new Errors(.8, .2));
    Arrays.setAll(theirs, i -> other * theirs[i] * Math.exp(-.34));
    double[] own = mean.clone();
    Arrays.setAll(own, i -> candidate * mean[i]);
    return new Panel(actual, own, theirs);
  }

  /** Overdispersed demand with effects of units; the candidate errs by .1 instead of .4. */
  Panel overdispersedBetter() {
    double[] known = byUnit(() -> Math.exp(1.2 * normal.sample()));
    double[] effect = byUnit(() -> Math.exp(-.32 + .8 * normal.sample()));
    double[] mean = new double[known.length];
    Arrays.setAll(mean, i -> known[i] * effect[i]);
    return new Panel(
        counts(mean, gamma(.5)),
        forecast(known, new Errors(.1, .1)),
        forecast(known, new Errors(.4, .15)));
  }

  /** Three weeks in a thousand are 20 times as large, which the candidate foresees. */
  Panel foreseen() {
    double[] level = byUnit(() -> Math.exp(1.2 * normal.sample()));
    double[] mean = level.clone();
    double[] candidate = level.clone();
    for (int i = 0; i < mean.length; i++) {
      if (random.nextDouble() < .003) {
        mean[i] *= 20;
        candidate[i] *= 14;
      }
      candidate[i] *= Math.exp(.2 * normal.sample());
      level[i] *= 1.06 * Math.exp(.2 * normal.sample());
    }
    return new Panel(counts(mean, gamma(2)), candidate, level);
  }

  /** Demand and errors that move slowly, unit by unit. */
  Panel slow() {
    double[] known = byUnit(() -> Math.exp(1.2 * normal.sample()));
    double[] mean = known.clone();
    wander(mean, .9, .7, -.245);
    double[] actual = new double[mean.length];
    Arrays.setAll(actual, i -> count(mean[i]));
    double[] candidate = known.clone();
    wander(candidate, .9, .4, 0);
    double[] champion = known.clone();
    wander(champion, .9, .4, 0);
    return new Panel(actual, candidate, champion);
  }

  /** Demand of all units moves together by week, which neither model knows. */
  Panel commonDemand() {
    double[] known = byUnit(() -> Math.exp(1.2 * normal.sample()));
    double[] mean = shared(known.clone(), new Shocks(.6, .7), 0);
    for (int i = 0; i < mean.length; i++) {
      mean[i] *= Math.exp(-.18);
    }
    Errors errors = new Errors(.3, .15);
    return new Panel(counts(mean, gamma(1)), forecast(known, errors), forecast(known, errors));
  }

  /** One unit has half of the volume. */
  Panel dominated() {
    double[] mean = byUnit(() -> Math.exp(normal.sample()));
    double others = 0;
    for (int u = 1; u < units; u++) {
      others += mean[u * weeks];
    }
    Arrays.fill(mean, 0, weeks, others);
    Errors errors = new Errors(.3, .15);
    return new Panel(counts(mean, gamma(1)), forecast(mean, errors), forecast(mean, errors));
  }

  /**
   * A candidate that errs less.
   *
   * @param gain share of the champion's errors that it does without, 0 to 1
   * @param correlated whether its errors are the champion's, reduced
   * @param common standard deviation of shocks by week, of each model
   */
  Panel better(double gain, boolean correlated, double common) {
    double[] known = byUnit(() -> Math.exp(normal.sample()));
    double[] effect = byUnit(() -> Math.exp(-.08 + .4 * normal.sample()));
    double[] mean = new double[known.length];
    Arrays.setAll(mean, i -> known[i] * effect[i]);
    double[] actual = counts(mean, gamma(1.5));
    double[] championError = errors(new Errors(.5, .2));
    double[] own = errors(correlated ? new Errors(.1, 0) : new Errors(.5, .2));
    double[] candidate = new double[known.length];
    double[] champion = new double[known.length];
    for (int i = 0; i < known.length; i++) {
      double error = correlated ? (1 - gain) * championError[i] + own[i] : (1 - gain) * own[i];
      candidate[i] = known[i] * Math.exp(error);
      champion[i] = known[i] * Math.exp(championError[i]);
    }
    Shocks shocks = new Shocks(common, 0);
    return new Panel(actual, shared(candidate, shocks, 0), shared(champion, shocks, 0));
  }

  @SuppressWarnings("ArrayRecordComponent") // as a panel
  private record Intermittent(double[] actual, double[] mean) {}

  private Intermittent intermittentDemand() {
    SharedStateContinuousSampler a = gamma(.6);
    SharedStateContinuousSampler b = gamma(5);
    double[] actual = new double[units * weeks];
    double[] mean = new double[units * weeks];
    for (int u = 0; u < units; u++) {
      double x = a.sample() * .6;
      double chance = x / (x + b.sample() * 5);
      double size = Math.max(1.01, Math.exp(.7 + .6 * normal.sample()));
      double stay = Math.log1p(-1 / size);
      for (int i = u * weeks; i < (u + 1) * weeks; i++) {
        mean[i] = chance * size;
        actual[i] =
            random.nextDouble() < chance
                ? 1 + Math.floor(Math.log(1 - random.nextDouble()) / stay)
                : 0;
      }
    }
    return new Intermittent(actual, mean);
  }

  private static Panel tooLow(double[] actual, double[] mean) {
    double[] low = new double[mean.length];
    double[] high = new double[mean.length];
    Arrays.setAll(low, i -> .8 * mean[i]);
    Arrays.setAll(high, i -> 1.22474 * mean[i]);
    return new Panel(actual, low, high);
  }

  private double[] byUnit(DoubleSupplier value) {
    double[] out = new double[units * weeks];
    for (int u = 0; u < units; u++) {
      Arrays.fill(out, u * weeks, (u + 1) * weeks, value.getAsDouble());
    }
    return out;
  }

  private double[] errors(Errors errors) {
    double[] out = new double[units * weeks];
    for (int u = 0; u < units; u++) {
      double own = errors.unit * normal.sample();
      for (int i = u * weeks; i < (u + 1) * weeks; i++) {
        out[i] = own + errors.row * normal.sample();
      }
    }
    return out;
  }

  private double[] forecast(double[] mean, Errors errors) {
    double[] out = errors(errors);
    Arrays.setAll(out, i -> mean[i] * Math.exp(out[i]));
    return out;
  }

  /** Multiplies by shocks that all units share, and by a level of the whole window. */
  private double[] shared(double[] values, Shocks shocks, double level) {
    double shock = shocks.deviation * normal.sample();
    double always = level * normal.sample();
    double fresh = Math.sqrt(1 - shocks.autocorrelation * shocks.autocorrelation);
    for (int w = 0; w < weeks; w++) {
      double factor = Math.exp(shock + always);
      for (int u = 0; u < units; u++) {
        values[u * weeks + w] *= factor;
      }
      shock = shocks.autocorrelation * shock + fresh * shocks.deviation * normal.sample();
    }
    return values;
  }

  /** Multiplies each unit's weeks by a walk of its own. */
  private void wander(double[] values, double autocorrelation, double deviation, double level) {
    double fresh = Math.sqrt(1 - autocorrelation * autocorrelation);
    for (int u = 0; u < units; u++) {
      double at = deviation * normal.sample();
      for (int i = u * weeks; i < (u + 1) * weeks; i++) {
        values[i] *= Math.exp(level + at);
        at = autocorrelation * at + fresh * deviation * normal.sample();
      }
    }
  }

  private double[] counts(double[] mean, SharedStateContinuousSampler noise) {
    double[] out = new double[mean.length];
    Arrays.setAll(out, i -> count(mean[i] * noise.sample()));
    return out;
  }

  /** Of mean 1. */
  private SharedStateContinuousSampler gamma(double shape) {
    return AhrensDieterMarsagliaTsangGammaSampler.of(random, shape, 1 / shape);
  }

  private int count(double mean) {
    return mean < 1e-12 ? 0 : PoissonSampler.of(random, mean).sample();
  }
}
