package io.sluice.inference;

import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * The feature columns of some rows, by name: primitives, and texts as numbers of a dictionary, so
 * that half a million rows of fifty columns fit a small heap.
 *
 * @param size rows
 */
record Features(int size, SortedMap<String, Column> columns) {

  /** The values of one feature. */
  @SuppressWarnings("ArrayRecordComponent") // columns of primitives; nobody compares two
  sealed interface Column {
    /** Finite numbers, NaN where one is missing. */
    record Numbers(double[] values) implements Column {}

    /** Whole numbers. */
    record Whole(long[] values) implements Column {}

    /** Texts; row {@code i} holds {@code words().get(codes()[i])}. */
    record Words(int[] codes, List<String> words) implements Column {}

    /** Yes or no. */
    record Flags(boolean[] values) implements Column {}
  }

  Features {
    columns = new TreeMap<>(columns);
  }

  /** The rows of these numbers, in that order; of each column another one may be given. */
  Features pick(Map<String, int[]> rows, int size) {
    SortedMap<String, Column> picked = new TreeMap<>();
    columns.forEach((name, column) -> {
      int[] from = rows.get(name);
      if (from != null) {
        picked.put(name, pick(column, from));
      }
    });
    return new Features(size, picked);
  }

  private static Column pick(Column column, int[] rows) {
    return switch (column) {
      case Column.Numbers numbers -> {
        double[] out = new double[rows.length];
        Arrays.setAll(out, i -> numbers.values()[rows[i]]);
        yield new Column.Numbers(out);
      }
      case Column.Whole whole -> {
        long[] out = new long[rows.length];
        Arrays.setAll(out, i -> whole.values()[rows[i]]);
        yield new Column.Whole(out);
      }
      case Column.Words words -> {
        int[] out = new int[rows.length];
        Arrays.setAll(out, i -> words.codes()[rows[i]]);
        yield new Column.Words(out, words.words());
      }
      case Column.Flags flags -> {
        boolean[] out = new boolean[rows.length];
        for (int i = 0; i < out.length; i++) {
          out[i] = flags.values()[rows[i]];
        }
        yield new Column.Flags(out);
      }
    };
  }
}
