package io.sluice.core.gate;

import java.util.Comparator;
import java.util.stream.IntStream;

/** Sorts row numbers instead of rows: columns stay where they are. */
final class Order {
  private Order() {}

  /** Row numbers by ascending value, NaN last, ties by row number. */
  static int[] by(double[] values) {
    return sorted(values.length, Comparator.comparingDouble(i -> values[i]));
  }

  /** Row numbers in the order of the comparison, which should know no ties. */
  static int[] sorted(int rows, Comparator<Integer> comparison) {
    return IntStream.range(0, rows).boxed().sorted(comparison).mapToInt(i -> i).toArray();
  }
}
