package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.apache.commons.statistics.distribution.NormalDistribution;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The test that allows for periods, against the same written down with whole matrices. */
class CommonPeriodsTest {
  private static final NormalDistribution NORMAL = NormalDistribution.of(0, 1);

  @ParameterizedTest
  @ValueSource(ints = {2, 3, 4, 8, 13, 26})
  void isWhatTheFormulaInTheDocumentSays(int periods) {
    Random random = new Random(periods);
    for (int repetition = 0; repetition < 25; repetition++) {
      int units = 20 + random.nextInt(300);
      double strength = random.nextInt(3) * random.nextDouble();
      double[] common = new double[periods];
      double at = 0;
      double[] difference = new double[units * periods];
      for (int p = 0; p < periods; p++) {
        at = 0.7 * at + strength * random.nextGaussian();
        common[p] = at;
      }
      for (int i = 0; i < difference.length; i++) {
        difference[i] =
            (1 + i / periods % 7)
                * (random.nextGaussian() + common[i % periods] - 0.1 * random.nextInt(3));
      }

      Contrast contrast = contrast(difference, periods);

      double t = contrast.t();
      double allowed = contrast.twoWay().orElseThrow().t();
      assertThat(Math.abs(allowed)).isLessThanOrEqualTo(Math.abs(t));
      assertThat(allowed).isCloseTo(allowedFor(difference, units, periods), within(1e-6));
      assertThat(contrast.negated().twoWay().orElseThrow().t()).isCloseTo(-allowed, within(1e-12));
    }
  }

  @Test
  void periodsThatSayNothingChangeNothing() {
    // each unit goes up and down on its own
    int units = 400;
    int periods = 8;
    Random random = new Random(4);
    double[] difference = new double[units * periods];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = random.nextGaussian() - 0.05;
    }

    Contrast contrast = contrast(difference, periods);

    assertThat(contrast.twoWay().orElseThrow().t()).isCloseTo(contrast.t(), within(0.05));
  }

  @Test
  void aGainThatAllUnitsShareInTwoPeriodsOfEightIsNoProof() {
    int units = 400;
    int periods = 8;
    Random random = new Random(5);
    double[] difference = new double[units * periods];
    for (int i = 0; i < difference.length; i++) {
      difference[i] = random.nextGaussian() - (i % periods < 2 ? 1 : 0);
    }

    Contrast contrast = contrast(difference, periods);

    assertThat(SignFlip.p(contrast, 999, 1)).isLessThan(0.01);
    assertThat(contrast.twoWay().orElseThrow().p()).isGreaterThan(0.05);
  }

  /** Units one after the other, each with all periods. */
  private static Contrast contrast(double[] difference, int periods) {
    int[] unit = IntStream.range(0, difference.length).map(i -> i / periods).toArray();
    int[] period = IntStream.range(0, difference.length).map(i -> i % periods).toArray();
    return Contrast.of(unit, period, difference);
  }

  /** docs/gate.md, step 4. */
  private static double allowedFor(double[] d, int units, int periods) {
    double[] z = new double[periods];
    double spread = 0;
    double total = 0;
    double variance = 0;
    for (int u = 0; u < units; u++) {
      double[] own = Arrays.copyOfRange(d, u * periods, (u + 1) * periods);
      double sum = Arrays.stream(own).sum();
      double s =
          Math.sqrt(
              Arrays.stream(own).map(x -> (x - sum / periods) * (x - sum / periods)).sum()
                  / (periods - 1));
      spread += s;
      total += sum;
      variance += sum * sum;
      for (int p = 0; p < periods; p++) {
        z[p] += (own[p] - sum / periods) / s / Math.sqrt(units);
      }
    }
    double[] rhos = {0, 0.5, 0.8, 0.95};
    double mean = Arrays.stream(z).sum() / periods;
    double observed = Arrays.stream(z).map(x -> (x - mean) * (x - mean)).sum() / (periods - 1);
    double[] strengths = {0.25, 1, 4, 16, 64, Math.max(256, 4 * observed)};
    double[] prior = new double[25];
    double[] weight = new double[25];
    double[] widening = new double[25];
    for (int k = 0; k < 25; k++) {
      double rho = k == 0 ? 0 : rhos[(k - 1) / 6];
      double strength = k == 0 ? 0 : strengths[(k - 1) % 6];
      double lasting = 0;
      double[][] covariance = new double[periods][periods];
      for (int i = 0; i < periods; i++) {
        for (int j = 0; j < periods; j++) {
          lasting += Math.pow(rho, Math.abs(i - j));
          covariance[i][j] = (i == j ? 1 : 0) + strength * Math.pow(rho, Math.abs(i - j));
        }
      }
      prior[k] = k == 0 ? 0.5 : 0.5 / 24;
      weight[k] = prior[k] * ofDifferences(z, covariance);
      widening[k] = Math.sqrt(1 + 0.4 * strength * lasting * spread * spread / (units * variance));
    }
    double t = total / Math.sqrt(variance);
    double chance = 0;
    for (int k = 0; k < 25; k++) {
      chance +=
          weight[k]
              / Arrays.stream(weight).sum()
              * NORMAL.survivalProbability(Math.abs(t) / widening[k]);
    }
    double low = 0;
    double high = Math.abs(t);
    for (int i = 0; i < 100; i++) {
      double middle = (low + high) / 2;
      double there = 0;
      for (int k = 0; k < 25; k++) {
        there += prior[k] * NORMAL.survivalProbability(middle / widening[k]);
      }
      if (there > chance) {
        low = middle;
      } else {
        high = middle;
      }
    }
    return Math.signum(t) * high;
  }

  /** Density of the differences from one period to the next, up to a constant. */
  private static double ofDifferences(double[] z, double[][] covariance) {
    int n = z.length - 1;
    double[][] m = new double[n][n + 1];
    for (int i = 0; i < n; i++) {
      for (int j = 0; j < n; j++) {
        m[i][j] =
            covariance[i + 1][j + 1]
                - covariance[i][j + 1]
                - covariance[i + 1][j]
                + covariance[i][j];
      }
      m[i][n] = z[i + 1] - z[i];
    }
    double determinant = 1;
    for (int i = 0; i < n; i++) {
      determinant *= m[i][i];
      for (int r = i + 1; r < n; r++) {
        double factor = m[r][i] / m[i][i];
        for (int c = i; c <= n; c++) {
          m[r][c] -= factor * m[i][c];
        }
      }
    }
    double[] solved = new double[n];
    double square = 0;
    for (int i = n - 1; i >= 0; i--) {
      solved[i] = m[i][n];
      for (int c = i + 1; c < n; c++) {
        solved[i] -= m[i][c] * solved[c];
      }
      solved[i] /= m[i][i];
      square += solved[i] * (z[i + 1] - z[i]);
    }
    return Math.exp(-square / 2) / Math.sqrt(determinant);
  }
}
