package io.sluice.core.gate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Sign flips against the enumeration of all signs, in whole numbers: discrete losses tie, and a tie
 * in the last bit counts.
 */
class SignFlipTest {
  private static final int REPLICATES = 49_999;

  /** Hits and misses; whole errors; tenths of them, which floating numbers cannot hold. */
  @ParameterizedTest
  @ValueSource(strings = {"1", "0.1", "0.3", "1e-7", "3e9"})
  void discreteLossesHaveTheChanceThatAllSignsGive(double scale) {
    Random random = new Random(5);
    for (int repetition = 0; repetition < 12; repetition++) {
      int units = 5 + random.nextInt(6);
      int most = 1 + random.nextInt(3);
      long[] sums =
          IntStream.range(0, units).mapToLong(u -> random.nextInt(2 * most + 1) - most).toArray();

      double p = SignFlip.p(contrast(sums, scale), REPLICATES, repetition);

      double exact = exact(List.of(sums))[0];
      assertThat(p)
          .as("%s times %s", Arrays.toString(sums), scale)
          .isCloseTo(exact, within(4.5 * Math.sqrt(exact * (1 - exact) / REPLICATES) + 1e-4));
    }
  }

  @ParameterizedTest
  @ValueSource(doubles = {0.1, 0.3, 0.7, 1e-7})
  void theUnitOfTheLossChangesNothing(double scale) {
    Random random = new Random(6);
    for (int repetition = 0; repetition < 40; repetition++) {
      long[] sums = IntStream.range(0, 12).mapToLong(u -> random.nextInt(5) - 2).toArray();

      assertThat(SignFlip.p(contrast(sums, scale), 1999, 3))
          .isEqualTo(SignFlip.p(contrast(sums, 1), 1999, 3));
    }
  }

  @Test
  void differencesThatAreOnlyRoundingAreNone() {
    // 0.1 + 0.2 - 0.3 by rows, in every unit
    int[] unit = IntStream.range(0, 60).map(i -> i / 3).toArray();
    int[] period = IntStream.range(0, 60).map(i -> i % 3).toArray();
    double[] difference = new double[60];
    Arrays.setAll(difference, i -> i % 3 == 2 ? -0.3 : i % 3 == 1 ? 0.2 : 0.1);

    Contrast contrast = Contrast.of(unit, period, difference);

    assertThat(contrast.units()).containsOnly(0);
    assertThat(SignFlip.p(contrast, 199, 1)).isEqualTo(1);
  }

  @Test
  void severalCandidatesTieAsOneDoes() {
    Random random = new Random(8);
    for (int repetition = 0; repetition < 10; repetition++) {
      List<long[]> sums = new ArrayList<>();
      for (int k = 0; k < 3; k++) {
        sums.add(IntStream.range(0, 8).mapToLong(u -> random.nextInt(3) - 1).toArray());
      }
      sums.add(sums.get(0).clone());

      double[] p =
          SignFlip.p(sums.stream().map(s -> contrast(s, 0.1)).toList(), REPLICATES, repetition);

      double[] exact = exact(sums);
      for (int k = 0; k < p.length; k++) {
        assertThat(p[k])
            .isCloseTo(
                exact[k], within(4.5 * Math.sqrt(exact[k] * (1 - exact[k]) / REPLICATES) + 1e-4));
      }
      assertThat(p[3]).isEqualTo(p[0]);
    }
  }

  @Test
  void aChanceThatEqualsTheLevelIsEnoughWhateverTheLevelsLastBit() {
    for (double confidence : new double[] {.5, .6, .7, .8, .9, .95, .99}) {
      double level = 1 - confidence;
      for (int parts = 1; parts <= 7; parts++) {
        double p = Math.rint(level * 100) / 100 / parts;

        assertThat(Rounding.atMost(Holm.adjusted(filled(p, parts))[0], level)).isTrue();
        assertThat(Rounding.atMost(Holm.adjusted(filled(p * 1.0001, parts))[0], level)).isFalse();
      }
    }
  }

  private static double[] filled(double value, int length) {
    double[] out = new double[length];
    Arrays.fill(out, value);
    return out;
  }

  private static Contrast contrast(long[] sums, double scale) {
    double[] difference = new double[sums.length];
    Arrays.setAll(difference, u -> sums[u] * scale);
    return Contrast.of(IntStream.range(0, sums.length).toArray(), new int[sums.length], difference);
  }

  /** Step-down of the lowest studentized sum over all signs, sums compared without rounding. */
  private static double[] exact(List<long[]> contrasts) {
    int many = contrasts.size();
    int units = contrasts.get(0).length;
    long[] squares = new long[many];
    long[] observed = new long[many];
    for (int k = 0; k < many; k++) {
      squares[k] = Arrays.stream(contrasts.get(k)).map(d -> d * d).sum();
      observed[k] = Arrays.stream(contrasts.get(k)).sum();
    }
    Integer[] order = IntStream.range(0, many).boxed().toArray(Integer[]::new);
    Arrays.sort(order, (a, b) -> compare(observed[a], squares[a], observed[b], squares[b]));
    double[] out = new double[many];
    double largest = 0;
    for (int j = 0; j < many; j++) {
      int asLow = 0;
      for (int signs = 0; signs < 1 << units; signs++) {
        for (int i = j; i < many; i++) {
          long sum = 0;
          for (int u = 0; u < units; u++) {
            sum += (signs >> u & 1) == 0 ? contrasts.get(order[i])[u] : -contrasts.get(order[i])[u];
          }
          if (compare(sum, squares[order[i]], observed[order[j]], squares[order[j]]) <= 0) {
            asLow++;
            break;
          }
        }
      }
      largest = Math.max(largest, (double) asLow / (1 << units));
      out[order[j]] = largest;
    }
    return out;
  }

  /** Compares two sums over the roots of their squares, without a root. */
  private static int compare(long sum, long squares, long otherSum, long otherSquares) {
    return Long.compare(
        Long.signum(sum) * sum * sum * Math.max(otherSquares, 1),
        Long.signum(otherSum) * otherSum * otherSum * Math.max(squares, 1));
  }
}
