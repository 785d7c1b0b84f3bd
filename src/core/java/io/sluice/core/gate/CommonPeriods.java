package io.sluice.core.gate;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.commons.statistics.distribution.NormalDistribution;

/**
 * What the periods of a holdout say about ups and downs that all units share, and what those do to
 * the error of a total.
 *
 * <p>How strong such ups and downs are, and how long they last, is not known and must be learned
 * from a few periods. So nothing is estimated and then taken for true: all hypotheses of a grid
 * (none; or a strength and an autocorrelation) have a prior weight, and each weighs in by how well
 * it explains the deviations of the periods, {@code docs/gate.md}. Where the periods say nothing,
 * the test by unit stands as it is; ADR 300 has the alternatives that were measured.
 */
final class CommonPeriods {
  /** Prior weight of the hypothesis that units share nothing. */
  static final double NONE = 0.5;

  /** Autocorrelations from one period to the next, equally likely. */
  static final double[] AUTOCORRELATIONS = {0, 0.5, 0.8, 0.95};

  /**
   * Variances of what is common, relative to the rest of a period's sum; equally likely. The last
   * is four times the observed one where that is larger.
   */
  static final double[] STRENGTHS = {0.25, 1, 4, 16, 64, 256};

  /**
   * What a common error adds in the total, relative to a sum of units that all move alike: a loss
   * moves up for units that are forecast too high when it moves down for those too low.
   */
  static final double ADDS_UP = 0.4;

  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

  private CommonPeriods() {}

  /**
   * Deviations of the periods, each unit's from its own mean and over its own spread, so that every
   * unit counts alike.
   *
   * @param sums of the units' deviations, by period, in time
   * @param units whose loss differs between periods
   * @param spread sum of the units' spreads (standard deviations over periods)
   */
  @SuppressWarnings("ArrayRecordComponent") // made once, read once, never compared
  record Deviations(double[] sums, int units, double spread) {}

  /** One hypothesis: prior weight, log-likelihood, and how much wider the total's error is. */
  private record Hypothesis(double prior, double likelihood, double widening) {}

  /**
   * The statistic of a total, once what periods may have in common is allowed for.
   *
   * @param t the total over its standard error by unit
   * @param variance of the total, by unit
   * @return not further from zero than {@code t}
   */
  static double allowedFor(double t, double variance, Deviations deviations) {
    if (deviations.units < 2 || deviations.sums.length < 2 || !(variance > 0)) {
      return t;
    }
    List<Hypothesis> hypotheses = hypotheses(variance, deviations);
    double best = hypotheses.stream().mapToDouble(Hypothesis::likelihood).max().orElseThrow();
    double weights = 0;
    double chance = 0;
    double size = Math.abs(t);
    for (Hypothesis h : hypotheses) {
      double weight = h.prior * Math.exp(h.likelihood - best);
      weights += weight;
      chance += weight * NORMAL.survivalProbability(size / h.widening);
    }
    return Math.signum(t) * Math.min(size, equivalent(chance / weights, size, hypotheses));
  }

  /**
   * The statistic that would have the same chance if the periods said nothing: then the test by
   * unit is as it was.
   */
  private static double equivalent(double chance, double most, List<Hypothesis> hypotheses) {
    double low = 0;
    double high = most;
    for (int i = 0; i < 60; i++) {
      double middle = (low + high) / 2;
      double there = 0;
      for (Hypothesis h : hypotheses) {
        there += h.prior * NORMAL.survivalProbability(middle / h.widening);
      }
      if (there > chance) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return high;
  }

  private static List<Hypothesis> hypotheses(double variance, Deviations deviations) {
    int periods = deviations.sums.length;
    double[] scaled = new double[periods];
    for (int p = 0; p < periods; p++) {
      scaled[p] = deviations.sums[p] / Math.sqrt(deviations.units);
    }
    // of the total, for a strength of 1 that is the same in every period
    double share = ADDS_UP * deviations.spread * deviations.spread / (deviations.units * variance);
    List<Hypothesis> out = new ArrayList<>();
    out.add(new Hypothesis(NONE, likelihood(scaled, 0, 0), 1));
    double[] strengths = STRENGTHS.clone();
    int last = strengths.length - 1;
    strengths[last] = Math.max(strengths[last], 4 * variance(scaled));
    double prior = (1 - NONE) / (AUTOCORRELATIONS.length * strengths.length);
    for (double rho : AUTOCORRELATIONS) {
      double lasting = lasting(rho, periods);
      for (double strength : strengths) {
        out.add(
            new Hypothesis(
                prior,
                likelihood(scaled, rho, strength),
                Math.sqrt(1 + share * strength * lasting)));
      }
    }
    return out;
  }

  private static double variance(double[] values) {
    double mean = Arrays.stream(values).average().orElseThrow();
    return Arrays.stream(values).map(v -> (v - mean) * (v - mean)).sum() / (values.length - 1);
  }

  /** Variance of a sum over periods of a first-order autoregression of variance 1. */
  private static double lasting(double rho, int periods) {
    double sum = periods;
    double power = 1;
    for (int lag = 1; lag < periods; lag++) {
      power *= rho;
      sum += 2 * (periods - lag) * power;
    }
    return sum;
  }

  /**
   * Log-likelihood of deviations from a mean that is not known: an autoregression of this strength,
   * and independent noise of variance 1 (a Kalman filter; the mean is profiled out by restricted
   * likelihood). Constants are left out.
   */
  private static double likelihood(double[] values, double rho, double strength) {
    double variance = strength;
    double ofValues = 0;
    double ofMean = 0;
    double logs = 0;
    double squares = 0;
    double products = 0;
    double means = 0;
    for (double value : values) {
      double total = variance + 1;
      double surprise = value - ofValues;
      double unit = 1 - ofMean;
      logs += Math.log(total);
      squares += surprise * surprise / total;
      products += surprise * unit / total;
      means += unit * unit / total;
      double gain = variance / total;
      ofValues = rho * (ofValues + gain * surprise);
      ofMean = rho * (ofMean + gain * unit);
      variance = rho * rho * variance * (1 - gain) + strength * (1 - rho * rho);
    }
    return -0.5 * (logs + Math.log(means) + squares - products * products / means);
  }
}
