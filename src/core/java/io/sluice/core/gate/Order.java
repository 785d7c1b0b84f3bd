package io.sluice.core.gate;

import com.carrotsearch.hppc.sorting.IndirectSort;
import java.util.function.IntBinaryOperator;

/** Sorts row numbers instead of rows: columns stay where they are, and no number is boxed. */
final class Order {
  private Order() {}

  /** Row numbers by ascending value, NaN last, ties by row number. */
  static int[] by(double[] values) {
    return sorted(values.length, (a, b) -> Double.compare(values[a], values[b]));
  }

  /** Row numbers in the order of the comparison, ties by row number. */
  static int[] sorted(int rows, IntBinaryOperator comparison) {
    return IndirectSort.mergesort(0, rows, comparison);
  }
}
