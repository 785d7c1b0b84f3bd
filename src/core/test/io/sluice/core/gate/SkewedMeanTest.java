package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** A mean of skewed numbers against zero. */
class SkewedMeanTest {
  @Test
  void isStudentsTestWhereNothingIsSkewed() {
    // R: t.test(c(-3, -2, -1, 0, 1), alternative = "less")$p.value
    assertThat(SkewedMean.p(new double[] {-3, -2, -1, 0, 1})).isCloseTo(0.1151, within(1e-4));
    assertThat(SkewedMean.p(new double[] {-1, -1, -1})).isZero();
    assertThat(SkewedMean.p(new double[] {0, 0, 0})).isOne();
    assertThat(SkewedMean.p(new double[] {-1, -1})).as("nothing is known").isOne();
  }

  @Test
  void asksMoreOfNumbersWithALongUpperTail() {
    SplittableRandom random = new SplittableRandom(5);
    double[] tailed = new double[200];
    Arrays.setAll(tailed, i -> random.nextDouble() < 0.05 ? 0.93 : -0.07);
    double[] mirrored = Arrays.stream(tailed).map(v -> 2 * mean(tailed) - v).toArray();
    assertThat(mean(tailed)).isNegative();
    assertThat(SkewedMean.p(tailed)).isGreaterThan(SkewedMean.p(mirrored));
  }

  private static double mean(double[] values) {
    return Arrays.stream(values).average().orElseThrow();
  }
}
