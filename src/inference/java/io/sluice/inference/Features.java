package io.sluice.inference;

import io.sluice.core.serving.Tensors;
import java.util.ArrayList;
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

  /**
   * The features that tables hold, each of one column under the column's name.
   *
   * @throws IllegalArgumentException when a table is wider, longer or shorter than others, or there
   *     is none, or a name stands twice, or a text is missing
   */
  static Features of(List<Tensors.Tensor> tables) {
    SortedMap<String, Column> columns = new TreeMap<>();
    int rows = tables.isEmpty() ? 0 : tables.getFirst().rows();
    for (Tensors.Tensor table : tables) {
      if (table.width() != 1 || table.rows() != rows) {
        throw new IllegalArgumentException(
            "%s holds %d rows of width %d, not %d of width 1"
                .formatted(table.name(), table.rows(), table.width(), rows));
      }
      if (columns.put(table.name(), column(table)) != null) {
        throw new IllegalArgumentException("two tables " + table.name());
      }
    }
    return new Features(rows, columns);
  }

  private static Column column(Tensors.Tensor table) {
    return switch (table) {
      case Tensors.Tensor.Doubles numbers -> new Column.Numbers(numbers.values());
      case Tensors.Tensor.Floats numbers -> {
        double[] wide = new double[numbers.values().length];
        Arrays.setAll(wide, i -> numbers.values()[i]);
        yield new Column.Numbers(wide);
      }
      case Tensors.Tensor.Longs whole -> new Column.Whole(whole.values());
      case Tensors.Tensor.Flags flags -> new Column.Flags(flags.values());
      case Tensors.Tensor.Texts texts -> {
        List<String> words = new ArrayList<>(texts.values().size());
        int[] codes = new int[texts.values().size()];
        for (int i = 0; i < codes.length; i++) {
          String word = texts.values().get(i);
          if (word == null) {
            throw new IllegalArgumentException("a missing text in " + table.name());
          }
          words.add(word);
          codes[i] = i;
        }
        yield new Column.Words(codes, words);
      }
    };
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
